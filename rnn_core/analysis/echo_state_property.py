"""Do two starts under the same input forget each other, and how fast?

    d_t = ‖s'_t − s_t‖             s' started elsewhere and hears the same x
    r = (ln d_v − ln d_u) / (v − u)     from u, where d is small, to v, where rounding begins
    λ = ⟨ln (‖δ_t‖ / ‖δ_{t−1}‖)⟩       δ: a shadow that is held 10⁻⁷ away, over the same steps: largest exponent

Where every pair of starts forgets each other under an input, the state echoes that input alone: the echo state
property, r = λ < 0. Other starts are states that the network visits in other places, and further away by ``spread``
normal draws where that is asked for. All are run at once in double precision. A masked step changes nothing and is not
counted.
Jaeger, *The “echo state” approach*, 2001; Manjunath & Jaeger, *Echo state property linked to an input*, 2013.
"""
from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Card, Result, Trace
from rnn_core.records.trees import flip, stack, tmap, vector
from rnn_core.unroll import unroll

CARD = Card(title="Echo state property", row="A29", year=2001,
            reference="Jaeger, The echo state approach to analysing and training recurrent neural networks, 2001",
            summary="Several starts under one input: the distance between them, step by step, and its rate.",
            equations={"d": "d_t = ‖s'_t − s_t‖", "λ": "λ = ⟨ln (‖δ_t‖ / ‖δ_{t−1}‖)⟩"},
            symbols={"d": "hidden", "λ": "theory"})
NEAR, SMALL, ROUNDING, FORGOTTEN, LEAST = 1e-7, 1e-2, 1e-11, 1e-6, 5


@dataclass(frozen=True, eq=False)
class EchoStateProperty(Result):
    """``distances`` (k, b, t + 1): d of k other starts before the first step and after each, NaN after a run-away.

    Steps come in the order of the visits. ``growth`` (b, t) is ln (‖δ_t‖ / ‖δ_{t−1}‖), −∞ where nothing is left after a
    step; ``there`` (b, t) the steps that exist; ``size`` (b,) the largest ‖s‖, next to which distances are rounding.
    """

    distances: Tensor
    growth: Tensor
    there: Tensor
    size: Tensor

    @cached_property
    def counts(self) -> Tensor:
        """(b, t + 1) how many steps a sequence has made: 0, 1, … and no more after its end."""
        steps = self.there.cumsum(1)
        return torch.cat([torch.zeros_like(steps[:, :1]), steps], 1)

    @cached_property
    def windows(self) -> Tensor:
        """(k, b, 2) from which step to which the rate is read: where d is small and not yet rounding."""
        k, b, t = self.distances.shape
        return torch.tensor([[self._window(i, j) for j in range(b)] for i in range(k)]).view(k, b, 2)

    @cached_property
    def rates(self) -> Tensor:
        """(k, b) r a step; NaN where there is no distance to follow, −∞ where all of it is gone within a few steps."""
        return self._along(self.distances.log())

    @cached_property
    def exponents(self) -> Tensor:
        """(k, b) λ a step along the same input, over the same steps as each rate."""
        summed = torch.cat([torch.zeros_like(self.growth[:, :1]), self.growth], 1).cumsum(1)
        return self._along(summed.expand_as(self.distances))

    @property
    def left(self) -> Tensor:
        """(k, b) the share of the first distance that is left at the end."""
        return self.distances[..., -1] / self.distances[..., 0]

    def frame(self) -> pd.DataFrame:
        """One row a step and start: the distance."""
        k, b, t = self.distances.shape
        index = torch.cartesian_prod(torch.arange(k), torch.arange(b), torch.arange(t))
        return pd.DataFrame({"start": index[:, 0], "sequence": index[:, 1], "t": index[:, 2],
                             "distance": self.distances.flatten()})

    @property
    def says(self) -> str:
        known = self.left.isfinite()
        if not known.any():
            return ("this network carries nothing on, so there is nothing to forget."
                    if bool((self.distances[..., 0] == 0).all()) else
                    "there is no distance to tell here: this network has left the finite numbers.")
        left, steps = float(self.left[known].max()), int(self.there.sum(1).max())
        rate, top = (_middle(v[known]) for v in (self.rates, self.exponents))
        exponent = f"the largest exponent along this input is {top:+.3g} a step" if abs(top) < float("inf") else \
            "nothing of a small change is left after some step"
        pace = f"the logarithm of the distance changes by {rate:+.3g} a step, and " if abs(rate) < float("inf") else ""
        kept = left > SMALL and not rate < -LEAST / steps
        fate = ("the starts forget each other" if left < FORGOTTEN else "the starts do not forget each other" if kept
                else "the starts are on the way to forgetting each other")
        return (f"{fate}: after {steps} steps at most {left:.2g} of the distance is left; "
                f"{'' if kept else pace}{exponent}.")

    @property
    def says_not(self) -> str:
        return (f"that it is so for every start and every input: {len(self.distances)} other starts were tried under "
                "one kind of input; starts that forget each other under a strong input may not do so under a weak one.")

    def _window(self, i: int, j: int) -> tuple[int, int]:
        """From which step to which one start of one sequence is read."""
        d, counts = self.distances[i, j], self.counts[j]
        end = int(counts[-1])
        kept = (d[1:][self.there[j]])
        fine = ((kept > ROUNDING * self.size[j].clamp(min=1.0)) & kept.isfinite()).long().cumprod(0)
        last = int(fine.sum())
        small = (kept[:last] < SMALL * d[0]).nonzero().flatten()
        first = int(small[0]) + 1 if len(small) and last - int(small[0]) - 1 >= LEAST else last // 2
        return (first, last) if last else (0, end)

    def _along(self, logs: Tensor) -> Tensor:
        """(k, b) the mean slope of logs (k, b, t + 1) over the windows."""
        k, b, _ = logs.shape
        found = torch.full((k, b), torch.nan, dtype=logs.dtype)
        for i, j in torch.cartesian_prod(torch.arange(k), torch.arange(b)).tolist():
            u, v = self.windows[i, j].tolist()
            own = torch.cat([logs[i, j, :1], logs[i, j, 1:][self.there[j]]])
            if v > u:
                found[i, j] = (own[v] - own[u]) / (v - u)
        return found


