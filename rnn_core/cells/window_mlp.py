"""A net with a window: one hidden layer over the last k inputs, which a delay line keeps.

    u_t = [x_t; x_{t−1}; …; x_{t−k+1}]     the window, zero before the start
    a_t = W u_t + b
    h_t = tanh(a_t)

W (n, k·i), b (n). The state is the delay line, k − 1 inputs, the newest first. Sejnowski & Rosenberg, *Parallel
networks that learn to pronounce English text*, 1987.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, weight
from rnn_core.records import Card, Settings, setting


class WindowMLPSettings(Settings):
    """A net with a window: how many units, how many inputs they see."""

    hidden_size: int = setting(32, "Number of hidden units.", symbol="H", ge=1, le=512, main=True)
    window: int = setting(8, "Inputs that the net sees at once, the present one included.", symbol="k", ge=2, le=64,
                          main=True)


class WindowMLPState(NamedTuple):
    """x (b, (k−1)·i): the delay line, the newest input first."""

    x: Tensor


class WindowMLP(Cell):
    """A feedforward net over a sliding window: exact memory of the last k inputs, none of anything older."""

    card = Card(
        title="Window net", row="A17", year=1987,
        reference="Sejnowski & Rosenberg, Parallel networks that learn to pronounce English text, 1987",
        summary="A hidden layer over the last k inputs: it cannot know what happened k or more steps ago.",
        equations={"u": "u_t = [x_t; x_{t−1}; …; x_{t−k+1}]", "a": "a_t = W u_t + b", "h": "h_t = tanh(a_t)"},
        carried={"x": "x_t, x_{t−1}, …, x_{t−k+2}"},
        symbols={"u": "input", "a": "candidate", "h": "hidden"}, parameters="H*(8*I+1)",
        use="Whatever follows from the last few inputs; the yardstick for memory beyond a window.")
    Settings = WindowMLPSettings

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size)
        n, k = self.settings.hidden_size, self.settings.window
        self.W, self.b = weight(n, k * input_size), weight(n)
        self.card = replace(self.card, parameters=f"H*({k}*I+1)")

    @property
    def receptive_field(self) -> int:
        """How many inputs, the present one included, an output can depend on."""
        return self.settings.window

    def initial_state(self, batch_size: int) -> WindowMLPState:
        return WindowMLPState(self.zeros(batch_size, (self.settings.window - 1) * self.input_size))

    def advance(self, drive: Tensor, state: WindowMLPState) -> tuple[Tensor, WindowMLPState, dict[str, Tensor]]:
        u, line = window(drive, state.x)
        a = linear(u, self.W, self.b)
        h = torch.tanh(a)
        return h, WindowMLPState(line), {"u": u, "a": a, "h": h}

    def fused(self, x: Tensor, state: WindowMLPState, lengths: Tensor | None) -> tuple[Tensor, Any]:
        u, line = windows(x, state.x, lengths)
        h = torch.tanh(linear(u, self.W, self.b))
        return blank_tail(h, lengths), WindowMLPState(line)


def window(x: Tensor, line: Tensor, dilation: int = 1) -> tuple[Tensor, Tensor]:
    """x (b, i) and the delay line (b, m·i) → every ``dilation``-th of x and the line, (b, k·i), and the next line."""
    known = torch.cat([x, line], 1)
    i = x.shape[1]
    line, _ = known.split([line.shape[1], i], 1)
    return (known if dilation == 1 else torch.cat(known.split(i, 1)[::dilation], 1)), line


def windows(x: Tensor, line: Tensor, lengths: Tensor | None, dilation: int = 1) -> tuple[Tensor, Tensor]:
    """The same for all steps of x (b, t, i) at once: windows (b, t, k·i), and the line after ``lengths`` (b,) steps."""
    b, t, i = x.shape
    m = line.shape[1] // i
    known = torch.cat([line.unflatten(1, (m, i)).flip(1), x], 1)          # (b, m + t, i), the oldest first
    u = torch.cat([known[:, m - j:m - j + t] for j in range(0, m + 1, dilation)], -1)
    if lengths is None:
        return u, known[:, t:].flip(1).flatten(1)
    newest = lengths.to(x.device).unsqueeze(1) + torch.arange(m - 1, -1, -1, device=x.device)
    return u, known.gather(1, newest.unsqueeze(-1).expand(b, m, i)).flatten(1)


def blank_tail(out: Tensor, lengths: Tensor | None) -> Tensor:
    """(b, t, n) with zeros after the first ``lengths`` (b,) steps of each row."""
    if lengths is None:
        return out
    there = torch.arange(out.shape[1], device=out.device) < lengths.to(out.device).unsqueeze(1)
    return torch.where(there.unsqueeze(-1), out, torch.zeros_like(out))


def last(v: Tensor, lengths: Tensor | None) -> Tensor:
    """(b, t, n) → (b, n) at the last of the first ``lengths`` (b,) steps."""
    if lengths is None:
        return v[:, -1]
    at = (lengths.to(v.device) - 1).reshape(-1, 1, 1).expand(-1, 1, v.shape[2])
    return v.gather(1, at).squeeze(1)
