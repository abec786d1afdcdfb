"""The outputs of several models in one call, by the cell's own code on stacked weights or by torch.vmap."""
from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from rnn_core.cells.base import Cell
from rnn_core.networks.base import Network, taught
from rnn_core.records.trees import leaves, tmap
from rnn_core.stacked.recorded import Recorded
from rnn_core.stacked.shift import Shifted
from rnn_core.unroll import run_fast

AT_HAND = 2**18
Forward = Callable[[dict[str, Tensor], Tensor, Tensor | None, Tensor | None], Tensor]


class _Loop(nn.Module):
    """A network on its loop over time; kernels have no batching rule."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, mask: Tensor | None, teacher: Tensor | None) -> Tensor:
        return self.network.trace(x, mask=mask, teacher=teacher).outputs


def by_vmap(network: Network) -> Forward:
    """weights (k, …) by name, x (k, b, t, i), mask (k, b, t), teacher (k, b, t, o) → outputs (k, b, t, o)."""
    loop = _Loop(network)

    def one(weights: dict[str, Tensor], x: Tensor, mask: Tensor | None, teacher: Tensor | None) -> Tensor:
        return torch.func.functional_call(loop, weights, (x, mask, teacher))

    def forward(weights: dict[str, Tensor], x: Tensor, mask: Tensor | None, teacher: Tensor | None) -> Tensor:
        there = (0, 0, None if mask is None else 0, None if teacher is None else 0)
        return torch.vmap(one, in_dims=there)({f"network.{k}": v for k, v in weights.items()}, x, mask, teacher)

    return forward


class _Stacked(Cell):
    """A cell on stacked weights, as a cell whose batch is the models: x (k, t, b, i) and, if there is one, its mask."""

    def __init__(self, cell: Cell, bare: Cell, wear: Callable[[dict[str, Tensor]], None]) -> None:
        nn.Module.__init__(self)
        self.cell, self.bare = cell, bare
        self.batch, self.weights = 1, {}
        self.moved = Recorded(self._moved, wear)

    def initial_state(self, batch_size: int) -> Any:
        return tmap(lambda v: v.expand(batch_size, *v.shape), self.cell.initial_state(self.batch))

    def project(self, x: tuple[Any, Tensor | None]) -> tuple[Any, Tensor | None]:
        with Shifted():
            return self.bare.project(x[0]), x[1]

    def advance(self, drive: tuple[Any, Tensor | None], state: Any) -> tuple[Tensor, Any, dict[str, Tensor]]:
        return *self.moved(self.weights, *drive, state), {}

    def _moved(self, drive: Any, mask: Tensor | None, state: Any) -> tuple[Tensor, Any]:
        with Shifted():
            out, new, _ = self.bare.advance(drive, state)
        if mask is None:
            return out, new
        there = mask.unsqueeze(-1)
        return torch.where(there, out, torch.zeros_like(out)), _hold(mask, new, state)


def _hold(mask: Tensor, new: Any, old: Any) -> Any:
    """``new`` where the mask (k, b) is true, ``old`` elsewhere."""
    def choose(n: Tensor, o: Tensor) -> Tensor:
        return torch.where(mask.reshape(*mask.shape, *[1] * (n.dim() - 2)), n, o)
    return tmap(choose, new, old)


def _spans(given: Any, some: int) -> Iterator[Any]:
    """So many steps of all that is given (k, t, …), then the next ones: what a cell makes beforehand of every step of
    many models would not stay in the processor's cache."""
    for start in range(0, leaves(given)[0].shape[1], some):
        yield tmap(lambda v, start=start: v[:, start:start + some], given)


class OnStacked:
    """A network of one cell and a readout that runs on stacked weights by the cell's own code; a ``Forward``.

    Where it has buffers, they have to come with the weights.
    """

    def __init__(self, network: Network) -> None:
        self.network, self.bare = network, copy.deepcopy(network)
        self.places = {}
        for path, module in self.bare.named_modules():
            for own in (module._parameters, module._buffers):
                for name in list(own):
                    del own[name]
                    self.places[f"{path}.{name}".removeprefix(".")] = (module, name)
        self.cell = _Stacked(network.cells[0], self.bare.cells[0], self._put)
        self.once = Recorded(self._once, self._put)

    def wear(self, weights: dict[str, Tensor]) -> None:
        """Take on the weights (k, …) by name."""
        self.cell.weights = weights
        self._put(weights)

    def _put(self, weights: dict[str, Tensor]) -> None:
        for path, value in weights.items():
            setattr(*self.places[path], value)

    def __call__(self, weights: dict[str, Tensor], x: Tensor, mask: Tensor | None, teacher: Tensor | None) -> Tensor:
        self.wear(weights)
        self.cell.batch = x.shape[1]
        x, mask, teacher = tmap(lambda v: v.transpose(1, 2), (x, mask, teacher))         # (k, t, b, …)
        if mask is not None:
            x = torch.where(mask.unsqueeze(-1), x, torch.zeros_like(x))
        given, found, state = (taught(self.network.cells[0], x, teacher), mask), [], None
        wide = max((v.shape[1] for v in weights.values() if v.dim() > 1), default=1)
        for part in _spans(given, max(1, AT_HAND // (len(x) * self.cell.batch * wide))):
            outputs, state = run_fast(self.cell, part, state)
            with Shifted():
                found.append(self.bare.readout(outputs))
        y = torch.cat(found, 1)
        if mask is not None:
            y = torch.where(mask.unsqueeze(-1), y, torch.zeros_like(y))
        return y.transpose(1, 2)

    def step(self, x: Any, state: Any, models: int) -> tuple[Tensor, Any]:
        """One step on the weights that were taken on: x (k, b, i), a state (k, b, …) or None at first, → y (k, b, o)
        and the next state."""
        if state is None:
            self.cell.batch = x.shape[1]
            state = self.cell.initial_state(models)
        return self.once(self.cell.weights, x, state)

    def _once(self, x: Any, state: Any) -> tuple[Tensor, Any]:
        cell = self.network.cells[0]
        silence = torch.full((*x.shape[:2], cell.output_size), torch.nan).to(x) if cell.feeds_back else None
        with Shifted():
            out, state, _ = self.bare.cells[0].step(taught(cell, x, silence), state)
            return self.bare.readout(out), state


def by_stacking(network: Network) -> OnStacked | None:
    """As ``by_vmap``, by the cell's own code; None for a network that is more than one cell and a readout."""
    return OnStacked(network) if network.reads_one_cell else None