def echo_state_property(trace: Trace, *, starts: int = 4, spread: float = 0.0, seed: int = 0) -> EchoStateProperty:
    """Distances of other starts from those of a trace, under the same input, and the exponent along it.

    ``starts`` others are drawn for each sequence, ``spread`` normal draws away from a state of this trace. Raises
    ValueError, in one sentence, for no starts or a negative spread.
    """
    if starts < 1 or not 0 <= spread < float("inf"):
        raise ValueError("There must be at least one other start, and a spread that is not negative.")
    cell = copy.deepcopy(trace.cell).double().requires_grad_(False)
    x, first = _wide(trace.x), _wide(trace.nodes[0])
    own, _ = vector(first)
    b, s = own.shape
    visited = vector(tmap(lambda v: v.flatten(0, 1), _wide(stack(trace.after))))[0]                      # (b·t, s)
    stream = torch.Generator().manual_seed(seed)
    picked = visited[torch.randint(len(visited), (starts * b,), generator=stream)].to(own)
    picked = picked + spread * torch.randn(starts * b, s, generator=stream, dtype=own.dtype).to(own)
    aside = torch.randn(b, s, generator=stream, dtype=own.dtype).to(own)
    shadow = own + NEAR * aside / aside.norm(dim=1, keepdim=True)
    copies = starts + 2

    def again(v: Tensor) -> Tensor:
        return v.repeat(copies, *[1] * (v.dim() - 1))

    _, back = vector(tmap(again, first))
    grown: list[Tensor] = []

    def hold(t: int, state: Any) -> Any:
        """The shadow back to its small distance; what it had grown to is noted."""
        flat, rebuilt = vector(state)
        away = flat[-b:] - flat[:b]
        length = away.norm(dim=1, keepdim=True)
        grown.append(length[:, 0].cpu())
        gone = torch.cat([flat[:-b], flat[:b] + NEAR * torch.where(length > 0, away / length, away)])
        return rebuilt(gone)

    mask = None if trace.mask is None else again(trace.mask)
    with torch.no_grad():
        run = unroll(cell, None if x is None else tmap(again, x), back(torch.cat([own, picked, shadow])), mask=mask,
                     force=hold, reverse=trace.reverse, steps=trace.length if x is None else None)
    hold(0, run.final)
    there = torch.ones(b, trace.length, dtype=torch.bool) if trace.mask is None else trace.mask.cpu()
    there = flip(there) if trace.reverse else there
    entered = [vector(state)[0] for state in (*run.nodes[:1], *run.after)]
    every = torch.stack([v.view(copies, b, s) for v in entered], 2).cpu()                         # (k + 2, b, t + 1, s)
    distances = (every[1:-1] - every[:1]).norm(dim=-1)
    distances = torch.where(distances.isfinite(), distances, torch.nan)
    growth = (torch.stack(grown[1:], 1) / NEAR).log()
    size = every[0].norm(dim=-1).nan_to_num(0.0).amax(1)
    return EchoStateProperty(distances, torch.where(there, growth, 0.0), there, size)


def _wide(tree: Any) -> Any:
    """Floating-point tensors in double precision, without their past; all else as it is."""
    return None if tree is None else tmap(lambda v: v.detach().double() if v.is_floating_point() else v, tree)


def _middle(values: Tensor) -> float:
    """The median of what is a number."""
    known = values[~values.isnan()]
    return float(known.quantile(0.5, interpolation="nearest")) if len(known) else float("nan")
