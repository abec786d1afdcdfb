"""Forward sensitivities: how the state after a block of steps depends on the state before it, and on every weight.

    A = ∂s_{t+n}/∂s_t  (b, s, s)        B = ∂s_{t+n}/∂θ with s_t held  (b, s, p)        P_{t+n} = A P_t + B

P_t = ds_t/dθ (b, s, p) is the influence of all p weights of a cell on all s numbers of its state. It needs nothing but
the step itself, so it exists for every cell: one vector–Jacobian product of the block gives one row of A and B.
Williams & Zipser, *A learning algorithm for continually running fully recurrent neural networks*, 1989.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from rnn_core.cells.base import Cell
from rnn_core.records.trees import fold, leaves, tmap, vector
from rnn_core.unroll import unroll

LIMIT = 2**25
TOGETHER = 8


class _Block(nn.Module):
    """A cell along one sequence, from the flat state (s) that enters to the flat state (s) that leaves."""

    def __init__(self, cell: Cell) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: Any, flat: Tensor, state: Any, mask: Tensor | None) -> Tensor:
        def alone(tree: Any) -> Any:
            return tmap(lambda v: v.unsqueeze(0), tree)
        entering = vector(alone(state))[1](flat.unsqueeze(0))
        return vector(unroll(self.cell, alone(x), entering, mask=alone(mask)).final)[0].squeeze(0)


def weights(cell: Cell) -> dict[str, Tensor]:
    """Name → weight of all that learning may set in a cell; P has their numbers side by side, in this order."""
    return {name: p for name, p in cell.named_parameters() if p.requires_grad}


def sensitivities(cell: Cell, x: Any, state: Any, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """A (b, s, s) and B (b, s, p) of one block: x (b, n, …), the state that enters it, mask (b, n).

    At steps that do not exist A is the identity and B is 0. Integer fields of the state are not differentiated.
    """
    own = {f"cell.{name}": p.detach() for name, p in weights(cell).items()}
    block, flat = _Block(cell), vector(state)[0].detach()

    def leaving(inner: dict[str, Tensor], entering: Tensor, *rest: Any) -> Tensor:
        x, state, mask = rest
        return torch.func.functional_call(block, inner, (x, entering, state, mask))

    rest = (tmap(Tensor.detach, x), tmap(Tensor.detach, state), mask)
    dims = (None, 0, *(None if tree is None else 0 for tree in rest))
    by_weight, A = torch.func.vmap(torch.func.jacrev(leaving, argnums=(0, 1)), in_dims=dims)(own, flat, *rest)
    b, s = flat.shape
    return A, torch.cat([v.reshape(b, s, -1) for v in by_weight.values()] or [flat.new_zeros(b, s, 0)], 2)


def stepwise(cell: Cell, x: Any, entering: Any, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """A (b, n, s, s) and B (b, n, s, p) of every single step: x and the states that enter (b, n, …), mask (b, n).

    What a step needs is known when it is made; many are done in one call because that is faster.
    """
    b, n = leaves(entering)[0].shape[:2]
    one = tmap(lambda v: v.unsqueeze(1), fold((x, mask)))
    A, B = sensitivities(cell, one[0], fold(entering), one[1])
    return A.unflatten(0, (b, n)), B.unflatten(0, (b, n))


class Influence:
    """P (b, s, p) of a cell as it goes along a batch, and the gradient (p) that the errors draw from it.

    Raises MemoryError, in one sentence, where P would have more than ``LIMIT`` numbers.
    """

    def __init__(self, cell: Cell, batch_size: int) -> None:
        if (size := numbers_kept(cell, batch_size)[0]) > LIMIT:
            raise MemoryError(f"the influence of every weight on every number of the state would be {size:,} numbers, "
                              f"more than the {LIMIT:,} allowed; choose fewer units or smaller batches")
        self.weights = list(weights(cell).values())
        self.P = from_the_start(cell).expand(batch_size, -1, -1)
        self.gradient = self.P.new_zeros(self.P.shape[2])

    def hear(self, error: Tensor) -> None:
        """An error (b, s) with respect to the state now: λᵀ P is what it says to every weight before now."""
        self.gradient.addmv_(self.P.flatten(0, 1).T, error.flatten())

    def go_on(self, A: Tensor, B: Tensor) -> None:
        """P ← A P + B."""
        self.P = torch.baddbmm(B, A, self.P)

    def tell(self) -> None:
        """Add what was heard so far to every weight's ``grad``, and forget it."""
        parts = self.gradient.split([p.numel() for p in self.weights])
        for p, part in zip(self.weights, parts, strict=True):
            part = part.view_as(p)
            p.grad = part.clone() if p.grad is None else p.grad.add_(part)
        self.gradient = torch.zeros_like(self.gradient)


def from_the_start(cell: Cell) -> Tensor:
    """P_0 (1, s, p): 0 but for a cell whose first state is itself learnt."""
    own, (flat,) = list(weights(cell).values()), vector(cell.initial_state(1))[0]
    rows = []
    for number in flat.unbind():
        got = [None] * len(own)
        if number.requires_grad and own:
            got = torch.autograd.grad(number, own, retain_graph=True, allow_unused=True)
        rows.append(torch.cat([(torch.zeros_like(p) if g is None else g).flatten() for g, p in zip(got, own)]
                              or [flat.new_zeros(0)]))
    return torch.stack(rows).detach().unsqueeze(0)


