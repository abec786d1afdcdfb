"""One unit that holds a bit for ever: it excites itself so strongly that it has two states of rest.

    h_t = tanh(w h_{t−1} + a x_t)                     w = 2:  rests at ±.95750
    fold  u* = √(w(w−1)) − artanh √(1 − 1/w)          w = 2:  .53284
    a = u* / (6 s)                                    s the task's noise at every step

At rest, pushes smaller than the fold never flip it, however many come; six standard deviations of noise are needed for
one that may. From h = 0 the state grows as Σ_t w^{T−t} a x_t until it saturates, so early numbers weigh most, and of
all sequences it gets Φ((1 − w^{−K}) √(1 − w^{−2}) / ((1 − w^{−1}) s)) right, up to the bend of tanh. Bengio, Simard &
Frasconi, *Learning long-term dependencies with gradient descent is difficult*, 1994.
"""
from __future__ import annotations

import math
from typing import Any

import torch

from rnn_core.designs.base import emptied
from rnn_core.records import Card

CARD = Card(title="Wired latch", row="A2", year=1994,
            reference="Bengio, Simard & Frasconi, Learning long-term dependencies with gradient descent is difficult, "
                      "1994",
            summary="One unit with weight 2 back to itself rests at two places; the first numbers choose one of them.",
            equations={"h": "h_t = tanh(2 h_{t−1} + a x_t)", "a": "a = u* / (6 s)"})
FITS = ("elman", "latching")
BACK, DEVIATIONS, SURE = 2.0, 6.0, 5.0


def fold(w: float) -> float:
    """The push u*, w > 1, beyond which the lower rest of h = tanh(w h + u) is gone."""
    return math.sqrt(w * (w - 1)) - math.atanh(math.sqrt(1 - 1 / w))


@torch.no_grad()
def wire(network: Any, task: Any) -> None:
    """Set all weights of an Elman network of tanh units so that its first unit is the latch and the rest are silent."""
    if getattr(network.cells[0].settings, "activation", "tanh") != "tanh":
        raise ValueError(f"{CARD.title} is made for units that bend as tanh does.")
    cell = emptied(network, 1, CARD.title)
    cell.R[0, 0], cell.W[0, 0] = BACK, fold(BACK) / (DEVIATIONS * task.settings.spread)
    network.readout.V[:, 0] = torch.tensor([-SURE, SURE])
