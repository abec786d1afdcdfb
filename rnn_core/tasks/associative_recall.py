"""Associative recall: a damaged picture is read row by row, and at the end the whole picture it came from is asked for.

    x_t = row t of ξ^μ with k = round(ν · 64) cells turned round,   t = 1 … 8
    target at the last row = ξ^μ, all 64 cells                      μ one of p stored patterns
    overlap m = 1/64 Σ_i ξ_i^μ sgn(y_i)                             1 is the picture, 0 chance, −1 its negative

The same damaged pictures can be given to an energy network as its start, and are judged by the same overlap: there the
patterns are stored by a rule, here a network has to find them by learning. Who repeats what was read keeps an overlap
of 1 − 2k/64. Hopfield, *Neural networks and physical systems with emergent collective computational abilities*, 1982.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.records.glyphs import CAPITALS, DIGITS, SIDE, glyphs, written
from rnn_core.tasks.base import RegressionTask

FIRST = "ACHJT"
LETTERS = FIRST + "".join(c for c in CAPITALS if c not in FIRST)
CELLS = SIDE**2


class PictureTask(RegressionTask):
    """A damaged picture is read row by row, and a whole one is due at the last row; those who subclass it say which.

    ``asked`` and ``due`` (p, 64) are the pictures of ±1, ``names`` (p,) what is due; ``flips`` cells are turned round.
    """

    metric_name, metric_better, grows = "overlap", "higher", "noise"
    input_size, output_size = SIDE, CELLS
    asked: Tensor
    due: Tensor
    names: Sequence[str]

    @property
    def flips(self) -> int:
        """How many of the 64 cells are turned round."""
        return round(self.settings.noise * CELLS)

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        which = torch.randint(0, len(self.asked), (batch_size,), generator=generator)
        rank = torch.rand(batch_size, CELLS, generator=generator).argsort(1).argsort(1)
        return self.show(which, rank < self.flips)

    def further(self) -> dict[str, Settings]:
        return super().further() if self.flips else {}

    def show(self, which: Tensor, flipped: Tensor) -> Batch:
        """The pictures with these numbers (b,), with these cells (b, 64) turned round."""
        read = torch.where(flipped, -self.asked[which], self.asked[which])
        target = self.due[which].unsqueeze(1).expand(-1, SIDE, -1).contiguous()
        scored = torch.zeros(len(which), SIDE, dtype=torch.bool)
        scored[:, -1] = True
        return Batch(read.view(-1, SIDE, SIDE), target, None, scored)

    def metric(self, y: Tensor, batch: Batch) -> float:
        counted = batch.counted
        return float((y[counted].sign() * batch.target[counted]).double().mean())

    def teacher(self, batch: Batch) -> Tensor:
        return torch.where(batch.counted.unsqueeze(-1), batch.target, torch.nan)

    def baseline(self) -> Baseline:
        asked, due = self.asked.double(), self.due.double()
        usual = due.mean(0)
        always = float((due * torch.where(usual < 0, -1.0, 1.0)).mean())
        repeat = float((asked * due).mean()) * (1 - 2 * self.flips / CELLS)
        if repeat >= always:
            return Baseline(repeat, 2 * (1 - repeat), "repeat the damaged picture, given all rows at once")
        return Baseline(always, float((due - usual).square().mean()), "always give each cell its commonest value")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        inputs, expected = written(batch.x[row].reshape(-1)), self.nearest(batch.target[row, -1])
        if y is None:
            return Story(inputs, [SIDE - 1], expected)
        said = self.nearest(y[row, -1].sign())
        return Story(inputs, [SIDE - 1], expected, said, said == expected)

    def nearest(self, picture: Tensor) -> str:
        """The name of the picture due that agrees with (64,) in most cells."""
        return self.names[int((self.due @ picture.detach().cpu().float()).argmax())]


class AssociativeRecallSettings(Settings):
    """Which patterns, how many, how damaged."""

    patterns: Literal["letters", "digits", "letters and digits", "random"] = setting(
        "letters", "What is stored: pictures of 8 × 8 cells, or as many cells drawn by lot.", main=True)
    stored: int = setting(5, "Number of patterns; of letters there are 26, of digits 10, and never more are stored.",
                          symbol="p", ge=2, le=36, main=True)
    noise: float = setting(0.125, "Share of the 64 cells that are turned round.", symbol="ν", ge=0.0, le=0.5,
                           step=1 / 64)
    lot: int = setting(0, "Which random patterns are drawn.", ge=0, le=999)


class AssociativeRecall(PictureTask):
    """Associative recall: from a damaged picture, bring back the whole one."""

    card = Card(title="Associative recall", row="C27", year=1982,
                reference="Hopfield, Neural networks and physical systems with emergent collective computational "
                          "abilities, 1982",
                summary="A letter, digit or random pattern with cells turned round comes in row by row; at the end the "
                        "net draws the stored one.",
                equations={"m": "m = 1/64 Σ_i ξ_i sgn(y_i)"},
                use="Can a net that has to learn it recall as an energy network does?")
    Settings = AssociativeRecallSettings

    def __init__(self, settings: AssociativeRecallSettings | None = None) -> None:
        super().__init__(settings)
        chosen = self.settings
        among = {"letters": LETTERS, "digits": DIGITS, "letters and digits": _alternating(LETTERS, DIGITS)}
        if chosen.patterns == "random":
            lot = torch.Generator().manual_seed(chosen.lot)
            self.due = torch.randint(0, 2, (chosen.stored, CELLS), generator=lot) * 2.0 - 1.0
            self.names = [f"pattern {k + 1}" for k in range(chosen.stored)]
        else:
            self.names = list(among[chosen.patterns][:chosen.stored])
            self.due = glyphs(self.names)
        self.asked = self.due


def _alternating(one: str, other: str) -> str:
    """One of each in turn, then what is left of the longer."""
    return "".join(a + b for a, b in zip(one, other)) + one[len(other):]
