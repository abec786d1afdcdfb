"""A finite automaton as the weights of a second-order network.

    W_{q'qs} = G  if δ(q, s) = q',  else 0;   b = −G/2

Unit q is on where the automaton is in state q. An activity e above or below ½ goes on as e ← σ(G e) − ½, which keeps a
size only where G > 4. Omlin & Giles, *Constructing deterministic finite-state automata in recurrent neural networks*,
1996.
"""
from __future__ import annotations

from typing import Any

import torch

from rnn_core.designs.base import emptied
from rnn_core.records import Card

CARD = Card(title="Wired automaton", row="A6", year=1996,
            reference="Omlin & Giles, Constructing deterministic finite-state automata in recurrent neural networks, "
                      "1996",
            summary="Each unit is one state of the language's smallest automaton; each symbol moves the activity on.",
            equations={"W": "W_{q'qs} = G if δ(q, s) = q', else 0", "b": "b = −G/2"})
FITS = ("second_order", "tomita")
STRENGTH = 20.0


@torch.no_grad()
def wire(network: Any, task: Any, strength: float = STRENGTH) -> None:
    """Set all weights so that the network is the task's automaton, with ``strength`` G."""
    own = task.automaton.minimal()
    cell = emptied(network, own.states, CARD.title)
    cell.b.fill_(-strength / 2)
    for q, row in enumerate(own.moves.tolist()):
        for symbol, after in enumerate(row):
            cell.W[after, q, symbol] = strength
        network.readout.V[int(own.answers[q]), q] = 1
