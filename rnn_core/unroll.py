"""Unrolling: the only loops over time, over a tree's levels, and over a relaxation."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from rnn_core.cells.base import Cell
from rnn_core.records import Trace
from rnn_core.records.trees import clean, flip, hold, leaves, rows, split, tmap

Force = Callable[[int, Any], Any]


def unroll(cell: Cell, x: Any = None, state: Any = None, *, mask: Tensor | None = None, steps: int | None = None,
           force: Force | None = None, record: bool = False, reverse: bool = False, name: str = "") -> Trace:
    """Run a cell over time and keep the state that enters each step.

    x (b, t, …) or a tree of such; without x, ``steps`` and a ``state`` or a batch of one. ``mask`` (b, t): a masked
    step keeps its state and outputs 0, whatever stands in x. ``force(t, state)`` may overwrite fields before a step:
    clamping, lesions, teacher forcing. ``record`` keeps the entering states as nodes of the autograd graph, each field
    apart, so that gradients with respect to them can be asked for. ``reverse`` runs from the last step to the first;
    the trace, and the t that ``force`` is told, are in sequence time all the same. Raises ValueError, in one sentence,
    when there is nothing to run over or the mask is of another length.
    """
    if (x is None) == (steps is None):
        why = "Nothing to unroll: give x, or" if x is None else "x has its own length: give it without"
        raise ValueError(f"{why} a number of steps.")
    length = _length(x, steps, mask)
    x = x if mask is None else clean(x, mask)
    if state is None:
        state = cell.initial_state(1 if x is None else leaves(x)[0].shape[0])
    nodes, after, outputs = [], [], []
    for node, out, new in _steps(cell, x, state, mask, length, force, record, reverse):
        nodes.append(node)
        after.append(new)
        outputs.append(out)
    order = flip if reverse else (lambda tree: tree)
    return Trace(cell, x, mask, order(torch.stack(outputs, 1)), nodes, after, after[-1], reverse, name)


def _steps(cell: Cell, x: Any, state: Any, mask: Tensor | None, length: int, force: Force | None = None,
           record: bool = False, reverse: bool = False) -> Iterator[tuple[Any, Tensor, Any]]:
    """For each step the state that enters it, the output, and the state that leaves it, in the order of visiting."""
    order = flip if reverse else (lambda tree: tree)
    drives = [None] * length if x is None else split(order(cell.project(x)))
    masks = [None] * length if mask is None else order(mask).unbind(1)
    for t, (d, m) in enumerate(zip(drives, masks)):
        if force is not None:
            state = force(length - 1 - t if reverse else t, state)
        if record:
            state = tmap(_enter, state)
        out, new, _ = cell.advance(d, state)
        new, out = (new, out) if m is None else (hold(m, new, state), torch.where(rows(m, out), out,
                                                                                  torch.zeros_like(out)))
        yield state, out, new
        state = new


def _length(x: Any, steps: int | None, mask: Tensor | None) -> int:
    """The number of steps t, at least 1, that x or ``steps`` and the mask agree on."""
    t = steps if x is None else leaves(x)[0].shape[1]
    if t < 1:
        raise ValueError("Nothing to unroll: a sequence needs at least one step.")
    if mask is not None and (mask.dim() != 2 or mask.shape[1] != t or mask.dtype != torch.bool):
        raise ValueError(f"A mask is true or false for each of the {t} steps of a sequence, (b, t); this one is not.")
    return t


def _enter(v: Tensor) -> Tensor:
    """The same numbers as a node of their own: what arrives here is the costate of the state entering the step."""
    if v.requires_grad:
        return v.view_as(v)
    return v.detach().requires_grad_(v.is_floating_point() and torch.is_grad_enabled())


def run_fast(cell: Cell, x: Any, state: Any = None, *, mask: Tensor | None = None) -> tuple[Tensor, Any]:
    """Outputs (b, t, o) and final state, by torch's own kernel where there is one and the mask is a plain tail."""
    length = _length(x, None, mask)
    lengths = None if mask is None else tail_lengths(mask)
    if isinstance(x, Tensor) and (mask is None or lengths is not None):
        inside = x if mask is None else clean(x, mask)
        got = cell.fused(inside, cell.initial_state(x.shape[0]) if state is None else state, lengths)
        if got is not None:
            return got
    x, outputs = x if mask is None else clean(x, mask), []
    state = cell.initial_state(leaves(x)[0].shape[0]) if state is None else state
    for _, out, new in _steps(cell, x, state, mask, length):
        outputs.append(out)
        final = new
    return torch.stack(outputs, 1), final


