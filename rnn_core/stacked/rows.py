"""The trained numbers of a network as one row of p numbers, so that k networks of one kind are a matrix (k, p)."""
from __future__ import annotations

import torch
from torch import Tensor

from rnn_core.networks.base import Network


class Rows:
    """Where each trained weight of a network stands in a row (p,); what is not trained is the same for all rows.

    Buffers whose own name is in ``also`` stand in a row too, behind the ``trained`` numbers.
    """

    def __init__(self, network: Network, also: tuple[str, ...] = ()) -> None:
        trained = {name: p for name, p in network.named_parameters() if p.requires_grad}
        self.trained = sum(p.numel() for p in trained.values())
        trained |= {name: v for name, v in network.named_buffers() if name.rpartition(".")[2] in also}
        self.network, self.names = network, list(trained)
        self.shapes = [p.shape for p in trained.values()]
        self.sizes = [p.numel() for p in trained.values()]
        self.width = sum(self.sizes)

    def of(self, network: Network) -> Tensor:
        """(p,) the row of a network of this kind."""
        own = self._named(network)
        return torch.cat([own[name].detach().flatten() for name in self.names])

    def parts(self, rows: Tensor) -> dict[str, Tensor]:
        """The weights of k networks by name, each (k, …), from their rows (k, p)."""
        cut = rows.split(self.sizes, 1)
        frozen = {name: v.detach().expand(len(rows), *v.shape) for name, v in self._named(self.network).items()
                  if name not in self.names}
        return frozen | {name: v.view(-1, *shape) for name, v, shape in zip(self.names, cut, self.shapes)}

    @torch.no_grad()
    def settle(self, row: Tensor, network: Network) -> None:
        """Write a row (p,) into a network of this kind."""
        own = self._named(network)
        for name, v, shape in zip(self.names, row.split(self.sizes), self.shapes):
            own[name].copy_(v.view(shape))

    @staticmethod
    def _named(network: Network) -> dict[str, Tensor]:
        return dict([*network.named_parameters(), *network.named_buffers()])
