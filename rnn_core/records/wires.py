"""A calculation taken apart while it runs: gains, sums, products, bends, cuts and joins, each with its transpose.

    y = x Wᵀ        ȳ ↦ ȳ W for x, ȳᵀ x for W          y = f(a)        ȳ ↦ f'(a) ⊙ ȳ
    y = Σ_k s_k x_k  ȳ ↦ s_k ȳ for each                  y = a ⊙ b       ȳ ↦ b ⊙ ȳ for a, a ⊙ ȳ for b
    y = x[columns]   ȳ ↦ ȳ in its columns, 0 elsewhere   y = [a; b; …]   ȳ ↦ its columns

The rules are written out here; only what is none of these stays a box, transposed as a whole by autograd.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from rnn_core.records.trees import leaves

BENDS: dict[str, tuple[str, Callable[[Tensor, Tensor], Tensor]]] = {
    "tanh": ("tanh", lambda a, y: 1 - y * y), "sigmoid": ("σ", lambda a, y: y * (1 - y)),
    "relu": ("relu", lambda a, y: (a > 0).to(y)), "exp": ("exp", lambda a, y: y), "sin": ("sin", lambda a, y: a.cos()),
    "cos": ("cos", lambda a, y: -a.sin())}
SILENT = ("detach", "zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_ones", "new_full", "sign")


@dataclass(frozen=True, eq=False)
class Part:
    """One element: ``kind`` is gain, sum, product, bend, cut, join, wire or box; ``output`` and ``inputs`` are tensors.

    ``scales`` belong to a sum's inputs; ``back`` turns what arrives at the output into what each input is owed;
    ``call`` numbers the call that it came from, so that the pieces of one cut are known as such.
    """

    kind: str
    label: str
    inputs: tuple[Tensor, ...]
    output: Tensor
    back: Callable[[Tensor], Iterable[Tensor | None]] = field(repr=False)
    scales: tuple[float, ...] = ()
    call: int = 0


def take_apart(calculate: Callable[[], Any]) -> tuple[Any, list[Part]]:
    """What a calculation gives, and its parts in order. Nothing may be written in place."""
    with torch.no_grad():
        with _Recorder() as recorder:
            given = calculate()
        parts: list[Part] = []
        for number, call in enumerate(recorder.calls):
            parts += [Part(p.kind, p.label, p.inputs, p.output, p.back, p.scales, number) for p in _parts(*call)]
    return given, parts


@torch.no_grad()
def transposed(parts: list[Part], arrives: Iterable[tuple[Tensor, Tensor]]) -> dict[int, Tensor]:
    """Run the parts backward: id of each tensor → what arrives there, given what ``arrives`` at some (tensor, ȳ).

    Where a tensor was read several times, what comes back from each reader is added up.
    """
    there: dict[int, Tensor] = {}

    def add(v: Tensor, g: Tensor | None) -> None:
        if g is not None:
            there[id(v)] = there[id(v)] + g if id(v) in there else g

    for v, g in arrives:
        add(v, g)
    for part in reversed(parts):
        if (g := there.get(id(part.output))) is not None:
            for v, owed in zip(part.inputs, part.back(g)):
                add(v, owed)
    return there


class _Recorder(TorchFunctionMode):
    """Notes every torch call that gives numbers: its function, its arguments, what it gave."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any], list[Tensor]]] = []

    def __torch_function__(self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **(kwargs or {}))
        given = [v for v in leaves(out) if isinstance(v, Tensor) and v.is_floating_point()]
        if given:
            self.calls.append((function, args, kwargs or {}, given))
        return out


def _parts(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any],
           given: list[Tensor]) -> list[Part]:
    """The parts of one call; none where it passes nothing on."""
    name, out = function.__name__.strip("_"), given[0]
    tensors = [v for v in leaves((args, kwargs)) if isinstance(v, Tensor) and v.is_floating_point()]
    if not tensors or name in SILENT or any(v is w for v in given for w in tensors):
        return []
    if name in BENDS:
        return [_bend(name, args[0], out)]
    if name == "linear" and args[0].dim() == 2:
        W, bias = args[1], (*args[2:], kwargs.get("bias"))[0]
        return _gain(args[0], W.T, W, out) if bias is None else _plus(_gain(args[0], W.T, W), bias, out)
    if name in ("mm", "matmul") and args[0].dim() == args[1].dim() == 2:
        return _gain(args[0], args[1], args[1], out)
    if name == "addmm" and not kwargs:
        return _plus(_gain(args[1], args[2], args[2]), args[0], out)
    if name in ("add", "radd", "sub", "rsub") and not kwargs:
        signs = {"sub": (1.0, -1.0), "rsub": (-1.0, 1.0)}.get(name, (1.0, 1.0))
        return [_sum([(v, s) for v, s in zip(args, signs) if isinstance(v, Tensor)], out)]
    if name in ("mul", "rmul") or (name == "div" and not isinstance(args[1], Tensor) and not kwargs):
        return [_times(name, args, out)]
    if name == "addcmul" and not kwargs:
        product = _product(args[1], args[2])
        return _plus([product], args[0], out)
    if name == "lerp" and isinstance(args[2], Tensor):
        gap = _sum([(args[1], 1.0), (args[0], -1.0)], args[1] - args[0])
        return [gap, *_plus([_product(args[2], gap.output)], args[0], out)]
    if name == "cat":
        dim = (*args[1:], kwargs.get("dim", 0))[0]
        sizes = [v.shape[dim] for v in args[0]]
        return [Part("join", "", tuple(args[0]), out, lambda g: g.split(sizes, dim))]
    if name in ("clone", "contiguous"):
        return [Part("wire", "", (args[0],), out, lambda g: (g,))]
    if isinstance(args[0], Tensor) and len(tensors) == 1 and all(_is_part_of(v, args[0]) for v in given):
        return [_view(function, args, kwargs, k, v) for k, v in enumerate(given)]
    return [_box(name, function, args, kwargs, tensors, k, v) for k, v in enumerate(given)]


