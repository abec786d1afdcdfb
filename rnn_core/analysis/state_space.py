"""Where does the state go? All states of many sequences, seen along the directions in which they vary most.

    z_t = Pᵀ (s_t − s̄),   P the first principal components of all states, explained = λ_j / Σ λ

Each component points so that its largest weight is positive. Pearson, 1901.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.memory_span import existing
from rnn_core.analysis.saliency import answer_steps
from rnn_core.records import Batch, Card, Result, Trace
from rnn_core.records.trees import paths

CARD = Card(title="State space", row="D1", year=1901,
            reference="Pearson, On lines and planes of closest fit to systems of points in space, 1901",
            summary="The states of many sequences along their first principal components, as paths through time.",
            equations={"z": "z_t = Pᵀ (s_t − s̄)"}, symbols={"z": "hidden"})
COMPONENTS = 3


@dataclass(frozen=True, eq=False)
class StateSpace(Result):
    """``points`` (b, t, 3): the states along the components, NaN where no step is; ``explained`` (3,) their shares.

    ``components`` (3, s) are rows of length 1, 0 where the states have fewer directions; ``mean`` (s,), ``names`` (s,).
    ``answers`` (b,) are the targets of the final answers at ``steps`` (b,), classes or first numbers.
    """

    points: Tensor
    explained: Tensor
    components: Tensor
    mean: Tensor
    answers: Tensor
    steps: Tensor
    names: tuple[str, ...]

    def frame(self) -> pd.DataFrame:
        """One row a sequence and step that exists."""
        b, t = self.points.shape[:2]
        table = pd.DataFrame({"sequence": torch.arange(b).repeat_interleave(t), "t": torch.arange(t).repeat(b),
                              **{f"component {k + 1}": self.points[..., k].flatten() for k in range(COMPONENTS)},
                              "answer": self.answers.repeat_interleave(t)})
        known = table.dropna(subset="component 1").reset_index(drop=True)
        return known if len(known) else table.head(1)

    @property
    def says(self) -> str:
        if self.points.isnan().all():
            return "there is nothing to draw: no state is a finite number."
        if not self.explained.any():
            return "all these states are one and the same point."
        two, three = float(self.explained[:2].sum()), float(self.explained.sum())
        return (f"two directions hold {two:.0%} of the variance of these states, three hold {three:.0%}, of "
                f"{len(self.names)} that there are.")

    @property
    def says_not(self) -> str:
        return ("that points which lie close in this view lie close in truth, or that a direction of much variance "
                "matters to the answer: the readout may listen to a quiet one.")


@torch.no_grad()
def state_space(network: Any, batch: Batch, *, which: int = 0, field: str | None = None) -> StateSpace:
    """Principal components of one pass's states over all sequences and steps, each sequence's answer beside them.

    ``field`` takes one field of the state, such as ``c``, instead of all of them together. Raises ValueError, in one
    sentence, for a pass or a field that is not there.
    """
    passes = network.trace(batch.x, mask=batch.mask).passes
    if not 0 <= which < len(passes):
        raise ValueError(f"There are passes 0 to {len(passes) - 1}; {which} is not among them.")
    names, states = _states(passes[which], field)
    there = existing(passes[which]) & states.isfinite().all(-1)
    points = torch.full((*states.shape[:2], COMPONENTS), torch.nan, dtype=torch.float64)
    seen = states[there].cpu()
    mean, components, explained = main_axes(seen)
    points[there.cpu()] = (seen - mean) @ components.T
    steps = answer_steps(batch)
    answers = batch.target[torch.arange(len(steps), device=steps.device), steps].cpu()
    return StateSpace(points, explained, components, mean, answers.reshape(len(steps), -1)[:, 0], steps.cpu(), names)


def _states(one: Trace, field: str | None) -> tuple[tuple[str, ...], Tensor]:
    """Names (s,) and values (b, t, s) of the state's numbers, or of one field's."""
    fields = {name: v.detach().flatten(2).double() for name, v in paths(one.states) if v.is_floating_point()}
    if field is not None and field not in fields:
        raise ValueError(f"This state has no field “{field}”; it has {', '.join(fields)}.")
    chosen = fields if field is None else {field: fields[field]}
    names = tuple(f"{name}[{k}]" for name, v in chosen.items() for k in range(v.shape[-1]))
    return names, torch.cat(list(chosen.values()), -1)


def main_axes(seen: Tensor, count: int = COMPONENTS) -> tuple[Tensor, Tensor, Tensor]:
    """Mean (s,) of states (n, s), their first principal components (count, s) and the shares of variance (count,).

    Rows of zeros stand where there are fewer directions; of each component the largest weight is positive.
    """
    from sklearn.decomposition import PCA

    components, explained = torch.zeros(count, seen.shape[1]).double(), torch.zeros(count).double()
    if not len(seen):
        return seen.new_zeros(seen.shape[1]), components, explained
    if len(seen) < 2 or not float((seen - seen.mean(0)).abs().max()) > 1e-12:
        return seen.mean(0), components, explained
    model = PCA(min(count, *seen.shape), svd_solver="covariance_eigh").fit(seen.numpy())
    found = torch.from_numpy(model.components_)
    largest = found.gather(1, found.abs().argmax(1, keepdim=True))
    components[:len(found)] = found * torch.where(largest < 0, -1.0, 1.0)
    explained[:len(found)] = torch.from_numpy(model.explained_variance_ratio_)
    return seen.mean(0), components, explained
