"""How does each step pass on what it was given?

A_t = ∂s_{t}/∂s_{t−1} (b, t, s, s) and C_t = ∂out_t/∂s_{t−1} (b, t, o, s), for every step at once: time is folded into
the batch, and one vector–Jacobian product gives one row of every Jacobian.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Card, Result, Trace
from rnn_core.records.trees import fold, hold, rows, tmap, vector

CARD = Card(title="Step Jacobians", row="D3", year=2013,
            reference="Pascanu, Mikolov & Bengio, On the difficulty of training recurrent neural networks, 2013",
            summary="The derivative of every state, and of every output, with respect to the state before.",
            equations={"A": "A_t = ∂s_t/∂s_{t−1}", "C": "C_t = ∂out_t/∂s_{t−1}"})
BUDGET = 2**28


@dataclass(frozen=True, eq=False)
class StepJacobians(Result):
    """A (b, t, s, s) and C (b, t, o, s), in sequence time; unpacks as ``A, C = …``."""

    A: Tensor
    C: Tensor

    def __iter__(self) -> Iterator[Tensor]:
        return iter((self.A, self.C))

    @cached_property
    def sizes(self) -> tuple[Tensor, Tensor]:
        """Largest singular value σ and spectral radius ρ of every A_t, each (b, t)."""
        return stretching(self.A), where_finite(lambda A: torch.linalg.eigvals(A).abs().amax(-1), self.A)

    def frame(self) -> pd.DataFrame:
        """Largest singular value σ and spectral radius ρ of every A_t, one row a sequence and step."""
        sigma, rho = self.sizes
        b, t = sigma.shape
        return pd.DataFrame({"sequence": torch.arange(b).repeat_interleave(t), "t": torch.arange(t).repeat(b),
                             "σ": sigma.flatten().cpu(), "ρ": rho.flatten().cpu()})

    @property
    def says(self) -> str:
        sigma = self.frame()["σ"]
        if sigma.isna().all():
            return "this network has left the finite numbers, so no change can be followed through it."
        return f"in the median step a small change of the state is stretched at most {sigma.median():.3g}-fold."

    @property
    def says_not(self) -> str:
        return "that many steps do what one does: a spectral radius below 1 does not bound the product."


def step_jacobians(trace: Trace, budget: int = BUDGET) -> StepJacobians:
    """A and C of every step of a pass; identity and zero at steps that do not exist.

    Raises MemoryError, with the sizes, when the result would exceed ``budget`` bytes. Integer fields of the state are
    not differentiated; a step without a graph, such as a hard threshold, has zero Jacobians.
    """
    b, t = trace.batch_size, trace.length
    flat, back = vector(fold(trace.entering))
    s = flat.shape[1]
    x = None if trace.x is None else fold(tmap(Tensor.detach, trace.x))
    with torch.enable_grad():
        flat = flat.detach().requires_grad_()
        state = back(flat)
        out, new, _ = trace.cell.step(x, state)
        if trace.mask is not None:
            there = trace.mask.flatten()
            new, out = hold(there, new, state), torch.where(rows(there, out), out, torch.zeros_like(out))
        y = torch.cat([vector(new)[0], out.flatten(1)], 1)
        columns = y.unbind(1)
    size = b * t * y.shape[1] * s * y.element_size()
    if size > budget:
        raise MemoryError(f"{b}×{t} Jacobians of {y.shape[1]}×{s} need {size >> 20} MiB, more than the "
                          f"{budget >> 20} MiB allowed: choose fewer sequences or steps.")
    J = y.new_zeros(*y.shape, s)
    if y.requires_grad:
        for j, column in enumerate(columns):
            row, = torch.autograd.grad(column, flat, torch.ones_like(column), retain_graph=True, allow_unused=True)
            if row is not None:
                J[:, j] = row
    J = J.detach().unflatten(0, (b, t))
    return StepJacobians(J[:, :, :s], J[:, :, s:])


def stretching(A: Tensor) -> Tensor:
    """σ_max (…) of matrices (…, s, s); NaN where a matrix is not finite."""
    return where_finite(lambda M: torch.linalg.matrix_norm(M, 2), A)


def where_finite(f: Callable[[Tensor], Tensor], A: Tensor) -> Tensor:
    """f (…) of matrices (…, s, s); NaN where a matrix is not finite, on which torch's decompositions would fail."""
    finite = A.isfinite().flatten(-2).all(-1)
    value = f(torch.where(finite[..., None, None], A, torch.zeros_like(A)))
    return torch.where(finite, value, torch.full_like(value, torch.nan))
