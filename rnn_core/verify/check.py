"""A check: a generator function that yields findings about one row of the catalogue."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor


class Finding(NamedTuple):
    """What was looked at, what should come out, what came out, and whether that is good enough."""

    check: str
    expected: str | float
    measured: str | float
    passed: bool


Check = Callable[[], Iterator[Finding]]


def quick(function: Check) -> Check:
    """Mark a check that takes seconds."""
    function.long = False
    return function


def long(function: Check) -> Check:
    """Mark a check that trains for longer."""
    function.long = True
    return function


def same(check: str, ours: Any, theirs: Any, within: float) -> Finding:
    """Two tensors, or lists of them, agree in shape and every entry: the largest difference is measured."""
    pairs = [(ours, theirs)] if isinstance(ours, Tensor) else list(zip(ours, theirs, strict=True))
    fits = bool(pairs) and all(a.shape == b.shape for a, b in pairs)
    gap = max(float((a - b).detach().abs().max()) for a, b in pairs) if fits else float("inf")
    return Finding(check, f"difference ≤ {within:g}", shown(gap), gap <= within)


def near(check: str, expected: float, measured: float, within: float) -> Finding:
    """A number is what it should be, give or take."""
    return Finding(check, f"{expected:.6g} ± {within:g}", shown(measured), abs(measured - expected) <= within)


def equal(check: str, expected: str | float, measured: str | float) -> Finding:
    """A number or a word is exactly what it should be."""
    return Finding(check, expected, shown(measured) if isinstance(measured, float) else measured, measured == expected)


def below(check: str, limit: float, measured: float) -> Finding:
    """A number is at most so large; NaN is not."""
    return Finding(check, f"≤ {limit:g}", shown(measured), measured <= limit)


def above(check: str, limit: float, measured: float) -> Finding:
    """A number is at least so large; NaN is not."""
    return Finding(check, f"≥ {limit:g}", shown(measured), measured >= limit)


def shown(value: float) -> float | str:
    """A number with four digits that JSON can carry; what is not finite as a word."""
    return float(f"{value:.4g}") if abs(value) < float("inf") else str(float(value))


def gradients(loss: Tensor, wanted: list[Tensor]) -> list[Tensor]:
    """dL of each, zeros where the loss does not feel it."""
    got = torch.autograd.grad(loss, wanted, allow_unused=True, retain_graph=True)
    return [torch.zeros_like(w) if g is None else g for w, g in zip(wanted, got, strict=True)]


@contextmanager
def in_double() -> Iterator[None]:
    """New tensors and modules in double precision."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
