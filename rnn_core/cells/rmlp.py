"""Recurrent multilayer perceptron: a feedforward network of several layers whose last layer also hears its own past.

    z^l_t = φ(W_l z^{l−1}_t + b_l)               l = 1 … L−1,  z^0_t = x_t
    h_t   = φ(W_L z^{L−1}_t + R h_{t−1} + b_L)

W_1 (n, i), W_2 … W_L and R (n, n), b_l (n). φ is tanh unless chosen otherwise. L is the number of layers of one
subnetwork; a stack of such cells is the cascade of the paper. With R = 0 it is a plain multilayer perceptron, with
L = 1 Elman's network. Puskorius & Feldkamp, *Neurocontrol of nonlinear dynamical systems with Kalman filter trained
recurrent networks*, 1994.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, RecurrentSettings, packed_call, weight
from rnn_core.cells.elman import FUNCTIONS, KERNELS
from rnn_core.records import Card, setting


class Settings(RecurrentSettings):
    """Recurrent multilayer perceptron: how many units, in how many layers, and what bends them."""

    inner_layers: int = setting(2, "Number of layers of the subnetwork; only the last hears its own past.", symbol="L",
                                ge=1, le=8)
    activation: Literal["tanh", "relu", "sigmoid", "linear"] = setting("tanh", "What bends the sum of a unit's inputs.",
                                                                       symbol="φ")


class RMLPState(NamedTuple):
    """h (b, n)."""

    h: Tensor


def equations(layers: int) -> dict[str, str]:
    """The equation of every layer."""
    below = ["x_t", *(f"z{k}_t" for k in range(1, layers))]
    told = {f"z{k}": f"z{k}_t = φ(W_{k} {below[k - 1]} + b_{k})" for k in range(1, layers)}
    return told | {"h": f"h_t = φ(W_{layers} {below[-1]} + R h_{{t−1}} + b_{layers})"}


class RMLP(Cell):
    """Recurrent multilayer perceptron: several layers of thought a step, and one that remembers."""

    card = Card(
        title="Recurrent multilayer perceptron", row="A14", year=1994,
        reference="Puskorius & Feldkamp, Neurocontrol of nonlinear dynamical systems, 1994",
        summary="A feedforward network of several layers at every step, whose last layer also hears its own past.",
        equations=equations(2), symbols={"z1": "candidate", "h": "hidden"}, parameters="H*(I+H+1)+H*(H+1)",
        use="Identifying and steering machines whose next move is a crooked function of the last.")
    Settings = Settings

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        n, layers = self.settings.hidden_size, self.settings.inner_layers
        for k in range(1, layers + 1):
            self.register_parameter(f"W_{k}", weight(n, input_size if k == 1 else n))
            self.register_parameter(f"b_{k}", weight(n))
        self.R = weight(n, n)
        told = equations(layers)
        more = f"+{layers - 1}*H*(H+1)" if layers > 2 else "+H*(H+1)" * (layers - 1)
        self.card = replace(self.card, equations=told, parameters=f"H*(I+H+1){more}",
                            symbols={k: "hidden" if k == "h" else "candidate" for k in told})

    def initial_state(self, batch_size: int) -> RMLPState:
        return RMLPState(self.zeros(batch_size, self.settings.hidden_size))

    def project(self, x: Tensor) -> tuple[Tensor, ...]:
        bend, z = FUNCTIONS[self.settings.activation], [x]
        for W, b in self._layers[:-1]:
            z.append(bend(linear(z[-1], W, b)))
        W, b = self._layers[-1]
        return *z[1:], linear(z[-1], W, b)                                # L times (…, n)

    @property
    def _layers(self) -> list[tuple[Tensor, Tensor]]:
        """W_l and b_l of every layer, the lowest first."""
        return [(getattr(self, f"W_{k}"), getattr(self, f"b_{k}")) for k in range(1, self.settings.inner_layers + 1)]

    def advance(self, drive: tuple[Tensor, ...], state: RMLPState) -> tuple[Tensor, RMLPState, dict[str, Tensor]]:
        *zs, given = drive
        h = FUNCTIONS[self.settings.activation](torch.addmm(given, state.h, self.R.t()))
        return h, RMLPState(h), {**{f"z{k}": z for k, z in enumerate(zs, 1)}, "h": h}

    def fused(self, x: Tensor, state: RMLPState, lengths: Tensor | None) -> tuple[Tensor, Any] | None:
        kernel, bend = KERNELS.get(self.settings.activation), FUNCTIONS[self.settings.activation]
        if kernel is None:
            return None
        for W, b in self._layers[:-1]:
            x = bend(linear(x, W, b))
        W, b = self._layers[-1]
        out, h = packed_call(kernel, x, state, [W, self.R, b, torch.zeros_like(b)], lengths)
        return out, RMLPState(h)