def _bend(name: str, a: Tensor, y: Tensor) -> Part:
    sign, slope = BENDS[name]
    return Part("bend", sign, (a,), y, lambda g: (g * slope(a, y),))


def _gain(x: Tensor, M: Tensor, weight: Tensor, out: Tensor | None = None) -> list[Part]:
    """x M, where M is the weight or its transpose."""
    def back(g: Tensor) -> tuple[Tensor, Tensor]:
        owed = x.T @ g
        return g @ M.T, owed if weight is M else owed.T
    return [Part("gain", "", (x, weight), x @ M if out is None else out, back)]


def _sum(terms: list[tuple[Tensor, float]], out: Tensor) -> Part:
    def back(g: Tensor) -> list[Tensor]:
        return [(g * s).sum_to_size(v.shape) for v, s in terms]
    return Part("sum", "", tuple(v for v, _ in terms), out, back, tuple(s for _, s in terms))


def _plus(before: list[Part], other: Any, out: Tensor) -> list[Part]:
    """The sum of what the parts so far give and one thing more."""
    return [*before, _sum([(other, 1.0), (before[-1].output, 1.0)], out)]


def _product(a: Tensor, b: Tensor, out: Tensor | None = None) -> Part:
    def back(g: Tensor) -> tuple[Tensor, Tensor]:
        return (g * b).sum_to_size(a.shape), (g * a).sum_to_size(b.shape)
    return Part("product", "", (a, b), a * b if out is None else out, back)


def _times(name: str, args: tuple[Any, ...], out: Tensor) -> Part:
    """A product of two tensors, or a gain by a plain number."""
    a, b = args[:2]
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return _product(a, b, out)
    v, scale = (a, b) if isinstance(a, Tensor) else (b, a)
    scale = 1 / scale if name == "div" else scale
    return Part("gain", f"{scale:.3g}", (v,), out, lambda g: (g * scale,))


def _is_part_of(v: Tensor, whole: Tensor) -> bool:
    """Whether a tensor shares memory with another, each number at most once."""
    shared = v.untyped_storage().data_ptr() == whole.untyped_storage().data_ptr()
    return shared and v.numel() <= whole.numel() and all(s or n < 2 for s, n in zip(v.stride(), v.shape))


def _view(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], k: int, v: Tensor) -> Part:
    def back(g: Tensor) -> tuple[Tensor]:
        whole = torch.zeros_like(args[0])
        leaves(function(whole, *args[1:], **kwargs))[k].copy_(g)
        return (whole,)
    return Part("wire" if v.numel() == args[0].numel() else "cut", "", (args[0],), v, back)


def _box(name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[Tensor],
         k: int, v: Tensor) -> Part:
    """Any other function: its transpose is taken as a whole."""
    def back(g: Tensor) -> Iterable[Tensor | None]:
        with torch.enable_grad():
            fresh = {id(one): one.detach().clone().requires_grad_() for one in tensors}
            new_args, new_kwargs = _with(args, fresh), _with(kwargs, fresh)
            out = [w for w in leaves(function(*new_args, **new_kwargs)) if w.is_floating_point()][k]
            if not out.requires_grad:
                return [None] * len(tensors)
            return torch.autograd.grad(out, [fresh[id(one)] for one in tensors], g, allow_unused=True)
    return Part("box", name, tuple(tensors), v, back)


def _with(tree: Any, fresh: dict[int, Tensor]) -> Any:
    """The same arguments with other tensors."""
    if isinstance(tree, Tensor):
        return fresh.get(id(tree), tree)
    if isinstance(tree, dict):
        return {k: _with(v, fresh) for k, v in tree.items()}
    if isinstance(tree, tuple | list):
        made = [_with(v, fresh) for v in tree]
        return tuple(made) if isinstance(tree, tuple) else made
    return tree
