"""Plant: a nonlinear system is pushed, and the net, which feels the pushes alone, says where the system goes.

    v_{t+1} = (v_t v_{t−1} v_{t−2} u_{t−1} (v_{t−2} − 1) + u_t) / (1 + v_{t−1}² + v_{t−2}²)      third order
    v_{t+1} = v_t / (1 + v_t²) + u_t³                                                             first order

The pushes to learn from are noise, u_t ~ U(−1, 1), each held for one to eight steps. Held out are pushes of another
kind: sums of two sine waves. Everything is 0 before the start. Narendra & Parthasarathy, *Identification and control of
dynamical systems using neural networks*, 1990.
"""
from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import RegressionTask
from rnn_core.tasks.sum_of_sines import numbers_story

LONGEST, DRAWS = 8, 2000


class PlantSettings(Settings):
    """Which system, and how long it is watched."""

    length: int = setting(60, "Pushes in a sequence.", symbol="T", ge=4, le=500, main=True)
    order: Literal["third", "first"] = setting("third", "How many of its own past values the system depends on.")


class Plant(RegressionTask):
    """Plant: feel the pushes on a nonlinear system and say its next value."""

    card = Card(title="Plant", row="C9", year=1990,
                reference="Narendra & Parthasarathy, Identification and control of dynamical systems using neural "
                          "networks, 1990",
                summary="A nonlinear system is pushed at random; the net feels the pushes and says each next value.",
                equations={"v": "v_{t+1} = f(v_t, v_{t−1}, v_{t−2}, u_t, u_{t−1})"},
                use="Can it stand in for a machine of which one sees only the levers?")
    Settings = PlantSettings
    input_size, output_size, grows = 1, 1, "length"

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        length = self.settings.length
        hold = torch.randint(1, LONGEST + 1, (batch_size, 1), generator=generator)
        start = torch.rand(batch_size, 1, generator=generator) * hold
        levels = 2 * torch.rand(batch_size, length + 1, generator=generator) - 1
        at = (torch.arange(length) + start) / hold
        return self.pushed(levels.gather(1, at.long()))

    def held_out(self, count: int, generator: torch.Generator) -> Batch:
        slow, fast = 50 + 200 * torch.rand(count, 1, generator=generator), 10 + 20 * torch.rand(count, 1,
                                                                                                generator=generator)
        phase = 2 * math.pi * torch.rand(2, count, 1, generator=generator)
        t = 2 * math.pi * torch.arange(self.settings.length)
        return self.pushed(0.8 * torch.sin(t / slow + phase[0]) + 0.2 * torch.sin(t / fast + phase[1]))

    def pushed(self, u: Tensor) -> Batch:
        """What the system does under the pushes u (b, t), from rest."""
        now = before = earlier = last_push = u.new_zeros(len(u))
        values = []
        for push in u.unbind(1):
            if self.settings.order == "third":
                top = now * before * earlier * last_push * (earlier - 1) + push
                new = top / (1 + before**2 + earlier**2)
            else:
                new = now / (1 + now**2) + push**3
            now, before, earlier, last_push = new, now, before, push
            values.append(new)
        return Batch(u.unsqueeze(-1), torch.stack(values, 1).unsqueeze(-1))

    def baseline(self) -> Baseline:
        stream = torch.Generator().manual_seed(0)
        value, loss = (float(batch.target.var(unbiased=False))
                       for batch in (self.held_out(DRAWS, stream), self.sample(DRAWS, stream)))
        return Baseline(value, loss, "always say the mean")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        return numbers_story(batch, row, y, 0.1)
