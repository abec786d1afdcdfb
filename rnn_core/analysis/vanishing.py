"""Must it forget? What k steps do to a change, beside what theory says of them.

    ‖∂s_T/∂s_{T−k}‖ ≤ ∏ σ_max(A) ≤ (γ σ_max(R))^k,   γ = max |φ'|

The first bound holds for every cell; the second needs no sequence at all, only a plain net's weights: φ' ≤ 1 for tanh,
≤ ¼ for the logistic function. (γρ)^k with the spectral radius ρ of R is *no* bound: R = [[.5, 5], [0, .5]] has ρ = .5
and yet its powers have norms 5.05, 5.01, 3.75 before they fade. Bengio, Simard & Frasconi 1994; Pascanu, Mikolov &
Bengio 2013.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.jacobian_products import jacobian_products
from rnn_core.analysis.step_jacobians import BUDGET, stretching
from rnn_core.records import Card, Result, Trace
from rnn_core.unroll import unroll

CARD = Card(title="Vanishing lab", row="D2", year=1994,
            reference="Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013",
            summary="The size of what k steps do to a change, beside ρ^k and the bound (γ σ_max)^k.",
            equations={"J": "‖∂s_T/∂s_{T−k}‖ ≤ (γ σ_max(R))^k"}, symbols={"J": "gradient"})
SLOPES = {"tanh": 1.0, "relu": 1.0, "linear": 1.0, "sigmoid": 0.25}
WARNING = ((0.5, 5.0), (0.0, 0.5))


@dataclass(frozen=True, eq=False)
class Vanishing(Result):
    """``norms`` (b, k + 1): ‖∂s_T/∂s_{T−k}‖ for k = 0 … T; ``chain`` alike: the product of the steps' σ_max.

    ``radius`` γρ(R) and ``stretch`` γσ_max(R) are those of a plain net's weights, None for a cell with gates.
    """

    norms: Tensor
    chain: Tensor
    radius: float | None = None
    stretch: float | None = None

    def frame(self) -> pd.DataFrame:
        """One row a sequence and number of steps: measured, product of σ_max, and the powers where there are any."""
        b, k = self.norms.shape
        steps = torch.arange(k, dtype=torch.float64)
        powers = {name: (value ** steps).repeat(b) for name, value in
                  (("(γρ)^k", self.radius), ("(γσ)^k", self.stretch)) if value is not None}
        return pd.DataFrame({"sequence": torch.arange(b).repeat_interleave(k), "k": torch.arange(k).repeat(b),
                             "measured": self.norms.flatten().cpu(), "∏ σ": self.chain.flatten().cpu(), **powers})

    @property
    def says(self) -> str:
        median = self.norms.median(0).values
        steps, end = len(median) - 1, float(median[-1])
        if end != end:
            return "this network leaves the finite numbers, so no change can be followed to the end."
        rate, top = end ** (1 / max(steps, 1)), int(median.argmax())
        word = "shrinks" if rate < 1 else "grows"
        said = f"over these {steps} steps a small change {word} by a factor of {rate:.3g} a step in the mean"
        if self.radius is not None and self.radius < 1 and float(median[top]) > 1.01:
            return (f"{said}; and although the spectral radius is {self.radius:.3g}, it first grows, to "
                    f"{float(median[top]):.3g} after {top} step{'s' * (top > 1)}.")
        return f"{said}."

    @property
    def says_not(self) -> str:
        return ("that a spectral radius below 1 forbids growth, or that one above 1 forces it: only σ_max bounds, and "
                "only from above.")


def vanishing(trace: Trace, budget: int = BUDGET) -> Vanishing:
    """What the last k steps of a pass do to a change, for every k; and what theory knows beforehand.

    Raises MemoryError, with the sizes, when the Jacobians would exceed ``budget`` bytes.
    """
    found = jacobian_products(trace, budget)
    return Vanishing(found.norms.flip(1), found.bound.flip(1), *beforehand(trace.cell))


def beforehand(cell: Any) -> tuple[float, float] | tuple[None, None]:
    """γρ(R) and γσ_max(R) of a plain net, whose next state is φ(… + R s); None of any other cell."""
    slope, R = SLOPES.get(getattr(cell.settings, "activation", "")), getattr(cell, "R", None)
    if slope is None or R is None or R.shape[0] != R.shape[1] or not bool(R.isfinite().all()):
        return None, None
    R = R.detach()
    return slope * float(torch.linalg.eigvals(R).abs().max()), slope * float(stretching(R))


def warning_example(cell: Any, length: int) -> Vanishing:
    """The powers of R = [[.5, 5], [0, .5]], by a linear plain net of two units whose weights are overwritten."""
    with torch.no_grad():
        cell.R.copy_(cell.R.new_tensor(WARNING))
    return vanishing(unroll(cell, cell.zeros(1, length, cell.input_size)))
