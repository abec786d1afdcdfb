"""How often does a memory that moves by chance visit each of its states, and what does Boltzmann's law say?

    law(z, y) = exp(β yᵀ W z) / Z             one matrix W: over all 2^{n+i} states, written out
    law = ½ Σ_r (μ_0 + μ_1)(z, y, r)          several that take turns: what the chain of states and matrices settles to
    μ_0 = μ_1 P K_0,   μ_1 = μ_0 P K_1        P moves the matrix, K_0 the layer y, K_1 the layer z
    distance = ½ Σ |measured − law|           total variation

Cold memories seldom leave a valley, so that visits may be far from the law for very long. Where matrices take turns no
single Boltzmann law need hold; the chain's own law is worked out exactly. Hinton & Sejnowski, *Learning and relearning
in Boltzmann machines*, 1986.
"""
from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Card, Result
from rnn_core.unroll import unroll

CARD = Card(title="Visited states", row="A27", year=1986,
            reference="Hinton & Sejnowski, Learning and relearning in Boltzmann machines, 1986",
            summary="How often a memory that moves by chance is in each of its states, beside the exact law.",
            equations={"law": "law(z, y) = exp(β yᵀ W z) / Z"}, symbols={"law": "theory"})
MOST, SETTLED, NEAR = 10, 2**24, 0.02


@dataclass(frozen=True, eq=False)
class Occupancy(Result):
    """``states`` (k, n + i), y before z, each with its ``measured`` share of ``visits`` and the ``law``'s, (k,).

    ``units`` are (n, i), ``energy`` (k,) that of the mean matrix; ``beta``, ``regimes`` and ``persistence`` are the
    memory's own.
    """

    states: Tensor
    measured: Tensor
    law: Tensor
    energy: Tensor
    units: tuple[int, int]
    visits: int
    beta: float
    regimes: int
    persistence: float

    @property
    def distance(self) -> float:
        """Total variation between what was measured and the law."""
        return float((self.measured - self.law).abs().sum() / 2)

    @property
    def names(self) -> list[str]:
        """Each state in signs, such as "+−+ | −−+": y, then z."""
        n = self.units[0]
        rows = [["+" if v > 0 else "−" for v in row] for row in self.states.tolist()]
        return [f"{''.join(row[:n])} | {''.join(row[n:])}" for row in rows]

    def frame(self) -> pd.DataFrame:
        """One row a state, the likeliest first."""
        order = self.law.argsort(descending=True, stable=True)
        names = self.names
        return pd.DataFrame({"state y | z": [names[k] for k in order.tolist()], "energy": self.energy[order],
                             "measured": self.measured[order], "law": self.law[order]})

    @property
    def says(self) -> str:
        whose = "Boltzmann's law" if self.regimes == 1 else "the law of the chain in which the matrices take turns"
        best = int(self.law.argmax())
        far = "" if self.distance <= NEAR else ", which is far: it has not visited them in due proportion yet"
        return (f"over {self.visits:,} visits to {len(self.states)} states the shares are {self.distance:.3f} from "
                f"{whose}, in total variation{far}; the likeliest state should have {self.law[best]:.1%} of them, and "
                f"has {self.measured[best]:.1%}.")

    @property
    def says_not(self) -> str:
        return ("that one memory, watched for a short while, visits its states like this: these are many memories, "
                "begun anywhere, and the colder they are the longer each stays where it is.")


@torch.no_grad()
def occupancy(cell: Any, *, memories: int = 1000, steps: int = 150, warm: int = 50, seed: int = 0) -> Occupancy:
    """Visits to the states of a stochastic memory with at most 10 units, counted after ``warm`` steps.

    So many ``memories`` begin at random states and move layer by layer. Raises ValueError, in one sentence, for a
    memory that is larger, or a network that does not move by chance.
    """
    if not hasattr(cell.settings, "persistence") or not hasattr(cell.settings, "beta"):
        raise ValueError("Only a memory that moves by chance visits its states like this: take a stochastic one.")
    regimes, n, i = cell.W.shape
    if n + i > MOST:
        raise ValueError(f"{n} and {i} units have too many states to be listed: at most {MOST} units in all.")
    if memories < 1 or steps < 1 or warm < 0:
        raise ValueError("At least one memory and one step after the warm-up are needed.")
    stream = torch.Generator().manual_seed(seed)
    begin = cell.initial_state(memories)
    begin = type(begin)(*(torch.randint(0, 2, v.shape, generator=stream).to(v) * 2 - 1 for v in begin))
    trace = unroll(cell, cell.draw(memories, warm + steps, stream), begin)
    seen = torch.cat(list(trace.states), 2)[:, warm:].flatten(0, 1)
    states = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=n + i)), dtype=torch.float64)
    number = ((seen > 0).long() << torch.arange(n + i - 1, -1, -1)).sum(1)
    measured = torch.bincount(number, minlength=len(states)).double() / len(number)
    W, beta, stay = cell.W.double(), cell.settings.beta, cell.settings.persistence if regimes > 1 else 1.0
    y, z = states[:, :n], states[:, n:]
    agreement = torch.einsum("kn,rni,ki->rk", y, W, z)
    law = torch.softmax(beta * agreement[0], 0) if regimes == 1 else chain_law(W, beta, stay)
    return Occupancy(states, measured, law, -agreement.mean(0), (n, i), len(number), beta, regimes, stay)


def chain_law(W: Tensor, beta: float, persistence: float) -> Tensor:
    """(2^{n+i},) how often each state (y, z) is met in the long run where the matrices W (k, n, i) take turns.

    States count as in ``itertools.product((−1, 1), …)``, y before z. By repeated squaring of the step there and back.
    """
    k, n, i = W.shape
    states = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=n + i)), dtype=W.dtype)
    y, z = states[:, :n], states[:, n:]
    leave = (1 - persistence) / max(k - 1, 1)
    turn = torch.full((k, k), leave, dtype=W.dtype).fill_diagonal_(persistence if k > 1 else 1.0)
    steps = []
    for moved, kept, field in ((y, z, z @ W.transpose(1, 2)), (z, y, y @ W)):                    # field (k, s, ·)
        chance = torch.sigmoid(2 * beta * field.unsqueeze(2) * moved).prod(-1)                   # (k, s, s')
        same = (kept.unsqueeze(1) == kept.unsqueeze(0)).all(-1)
        move = torch.where(same, chance, torch.zeros_like(chance))                               # K_r (k, s, s')
        steps.append(torch.einsum("qr,rst->qsrt", turn, move).flatten(2).flatten(0, 1))          # (k s, k s')
    both = torch.linalg.matrix_power(steps[0] @ steps[1], SETTLED)
    after_z = (both.mean(0)) / both.mean(0).sum()
    return ((after_z + after_z @ steps[0]) / 2).view(k, -1).sum(0)
