"""How noisy is the gradient that comes from reward alone?

    ĝ = Σ_t (r_t − b_t) ∇ ln π(a_t),   a_t ~ π = softmax(y_t),   r_t = 1 for the right answer, else 0
    E ĝ = ∇ Σ_t π_t(right) = Σ_t Σ_a π_t(a) (r_a − b_t) ∇ ln π_t(a)                     whatever b_t is
    V = E‖ĝ − E ĝ‖² = Σ_t (E‖ĝ_t‖² − ‖E ĝ_t‖²)                           of n draws, the mean is √(V/n) off

for one sequence, whose inputs no answer changes: draws at different steps are independent, so that all expectations
can be summed up exactly over the answers. Beside it the same with a single reward of 1 at the end, whatever was said:
there the true gradient is 0, all of ĝ is noise, and it grows with the number of steps: V = O(T). Williams 1992.
"""
from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Batch, Card, Result

CARD = Card(title="The gradient of a reward", row="B16", year=1992,
            reference="Williams, Simple statistical gradient-following algorithms for connectionist reinforcement "
                      "learning, 1992",
            summary="The gradient sampled from reward beside its exact expectation, and how its noise grows.",
            equations={"g": "ĝ = Σ_t (r_t − b_t) ∇ ln π(a_t)"}, symbols={"g": "gradient"})
STEPS, GROUPS, ROOM = 16, 16, 2**26


@dataclass(frozen=True, eq=False)
class RewardGradient(Result):
    """``draws`` (k,): of the mean of so many draws, the root mean square distance from the exact gradient beside its
    length, ``off`` by baseline, "none" and "expected", and the same in theory, ``theory``. ``lengths`` (m,): the noise
    of one draw with one reward at the end of so many steps, ``noise`` as drawn and ``exact``.
    """

    draws: tuple[int, ...]
    off: dict[str, Tensor]
    theory: dict[str, Tensor]
    lengths: tuple[int, ...]
    noise: Tensor
    exact: Tensor

    @property
    def exponent(self) -> float:
        """k of V ~ T^k through the larger half of the lengths; NaN where there are fewer than two."""
        half = len(self.lengths) // 2
        x = torch.tensor(self.lengths[half:], dtype=torch.float64).log()
        y = self.exact[half:].clamp(min=1e-300).log()
        x, y = x - x.mean(), y - y.mean()
        return float((x * y).sum() / x.square().sum()) if len(x) > 1 else math.nan

    def frame(self) -> pd.DataFrame:
        """One row a number of draws and baseline, then one row a number of steps."""
        rows = [{"grows": "draws", "size": n, "baseline": name, "measured": float(self.off[name][k]),
                 "in theory": float(self.theory[name][k])} for name in self.off for k, n in enumerate(self.draws)]
        rows += [{"grows": "steps", "size": n, "baseline": "none", "measured": float(self.noise[k]),
                  "in theory": float(self.exact[k])} for k, n in enumerate(self.lengths)]
        return pd.DataFrame(rows)

    @property
    def says(self) -> str:
        first, last = self.draws[0], self.draws[-1]
        bare, held = (float(self.theory[name][0]) for name in ("none", "expected"))
        if not all(map(math.isfinite, (bare, held))):
            return "here the exact gradient is 0 or not finite, so there is nothing to compare the draws with."
        grown = "" if math.isnan(self.exponent) else (f" With one reward at the end its noise grows as T to the "
                                                      f"{self.exponent:.1f}.")
        return (f"{first} draw is {bare:.3g} times the gradient's length off its exact value, {held:.3g} with the "
                f"expected reward as the baseline; the mean of {last:,} draws was {float(self.off['none'][-1]):.2g} "
                f"and {float(self.off['expected'][-1]):.2g} off.{grown}")

    @property
    def says_not(self) -> str:
        return ("that so many draws are needed to learn: steps in noisy directions average out too; nor how noisy it "
                "is where actions change what comes, for there the sequences differ as well.")


