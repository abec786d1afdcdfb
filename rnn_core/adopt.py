"""A user's own trained module becomes a network that every analysis understands."""
from __future__ import annotations

import sys

import torch
from torch import nn

from rnn_core import catalogue
from rnn_core.cells.base import Cell
from rnn_core.networks.base import Network
from rnn_core.networks.bidirectional import Bidirectional
from rnn_core.networks.single import Single
from rnn_core.networks.stack import Stack


def from_torch(module: nn.Module) -> Network:
    """A network with the weights of a ``torch.nn.RNN``, ``LSTM`` or ``GRU``, stacked or bidirectional too.

    The copy computes the same outputs (batch-first) and has no readout of its own. Raises ValueError, in one sentence,
    for other modules, for ``proj_size`` and for dropout that is still switched on.
    """
    kinds = {sys.modules[c.__module__].TORCH_MODULE: c for c in catalogue.cell_classes().values()
             if hasattr(sys.modules[c.__module__], "TORCH_MODULE")}
    kind = kinds.get(type(module))
    if kind is None:
        raise ValueError(f"Cannot read a {type(module).__name__}; give a torch.nn.RNN, LSTM or GRU.")
    if getattr(module, "proj_size", 0):
        raise ValueError("An LSTM with proj_size is not supported: its output is not its hidden state.")
    if module.dropout and module.training:
        raise ValueError("Dropout is still switched on: call module.eval() first.")
    cells: list[Cell] = [_layer(kind, module, f"_l{n}{side}") for n in range(module.num_layers)
                         for side in (("", "_reverse") if module.bidirectional else ("",))]
    if module.bidirectional:
        return Bidirectional(cells, nn.Identity())
    return Single([cells[0] if len(cells) == 1 else Stack(cells)], nn.Identity())


def _layer(kind: type[Cell], module: nn.Module, suffix: str) -> Cell:
    """One layer and direction as a cell."""
    W, R = (getattr(module, f"weight_{part}{suffix}").detach().clone() for part in ("ih", "hh"))
    zeros = torch.zeros(len(W), dtype=W.dtype, device=W.device)
    b, c = (getattr(module, f"bias_{part}{suffix}").detach().clone() if module.bias else zeros for part in ("ih", "hh"))
    return kind.from_weights(module, W, R, b, c)