def tail_lengths(mask: Tensor) -> Tensor | None:
    """Lengths (b,) of a mask (b, t) whose rows are all of the form 1…10…0 with at least one 1; None for any other."""
    lengths = mask.sum(1)
    plain = (mask == (torch.arange(mask.shape[1], device=mask.device) < lengths.unsqueeze(1))).all()
    return lengths if bool(plain & (lengths > 0).all()) else None


def unroll_tree(cell: Any, leaves_x: Tensor, children: Tensor) -> Any:
    """Run a composition up a forest, all nodes of a level in one call.

    leaves_x (l, i) are the inputs of the leaves, nodes 0…l−1; row k of children (k, 2) names the two children of node
    l + k, each of which must come before it. Returns the states of all nodes, every field (l + k, …). Raises ValueError
    when a child comes after its parent.
    """
    count = leaves_x.shape[0]
    levels, children = _levels(count, children).to(leaves_x.device), children.to(leaves_x.device)
    state = cell.leaf(leaves_x)
    done = tmap(lambda v: torch.cat([v, v.new_zeros(len(children), *v.shape[1:])]), state)
    for level in range(1, int(levels.max()) + 1 if len(children) else 1):
        at = (levels == level).nonzero().flatten()
        pairs = children[at - count].unbind(1)
        _, new, _ = cell.compose(None, tuple(tmap(lambda v, child=child: v[child], done) for child in pairs))
        done = tmap(lambda v, n, at=at: v.index_copy(0, at, n), done, new)
    return done


def _levels(count: int, children: Tensor) -> Tensor:
    """(l + k,) height of every node: leaves 0, a parent one above its higher child."""
    levels = [0] * count
    for k, pair in enumerate(children.tolist()):
        if not all(0 <= child < count + k for child in pair):
            raise ValueError(f"Node {count + k} has a child that does not come before it: {pair}.")
        levels.append(1 + max(levels[child] for child in pair))
    return torch.tensor(levels)


def relax(cell: Cell, state: Any, generator: torch.Generator, *, sweeps: int = 50) -> tuple[Any, int]:
    """Let an energy network settle: asynchronous sweeps in random order until a whole sweep changes nothing.

    Returns the last state and the number of sweeps used; ``sweeps`` of them without rest is not an error.
    """
    b, n = leaves(state)[0].shape
    for used in range(1, sweeps + 1):
        trace = unroll(cell, cell.draw(b, n, generator), state)
        if all(torch.equal(old, new) for old, new in zip(leaves(state), leaves(trace.final))):
            return state, used
        state = trace.final
    return state, sweeps


def generate(network: Any, x: Tensor, choose: Callable[[Tensor], Tensor], steps: int) -> Tensor:
    """Let a network speak on: it reads x (b, t, i), then hears its own words.

    ``choose`` turns its last output (b, o) into the next input (b, 1, i). Returns those inputs, (b, steps, i). Raises
    ValueError for a network with several passes.
    """
    state, said = None, []
    for _ in range(steps):
        trace = network.trace(x, state=state)
        if len(trace.passes) > 1:
            raise ValueError("A network that reads from both ends cannot speak on: it would need its own future.")
        state, x = trace.main.final, choose(trace.outputs[:, -1])
        said.append(x)
    return torch.cat(said, 1)
