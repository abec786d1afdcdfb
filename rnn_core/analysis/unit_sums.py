"""What does a unit add up? a_k = Σ_j W_kj h_j + b_k, read off the step while it runs.

A real step is run under a ``TorchFunctionMode``. Products with weights, sums, gates in front of a sum, slices of both
and the function that bends the result are followed by name; a sum is told only when it gives the node's own numbers.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from rnn_core.analysis.step_graph import name_tensors
from rnn_core.records import Card, Result, Trace
from rnn_core.records.trees import fold, leaves, tmap, unfold

CARD = Card(title="Sums of a unit", row="D4", year=1943,
            reference="McCulloch & Pitts, A logical calculus of the ideas immanent in nervous activity, 1943",
            summary="Which products a unit adds up, weight by weight, and what bends their sum.",
            equations={"a": "a_k = Σ_j W_kj h_j + b_k"}, symbols={"a": "candidate", "h": "hidden"})
BENDS = {"sigmoid": "σ", "tanh": "tanh", "relu": "relu", "softplus": "softplus", "exp": "exp", "sin": "sin",
         "cos": "cos"}
SAME = ("clone", "contiguous", "detach")


@dataclass(frozen=True)
class Addend:
    """One addend of unit k: scale · Π times_k · Σ_j W[row + k, column + j] · source_j.

    Without ``source`` it is scale · Π times_k · W[row + k], a bias; without ``weight`` it is source_{row + k} itself.
    ``flip`` says that W is stored with its axes exchanged. ``size`` is the number of j.
    """

    weight: str = ""
    source: str = ""
    row: int = 0
    column: int = 0
    size: int = 0
    flip: bool = False
    scale: float = 1.0
    times: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sum:
    """The addends of a node, and the function that bends their sum: "" when nothing does."""

    addends: tuple[Addend, ...]
    bend: str = ""

    def shifted(self, first: int) -> Sum:
        """The same for the units from ``first`` on."""
        return Sum(tuple(replace(a, row=a.row + first) for a in self.addends), self.bend)


@dataclass(frozen=True, eq=False)
class UnitSums(Result):
    """``sums`` by a node's id, as in ``step_graph``; ``unnamed`` holds what is read that has no name, (b, t, n)."""

    sums: dict[str, Sum]
    unnamed: dict[str, Tensor] = field(repr=False)

    def frame(self) -> pd.DataFrame:
        """One row an addend of a node; where no quantity is a weighted sum, one row that says so."""
        columns = ["node", "weight", "reads", "times", "bent by"]
        rows = [(node, a.weight, a.source, " ".join(a.times), one.bend)
                for node, one in self.sums.items() for a in one.addends]
        return pd.DataFrame(rows or [("none is a weighted sum", "", "", "", "")], columns=columns)

    @property
    def says(self) -> str:
        if not self.sums:
            return "no quantity of this step is a plain weighted sum."
        return f"the quantities {', '.join(self.sums)} are weighted sums, and every product in them can be named."

    @property
    def says_not(self) -> str:
        return "that a large product matters: another one of the same sum may cancel it."


def unit_sums(trace: Trace, readout: Any = None) -> UnitSums:
    """The weighted sums of a pass's step, and of the network's answer when its ``readout`` is given."""
    cell, b, t = trace.cell, trace.batch_size, trace.length
    with torch.no_grad():
        x = None if trace.x is None else tmap(torch.clone, fold(trace.x))
        state = tmap(torch.clone, fold(trace.entering))
        with _Reader() as reader:
            out, new, probes = cell.step(x, state)
            y = None if readout is None else readout(out)
        given, named = name_tensors(cell, readout, x, state, new, probes, out, y)
        follow = _Follower(given, named)
        for name, args, results in reader.calls:
            follow.call(name, args, results)
        sums = {k: one for k, one in follow.sums.items() if follow.holds(one, named[k][1])}
    read = {a.source for one in sums.values() for a in one.addends}
    return UnitSums(sums, {k: unfold(v, b, t) for k, v in follow.unnamed.items() if k in read})


