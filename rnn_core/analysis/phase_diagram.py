"""For which gains and lengths can a fresh network still feel its beginning at the end?

‖∂s_T/∂s_0‖ for a grid of gains g and lengths T. Every point is a network of its own with a seed of its own, drawn just
as the experiment with that gain and seed draws it, reading the first T steps of one sequence. All run in one sweep: the
weights are stacked, the step is batched over networks, and with each state its derivative by the first one is carried
along, P_t = A_t P_{t−1}, a few steps at a time. Numbers are in double precision, so that 10⁻²⁰⁰ is not 0.

A plain net whose R is g times an orthogonal matrix has ‖∂s_T/∂s_0‖ ≤ (γ g)^T. Pascanu, Mikolov & Bengio 2013; Saxe,
McClelland & Ganguli 2014.
"""
from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.func import functional_call, vjp, vmap

from rnn_core.analysis.gradient_norms import FLOOR
from rnn_core.analysis.step_jacobians import stretching
from rnn_core.analysis.vanishing import beforehand
from rnn_core.records import Batch, Card, Result, Streams
from rnn_core.records.trees import clean, leaves, tmap, vector

CARD = Card(title="Gain × length", row="D2", year=2013,
            reference="Pascanu, Mikolov & Bengio 2013; Saxe, McClelland & Ganguli 2014",
            summary="How much of the first state is felt at the end, for a thousand fresh networks at once.",
            equations={"P": "P_t = A_t P_{t−1}"}, symbols={"P": "gradient"})
POINTS, GAINS = 32, (0.1, 3.2)
BUDGET = 2**30


@dataclass(frozen=True, eq=False)
class PhaseDiagram(Result):
    """``norms`` (l, g): ‖∂s_T/∂s_0‖ of the network with the l-th length and g-th gain; NaN where it left the numbers.

    ``seeds`` (l, g) are those of their weights. ``stretch`` is γσ_max(R)/g of a plain net, whose norms never exceed
    (stretch × gain)^T; None for a cell with gates.
    """

    norms: Tensor
    gains: Tensor
    lengths: Tensor
    seeds: Tensor
    stretch: float | None = None
    floor: float = FLOOR

    @property
    def logs(self) -> Tensor:
        """(l, g) log₁₀ of the norms; −∞ where nothing at all is felt."""
        return self.norms.log10()

    def frame(self) -> pd.DataFrame:
        """One row a network."""
        lengths, gains = len(self.lengths), len(self.gains)
        return pd.DataFrame({"gain": self.gains.repeat(lengths), "length": self.lengths.repeat_interleave(gains),
                             "seed": self.seeds.flatten(), "norm": self.norms.flatten(), "log₁₀": self.logs.flatten()})

    @property
    def says(self) -> str:
        known = self.norms[~self.norms.isnan()]
        if not len(known):
            return "all of these networks have left the finite numbers."
        lost, burst = float((known < self.floor).double().mean()), float((known > 1 / self.floor).double().mean())
        last = self.norms[-1]
        kept = self.gains[(last >= self.floor) & (last <= 1 / self.floor)].tolist()
        between = (f"those in between have gains from {min(kept):.2g} to {max(kept):.2g}" if len(kept) > 1 else
                   f"only the one with gain {kept[0]:.2g} lies in between" if kept else "none lies in between")
        return (f"of these {self.norms.numel():,} fresh networks {lost:.0%} feel less than a millionth of their first "
                f"state at the end and {burst:.0%} feel it more than a million-fold; over {int(self.lengths[-1])} "
                f"steps {between}.")

    @property
    def says_not(self) -> str:
        return ("that training leaves them there, or that a network in between has learnt anything: each point is one "
                "fresh draw on one sequence, and its neighbours are other draws.")


