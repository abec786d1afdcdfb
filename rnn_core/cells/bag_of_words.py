"""A bag of words: the inputs are embedded and added up, and their order is lost.

    e_t = W x_t
    s_t = s_{t−1} + e_t
    h_t = tanh(s_t / t + b)      the mean, or with the sum: tanh(s_t + b)

W (n, i), b (n). The state is the sum and the number of steps. Iyyer et al., *Deep unordered composition rivals
syntactic methods for text classification*, 2015.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, weight
from rnn_core.cells.window_mlp import blank_tail, last
from rnn_core.records import Card, Settings, setting


class BagOfWordsSettings(Settings):
    """A bag of words: how many units, and whether its weight is the sum or the mean."""

    hidden_size: int = setting(32, "Number of hidden units.", symbol="H", ge=1, le=512, main=True)
    pool: Literal["mean", "sum"] = setting("mean", "Take the mean of what was heard, or the sum, which also counts.")


class BagOfWordsState(NamedTuple):
    """s (b, n) the sum of what was heard, steps (b, 1) how much there was."""

    s: Tensor
    steps: Tensor


class BagOfWords(Cell):
    """A bag of words: it remembers everything for ever, except the order."""

    card = Card(
        title="Bag of words", row="A17", year=2015,
        reference="Iyyer et al., Deep unordered composition rivals syntactic methods for text classification, 2015",
        summary="The running mean of the embedded inputs: it cannot know in which order they came.",
        equations={"e": "e_t = W x_t", "s": "s_t = s_{t−1} + e_t", "h": "h_t = tanh(s_t / t + b)"},
        carried={"steps": "steps_{t−1} + 1"},
        symbols={"e": "input", "s": "cell", "h": "hidden"}, parameters="H*(I+1)",
        use="Does the order matter at all? What a bag solves needs no sequence.")
    Settings = BagOfWordsSettings

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        n = self.settings.hidden_size
        self.W, self.b = weight(n, input_size), weight(n)
        if self.settings.pool == "sum":
            self.card = replace(self.card, equations=self.card.equations | {"h": "h_t = tanh(s_t + b)"},
                                summary=self.card.summary.replace("mean", "sum"))

    def initial_state(self, batch_size: int) -> BagOfWordsState:
        return BagOfWordsState(self.zeros(batch_size, self.settings.hidden_size), self.zeros(batch_size, 1))

    def project(self, x: Tensor) -> Tensor:
        return linear(x, self.W)                                          # (…, n)

    def advance(self, drive: Tensor, state: BagOfWordsState) -> tuple[Tensor, BagOfWordsState, dict[str, Tensor]]:
        e = drive
        s = state.s + e
        steps = state.steps + 1
        h = self._heard(s, steps)
        return h, BagOfWordsState(s, steps), {"e": e, "s": s, "h": h}

    def _heard(self, s: Tensor, steps: Tensor) -> Tensor:
        """The hidden units (…, n) of a sum and the number of its terms."""
        return torch.tanh((s / steps if self.settings.pool == "mean" else s) + self.b)

    def fused(self, x: Tensor, state: BagOfWordsState, lengths: Tensor | None) -> tuple[Tensor, Any]:
        s = state.s.unsqueeze(1) + self.project(x).cumsum(1)
        steps = state.steps.unsqueeze(1) + torch.arange(1, x.shape[1] + 1, device=x.device).unsqueeze(-1)   # (b, t, 1)
        return blank_tail(self._heard(s, steps), lengths), BagOfWordsState(last(s, lengths), last(steps, lengths))
