"""At which gain does a random network begin never to repeat itself? Mean-field theory beside simulated networks.

    h_t = tanh(J h_{t−1}),   J_ij drawn from N(0, g²/N)
    C = g² ∫Dz tanh²(√C z)              variance of a unit's input, Dz the standard normal measure
    λ = ½ ln[g² ∫Dz sech⁴(√C z)]        largest Lyapunov exponent a step as N grows; ln g below the onset at g = 1

The integrals are Gauss–Hermite sums. All simulated networks run at once; each carries a small change of its state
along, which is scaled back to length 1 after every step. Sompolinsky, Crisanti & Sommers, *Chaos in random neural
networks*, 1988; in discrete time Molgedey, Schuchhardt & Schuster 1992.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from rnn_core.records import Card, Result
from rnn_core.records.trees import vector
from rnn_core.unroll import unroll

CARD = Card(title="The onset of chaos", row="D6", year=1988,
            reference="Sompolinsky, Crisanti & Sommers, Chaos in random neural networks, 1988",
            summary="The largest Lyapunov exponent of random tanh networks by gain, beside mean-field theory.",
            equations={"C": "C = g² ∫Dz tanh²(√C z)", "λ": "λ = ½ ln[g² ∫Dz sech⁴(√C z)]"},
            symbols={"λ": "hidden", "C": "theory"})
GAINS = (0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 2.5, 3.0)
NODES, ROUNDS, PIECE, MOST = 1000, 500, 100, 256


@dataclass(frozen=True, eq=False)
class ChaosTransition(Result):
    """``measured`` (g, k): λ of k simulated networks of ``size`` units at each of ``gains`` (g,), over ``steps``.

    ``theory`` (g,) is what mean-field theory says of an endless network, ``variance`` (g,) its C.
    """

    gains: Tensor
    measured: Tensor
    theory: Tensor
    variance: Tensor
    size: int
    steps: int

    def frame(self) -> pd.DataFrame:
        """One row a network."""
        g, k = self.measured.shape
        return pd.DataFrame({"gain": self.gains.repeat_interleave(k), "seed": torch.arange(k).repeat(g),
                             "λ measured": self.measured.flatten(), "λ theory": self.theory.repeat_interleave(k),
                             "C theory": self.variance.repeat_interleave(k)})

    @property
    def says(self) -> str:
        middle = self.measured.quantile(0.5, 1)
        gap = float((middle - self.theory).abs().max())
        chaotic = self.gains[middle > 0].tolist()
        began = f"from gain {min(chaotic):.3g} on the median network is chaotic" if chaotic else \
            "at none of these gains is the median network chaotic"
        return (f"{began}; of {self.measured.shape[1]} networks of {self.size} units a gain, the median lies at most "
                f"{gap:.2g} from mean-field theory, which has its onset at 1.")

    @property
    def says_not(self) -> str:
        return (f"that a single network of {self.size} units must follow: the theory is for endless ones, small ones "
                "may fall into a cycle above the onset; nor anything of trained weights or of networks that hear an "
                "input.")


def chaos_transition(network: Any, gains: Sequence[float] = GAINS, *, seeds: int = 3, steps: int = 300,
                     warm_up: int = 100, seed: int = 0) -> ChaosTransition:
    """λ by gain for random networks as large as the state of this network's first cell, or of so many units.

    Each gain has ``seeds`` networks, whose J at all gains are multiples of each other; at most 256 units are taken from
    a network. Raises ValueError for gains that are not positive and numbers that cannot be.
    """
    gains = [float(g) for g in gains]
    if not gains or min(gains) <= 0 or not math.isfinite(max(gains)):
        raise ValueError("Gains are numbers above 0.")
    size = network if isinstance(network, int) else \
        min(max(vector(network.cells[0].initial_state(1))[0].shape[1], 2), MOST)
    if size < 2 or seeds < 1 or steps < 1 or warm_up < 0:
        raise ValueError("There must be at least two units, one network and one step, and no negative warm-up.")
    generator = torch.Generator().manual_seed(seed)
    J = torch.randn(seeds, size, size, generator=generator, dtype=torch.float64) / math.sqrt(size)
    scaled = torch.tensor(gains, dtype=torch.float64)[:, None, None, None] * J                       # (g, k, n, n)
    cell = _Nets(scaled.flatten(0, 1))
    h, change = torch.randn(2, 1, seeds, size, generator=generator, dtype=torch.float64)
    state = _Pair(*(v.expand(len(gains), -1, -1).flatten(0, 1) for v in (h, change / change.norm(dim=2, keepdim=True))),
                  torch.zeros(len(gains) * seeds, 1, dtype=torch.float64))
    with torch.no_grad():
        if warm_up:
            state = _on(cell, state, warm_up)._replace(grown=state.grown)
        grown = _on(cell, state, steps).grown
    known = [mean_field(g) for g in gains]
    variance, theory = torch.tensor(known, dtype=torch.float64).unbind(1)
    return ChaosTransition(torch.tensor(gains, dtype=torch.float64), grown.view(len(gains), seeds) / steps, theory,
                           variance, size, steps)


def mean_field(gain: float) -> tuple[float, float]:
    """C and λ of an endless network of this gain."""
    z, weights = _hermite()
    if gain <= 1:
        return 0.0, math.log(gain)
    C = gain**2
    for _ in range(ROUNDS):
        C = gain**2 * float(weights @ np.tanh(math.sqrt(C) * z) ** 2)
    return C, 0.5 * math.log(gain**2 * float(weights @ np.cosh(math.sqrt(C) * z) ** -4.0))


@cache
def _hermite() -> tuple[np.ndarray, np.ndarray]:
    """Gauss–Hermite nodes and weights of the standard normal measure, by Golub and Welsch's matrix."""
    side = np.sqrt(np.arange(1, NODES))
    z, vectors = np.linalg.eigh(np.diag(side, 1) + np.diag(side, -1))
    return z, vectors[0] ** 2


class _Pair(NamedTuple):
    """h (b, n), a change of it (b, n) of length 1, and the logarithm of its growth so far (b, 1)."""

    h: Tensor
    change: Tensor
    grown: Tensor


class _Nets(nn.Module):
    """b networks, a row of the batch each, and the change that each carries along."""

    def __init__(self, J: Tensor) -> None:
        super().__init__()
        self.J = J

    def advance(self, drive: None, state: _Pair) -> tuple[Tensor, _Pair, dict[str, Tensor]]:
        """One step of all."""
        both = self.J @ torch.stack([state.h, state.change], 2)
        h = torch.tanh(both[..., 0])
        change = (1 - h**2) * both[..., 1]
        length = change.norm(dim=1, keepdim=True).clamp(min=1e-300)
        return h, _Pair(h, change / length, state.grown + length.log()), {}


def _on(cell: _Nets, state: _Pair, steps: int) -> _Pair:
    """The state after so many steps, without keeping all that lie between."""
    for first in range(0, steps, PIECE):
        state = unroll(cell, state=state, steps=min(PIECE, steps - first)).final
    return state
