"""One cell and a readout."""
from __future__ import annotations

from typing import Any

from torch import Tensor

from rnn_core.networks.base import Network, blank, readout_for, taught
from rnn_core.records import Card, NetworkTrace, Settings
from rnn_core.unroll import Force, run_fast, unroll


class Single(Network):
    """One cell along the sequence, its output read by y_t = V h_t + d."""

    card = Card(title="One cell", row="A2", year=1990, reference="Elman, Finding structure in time, 1990",
                summary="A single recurrent cell, read out at every step.", equations={"y": "y_t = V h_t + d"})
    reads_one_cell = True

    @classmethod
    def build(cls, make_cell: Any, input_size: int, output_size: int, settings: Settings) -> Single:
        cell = make_cell(input_size, output_size)
        return cls([cell], readout_for(cell, cell.output_size, output_size))

    def trace(self, x: Any, *, mask: Tensor | None = None, state: Any = None, teacher: Tensor | None = None,
              force: Force | None = None, record: bool = False) -> NetworkTrace:
        cell = self.cells[0]
        one = unroll(cell, taught(cell, x, teacher), state, mask=mask, force=force, record=record, name="h")
        return NetworkTrace(blank(self.readout(one.outputs), mask), (one,))

    def forward(self, x: Any, *, mask: Tensor | None = None, teacher: Tensor | None = None) -> Tensor:
        cell = self.cells[0]
        outputs, _ = run_fast(cell, taught(cell, x, teacher), mask=mask)
        return blank(self.readout(outputs), mask)
