"""Cells in which some computed quantities are held at a value, whatever the step would make of them.

A probe is the result of one of the torch calls of a step. Which one is learnt from the first step that is run: its
place among the calls. From then on that call's result is exchanged, where it is held, before anything is computed from
it.
"""
from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from rnn_core.records.intervention import Intervention
from rnn_core.records.trees import rows

Place = tuple[int, int]


class _Calls(TorchFunctionMode):
    """Counts the torch calls of a step; ``exchange(place, tensor)`` may put another tensor in place of a result."""

    def __init__(self, exchange: Callable[[Place, Tensor], Tensor]) -> None:
        super().__init__()
        self.exchange, self.count = exchange, 0

    def __torch_function__(self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **(kwargs or {}))
        flat, spec = pytree.tree_flatten(out)
        number, self.count = self.count, self.count + 1
        if any(isinstance(v, Tensor) for v in flat):
            kept = [self.exchange((number, k), v) if isinstance(v, Tensor) else v for k, v in enumerate(flat)]
            out = pytree.tree_unflatten(kept, spec) if any(v is not w for v, w in zip(flat, kept)) else out
        return out


class _Held:
    """Mixed into a cell's class: its ``advance`` with the results of some calls exchanged.

    While it is unrolled, ``now`` is the step. Otherwise rows are steps folded into the batch, (b·t, …), as in a replay.
    """

    holds: Sequence[Intervention]
    length: int
    now: int | None
    places: dict[str, Place] | None

    def advance(self, drive: Any, state: Any) -> tuple[Tensor, Any, dict[str, Tensor]]:
        if self.places is None:
            self.places = self._learn(drive, state)
        put: dict[str, Tensor] = {}
        wanted = {place: name for name, place in self.places.items()}

        def exchange(place: Place, value: Tensor) -> Tensor:
            if place in wanted:
                value = put[wanted[place]] = self._exchanged(wanted[place], value)
            return value

        with _Calls(exchange):
            out, new, probes = super().advance(drive, state)
        if any(probes[name] is not put.get(name) for name in self.places):
            raise ValueError("This cell does not compute its probes in the same order at every step, so none can be "
                             "held.")
        return out, new, probes

    def fused(self, x: Tensor, state: Any, lengths: Tensor | None) -> None:
        return None

    def _learn(self, drive: Any, state: Any) -> dict[str, Place]:
        """Where each held probe is computed; ValueError for one that no call of this step computes."""
        seen: dict[int, Place] = {}
        kept: list[Tensor] = []

        def note(place: Place, value: Tensor) -> Tensor:
            seen[id(value)] = place
            kept.append(value)
            return value

        with _Calls(note):
            _, _, probes = super().advance(drive, state)
        names = {one.name for one in self.holds}
        given = next((name for name in sorted(names) if id(probes[name]) not in seen), None)
        if given is not None:
            raise ValueError(f"“{given}” is handed to the step and not computed in it, so it cannot be held: overwrite "
                             "the state or the input that it comes from.")
        return {name: seen[id(probes[name])] for name in names}

    def _exchanged(self, name: str, value: Tensor) -> Tensor:
        """The result of a call, with the held value where it is held."""
        count = len(value)
        step = torch.arange(count, device=value.device) % self.length
        step = step if self.now is None else torch.full_like(step, self.now)
        for one in self.holds:
            if one.name == name:
                there = (step >= one.first) & (step <= (self.length if one.last is None else one.last))
                picked = one.places(value.shape[1:]).to(value.device)
                value = torch.where(rows(there, value) & picked, torch.full_like(value, one.value), value)
        return value


def hold_cells(network: Any, holds: Sequence[Sequence[Intervention]], length: int) -> tuple[Any, list[Any]]:
    """A network that shares its weights with the given one, and its cells, in which ``holds[k]`` act on pass k.

    While pass k is unrolled over sequences of ``length`` steps, set ``now`` of its cell to the step, before each; when
    all is run, set it to None. Raises ValueError, in one sentence, as the first step is run, for a probe that cannot be
    held.
    """
    cells = [_hold(cell, one, length) for cell, one in zip(network.cells, holds, strict=True)]
    runner = copy.copy(network)
    runner._modules = {**network._modules, "cells": nn.ModuleList(cells)}
    return runner, cells


def _hold(cell: Any, holds: Sequence[Intervention], length: int) -> Any:
    """The cell itself when nothing is held in it, or else a twin with the same weights."""
    if not holds:
        return cell
    twin = copy.copy(cell)
    twin.__class__ = type(f"Held{type(cell).__name__}", (_Held, type(cell)), {})
    twin.holds, twin.length, twin.now, twin.places = tuple(holds), length, None, None
    return twin
