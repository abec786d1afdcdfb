"""How much of an early state is still felt at the end?

    ∂s_T/∂s_t = A_T A_{T−1} … A_{t+1},   ‖∂s_T/∂s_t‖ ≤ ∏ σ_max(A_k)

The bound explains vanishing (every σ_max < 1 suffices) but not exploding (σ_max > 1 is only necessary), and a spectral
radius below 1 bounds nothing: [[.5, 5], [0, .5]] has norms 5.05, 5.01, 3.75 over its first three powers. Bengio, Simard
& Frasconi 1994; Pascanu, Mikolov & Bengio 2013.
"""
from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.step_jacobians import BUDGET, step_jacobians, stretching
from rnn_core.records import Card, Result, Trace

CARD = Card(title="Jacobian products", row="D2", year=1994,
            reference="Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013",
            summary="The size of ∂s_T/∂s_t for every t, beside the product of the steps' largest singular values.",
            equations={"P": "∂s_T/∂s_t = A_T A_{T−1} … A_{t+1}"})


@dataclass(frozen=True, eq=False)
class JacobianProducts(Result):
    """``norms`` (b, t + 1): ‖∂s_T/∂s_t‖ for the state entering step t, and 1 for the last; ``bound`` alike: ∏ σ_max.

    Steps are told in the order in which the pass visits them.
    """

    norms: Tensor
    bound: Tensor

    def frame(self) -> pd.DataFrame:
        """One row a sequence and step: norm and bound."""
        b, t = self.norms.shape
        return pd.DataFrame({"sequence": torch.arange(b).repeat_interleave(t), "t": torch.arange(t).repeat(b),
                             "norm": self.norms.flatten().cpu(), "bound": self.bound.flatten().cpu()})

    @property
    def rate(self) -> float:
        """Mean growth a step, (‖∂s_T/∂s_0‖)^(1/T), median over sequences."""
        steps = self.norms.shape[1] - 1
        return float((self.norms[:, 0] ** (1 / max(steps, 1))).median())

    @property
    def says(self) -> str:
        if math.isnan(self.rate):
            return "this network leaves the finite numbers, so no change can be followed to the end."
        word = "shrinks" if self.rate < 1 else "grows"
        return f"over these sequences a small change {word} by a factor of {self.rate:.3g} a step."

    @property
    def says_not(self) -> str:
        return "what happens to other inputs or after more training; and the bound is not a prediction."


def jacobian_products(trace: Trace, budget: int = BUDGET) -> JacobianProducts:
    """Norms of the products of a pass's step Jacobians, from every step to the last, and their bound."""
    A, _ = step_jacobians(trace, budget)
    A = trace.in_time(A)
    products = [torch.eye(A.shape[-1], dtype=A.dtype, device=A.device).expand(A.shape[0], -1, -1)]
    for step in reversed(A.unbind(1)):
        products.append(products[-1] @ step)
    norms, sigma = stretching(torch.stack(products[::-1], 1)), stretching(A)
    ones = torch.ones_like(sigma[:, :1])
    bound = torch.cat([sigma.flip(1).cumprod(1).flip(1), ones], 1)
    return JacobianProducts(norms, bound)