def phase_diagram(network: Any, batch: Batch, gains: Sequence[float] | None = None,
                  lengths: Sequence[int] | None = None, seed: int = 0, budget: int = BUDGET) -> PhaseDiagram:
    """The sweep for fresh networks like the first cell of this one, on the batch's sequences in turn.

    By default 32 gains, and up to 32 lengths up to that of the batch. Point (l, g) is drawn with seed ``seed`` + l·G +
    g for G gains. Raises ValueError for a cell without a gain or a length that the sequences do not have, MemoryError,
    with the sizes, for what would exceed ``budget`` bytes.
    """
    longest = batch.target.shape[1]
    gains = torch.linspace(*GAINS, POINTS).tolist() if gains is None else [float(g) for g in gains]
    if lengths is None:
        lengths = torch.linspace(max(1, longest // POINTS), longest, min(POINTS, longest)).round().int().tolist()
    lengths = sorted(int(t) for t in lengths)
    if lengths[0] < 1 or lengths[-1] > longest:
        raise ValueError(f"These sequences have 1 to {longest} steps; {lengths[0]} to {lengths[-1]} were asked for.")
    like = copy.deepcopy(network)
    cell, count = like.cells[0], len(gains) * len(lengths)
    s = vector(cell.initial_state(1))[0].shape[1]
    if (size := 8 * 4 * count * s * s) > budget:
        raise MemoryError(f"{count:,} networks with {s} numbers of state each need {size >> 20} MiB, more than the "
                          f"{budget >> 20} MiB allowed: choose fewer units.")
    first = torch.arange(seed, seed + count).view(len(lengths), len(gains))
    weights = _drawn(like, gains, first.tolist())
    bound = beforehand(cell.double())[1]
    x = batch.x if batch.mask is None else clean(batch.x, batch.mask)
    x = tmap(lambda v: (v.double() if v.is_floating_point() else v)[torch.arange(count) % len(v)].flip(0), x)
    with torch.no_grad():
        norms = _swept(cell, weights, x, lengths, len(gains))
    return PhaseDiagram(norms.cpu(), torch.tensor(gains), torch.tensor(lengths), first,
                        bound / gains[-1] if bound is not None and gains[-1] > 0 else None)


def _drawn(network: Any, gains: list[float], seeds: list[list[int]]) -> dict[str, Tensor]:
    """(k, …) weights of the first cell of k fresh networks, the longest sequences first."""
    cell, parts = network.cells[0], []
    owners = [m for m in network.modules() if hasattr(getattr(m, "settings", None), "gain")]
    if not owners:
        raise ValueError(f"A {cell.card.title} has no gain to vary.")
    before = [m.settings for m in owners]
    for row in seeds:
        for gain, seed in zip(gains, row):
            for module, settings in zip(owners, before):
                module.settings = settings.model_copy(update={"gain": gain})
            network.initialise(Streams.of(seed).weights)
            parts.append([p.detach().clone() for p in cell.parameters()])
    names = [name for name, _ in cell.named_parameters()]
    return {name: torch.stack(values[::-1]).double() for name, values in zip(names, zip(*parts))}


class _Steps(nn.Module):
    """Some steps of a cell, and the derivative of the state that they give by the one that they were given."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: Any, state: Any, P: Tensor) -> tuple[Any, Tensor]:
        """x (t, …), a state of one row and P = ∂state/∂s_0 (s, s) → both, t steps later."""
        drive, back = self.cell.project(x), vector(state)[1]
        steps = [tmap(lambda v, t=t: v[t:t + 1], drive) for t in range(leaves(drive)[0].shape[0])]

        def run(flat: Tensor) -> tuple[Tensor, Any]:
            state = back(flat)
            for step in steps:
                _, state, _ = self.cell.advance(step, state)
            return vector(state)[0], state

        flat = vector(state)[0]
        _, pull, after = vjp(run, flat, has_aux=True)
        A, = vmap(pull)(torch.eye(flat.shape[1], dtype=flat.dtype, device=flat.device).unsqueeze(1))
        return after, A.squeeze(1) @ P


def _swept(cell: Any, weights: dict[str, Tensor], x: Any, lengths: list[int], gains: int) -> Tensor:
    """(l, g) norms: all networks go on together, and those with the next length stop."""
    steps, left = _Steps(cell), gains * len(lengths)

    def on(weights: dict[str, Tensor], x: Any, state: Any, P: Tensor) -> tuple[Any, Tensor]:
        return functional_call(steps, {f"cell.{name}": v for name, v in weights.items()}, (x, state, P))

    state = tmap(lambda v: v.expand(left, *v.shape), cell.initial_state(1))
    flat = vector(cell.initial_state(1))[0]
    P = torch.eye(flat.shape[1], dtype=flat.dtype, device=flat.device).expand(left, -1, -1)
    rows, t = [], 0
    for length in lengths:
        if length > t:
            now, here = (slice(left), slice(t, length)), slice(left)
            there, state, P = tmap(lambda v, here=here: v[here], (weights, state, P))
            state, P = vmap(on)(there, tmap(lambda v, now=now: v[now], x), state, P)
        rows.append(stretching(P[left - gains:left]).flip(0))
        left, t = left - gains, length
    return torch.stack(rows)
