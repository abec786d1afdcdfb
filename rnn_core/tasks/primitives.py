"""Chains of movements: three pieces, each one of three waves, in the order that was told at the start.

    piece A, B or C = a · sin(2π m s / S),   m = 1, 2 or 3 rounds in S steps,   a ~ U(0.8, 1.2)

A chain is XXY or XYY with X ≠ Y: twelve of them. Which one it is, is shown at the first few steps only, as one of
twelve; besides, the net hears the movement, x_t = (v_t, chain), and says v_{t+1}. Every piece begins and ends at 0, so
that at the seams only the memory of the chain tells what comes. Yamashita & Tani, *Emergence of functional hierarchy in
a multiple timescale neural network model*, 2008.
"""
from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import RegressionTask

PIECES, LOW, HIGH = "ABC", 0.8, 1.2
CHAINS = [x * 2 + y if first else x + y * 2 for x, y in itertools.permutations(PIECES, 2) for first in (True, False)]
NEAR = 0.15


class PrimitivesSettings(Settings):
    """How long a piece is, and how long the chain is shown."""

    piece: int = setting(20, "Steps of one piece; a chain has three.", symbol="S", ge=12, le=100, main=True)
    told: int = setting(5, "Steps at the start during which the chain is shown.", ge=1, le=12)


class Primitives(RegressionTask):
    """Chains of movements: told at the start which three pieces to make, go through them in order."""

    card = Card(title="Chains of movements", row="A12", year=2008,
                reference="Yamashita & Tani, Emergence of functional hierarchy in a multiple timescale neural network "
                          "model, 2008",
                summary="A chain such as AAB is told at the start; the net follows its three movements one by one.",
                equations={"v": "v = a · sin(2π m s / S), m = 1, 2, 3 for A, B, C"},
                use="Does something in it keep the plan while something else makes the movement?")
    Settings = PrimitivesSettings
    input_size, output_size, grows = 1 + len(CHAINS), 1, "piece"

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        which = torch.randint(0, len(CHAINS), (batch_size,), generator=generator)
        return self.made(which, LOW + (HIGH - LOW) * torch.rand(batch_size, generator=generator))

    def made(self, which: Tensor, size: Tensor) -> Batch:
        """The sequences of these chains (b,) with these sizes a (b,)."""
        steps = torch.arange(self.settings.piece)
        waves = torch.sin(2 * math.pi * torch.arange(1, 4).unsqueeze(1) * steps / self.settings.piece)       # (3, s)
        order = torch.tensor([[PIECES.index(p) for p in chain] for chain in CHAINS])                          # (12, 3)
        curve = size.unsqueeze(1) * waves[order[which]].flatten(1)                                            # (b, 3 s)
        x = torch.zeros(len(which), curve.shape[1], self.input_size)
        x[..., 0] = curve
        x[:, :self.settings.told, 1:] = one_hot(which, len(CHAINS)).float().unsqueeze(1)
        after = torch.cat([curve[:, 1:], torch.zeros(len(which), 1)], 1)
        return Batch(x, after.unsqueeze(-1))

    def baseline(self) -> Baseline:
        batch = self.made(torch.arange(len(CHAINS)), torch.ones(len(CHAINS)))
        scale = (HIGH**3 - LOW**3) / (3 * (HIGH - LOW))                                                     # E a²
        value = scale * float((batch.target - batch.x[..., :1]).pow(2).mean())
        return Baseline(value, value, "always say the value of just now again")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        chain = CHAINS[int(batch.x[row, 0, 1:].argmax())]
        curve, targets = batch.x[row, :, 0].tolist(), [f"{v:.2f}" for v in batch.target[row, :, 0].tolist()]
        inputs = [f"{chain} {curve[0]:.2f}", *(f"{v:.2f}" for v in curve[1:])]
        seams = [0, self.settings.piece, 2 * self.settings.piece]
        if y is None:
            return Story(inputs, seams, chain, targets=targets)
        wrong = (y[row] - batch.target[row]).abs().view(3, -1).amax(1)
        said = "".join(piece if float(gap) <= NEAR else "?" for piece, gap in zip(chain, wrong, strict=True))
        return Story(inputs, seams, chain, said, said == chain, targets)
