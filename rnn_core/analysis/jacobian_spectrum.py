"""Which directions does one step keep, stretch or forget?

The eigenvalues λ_i of A_t = ∂s_t/∂s_{t−1} say what repeating this step would do, its singular values σ_i how much it
stretches now. A random matrix with independent Gaussian entries of variance g²/n has its eigenvalues spread evenly over
the disc of radius g (circular law, Girko 1985), so that a part r²/g² of them lies within r, and σ_max → 2g. More
generally, where the singular vectors point anywhere at random, the eigenvalues fill a ring,

    1/√mean(σ⁻²) ≤ |λ| ≤ √mean(σ²)            (single ring theorem, Guionnet, Krishnapur & Zeitouni 2011)

which for an orthogonal matrix is one circle. Learning leaves the ring: what lies outside is structure.
"""
from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.step_jacobians import BUDGET, step_jacobians
from rnn_core.records import Card, Result, Trace

CARD = Card(title="Spectrum of the step", row="D3", year=1985,
            reference="Girko 1985; Pascanu, Mikolov & Bengio 2013; Guionnet, Krishnapur & Zeitouni 2011",
            summary="Eigenvalues and singular values of every step's Jacobian, around the unit circle.",
            equations={"λ": "A_t v = λ v", "σ": "A_tᵀ A_t u = σ² u"}, symbols={"λ": "gradient", "σ": "gradient"})
MOST = 100


@dataclass(frozen=True, eq=False)
class JacobianSpectrum(Result):
    """``eigenvalues`` (b, k, s), complex, and ``singular`` (b, k, s), falling, of the steps ``steps`` (k,).

    NaN where a step's Jacobian is not finite.
    """

    eigenvalues: Tensor
    singular: Tensor
    steps: Tensor

    @property
    def inside(self) -> Tensor:
        """(b, k) share of the eigenvalues within the unit circle; NaN where unknown."""
        sizes = self.eigenvalues.abs()
        return torch.where(sizes.isnan(), sizes, (sizes < 1).to(sizes.dtype)).mean(-1)

    @property
    def ring(self) -> tuple[Tensor, Tensor]:
        """Inner and outer radius (b, k) of the ring that these singular values fill if their vectors are random."""
        return self.singular.pow(-2).mean(-1).rsqrt(), self.singular.pow(2).mean(-1).sqrt()

    def frame(self) -> pd.DataFrame:
        """One row an eigenvalue: its parts and size, and the singular value of the same rank."""
        b, k, s = self.singular.shape
        rank = self.eigenvalues.abs().argsort(-1, descending=True)
        ordered = self.eigenvalues.gather(-1, rank).flatten().cpu()
        return pd.DataFrame({"sequence": torch.arange(b).repeat_interleave(k * s),
                             "t": self.steps.cpu().repeat_interleave(s).repeat(b),
                             "rank": torch.arange(s).repeat(b * k), "real": ordered.real, "imaginary": ordered.imag,
                             "size": ordered.abs(), "singular value": self.singular.flatten().cpu()})

    @property
    def says(self) -> str:
        inside, largest = self.inside, self.eigenvalues.abs().amax(-1)
        known = ~inside.isnan()
        if not known.any():
            return "this network has left the finite numbers, so its steps have no spectrum."
        return (f"of the eigenvalues of these steps {float(inside[known].mean()):.0%} lie inside the unit circle; in "
                f"the median step the largest has size {float(largest[known].median()):.3g}, while the step stretches "
                f"some change {float(self.singular[..., 0][known].median()):.3g}-fold.")

    @property
    def says_not(self) -> str:
        return ("that many steps do what the eigenvalues of one say: the steps differ, and where the directions are "
                "not at right angles a change may grow for long before it fades.")


def jacobian_spectrum(trace: Trace, budget: int = BUDGET, most: int = MOST) -> JacobianSpectrum:
    """Eigenvalues and singular values of a pass's step Jacobians, at most ``most`` steps of it, evenly spread.

    Raises MemoryError, with the sizes, when the Jacobians would exceed ``budget`` bytes.
    """
    A, _ = step_jacobians(trace, budget)
    count = min(most, A.shape[1])
    steps = torch.linspace(0, A.shape[1] - 1, count).round().long()
    return spectrum(A[:, steps.to(A.device)], steps)


def spectrum(A: Tensor, steps: Tensor) -> JacobianSpectrum:
    """The spectrum of matrices A (b, k, s, s) that belong to the steps (k,)."""
    finite = A.isfinite().flatten(-2).all(-1)[..., None]
    safe = torch.where(finite[..., None], A, torch.zeros_like(A))
    values, sigma = torch.linalg.eigvals(safe), torch.linalg.svdvals(safe)
    unknown = torch.full_like(sigma, torch.nan)
    return JacobianSpectrum(torch.where(finite, values, torch.complex(unknown, unknown)),
                            torch.where(finite, sigma, unknown), steps)
