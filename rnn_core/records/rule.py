"""A learning rule as the analyses see it: what it needs, and its gradient of any sequences."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from torch import Tensor

from rnn_core.records.batch import Batch

Span = Literal["step", "window", "sequence"]


class Needs(NamedTuple):
    """What a rule reads, from where and when: its line in the locality ledger.

    ``waits``: after what a weight's gradient is there. ``keeps``: what the kept numbers grow with, "step" where they do
    not. ``blames``: how far back an error can be blamed. ``local``: whether a weight needs nothing but numbers of the
    two units it joins, and such as are told to all weights alike, whatever the size of the network; ``reads`` says what
    those are.
    """

    waits: Span
    keeps: Span
    blames: Span
    local: bool
    reads: str


class Rule(NamedTuple):
    """One rule on one network.

    ``gradient(batch, **settings)`` is the loss and, by each weight's name, its gradient; ``pieces(batch, **settings)``
    yields the gradient so far after each piece. ``settings`` are those in force, any of which the call may replace.
    Where ``descends`` is false the rule follows no gradient, and what stands in its place is the change of the weights,
    turned round. ``short`` is the title as it fits on a label.
    """

    title: str
    needs: Needs
    settings: Mapping[str, Any]
    gradient: Callable[..., tuple[float, dict[str, Tensor]]]
    pieces: Callable[..., Iterator[dict[str, Tensor]]]
    descends: bool = True
    short: str = ""


#: ``sized(units, length)`` gives the rules on a fresh network of another size, and one sequence of another length.
Sized = Callable[[int | None, int], tuple[dict[str, Rule], Batch]]