class _Reader(TorchFunctionMode):
    """Notes every torch call: its name, its arguments, the tensors it gives."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, tuple[Any, ...], list[Tensor]]] = []

    def __torch_function__(self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **(kwargs or {}))
        given = [v for v in leaves(out) if isinstance(v, Tensor)]
        if given:
            self.calls.append((function.__name__.strip("_"), (*args, *(kwargs or {}).values()), given))
        return out


class _Follower:
    """Follows tensors through a step: which weights, which named quantity, or which sum of products each of them is."""

    def __init__(self, given: dict[str, tuple[str, Tensor]], named: dict[str, tuple[str, Tensor]]) -> None:
        self.names = {id(v): k for k, (kind, v) in {**given, **named}.items() if kind != "parameter"}
        self.values = {k: v for k, (_, v) in {**given, **named}.items()}
        self.weights = {v.untyped_storage().data_ptr(): (k, v) for k, (kind, v) in given.items() if kind == "parameter"}
        self.wanted, self.sums, self.unnamed = {id(v): k for k, (_, v) in named.items()}, {}, {}
        self.known: dict[int, tuple[Tensor, Sum]] = {}
        self.products: dict[int, str] = {}

    def call(self, name: str, args: tuple[Any, ...], results: list[Tensor]) -> None:
        """Take note of one call."""
        one = self._sum(name, args) if results[0].dim() == 2 else None
        if name in ("mul", "rmul") and len(names := [self.names.get(id(v), "") for v in args[:2]]) == 2 and all(names):
            self.products[id(results[0])] = " ⊙ ".join(names)
        if one is not None and len(results) == 1:
            self.known[results[0].untyped_storage().data_ptr()] = results[0], one
        for v in results:
            if id(v) in self.wanted and (one := self._seen(v)) is not None:
                self.sums[self.wanted[id(v)]] = one

    def _sum(self, name: str, args: tuple[Any, ...]) -> Sum | None:
        """The sum that a call gives, as far as it is one."""
        flat = None
        if name in BENDS or name in SAME:
            flat = self._form(args[0])
            return flat and Sum(flat, BENDS.get(name, ""))
        if name == "linear":
            biases = [self._form(b) for b in args[2:] if b is not None]
            flat = self._joined(self._product(args[0], args[1], True), *biases)
        elif name == "addmm":
            flat = self._joined(self._form(args[0]), self._product(args[1], args[2], False))
        elif name in ("matmul", "mm"):
            flat = self._product(args[0], args[1], False)
        elif name in ("add", "radd", "sub"):
            flat = self._joined(self._form(args[0]), self._form(args[1], -1.0 if name == "sub" else 1.0))
        elif name in ("mul", "rmul"):
            flat = self._times(args[0], args[1])
        elif name == "addcmul":
            flat = self._joined(self._form(args[0]), self._times(args[1], args[2]))
        return flat and Sum(flat)

    def _joined(self, *forms: tuple[Addend, ...] | None) -> tuple[Addend, ...] | None:
        return None if None in forms else sum(forms, ())

    def _seen(self, v: Tensor) -> Sum | None:
        """The sum that a tensor is, or is some columns of."""
        base, one = self.known.get(v.untyped_storage().data_ptr(), (None, None))
        if base is None or v.dim() != 2 or v.stride() != base.stride() or len(v) != len(base):
            return None
        return one.shifted(v.storage_offset() - base.storage_offset())

    def _form(self, v: Any, scale: float = 1.0) -> tuple[Addend, ...] | None:
        """The addends of an unbent quantity."""
        if not isinstance(v, Tensor):
            return None
        if id(v) in self.names:
            return (Addend(source=self.names[id(v)], scale=scale),) if v.dim() == 2 else None
        if (found := self._weight(v)) is not None:
            return (replace(found, scale=scale),) if v.dim() == 1 else None
        one = self._seen(v)
        if one is None or one.bend:
            return None
        return tuple(replace(a, scale=a.scale * scale) for a in one.addends)

    def _times(self, a: Any, b: Any) -> tuple[Addend, ...] | None:
        """A named gate in front of a sum."""
        for gate, rest in ((a, b), (b, a)):
            if id(gate) in self.names and isinstance(gate, Tensor) and (form := self._form(rest)) is not None:
                return tuple(replace(one, times=(*one.times, self.names[id(gate)])) for one in form)
        return None

    def _product(self, h: Tensor, W: Tensor, turned: bool) -> tuple[Addend, ...] | None:
        """h Wᵀ (``turned``) or h W, for W that is a weight or a part of one."""
        found = self._weight(W)
        if found is None or W.dim() != 2 or h.dim() != 2:
            return None
        flip = found.flip == turned
        row, column = (found.column, found.row) if flip else (found.row, found.column)
        return (replace(found, source=self._source(h), row=row, column=column, size=h.shape[1], flip=flip),)

    def _source(self, h: Tensor) -> str:
        """The name of what a product reads; what has none is kept under a number."""
        if id(h) in self.names:
            return self.names[id(h)]
        new = self.products.get(id(h), f"read {len(self.unnamed) + 1}")
        name = next((k for k, v in self.unnamed.items() if v is h), new)
        self.unnamed[name] = self.values[name] = h
        return name

    def _weight(self, v: Tensor) -> Addend | None:
        """Which part of which weight array a tensor is."""
        name, whole = self.weights.get(v.untyped_storage().data_ptr(), ("", None))
        if whole is None or not whole.is_contiguous() or not 0 < v.dim() <= 2 or v.dim() != whole.dim():
            return None
        if v.dim() == 1:
            return Addend(name, row=v.storage_offset()) if v.stride() == (1,) else None
        wide = whole.shape[1]
        row, column = divmod(v.storage_offset(), wide)
        if v.stride() in ((wide, 1), (1, wide)):
            straight = v.stride() == (wide, 1) and not (wide == 1 and v.shape[1] != 1)
            return Addend(name, row=row, column=column, flip=not straight)
        return None

    def holds(self, one: Sum, value: Tensor) -> bool:
        """Whether these addends give the node's own numbers."""
        total = sum(self._numbers(a, value.shape[1]) for a in one.addends)
        bend = next((k for k, sign in BENDS.items() if sign == one.bend), "")
        total = getattr(torch, bend)(total) if bend else total
        return total.shape == value.shape and torch.allclose(total, value, rtol=1e-4, atol=1e-5, equal_nan=True)

    def _numbers(self, a: Addend, n: int) -> Tensor:
        here = slice(a.row, a.row + n)
        if not a.weight:
            value = self.values[a.source][:, here]
        elif not a.source:
            value = self.values[a.weight][here]
        else:
            W = self.values[a.weight].T if a.flip else self.values[a.weight]
            value = self.values[a.source] @ W[here, a.column:a.column + a.size].T
        for gate in a.times:
            value = value * self.values[gate]
        return a.scale * value
