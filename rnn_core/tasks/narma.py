"""NARMA-10: a driven system whose next value depends on the last ten; the net hears the drive alone.

    v_{t+1} = 0.3 v_t + 0.05 v_t Σ_{i=0}^{9} v_{t−i} + 1.5 u_{t−9} u_t + 0.1,   u_t ~ U(0, 0.5)

All is 0 before the start. x_t = u_t and the target is v_{t+1}. Now and then such a system runs away; values above 1 are
cut off there, which about one sequence in a thousand needs. Atiya & Parlos, *New results on recurrent network
training*, 2000.
"""
from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import RegressionTask
from rnn_core.tasks.sum_of_sines import numbers_story

ORDER, TOP, DRAWS = 10, 1.0, 2000


class NarmaSettings(Settings):
    """How long the system is watched."""

    length: int = setting(100, "Steps in a sequence.", symbol="T", ge=20, le=500, main=True)


class Narma(RegressionTask):
    """NARMA-10: hear what drives a system and say what it does, ten steps of memory needed."""

    card = Card(title="NARMA-10", row="C9", year=2000,
                reference="Atiya & Parlos, New results on recurrent network training, 2000",
                summary="A system of order ten is driven by noise; the net hears the drive and says the next value.",
                equations={"v": "v_{t+1} = 0.3 v_t + 0.05 v_t Σ_{i<10} v_{t−i} + 1.5 u_{t−9} u_t + 0.1"},
                use="Can it multiply now with ten steps ago?")
    Settings = NarmaSettings
    input_size, output_size, grows = 1, 1, "length"

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        drive = 0.5 * torch.rand(batch_size, self.settings.length, generator=generator)
        return Batch(drive.unsqueeze(-1), driven(drive).unsqueeze(-1))

    def baseline(self) -> Baseline:
        batch = self.sample(DRAWS, torch.Generator().manual_seed(0))
        value = float((batch.target - batch.target.mean(0)).pow(2).mean())
        return Baseline(value, value, "always say the mean of this step")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        return numbers_story(batch, row, y, 0.05)


def driven(u: Tensor) -> Tensor:
    """u (b, t) → the values v_1 … v_t (b, t) that follow each of its steps."""
    product = 1.5 * u * pad(u, (ORDER - 1, 0))[:, :u.shape[1]] + 0.1
    last, window, values = u.new_zeros(len(u)), u.new_zeros(ORDER, len(u)), []
    for t, force in enumerate(product.unbind(1)):
        last = (0.3 * last + 0.05 * last * window.sum(0) + force).clamp(max=TOP)
        window[t % ORDER] = last
        values.append(last)
    return torch.stack(values, 1)
