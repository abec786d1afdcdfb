"""Two passes, one from each end."""
from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from rnn_core.cells.base import Cell
from rnn_core.networks.base import Network, Readout, blank
from rnn_core.records import Card, NetworkTrace, Settings, setting
from rnn_core.records.trees import flip
from rnn_core.unroll import Force, run_fast, tail_lengths, unroll


class BidirectionalSettings(Settings):
    """How many layers of two passes each."""

    layers: int = setting(1, "Layers of forward and backward passes.", symbol="L", ge=1, le=6)


class Bidirectional(Network):
    """y_t = V [→h_t ; ←h_t] + d: every step is read with all that came before and all that comes after.

    It needs the future, so it is a network and not a cell. ``cells`` holds forward and backward of each layer in turn;
    a layer reads the joined outputs of the one below. The backward pass is the same unroll on flipped input and mask.
    """

    card = Card(title="Bidirectional", row="A9", year=1997,
                reference="Schuster & Paliwal, Bidirectional recurrent neural networks, 1997",
                summary="One cell reads forwards, one backwards, and the readout hears both.",
                equations={"y": "y_t = V [→h_t ; ←h_t] + d"}, use="Labelling a sequence that is known as a whole.")
    Settings = BidirectionalSettings
    takes_speakers = False
    sees_ahead = True

    @classmethod
    def build(cls, make_cell: Any, input_size: int, output_size: int, settings: BidirectionalSettings) -> Bidirectional:
        cells: list[Cell] = []
        for _ in range(settings.layers):
            cells += [make_cell(input_size, output_size) for _ in range(2)]
            cls.check(cells[0])
            input_size = 2 * cells[-1].output_size
        return cls(cells, Readout(input_size, output_size))

    def trace(self, x: Any, *, mask: Tensor | None = None, state: Any = None, teacher: Tensor | None = None,
              force: Force | None = None, record: bool = False) -> NetworkTrace:
        """As of any network; ``state`` is a list with the initial state of each pass, ``force`` acts on every pass."""
        passes = []
        for n in range(0, len(self.cells), 2):
            for k, arrow in ((n, "→"), (n + 1, "←")):
                passes.append(unroll(self.cells[k], x, None if state is None else state[k], mask=mask, force=force,
                                     record=record, reverse=arrow == "←", name=f"{arrow}h{n // 2 or ''}"))
            x = torch.cat([p.outputs for p in passes[-2:]], -1)
        return NetworkTrace(blank(self.readout(x), mask), tuple(passes))

    def forward(self, x: Tensor, *, mask: Tensor | None = None, teacher: Tensor | None = None) -> Tensor:
        lengths = None if mask is None else tail_lengths(mask)
        if mask is not None and lengths is None:
            return self.trace(x, mask=mask).outputs
        for n in range(0, len(self.cells), 2):
            ahead, _ = run_fast(self.cells[n], x, mask=mask)
            behind, _ = run_fast(self.cells[n + 1], turned(x, lengths), mask=mask)
            x = torch.cat([ahead, turned(behind, lengths)], -1)
        return blank(self.readout(x), mask)


def turned(x: Tensor, lengths: Tensor | None) -> Tensor:
    """(b, t, …) with the first ``lengths`` (b,) steps of each row in reverse; its own inverse."""
    if lengths is None:
        return flip(x)
    t = torch.arange(x.shape[1], device=x.device)
    last = lengths.unsqueeze(1) - 1
    order = torch.where(t <= last, last - t, t)
    return x.gather(1, order.unsqueeze(-1).expand_as(x))
