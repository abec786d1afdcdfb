"""A finite impulse network: every synapse is a filter that remembers K steps and not one more.

    u_t = [x_t; x_{t−1}; …; x_{t−K}]                zero before the start
    a_{j,t} = Σ_i Σ_{k≤K} w_{ji,k} x_{i,t−k} + b_j    written W u_t + b
    h_t = φ(a_t)

W (n, (K+1)·i), b (n). The state is the delay line, K inputs, the newest first. Unrolled it has no loops, so it is a
feedforward net: after K steps an impulse is forgotten exactly. Back & Tsoi, *FIR and IIR synapses, a new neural network
architecture for time series modeling*, 1991.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, NamedTuple

from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, weight
from rnn_core.cells.elman import FUNCTIONS
from rnn_core.cells.window_mlp import blank_tail, window, windows
from rnn_core.records import Card, Settings, setting


class FiniteImpulseSettings(Settings):
    """A finite impulse network: how many units, how long the filters of its synapses are, what bends their sum."""

    hidden_size: int = setting(32, "Number of hidden units.", symbol="H", ge=1, le=512, main=True)
    taps: int = setting(8, "Steps back that the filter of a synapse reaches.", symbol="K", ge=1, le=64, main=True)
    activation: Literal["tanh", "linear"] = setting("tanh", "What bends the sum of a unit's filters.", symbol="φ")


class FiniteImpulseState(NamedTuple):
    """x (b, K·i): the delay line, the newest input first."""

    x: Tensor


class FiniteImpulse(Cell):
    """A finite impulse network: filters with an end for synapses, and so a memory with an end."""

    card = Card(
        title="Finite impulse net", row="A16", year=1991,
        reference="Back & Tsoi, FIR and IIR synapses, a new neural network architecture for time series modeling, 1991",
        summary="Each synapse is a filter over the last inputs; after its last tap nothing is left of an impulse.",
        equations={"u": "u_t = [x_t; x_{t−1}; …; x_{t−K}]", "a": "a_t = W u_t + b", "h": "h_t = tanh(a_t)"},
        carried={"x": "x_t, x_{t−1}, …, x_{t−K+1}"},
        symbols={"u": "input", "a": "candidate", "h": "hidden"}, parameters="H*(9*I+1)",
        use="Signals whose answer depends on the last few values; stable whatever its weights.")
    Settings = FiniteImpulseSettings

    def __init__(self, input_size: int, settings: FiniteImpulseSettings | None = None,
                 output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        n, k = self.settings.hidden_size, self.settings.taps + 1
        self.W, self.b = weight(n, k * input_size), weight(n)
        self.card = replace(self.card, equations={**self.card.equations, **unbent(self.settings.activation)},
                            parameters=f"H*({k}*I+1)")

    def filters(self) -> tuple[Tensor, Tensor]:
        """The synapses: w (n, i, K + 1) on the last inputs; v (n, i, 0), for none hears itself."""
        w = self.W.unflatten(1, (self.settings.taps + 1, self.input_size)).transpose(1, 2)
        return w, w[..., :0]

    def bend(self, a: Tensor) -> Tensor:
        """φ(a)."""
        return FUNCTIONS[self.settings.activation](a)

    def initial_state(self, batch_size: int) -> FiniteImpulseState:
        return FiniteImpulseState(self.zeros(batch_size, self.settings.taps * self.input_size))

    def advance(self, drive: Tensor, state: FiniteImpulseState) -> tuple[Tensor, FiniteImpulseState, dict[str, Tensor]]:
        u, line = window(drive, state.x)
        a = linear(u, self.W, self.b)
        h = self.bend(a)
        return h, FiniteImpulseState(line), {"u": u, "a": a, "h": h}

    def fused(self, x: Tensor, state: FiniteImpulseState, lengths: Tensor | None) -> tuple[Tensor, Any]:
        u, line = windows(x, state.x, lengths)
        h = self.bend(linear(u, self.W, self.b))
        return blank_tail(h, lengths), FiniteImpulseState(line)


def unbent(activation: str) -> dict[str, str]:
    """The equation of h where nothing bends it."""
    return {"h": "h_t = a_t"} if activation == "linear" else {}
