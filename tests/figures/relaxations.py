"""Small real answers about networks that relax, for pictures that no run along a sequence can give."""

from __future__ import annotations

from collections.abc import Callable

import torch

import rnn_core as rc
from rnn_core.cells.base import Cell
from rnn_core.records import Result


def stored(units: int = 40, count: int = 3, seed: int = 0) -> tuple[Cell, torch.Tensor]:
    """A Hopfield network and the random patterns (count, units) that it stores."""
    patterns = torch.randint(0, 2, (count, units), generator=torch.Generator().manual_seed(seed)) * 2.0 - 1
    cell = rc.make_cell("hopfield", 1, hidden_size=units)
    cell.store(patterns)
    return cell, patterns


def damaged(pattern: torch.Tensor, count: int) -> torch.Tensor:
    """The pattern with its first units flipped."""
    return torch.cat([-pattern[:count], pattern[count:]])


def _recall() -> Result:
    cell, patterns = stored()
    return rc.recall(cell, damaged(patterns[0], 9), patterns)


def _basins() -> Result:
    cell, patterns = stored()
    return rc.basins(cell, patterns, starts=6)


def _capacity_curve() -> Result:
    return rc.capacity_curve([stored(units)[0] for units in (20, 40)], (0.1, 0.2, 0.3), patterns=2)


def small_pairs() -> tuple[Cell, torch.Tensor, torch.Tensor]:
    """A bidirectional memory of 9 and 16 units and the two pairs that it stores: z (2, 9), y (2, 16)."""
    stream = torch.Generator().manual_seed(0)
    z, y = (torch.randint(0, 2, (2, size), generator=stream) * 2.0 - 1 for size in (9, 16))
    cell = rc.make_cell("bam", 9, hidden_size=16)
    cell.store(z, y)
    return cell, z, y


def _pair_recall() -> Result:
    cell, z, y = small_pairs()
    return rc.pair_recall(cell, damaged(z[0], 1), z, y)


def _occupancy() -> Result:
    return rc.occupancy(rc.make_cell("stochastic_bam", 2, hidden_size=3), memories=50, steps=20)


RELAXATIONS: dict[str, Callable[[], Result]] = {"recall": _recall, "basins": _basins, "pair_recall": _pair_recall,
                                                "capacity_curve": _capacity_curve, "occupancy": _occupancy}
