"""What does each step ask of a shared weight?

One weight is used at every step, so its gradient is a sum over steps: ∂L/∂W = Σ_t g_t, where g_t is the gradient of a
copy of W that only step t uses. By the chain rule g_t = (∂s_t/∂W)ᵀ λ_t + (∂out_t/∂W)ᵀ ∂L/∂out_t with s_{t−1} held:
one vector-Jacobian product of the step for each t, all of them in one batch.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from rnn_core.records import Batch, Card, NetworkTrace, Result, Trace
from rnn_core.records.trees import clean, leaves, stack, tmap

CARD = Card(title="Gradients of shared weights", row="D4", year=1990,
            reference="Werbos, Backpropagation through time, 1990",
            summary="What every step asks of each shared weight; the sum over steps is the weight's gradient.",
            equations={"g": "∂L/∂W = Σ_t g_t"}, symbols={"g": "gradient"})
BUDGET = 2**30
CHUNK = 2**26


@dataclass(frozen=True, eq=False)
class SharedGradients(Result):
    """By each weight's full name: ``norms`` (t,) are ‖g_t‖; ``shares`` (t,) are ⟨g_t, G⟩ / ‖G‖², which add up to 1 (0
    where G is 0); ``sums`` are Σ_t g_t; ``totals`` are G = ∂L/∂W, as autograd gives it for the shared weight.

    L is the loss of the whole batch, t counts in sequence time.
    """

    norms: dict[str, Tensor]
    shares: dict[str, Tensor]
    sums: dict[str, Tensor] = field(repr=False)
    totals: dict[str, Tensor] = field(repr=False)

    def frame(self) -> pd.DataFrame:
        """One row a weight and step."""
        parts = [pd.DataFrame({"weight": k, "t": range(len(norms)), "gradient": norms.tolist(),
                               "share": self.shares[k].tolist()}) for k, norms in self.norms.items()]
        return pd.concat(parts, ignore_index=True)

    @property
    def says(self) -> str:
        name = max(self.totals, key=lambda k: float(self.totals[k].norm().nan_to_num()))
        asked, total = self.norms[name], float(self.totals[name].norm())
        return (f"the {len(asked)} uses of {name.rpartition('.')[2]} have gradients of sizes {float(asked.min()):.1e} "
                f"to {float(asked.max()):.1e}; their sum, of size {total:.1e}, is the gradient of that weight.")

    @property
    def says_not(self) -> str:
        return "which step is right: uses that ask for opposite changes cancel, and only the sum is ever followed."


def shared_gradients(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor],
                     budget: int = BUDGET) -> SharedGradients:
    """What each step asks of every trainable weight, readout included.

    Raises MemoryError, with the sizes, when the steps need more than ``budget`` bytes together.
    """
    named = {k: p for k, p in network.named_parameters() if p.requires_grad}
    size = 64 * batch.target[..., :1].numel() * sum(p.shape[0] for p in named.values())
    if size > budget:
        raise MemoryError(f"The steps of {len(batch.target)} sequences need {size >> 20} MiB, more than the "
                          f"{budget >> 20} MiB allowed: choose fewer sequences or steps.")
    with torch.enable_grad():
        trace = network.trace(batch.x, mask=batch.mask, record=True)
        felt = [v for one in trace.passes for v in (*leaves(one.nodes), one.outputs)]
        wanted = [v for v in (*felt, trace.outputs, *named.values()) if v.requires_grad]
        got = torch.autograd.grad(loss(trace.outputs, batch), wanted, allow_unused=True)
    found = {id(v): g for v, g in zip(wanted, got) if g is not None}
    totals = {k: found.get(id(p), torch.zeros_like(p)).detach() for k, p in named.items()}
    names = {id(p): k for k, p in named.items()}
    norms, shares, sums = {}, {}, {}
    for part in _parts(network, trace, lambda v: found.get(id(v), torch.zeros_like(v))):
        seen: dict[str, list[Tensor]] = {}
        for chunk in _asked(part):
            for local, g in chunk.items():
                name = names[id(part.weights[local])]
                flat, whole = g.flatten(1), totals[name].flatten()
                share = flat @ whole / (whole @ whole).clamp_min(torch.finfo(whole.dtype).tiny)
                seen.setdefault(name, []).append(torch.stack([flat.norm(dim=1), share]))
                sums[name] = sums.get(name, 0) + g.sum(0)
        for name, parts in seen.items():
            norms[name], shares[name] = part.trace.in_time(torch.cat(parts, 1))
    order = [k for k in named if k in norms]
    return SharedGradients({k: norms[k] for k in order}, {k: shares[k] for k in order},
                           {k: sums[k] for k in order}, {k: totals[k] for k in order})


@dataclass(frozen=True, eq=False)
class _Part:
    """A module whose weights all steps of a pass share, called once a step.

    ``given`` and ``arrives``, what it reads and ∂L/∂ of what it gives, are trees (b, t, …) in the order of visiting.
    """

    module: nn.Module
    given: tuple[Any, ...]
    arrives: Any
    trace: Trace

    @property
    def weights(self) -> dict[str, Tensor]:
        return {k: p for k, p in self.module.named_parameters() if p.requires_grad}


class _Step(nn.Module):
    """A cell that is called by its step: x, state → output, next state."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: Any, state: Any) -> tuple[Tensor, Any]:
        return self.cell.step(x, state)[:2]


