"""Probabilities out of numbers: the softmax, and how its temperature sharpens or flattens them.

    p_k = e^{y_k / T} / Σ_j e^{y_j / T}

T → 0 leaves the largest alone, T → ∞ makes all equal. The gradient of the cross-entropy with respect to y is (p − q)/T,
the guess less the truth. Bridle 1990; Bishop, *Pattern Recognition and Machine Learning*, 2006.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Batch, Card, Result

CARD = Card(title="Softmax and its temperature", row="B20", year=1990,
            reference="Bridle, Probabilistic interpretation of feedforward network outputs, 1990; Bishop 2006",
            summary="Probabilities out of numbers, sharpened or flattened by a temperature.",
            equations={"p": "p_k = e^{y_k / T} / Σ_j e^{y_j / T}"}, symbols={"p": "prediction", "y": "prediction"})


@dataclass(frozen=True, eq=False)
class Temperature(Result):
    """``scores`` (o,) of the ``words``; ``plain`` and ``tempered`` (o,) probabilities at 1 and at ``temperature``."""

    words: tuple[str, ...]
    scores: Tensor
    plain: Tensor
    tempered: Tensor
    temperature: float

    @property
    def order(self) -> list[int]:
        """The words, likeliest first."""
        return torch.argsort(self.scores, descending=True, stable=True).tolist()

    @property
    def bits(self) -> tuple[float, float]:
        """The entropy at 1 and at ``temperature``, in bits."""
        return _bits(self.plain), _bits(self.tempered)

    def frame(self) -> pd.DataFrame:
        """One row a word, likeliest first."""
        k = self.order
        return pd.DataFrame({"word": [self.words[j] for j in k], "score y": self.scores[k].tolist(),
                             "p at T = 1": self.plain[k].tolist(), "p at this T": self.tempered[k].tolist()})

    @property
    def says(self) -> str:
        if not self.scores.isfinite().all():
            return "these scores have left the finite numbers, so there are no probabilities."
        best, (before, now) = self.order[0], self.bits
        return (f"at temperature {self.temperature:g} “{self.words[best]}” has {float(self.tempered[best]):.1%}, at 1 "
                f"it has {float(self.plain[best]):.1%}; the uncertainty is {now:.2f} bits instead of {before:.2f}, of "
                f"at most {math.log2(len(self.words)):.2f}.")

    @property
    def says_not(self) -> str:
        return ("that the network has become surer or knows more: no score has changed, and no temperature changes "
                "which is the largest.")


def temperature(network: Any, batch: Batch, task: Any, *, temperature: float = 1.0, row: int = 0,
                scores: Sequence[float] | None = None) -> Temperature:
    """Probabilities of the network's last answer in sequence ``row``, or of ``scores`` that are given.

    Raises ValueError, in one sentence, for a temperature that is not above 0.
    """
    if not temperature > 0:
        raise ValueError("A temperature is above 0.")
    if scores is None:
        with torch.no_grad():
            y = network.trace(batch.x, mask=batch.mask).outputs[row]
        asked = batch.counted[row].nonzero().flatten()
        found = y[int(asked[-1]) if len(asked) else -1].double()
        words = task.words if task.words is not None else [f"output {k}" for k in range(len(found))]
    else:
        found = torch.tensor(list(scores), dtype=torch.float64)
        words = [f"choice {k + 1}" for k in range(len(found))]
    return Temperature(tuple(words), found, softmax(found, 1.0), softmax(found, temperature), temperature)


def softmax(scores: Tensor, temperature: float) -> Tensor:
    """Probabilities (…, o), computed less the largest score so that nothing overflows."""
    raised = ((scores - scores.amax(-1, keepdim=True)) / temperature).exp()
    return raised / raised.sum(-1, keepdim=True)


def _bits(p: Tensor) -> float:
    return float(-torch.special.xlogy(p, p).sum() / math.log(2)) + 0.0
