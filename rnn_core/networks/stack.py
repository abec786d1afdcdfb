"""Cells on top of one another: a stack that runs one way is itself a cell."""
from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from rnn_core.cells.base import Cell
from rnn_core.networks.base import Readout
from rnn_core.networks.single import Single
from rnn_core.records import Card, Settings, setting


class StackSettings(Settings):
    """How deep the stack is."""

    layers: int = setting(2, "Number of cells on top of one another.", symbol="L", ge=1, le=12)
    residual: bool = setting(False, "Add each layer's input to its output where the sizes agree.")


class Stack(Cell):
    """Layers of cells as one cell: o^l_t = cell^l(o^{l−1}_t) [+ o^{l−1}_t]; the state is the tuple of their states.

    Probes carry the layer's number: ``"1.i"`` is the write gate of the second layer.
    """

    def __init__(self, layers: list[Cell], residual: bool = False) -> None:
        nn.Module.__init__(self)
        self.layers, self.residual = nn.ModuleList(layers), residual
        self.input_size, self.output_size = layers[0].input_size, layers[-1].output_size
        self.settings = layers[0].settings
        for below in layers[:-1]:
            below.top = False
        first = layers[0].card
        self.card = Card(
            title=f"{len(layers)} × {first.title}", row="A5", year=first.year, reference=first.reference,
            summary=f"{len(layers)} cells on top of one another.", parameters="",
            equations={f"{n}.{k}": e for n, layer in enumerate(layers) for k, e in layer.card.equations.items()},
            symbols={f"{n}.{k}": e for n, layer in enumerate(layers) for k, e in layer.card.symbols.items()})

    def initialise(self, generator: torch.Generator) -> None:
        for layer in self.layers:
            layer.initialise(generator)

    def initial_state(self, batch_size: int) -> tuple[Any, ...]:
        return tuple(layer.initial_state(batch_size) for layer in self.layers)

    def project(self, x: Tensor) -> tuple[Tensor, Any]:
        return x, self.layers[0].project(x)

    def advance(self, drive: tuple[Tensor, Any], state: tuple[Any, ...]) -> tuple[Tensor, Any, dict[str, Tensor]]:
        below, projected = drive
        after, probes = [], {}
        for n, (layer, old) in enumerate(zip(self.layers, state)):
            out, new, seen = layer.advance(projected if n == 0 else layer.project(below), old)
            below = self._join(below, out)
            after.append(new)
            probes |= {f"{n}.{k}": v for k, v in seen.items()}
        return below, tuple(after), probes

    def _join(self, below: Tensor, out: Tensor) -> Tensor:
        return out + below if self.residual and below.shape[-1] == out.shape[-1] else out

    def fused(self, x: Tensor, state: tuple[Any, ...], lengths: Tensor | None) -> tuple[Tensor, Any] | None:
        finals = []
        for layer, old in zip(self.layers, state):
            got = layer.fused(x, old, lengths)
            if got is None:
                return None
            x = self._join(x, got[0])
            finals.append(got[1])
        return x, tuple(finals)


class StackNetwork(Single):
    """A stack of one architecture, read out at the top."""

    card = Card(title="Deep stack", row="A5", year=1992, reference="Schmidhuber 1992; El Hihi & Bengio 1995",
                summary="The same architecture in layers: each reads the states of the one below.",
                equations={"o": "o^l_t = cell^l(o^{l−1}_t) [+ o^{l−1}_t]", "y": "y_t = V o^L_t + d"})
    Settings = StackSettings
    takes_speakers = False

    @classmethod
    def build(cls, make_cell: Any, input_size: int, output_size: int, settings: StackSettings) -> StackNetwork:
        layers = [make_cell(input_size, output_size)]
        cls.check(layers[0])
        while len(layers) < settings.layers:
            layers.append(make_cell(layers[-1].output_size, output_size))
        return cls([Stack(layers, settings.residual)], Readout(layers[-1].output_size, output_size))
