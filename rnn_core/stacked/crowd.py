"""k networks of one kind on the same sequences: their outputs, and the loss of each, from rows of weights (k, p)."""
from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from rnn_core.networks.base import Network
from rnn_core.records import Batch
from rnn_core.stacked.forward import Forward, by_stacking, by_vmap
from rnn_core.stacked.rows import Rows

Loss = Callable[[Tensor, Batch], Tensor]
AT_ONCE, TRIED, NUDGE, CLOSE = 2**23, (3, 6), 0.1, 1e-4


class Crowd:
    """Networks that differ in their trained weights only, without gradients.

    ``road`` is "stacked" (the cell's own code on weights (k, …)), "vmap" or "one by one", and ``why`` says in one
    sentence what decided it: the record and the cell's code, never the machine; ``forward`` is how, None where they go
    one by one, in ``single``. Outputs are those of each network on its own up to rounding. No more networks run in one
    call than have ``AT_ONCE`` numbers in hand. ``batch`` is what the roads are tried on, ``also`` as in Rows.
    """

    def __init__(self, network: Network, batch: Batch, also: tuple[str, ...] = ()) -> None:
        self.rows, self.single = Rows(network, also), copy.deepcopy(network)
        self._together_loss: bool | None = None
        self.road, self.why, self.forward = self._choose(batch)

    def outputs(self, weights: Tensor, batch: Batch) -> Tensor:
        """(k, b, t, o) of the networks with these weights (k, p)."""
        return torch.cat([self._call(some, batch) for some in weights.split(self.at_once(batch))])

    def losses(self, weights: Tensor, batch: Batch, loss: Loss) -> Iterator[Tensor | None]:
        """Yields None between calls, so that others may breathe, and ends with the loss (k,) of each network."""
        found = []
        for some in weights.split(self.at_once(batch)):
            if found:
                yield None
            found.append(self._losses(self._call(some, batch), batch, loss).detach())
        yield torch.cat(found)

    def at_once(self, batch: Batch) -> int:
        """How many networks go in one call."""
        wide = max((shape[0] for shape in self.rows.shapes), default=1)
        return max(1, AT_ONCE // (batch.target.shape[0] * batch.target.shape[1] * (wide + batch.x.shape[-1])))

    def losses_of(self, weights: Tensor, batch: Batch, loss: Loss) -> Tensor:
        """The loss (k,) of each network, in one call and with its gradient; ValueError where they go one by one."""
        if self.forward is None:
            raise ValueError(self.why)
        return self._losses(self._together(self.forward, weights, batch), batch, loss)

    @torch.no_grad()
    def _call(self, weights: Tensor, batch: Batch) -> Tensor:
        if self.forward is None:
            return torch.stack([self._alone(row, batch) for row in weights])
        return self._together(self.forward, weights, batch)

    def _together(self, forward: Forward, weights: Tensor, batch: Batch) -> Tensor:
        x, mask, silence = (None if v is None else v.expand(len(weights), *v.shape)
                            for v in (batch.x, batch.mask, self._silence(batch)))
        return forward(self.rows.parts(weights), x, mask, silence)

    def _silence(self, batch: Batch) -> Tensor | None:
        """(b, t, o) what a teacher says who says nothing, for networks that hear themselves."""
        if not self.single.feeds_back:
            return None
        cell = self.single.cells[0]
        return torch.full((*batch.x.shape[:2], cell.output_size), torch.nan).to(cell.like)

    def _alone(self, row: Tensor, batch: Batch) -> Tensor:
        self.rows.settle(row, self.single)
        return self.single(batch.x, mask=batch.mask)

    def _losses(self, y: Tensor, batch: Batch, loss: Loss) -> Tensor:
        if self._together_loss is None:
            self._together_loss = _same(y[:2], batch, loss)
        if self._together_loss:
            return torch.vmap(lambda one: loss(one, batch))(y)
        return torch.stack([loss(one, batch) for one in y])

    @torch.no_grad()
    def _choose(self, batch: Batch) -> tuple[str, str, Forward | None]:
        """The road for networks of this kind; whatever a cell's code raises on one road, the next is tried."""
        title, reason = self.single.cells[0].card.title, ""
        own = self.rows.of(self.single)
        nudge = torch.randn(2, self.rows.width, generator=torch.Generator().manual_seed(0)).to(own)
        some, few = own + NUDGE * nudge, batch.rows(slice(0, TRIED[0])).steps(0, TRIED[1])
        for road, make in (("stacked", by_stacking), ("vmap", by_vmap)):
            try:
                forward = make(self.single)
                if forward is None:
                    continue
                wanted = torch.stack([self._alone(row, few) for row in some])
                found = self._together(forward, some, few)
                if bool((found - wanted).abs().max() <= CLOSE * wanted.abs().max()):
                    return road, f"{title} runs on the weights of many networks in one call.", forward
            except Exception as error:
                reason = ": " + (" ".join(str(error).split())[:120] or type(error).__name__)
        return "one by one", f"{title} gives other numbers on many networks in one call{reason}.", None


def _same(y: Tensor, batch: Batch, loss: Loss) -> bool:
    """Whether the loss of several networks can be had in one call; whatever it raises, it cannot."""
    try:
        found, wanted = torch.vmap(lambda one: loss(one, batch))(y), torch.stack([loss(one, batch) for one in y])
    except Exception:
        return False
    return torch.allclose(found, wanted, rtol=CLOSE, equal_nan=True)