def numbers_kept(cell: Cell, batch_size: int) -> tuple[int, int]:
    """How many numbers P has, and how many A and B of one block have beside it."""
    s = vector(cell.initial_state(1))[0].shape[1]
    p = sum(v.numel() for v in weights(cell).values())
    return batch_size * s * p, batch_size * s * (s + p)


class _Seen(nn.Module):
    """A cell along sequences with its readout: what is made of the last output, and the state that leaves."""

    def __init__(self, cell: Cell, readout: nn.Module, make: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.cell, self.readout, self.make = cell, readout, make

    def forward(self, x: Any, flat: Tensor, state: Any, mask: Tensor | None) -> Any:
        """(made, flat state that leaves), (y, state that leaves), for the flat state (b, s) that enters."""
        trace = unroll(self.cell, x, vector(state)[1](flat), mask=mask)
        y = self.readout(trace.outputs[:, -1])
        return (self.make(y), vector(trace.final)[0]), (y, trace.final)


class Seen(NamedTuple):
    """What is seen at the end of a block: ``y`` (b, o) the output, ``state`` the tree that leaves, and how they depend.

    With s the state that enters and s' the one that leaves: ``C`` = ∂made/∂s (b, o, s), ``D`` = ∂made/∂θ with s held
    (b, o, p), where made is what was asked for of y; ``A`` = ∂s'/∂s (b, s, s), ``B`` = ∂s'/∂θ with s held (b, s, p). θ
    are the weights of the cell, then those of the readout, side by side.
    """

    y: Tensor
    state: Any
    C: Tensor
    D: Tensor
    A: Tensor
    B: Tensor


def seen(cell: Cell, readout: nn.Module, x: Any, state: Any, mask: Tensor | None = None,
         make: Callable[[Tensor], Tensor] = lambda y: y) -> Seen:
    """The output at the end of a block and the Jacobians of ``make`` of it: x (b, n, …), first state, mask (b, n).

    ``make`` takes and gives (b, o). Few sequences are differentiated in one graph, where each row of a Jacobian is one
    backward pass and passes cost calls, not products; many each by itself. Both are exact and differ by rounding.
    """
    inner = _Seen(cell, readout, make)
    flat = vector(state)[0].detach()
    x, state = tmap(Tensor.detach, x), tmap(Tensor.detach, state)
    y, after, to_made, to_state = (_at_once if len(flat) <= TOGETHER else _each)(inner, flat, x, state, mask)
    s = flat.shape[1]
    return Seen(y, after, to_made[..., :s], to_made[..., s:], to_state[..., :s], to_state[..., s:])


Found = tuple[Tensor, Any, Tensor, Tensor]


def _at_once(inner: _Seen, flat: Tensor, x: Any, state: Any, mask: Tensor | None) -> Found:
    """y, the state that leaves, ∂made/∂(s, θ) (b, o, s + p) and ∂s'/∂(s, θ) (b, s, s + p), from one graph."""
    flat = flat.clone().requires_grad_()
    own = [p for p in inner.parameters() if p.requires_grad]
    with torch.enable_grad():
        (made, leaving), (y, after) = inner(x, flat, state, mask)
        out = torch.cat([made, leaving], 1)
    b, rows = out.shape
    chosen = torch.eye(b * rows, dtype=out.dtype, device=out.device).view(b * rows, b, rows)
    got = torch.autograd.grad(out, [flat, *own], chosen, is_grads_batched=True, allow_unused=True)
    by_state = flat.new_zeros(b * rows, b, flat.shape[1]) if got[0] is None else got[0]
    by_state = by_state.unflatten(0, (b, rows)).diagonal(dim1=0, dim2=2).permute(2, 0, 1)           # (b, o + s, s)
    parts = [flat.new_zeros(b, rows, p.numel()) if g is None else g.reshape(b, rows, -1)
             for g, p in zip(got[1:], own, strict=True)]
    whole, o = torch.cat([by_state, *parts], 2), made.shape[1]
    return y.detach(), tmap(Tensor.detach, after), whole[:, :o], whole[:, o:]


def _each(inner: _Seen, flat: Tensor, x: Any, state: Any, mask: Tensor | None) -> Found:
    """The same, each sequence by itself."""
    own = {name: p.detach() for name, p in inner.named_parameters() if p.requires_grad}

    def leaving(mine: dict[str, Tensor], entering: Tensor, *rest: Any) -> Any:
        x, state, mask = tmap(lambda v: v.unsqueeze(0), rest)
        found = torch.func.functional_call(inner, mine, (x, entering.unsqueeze(0), state, mask))
        return tmap(lambda v: v.squeeze(0), found)

    rest = (x, state, mask)
    dims = (None, 0, *(None if tree is None else 0 for tree in rest))
    made, (y, after) = torch.func.vmap(torch.func.jacrev(leaving, argnums=(0, 1), has_aux=True), in_dims=dims)(
        own, flat, *rest)
    b = len(flat)
    sides = [torch.cat([by_state, *(v.reshape(b, by_state.shape[1], -1) for v in by_weight.values())], 2)
             for by_weight, by_state in made]
    return y, after, *sides
