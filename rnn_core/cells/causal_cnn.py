"""A causal convolutional net: layers of filters over time that never look ahead.

    u^l_t = [h^{l−1}_t; h^{l−1}_{t−d_l}; …; h^{l−1}_{t−(k−1) d_l}]     h^0 = x, zero before the start
    a^l_t = W_l u^l_t + b_l
    h^l_t = relu(a^l_t)

W_1 (n, k·i), above it W_l (n, k·n), b_l (n). The dilation d_l is 2^{l−1} or 1. An output depends on the last
1 + (k − 1) Σ_l d_l inputs, its receptive field. The state is a delay line a layer. Waibel et al., *Phoneme recognition
using time-delay neural networks*, 1989; dilation: van den Oord et al., *WaveNet*, 2016.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, weight
from rnn_core.cells.window_mlp import blank_tail, window, windows
from rnn_core.records import Card, Settings, setting


class CausalCNNSettings(Settings):
    """A causal convolutional net: filters, their width, layers, and the gaps between what a filter sees."""

    hidden_size: int = setting(32, "Number of filters in a layer.", symbol="H", ge=1, le=512, main=True)
    kernel: int = setting(3, "Steps that a filter sees, the present one included.", symbol="k", ge=2, le=8, main=True)
    conv_layers: int = setting(2, "Layers of filters.", symbol="L", ge=1, le=6, main=True)
    dilation: Literal["doubling", "none"] = setting(
        "doubling", "Whether a layer's filters look at every step, or at steps twice as far apart as the layer below.",
        symbol="d")


class CausalCNNState(NamedTuple):
    """lines: for each layer what it has read, (b, (k−1)·d·i) or (b, (k−1)·d·n), the newest first."""

    lines: tuple[Tensor, ...]


class CausalCNN(Cell):
    """A causal convolutional net: its memory is a window whose width is known beforehand."""

    card = Card(
        title="Causal CNN", row="A17", year=1989,
        reference="Waibel et al., Phoneme recognition using time-delay neural networks, 1989; WaveNet, 2016",
        summary="Filters over the recent past, layer on layer: it cannot know what lies beyond its receptive field.",
        equations={"h1": "h1_t = relu(W_1 [x_t; x_{t−1}; x_{t−2}] + b_1)",
                   "h": "h_t = relu(W_2 [h1_t; h1_{t−2}; h1_{t−4}] + b_2)"},
        carried={"lines.0": "x_t, …, x_{t−1}", "lines.1": "h1_t, …, h1_{t−3}"},
        symbols={"h1": "candidate", "h": "hidden"}, parameters="H*(3*I+1)+H*(3*H+1)",
        use="Patterns of known width, all steps at once; the rival of a recurrent net.")
    Settings = CausalCNNSettings
    kernel_wins = True

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        s = self.settings
        self.dilations = [2**layer if s.dilation == "doubling" else 1 for layer in range(s.conv_layers)]
        self.widths = [input_size, *[s.hidden_size] * (s.conv_layers - 1)]
        for layer, width in enumerate(self.widths, 1):
            setattr(self, f"W{layer}", weight(s.hidden_size, s.kernel * width))
            setattr(self, f"b{layer}", weight(s.hidden_size))
        self.maps = [f"h{layer}" for layer in range(1, s.conv_layers)] + ["h"]
        self.card = replace(
            self.card, equations=dict(zip(self.maps, self._equations())), carried=self._carried(),
            symbols=dict.fromkeys(self.maps, "candidate") | {"h": "hidden"},
            parameters="+".join(f"H*({s.kernel}*{'H' if layer else 'I'}+1)" for layer in range(s.conv_layers)))

    def _equations(self) -> list[str]:
        """What each layer computes, with its own gaps."""
        told = []
        for layer, (name, below, gap) in enumerate(zip(self.maps, ["x", *self.maps], self.dilations), 1):
            far = gap * (self.settings.kernel - 1)
            seen = [f"{below}_t", f"{below}_{{t−{gap}}}"] + ["…"] * (self.settings.kernel > 3)
            seen += [f"{below}_{{t−{far}}}"] * (self.settings.kernel > 2)
            told.append(f"{name}_t = relu(W_{layer} [{'; '.join(seen)}] + b_{layer})")
        return told

    def _carried(self) -> dict[str, str]:
        """What each layer keeps of what it has read."""
        lines = zip(["x", *self.maps], self.dilations)
        return {f"lines.{k}": f"{below}_t, …, {below}_{{t−{gap * (self.settings.kernel - 1) - 1}}}"
                for k, (below, gap) in enumerate(lines)}

    @property
    def receptive_field(self) -> int:
        """How many inputs, the present one included, an output can depend on."""
        return 1 + (self.settings.kernel - 1) * sum(self.dilations)

    def initial_state(self, batch_size: int) -> CausalCNNState:
        past = self.settings.kernel - 1
        return CausalCNNState(tuple(self.zeros(batch_size, past * d * width)
                                    for d, width in zip(self.dilations, self.widths)))

    def advance(self, drive: Tensor, state: CausalCNNState) -> tuple[Tensor, CausalCNNState, dict[str, Tensor]]:
        h, lines, probes = drive, [], {}
        for layer, name in enumerate(self.maps):
            u, line = window(h, state.lines[layer], self.dilations[layer])
            a = linear(u, getattr(self, f"W{layer + 1}"), getattr(self, f"b{layer + 1}"))
            h = torch.relu(a)
            lines.append(line)
            probes[name] = h
        return h, CausalCNNState(tuple(lines)), probes

    def fused(self, x: Tensor, state: CausalCNNState, lengths: Tensor | None) -> tuple[Tensor, Any]:
        h, lines = x, []
        for layer, line in enumerate(state.lines):
            u, after = windows(h, line, lengths, self.dilations[layer])
            h = torch.relu(linear(u, getattr(self, f"W{layer + 1}"), getattr(self, f"b{layer + 1}")))
            lines.append(after)
        return blank_tail(h, lengths), CausalCNNState(tuple(lines))