def reward_gradient(network: Any, batch: Batch, *, draws: int = 256, seed: int = 0) -> RewardGradient:
    """Sampled gradients of one sequence, the first, beside the exact one; of at most 16 answers that count.

    Raises ValueError, in one sentence, for a task that asks for numbers or draws that are no power of 2, and
    MemoryError for a network whose gradients would take too much room.
    """
    if batch.target.is_floating_point():
        raise ValueError("This task asks for numbers: what is drawn by chance, and is right or wrong, needs classes.")
    if draws < 1 or draws & (draws - 1):
        raise ValueError(f"The number of draws must be a power of 2; it was {draws}.")
    pi, right, products = _parts(network, batch.rows(slice(0, 1)))
    length, kinds = pi.shape
    paid = torch.nn.functional.one_hot(right, kinds).double()
    unit = torch.eye(kinds, dtype=torch.float64) - pi.unsqueeze(1)                     # (t, a, o): e_a − π
    generator = torch.Generator().manual_seed(seed)
    said = torch.multinomial(pi, GROUPS * draws, True, generator=generator)                 # (t, 16n)
    steps = torch.arange(length).unsqueeze(1)
    counts, off, theory = tuple(2**k for k in range(draws.bit_length())), {}, {}
    for name, b in (("none", torch.zeros(length)), ("expected", pi.gather(1, right.unsqueeze(1)).squeeze(1))):
        each = (paid - b.double().unsqueeze(1)).unsqueeze(2) * unit                    # (t, a, o)
        mean = (pi.unsqueeze(2) * each).sum(1)                                         # (t, o)
        miss = each - mean.unsqueeze(1)
        whole, V = _length(mean.flatten(), products), float((pi * _squares(miss, products)).sum())
        drawn = miss[steps, said].transpose(0, 1).flatten(1)                           # (16n, t·o)
        means = [drawn.view(-1, n, drawn.shape[1]).mean(1) for n in counts]
        off[name] = torch.stack([_length(m, products).square().mean().sqrt() for m in means]) / whole
        theory[name] = (V / torch.tensor(counts, dtype=torch.float64)).sqrt() / whole
    lengths = tuple(sorted({max(1, round(length * k / 8)) for k in range(1, 9)}))
    drawn, exact = unit[steps, said].transpose(0, 1), (pi * _squares(unit, products)).sum(1).cumsum(0)
    noise = []
    for n in lengths:
        part = drawn.clone()
        part[:, n:] = 0
        noise.append(_length(part.flatten(1), products).square().mean())
    return RewardGradient(counts, off, theory, lengths, torch.stack(noise), exact[torch.tensor(lengths) - 1])


def _parts(network: Any, one: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """π (t, o) and the right answers (t,) at the steps that count, and all products (t·o, t·o) of ∂y_{t,a}/∂θ."""
    network = copy.deepcopy(network).double()
    x = one.x.double() if isinstance(one.x, Tensor) else one.x
    y = network.trace(x, mask=one.mask).outputs[0]
    at = one.counted[0].nonzero().flatten()[:STEPS]
    weights = [p for p in network.parameters() if p.requires_grad]
    size = len(at) * y.shape[1] * sum(p.numel() for p in weights)
    if size > ROOM:
        raise MemoryError(f"The gradients of {len(at)} answers would take {size / 2**17:,.0f} MB; choose fewer units")
    rows = []
    for value in y[at].flatten():
        got = torch.autograd.grad(value, weights, retain_graph=True, allow_unused=True)
        got = [torch.zeros_like(p) if g is None else g for p, g in zip(weights, got, strict=True)]
        rows.append(torch.cat([g.flatten() for g in got]))
    G = torch.stack(rows)
    return y[at].detach().softmax(-1).nan_to_num(1.0 / y.shape[1]).cpu(), one.target[0, at].cpu(), (G @ G.T).cpu()


def _length(c: Tensor, products: Tensor) -> Tensor:
    """‖Σ c ∂y/∂θ‖ of coefficients (…, t·o)."""
    return ((c @ products) * c).sum(-1).clamp(min=0).sqrt()


def _squares(c: Tensor, products: Tensor) -> Tensor:
    """‖Σ_o c_o ∂y_{t,o}/∂θ‖² step by step, of coefficients (t, a, o)."""
    t, _, o = c.shape
    own = products.view(t, o, t, o).diagonal(dim1=0, dim2=2).permute(2, 0, 1)          # (t, o, o)
    return ((c @ own) * c).sum(-1)
