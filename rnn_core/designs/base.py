"""What every design begins with: the one cell of a network that is large enough, all its weights at zero."""
from __future__ import annotations

from typing import Any

import torch


@torch.no_grad()
def emptied(network: Any, units: int, title: str) -> Any:
    """The cell of a network of one cell, all weights of which are now 0; ValueError where it cannot hold the design."""
    if len(network.cells) != 1 or not hasattr(network.cells[0], "W") or not hasattr(network.readout, "V"):
        raise ValueError(f"{title} is made for one cell with a readout.")
    cell = network.cells[0]
    if cell.settings.hidden_size < units or network.readout.V.shape[1] != cell.settings.hidden_size:
        raise ValueError(f"{title} needs {units} hidden units here; there are {cell.settings.hidden_size}.")
    for p in network.parameters():
        p.zero_()
    return cell
