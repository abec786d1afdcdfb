"""An LSTM that counts aⁿbⁿ and aⁿbⁿcⁿ exactly, with gates that are open or shut.

    counter j   i = f = o = 1, g = +1 on letter j and −1 on letter j + 1      c = how many of letter j are unanswered
    memory k    i = o = 1, f = 0, g = 1 on symbol k                           h = tanh 1 if symbol k came last

With u = h / tanh 1, which is 0 for an empty counter and at least 1 for every other, and m_k = 1 if symbol k came last:

    first letter    y = m_S + m_1
    letter j + 1    y = m_j + m_{j+1} + u_j − 1 − 2 u_{j−1}
    T               y = m_k − u_{k−1}

A symbol may come where y > ½. Gers & Schmidhuber 2001 found networks of this kind by learning.
"""
from __future__ import annotations

import math
from typing import Any

import torch

from rnn_core.designs.base import emptied
from rnn_core.records import Card

CARD = Card(title="Wired counter", row="A7", year=2001,
            reference="Gers & Schmidhuber, LSTM recurrent networks learn simple context-free and context-sensitive "
                      "languages, 2001",
            summary="A cell goes up by one with each a and down by one with each b; others hold the last symbol.",
            equations={"c": "c_t = c_{t−1} ± 1", "y": "b may come while c > 0, T once c = 0"})
FITS = ("lstm", "counting")
SURE = 60.0


@torch.no_grad()
def wire(network: Any, task: Any) -> None:
    """Set all weights of a usual LSTM with two units a letter, or more, so that it answers every prefix rightly."""
    letters = len(task.alphabet) - 2
    if getattr(network.cells[0].settings, "variant", "forget") != "forget":
        raise ValueError(f"{CARD.title} is made for the LSTM with a forget gate and no peepholes.")
    cell = emptied(network, 2 * letters, CARD.title)
    W, b = (dict(zip("ifgo", p.chunk(4), strict=True)) for p in (cell.W, cell.b))
    counters, V, unit = letters - 1, network.readout.V, 1 / math.tanh(1)
    used = slice(0, 2 * letters)
    b["i"][used] = b["o"][used] = SURE
    b["f"][used] = -SURE
    b["f"][:counters] = SURE
    for j in range(counters):
        W["g"][j, j + 1], W["g"][j, j + 2] = SURE, -SURE
    for k in range(letters + 1):
        W["g"][counters + k, k] = SURE
    V[1, counters] = V[1, counters + 1] = unit
    for j in range(counters):
        letter = j + 2
        V[letter, counters + j + 1] = V[letter, counters + j + 2] = V[letter, j] = unit
        network.readout.d[letter] = -1
        if j:
            V[letter, j - 1] = -2 * unit
    V[letters + 1, counters + letters], V[letters + 1, counters - 1] = unit, -unit
