"""At which gain does a random network begin never to repeat itself? Mean-field theory beside simulated networks.

    h_t = tanh(J h_{t−1}),   J_ij drawn from N(0, g²/N)
    C = g² ∫Dz tanh²(√C z)              variance of a unit's input, Dz the standard normal measure
    λ = ½ ln[g² ∫Dz sech⁴(√C z)]        largest Lyapunov exponent a step as N grows; ln g below the onset at g = 1
    D/N, K/N                            Kaplan–Yorke dimension and entropy rate a unit; 0 where λ is not positive

The integrals are Gauss–Hermite sums. All simulated networks run at once; each carries a small change of its state
along, which is scaled back to length 1 after every step. A chaotic one then carries a frame of so many changes that
their exponents add up to less than 0, made orthogonal after every step. Sompolinsky, Crisanti & Sommers, *Chaos in
random neural networks*, 1988; in discrete time Molgedey, Schuchhardt & Schuster 1992; the spectrum of a network in
continuous time Engelken, Wolf & Abbott 2023.
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

from rnn_core.analysis.lyapunov_spectrum import kaplan_yorke
from rnn_core.records import Card, Result
from rnn_core.records.trees import vector
from rnn_core.unroll import unroll

CARD = Card(title="The onset of chaos", row="D6", year=1988,
            reference="Sompolinsky, Crisanti & Sommers, Chaos in random neural networks, 1988",
            summary="The largest Lyapunov exponent of random tanh networks by gain, beside mean-field theory.",
            equations={"C": "C = g² ∫Dz tanh²(√C z)", "λ": "λ = ½ ln[g² ∫Dz sech⁴(√C z)]"},
            symbols={"λ": "hidden", "C": "theory"})
GAINS = (0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 2.5, 3.0)
NODES, ROUNDS, PIECE, MOST, LEAST, WORK = 1000, 500, 50, 256, 50, 10**10


@dataclass(frozen=True, eq=False)
class ChaosTransition(Result):
    """``measured`` (g, k): λ of k simulated networks of ``size`` units at each of ``gains`` (g,), over ``steps``.

    ``theory`` (g,) is what mean-field theory says of an endless network, ``variance`` (g,) its C. ``dimension`` (g, k)
    and ``entropy`` (g, k) are the Kaplan–Yorke dimension and the entropy rate, in nats a step, divided by ``size``;
    they are measured over ``counted`` steps.
    """

    gains: Tensor
    measured: Tensor
    theory: Tensor
    variance: Tensor
    dimension: Tensor
    entropy: Tensor
    size: int
    steps: int
    counted: int

    def frame(self) -> pd.DataFrame:
        """One row a network."""
        g, k = self.measured.shape
        return pd.DataFrame({"gain": self.gains.repeat_interleave(k), "seed": torch.arange(k).repeat(g),
                             "λ measured": self.measured.flatten(), "λ theory": self.theory.repeat_interleave(k),
                             "C theory": self.variance.repeat_interleave(k),
                             "dimension / N": self.dimension.flatten(), "entropy rate / N": self.entropy.flatten()})

    @property
    def says(self) -> str:
        middle = self.measured.quantile(0.5, 1)
        gap = float((middle - self.theory).abs().max())
        chaotic = self.gains[middle > 0].tolist()
        began = f"from gain {min(chaotic):.3g} on the median network is chaotic" if chaotic else \
            "at none of these gains is the median network chaotic"
        last = int(self.gains.argmax())
        dimension, entropy = float(self.dimension[last].quantile(0.5)), float(self.entropy[last].quantile(0.5))
        top = f"at gain {float(self.gains[last]):.3g}"
        return (f"{began}; of {self.measured.shape[1]} networks of {self.size} units a gain, the median lies at most "
                f"{gap:.2g} from mean-field theory, which has its onset at 1; {top} its Kaplan–Yorke dimension is "
                f"{dimension:.1%} of N, its entropy rate {entropy:.2g} nats a step and unit.")

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
    h, change = torch.randn(2, 1, seeds, size, generator=generator, dtype=torch.float64)
    frame = (change / change.norm(dim=2, keepdim=True)).expand(len(gains), -1, -1).flatten(0, 1).unsqueeze(2)
    start = h.expand(len(gains), -1, -1).flatten(0, 1)
    cell = _Nets(scaled.flatten(0, 1))
    exponents, there = _exponents(cell, start, frame, warm_up, steps)
    counted, spectra = _spectra(cell, there, exponents[:, 0] > 0, steps, generator)
    known = [mean_field(g) for g in gains]
    variance, theory = torch.tensor(known, dtype=torch.float64).unbind(1)
    dimension = torch.stack([kaplan_yorke(row) for row in spectra]) / size
    entropy = torch.stack([row.clamp(min=0).sum() for row in spectra]) / size
    shape = (len(gains), seeds)
    return ChaosTransition(torch.tensor(gains, dtype=torch.float64), exponents.view(shape), theory, variance,
                           dimension.view(shape), entropy.view(shape), size, steps, counted)


@torch.no_grad()
def _exponents(cell: _Nets, h: Tensor, frame: Tensor, warm_up: int, steps: int) -> tuple[Tensor, Tensor]:
    """Exponents (b, k) of frames (b, n, k) over ``steps`` after a warm-up, and the state (b, n) at the end."""
    state = _Frame(h, frame, torch.zeros(len(h), frame.shape[2], dtype=h.dtype))
    if warm_up:
        state = _on(cell, state, warm_up)._replace(grown=state.grown)
    state = _on(cell, state, steps)
    return state.grown / steps, state.h


def _spectra(cell: _Nets, h: Tensor, chaotic: Tensor, steps: int, generator: torch.Generator) -> tuple[
        int, list[Tensor]]:
    """The steps counted, and of each network as many exponents as it takes for a negative sum; one for a silent one."""
    size, count = h.shape[1], int(chaotic.sum())
    spectra = [torch.full((1,), -1.0, dtype=h.dtype)] * len(h)
    width = min(size, size // 4 + 2)
    counted = max(LEAST, min(steps, WORK // max(count * size**2 * width, 1)))
    left = chaotic.nonzero().flatten()
    while len(left):
        frame = torch.linalg.qr(torch.randn(len(left), size, width, generator=generator, dtype=h.dtype)).Q
        found = _exponents(_Nets(cell.J[left]), h[left], frame, LEAST, counted)[0].sort(1, descending=True).values
        for k, row in zip(left.tolist(), found):
            spectra[k] = row
        left = left[(found.sum(1) >= 0) & (width < size)]
        width = min(size, 2 * width)
    return counted, spectra


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


class _Frame(NamedTuple):
    """h (b, n), a frame of changes of it (b, n, k), and the logarithm of what each has grown by so far (b, k)."""

    h: Tensor
    changes: Tensor
    grown: Tensor


class _Nets(nn.Module):
    """b networks, a row of the batch each, and the changes that each carries along."""

    def __init__(self, J: Tensor) -> None:
        super().__init__()
        self.J = J

    def advance(self, drive: None, state: _Frame) -> tuple[Tensor, _Frame, dict[str, Tensor]]:
        """One step of all."""
        both = self.J @ torch.cat([state.h.unsqueeze(2), state.changes], 2)
        h = torch.tanh(both[..., 0])
        Q, R = torch.linalg.qr((1 - h**2).unsqueeze(2) * both[..., 1:])
        return h, _Frame(h, Q, state.grown + R.diagonal(dim1=1, dim2=2).abs().clamp(min=1e-300).log()), {}


def _on(cell: _Nets, state: _Frame, steps: int) -> _Frame:
    """The state after so many steps, without keeping all that lie between."""
    for first in range(0, steps, PIECE):
        state = unroll(cell, state=state, steps=min(PIECE, steps - first)).final
    return state