def _parts(network: Any, trace: NetworkTrace, arrived: Callable[[Tensor], Tensor]) -> Iterator[_Part]:
    """Every cell, then the readout, with what arrives at each step from the loss; nothing at steps that do not exist.

    The state after a step is the one that enters the next.
    """
    for one in trace.passes:
        costate = stack([*(tmap(arrived, node) for node in one.nodes[1:]), tmap(torch.zeros_like, one.nodes[-1])])
        arrives = one.in_time(arrived(one.outputs)), costate
        if one.mask is not None:
            arrives = clean(arrives, one.in_time(one.mask))
        yield _Part(_Step(one.cell), (one.in_time(one.x), one.in_time(one.entering)), arrives, one)
    if any(p.requires_grad for p in network.readout.parameters()):
        last, said = trace.passes[-1], arrived(trace.outputs)
        said = said if last.mask is None else clean(said, last.mask)
        yield _Part(network.readout, (last.in_time(_heard(network.readout, trace)),), last.in_time(said), last)


def _heard(readout: nn.Module, trace: NetworkTrace) -> Tensor:
    """What the readout reads: the outputs of the last passes, as many as are together as wide as its weights."""
    width = max(p.shape[1] for p in readout.parameters() if p.dim() > 1)
    read: list[Tensor] = []
    while sum(v.shape[-1] for v in read) < width:
        read.insert(0, trace.passes[-1 - len(read)].outputs)
    return torch.cat(read, -1)


def _asked(part: _Part) -> Iterator[dict[str, Tensor]]:
    """g_t of every weight, (c, …) for chunks of c steps: the gradient of Σ ⟨what a step gives, what arrives there⟩."""
    def felt(weights: dict[str, Tensor], given: Any, arrives: Any) -> Tensor:
        gave = functional_call(part.module, weights, given)
        pairs = zip(leaves(gave), leaves(arrives), strict=True)
        return torch.stack([(v * g).sum() for v, g in pairs if v.is_floating_point()]).sum()

    weights = {k: p.detach() for k, p in part.weights.items()}
    steps, count = part.trace.length, sum(p.numel() for p in weights.values())
    given, arrives = tmap(Tensor.detach, (part.given, part.arrives))
    size = max(1, CHUNK // max(1, count))
    for first in range(0, steps, size):
        now = slice(first, first + size)
        one = tmap(lambda v, now=now: v[:, now], (given, arrives))
        yield vmap(grad(felt), in_dims=(None, 1, 1))(weights, *one)
