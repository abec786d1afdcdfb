"""Echo state network: a large random network that is never trained, and a linear readout that is.

    a_t = W_in [1; x_t] + W h_{t−1} + W_fb y_{t−1}
    h_t = (1 − a) h_{t−1} + a φ(a_t)
    y_t = V [x_t; h_t] + d

W_in (n, 1 + i) is uniform in ± input scaling, W_fb (n, o) in ± feedback. A weight of W (n, n) is there with
probability c, at least one in each row, uniform in ±1; then all of W is scaled so that its largest eigenvalue has the
size ρ. These three are drawn from the seed and frozen; V (o, i + n) and d (o) are learnt. With a teacher, the target
goes back in place of y_t. Without feedback and with φ = tanh, σ_max(W) < 1 proves that every start is forgotten; ρ < 1
does not. Jaeger, *The “echo state” approach to analysing and training recurrent neural networks*, 2001.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

import torch
from scipy.sparse import csr_array
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, heard, weight, with_teacher
from rnn_core.cells.elman import FUNCTIONS
from rnn_core.records import Card, Settings, Taught, setting

FEW = 1 / 8


class EchoStateSettings(Settings):
    """Echo state network: how large, how lively, how slow and how sparse its reservoir is."""

    hidden_size: int = setting(100, "Number of units in the reservoir.", symbol="N", ge=1, le=2000, main=True)
    spectral_radius: float = setting(0.9, "Size of the largest eigenvalue of the recurrent weights.", symbol="ρ",
                                     ge=0.0, le=3.0, step=0.05, main=True)
    leak: float = setting(0.3, "How much of a unit is renewed in a step; 1 renews all of it.", symbol="a", ge=0.01,
                          le=1.0, step=0.01, main=True)
    input_scaling: float = setting(1.0, "Largest weight from an input, and from the constant 1.", symbol="s", ge=0.0,
                                   le=10.0, step=0.05)
    connectivity: float = setting(0.2, "Share of the recurrent weights that are there; each unit hears at least one "
                                       "unit.", symbol="c", ge=0.001, le=1.0, log=True)
    feedback: float = setting(0.0, "Largest weight from what was said; 0 lets nothing go back.", symbol="s_fb", ge=0.0,
                              le=10.0, step=0.05)
    activation: Literal["tanh", "linear"] = setting("tanh", "What bends the sum of a unit's inputs.", symbol="φ")


class EchoStateState(NamedTuple):
    """h (b, n) the reservoir, y (b, o) the output that is on its way back."""

    h: Tensor
    y: Tensor


class EchoState(Cell):
    """Echo state network: a fixed random reservoir echoes the inputs, and only what reads it is learnt."""

    card = Card(
        title="Echo state network", row="A29", year=2001,
        reference="Jaeger, The echo state approach to analysing and training recurrent neural networks, 2001",
        summary="A large random network that is never trained, and a linear readout of its echoes that is.",
        equations={"a": "a_t = W_in [1; x_t] + W h_{t−1} + W_fb y_{t−1}", "h": "h_t = (1 − a) h_{t−1} + a tanh(a_t)",
                   "y": "y_t = V [x_t; h_t] + d"},
        carried={"y": "y_t, or what the teacher says in its place"},
        symbols={"a": "candidate", "h": "hidden", "y": "prediction"}, parameters="O*(1+I+H)",
        use="Curves that go on by themselves, learnt in one step of algebra.")
    Settings = EchoStateSettings
    speaks = feeds_back = frozen = True

    def __init__(self, input_size: int, settings: EchoStateSettings | None = None,
                 output_size: int | None = None) -> None:
        super().__init__(input_size, settings, output_size or 1)
        n, o = self.settings.hidden_size, self.output_size
        self.register_buffer("W_in", torch.zeros(n, 1 + input_size))
        self.register_buffer("W", torch.zeros(n, n))
        self.register_buffer("W_fb", torch.zeros(n, o))
        self.V, self.d = weight(o, input_size + n), weight(o)
        if self.settings.activation == "linear":
            self.card = replace(self.card, equations={**self.card.equations, "h": "h_t = (1 − a) h_{t−1} + a a_t"})

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """A fresh reservoir, and a fresh readout in ±1/√fan-in."""
        super().initialise(generator)
        s = self.settings
        for given, size in ((self.W_in, s.input_scaling), (self.W_fb, s.feedback)):
            given.copy_(size * _even(given, generator))
        self.W.copy_(reservoir(s.hidden_size, s.connectivity, s.spectral_radius, generator))

    def initial_state(self, batch_size: int) -> EchoStateState:
        return EchoStateState(self.zeros(batch_size, self.settings.hidden_size),
                              self.zeros(batch_size, self.output_size))

    def project(self, x: Tensor | Taught) -> tuple[Tensor, Tensor, Tensor]:
        given = with_teacher(x, self.output_size)
        return linear(given.x, self.W_in[:, 1:], self.W_in[:, 0]), given.x, given.teacher   # (…, n), (…, i), (…, o)

    def advance(self, drive: tuple[Tensor, Tensor, Tensor], state: EchoStateState) -> tuple[
            Tensor, EchoStateState, dict[str, Tensor]]:
        given, x, teacher = drive
        leak = self.settings.leak
        a = torch.addmm(torch.addmm(given, state.h, self.W.t()), state.y, self.W_fb.t())
        h = (1 - leak) * state.h + leak * FUNCTIONS[self.settings.activation](a)
        y = torch.addmm(self.d, self.features(x, h), self.V.t())
        return y, EchoStateState(h, heard(y, teacher)), {"a": a, "h": h, "y": y}

    @torch.no_grad()
    def echoes(self, x: Tensor | Taught) -> Tensor | None:
        """h_t of every step (b, t, n) for x (b, t, i), from rest and without answers: as unrolling has them, sooner.

        Products with W skip the weights that are not there, where few are. None where an answer of its own would go
        back, and on a device that is no CPU.
        """
        drive, _, teacher = self.project(x)
        back = bool(self.W_fb.any())
        if self.W.device.type != "cpu" or (back and bool(teacher[:, :-1].isnan().any())):
            return None
        if back:
            drive[:, 1:] += linear(teacher[:, :-1], self.W_fb)
        drive = (drive[0] if len(drive) == 1 else drive.permute(1, 2, 0)).contiguous()          # (t, n) or (t, n, b)
        few = int(self.W.count_nonzero()) <= FEW * self.W.numel()
        W = csr_array(self.W.numpy()) if few else self.W.numpy()
        bend, leak, h, echoes = FUNCTIONS[self.settings.activation], self.settings.leak, drive[0] * 0, []
        for now in drive:
            h = torch.lerp(h, bend(torch.from_numpy(W @ h.numpy()).add_(now)), leak)
            echoes.append(h)
        found = torch.stack(echoes)
        return found.unsqueeze(0) if found.dim() == 2 else found.permute(2, 0, 1)

    def features(self, x: Tensor, h: Tensor) -> Tensor:
        """What V reads: inputs (…, i) and reservoir (…, n) side by side."""
        return torch.cat([x, h], -1)                                      # (…, i + n)


def reservoir(n: int, connectivity: float, radius: float, generator: torch.Generator) -> Tensor:
    """A sparse random (n, n) matrix with this spectral radius; no row of it is empty, so that there is one to scale."""
    places = torch.rand(n, n, generator=generator)
    there = (places < connectivity) | (places == places.amin(1, keepdim=True))
    W = torch.where(there, 2 * torch.rand(n, n, generator=generator, dtype=torch.float64) - 1, 0.0)
    return W * (radius / torch.linalg.eigvals(W).abs().max())


def _even(like: Tensor, generator: torch.Generator) -> Tensor:
    """Numbers spread evenly over ±1, in the shape of a tensor."""
    return 2 * torch.rand(like.shape, generator=generator) - 1
