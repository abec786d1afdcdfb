"""A network: cells, how they are joined, and a readout."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from rnn_core.cells.base import Cell
from rnn_core.records import Card, NetworkTrace, Settings, Taught
from rnn_core.unroll import Force, generate


class Readout(nn.Module):
    """y = V h + d, with V (o, n) and d (o)."""

    def __init__(self, width: int, output_size: int) -> None:
        super().__init__()
        self.V, self.d = nn.Parameter(torch.zeros(output_size, width)), nn.Parameter(torch.zeros(output_size))

    def forward(self, h: Tensor) -> Tensor:
        """(…, n) → (…, o)."""
        return nn.functional.linear(h, self.V, self.d)


class Network(nn.Module):
    """Cells that are wired, with a readout; ``trace`` shows everything, calling it takes the fastest equal road.

    ``sees_ahead`` is true where what is said at a step depends on steps still to come; ``reads_one_cell`` where the
    answer is the readout of one cell's output at every step, and nothing else.
    """

    card: ClassVar[Card]
    Settings: ClassVar[type[Settings]] = Settings
    runs_along: ClassVar[str] = "sequence"
    takes_speakers: ClassVar[bool] = True
    sees_ahead: ClassVar[bool] = False
    reads_one_cell: ClassVar[bool] = False

    def __init__(self, cells: list[Cell], readout: nn.Module) -> None:
        super().__init__()
        self.cells, self.readout = nn.ModuleList(cells), readout

    @classmethod
    def build(cls, make_cell: Any, input_size: int, output_size: int, settings: Settings) -> Network:
        """Wire a network from ``make_cell(input_size, output_size)``."""
        raise NotImplementedError

    @classmethod
    def check(cls, cell: Cell | type[Cell]) -> None:
        """Raise ValueError, in one sentence, for a cell that cannot be wired so."""
        if cell.speaks and not cls.takes_speakers:
            raise ValueError(f"A {cell.card.title} gives the answer itself: it cannot be a “{cls.card.title}”.")

    def trace(self, x: Any, *, mask: Tensor | None = None, state: Any = None, teacher: Tensor | None = None,
              force: Force | None = None, record: bool = False) -> NetworkTrace:
        """Run and keep every state: outputs (b, t, o) after the readout, and one pass for each cell."""
        raise NotImplementedError

    def forward(self, x: Any, *, mask: Tensor | None = None, teacher: Tensor | None = None) -> Tensor:
        """x (b, t, i) → outputs (b, t, o), by the fastest equal road."""
        raise NotImplementedError

    def generate(self, x: Tensor, choose: Callable[[Tensor], Tensor], steps: int) -> Tensor:
        """Speak on after reading x: each last output (b, o) is made the next input (b, 1, i) by ``choose``."""
        return generate(self, x, choose, steps)

    def initialise(self, generator: torch.Generator) -> Network:
        """Fresh weights; V is uniform in ±1/√n, d is zero."""
        for cell in self.cells:
            cell.initialise(generator)
        with torch.no_grad():
            for p in self.readout.parameters():
                if p.dim() > 1:
                    p.copy_(torch.rand(p.shape, generator=generator).mul_(2).sub_(1) / math.sqrt(p.shape[1]))
        return self

    @property
    def parameter_count(self) -> int:
        """Number of trainable numbers, readout included."""
        return sum(p.numel() for p in self.parameters())

    @property
    def feeds_back(self) -> bool:
        """True where a teacher can speak for the network."""
        return any(cell.feeds_back for cell in self.cells)


def taught(cell: Cell, x: Any, teacher: Tensor | None) -> Any:
    """x with what the teacher says, for a cell whose output goes round; x alone for every other."""
    return x if teacher is None or not cell.feeds_back else Taught(x, teacher)


def readout_for(cell: Cell, width: int, output_size: int) -> nn.Module:
    """A linear readout, or none for a cell that speaks for itself."""
    return nn.Identity() if cell.speaks else Readout(width, output_size)


def blank(outputs: Tensor, mask: Tensor | None) -> Tensor:
    """Outputs (b, t, o), 0 at steps that do not exist."""
    return outputs if mask is None else torch.where(mask.unsqueeze(-1), outputs, torch.zeros_like(outputs))
