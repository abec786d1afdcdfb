"""Backpropagation through time.

    δ_t = φ'(a_t) ⊙ (Vᵀ ε_t + Rᵀ δ_{t+1}),   ∇R = Σ_t δ_t h_{t−1}ᵀ
    g ← g · min(1, clip / ‖g‖)
    SGD       θ ← θ − η g
    momentum  v ← μ v + g,  θ ← θ − η v
    RMSProp   s ← .99 s + .01 g²,  θ ← θ − η g / (√s + 10⁻⁸)
    Adam      with β = .9, .999

The whole sequence is unrolled and differentiated. Rumelhart, Hinton & Williams 1986; Werbos 1990.
"""
from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor

from rnn_core.learners.base import Diverged, Learner, LearnerSettings
from rnn_core.networks.base import Network
from rnn_core.records import Batch, Card, Streams, setting

RUNAWAY = 1e6


class BPTTSettings(LearnerSettings):
    """How far and in which way each update steps."""

    optimiser: Literal["adam", "sgd", "momentum", "rmsprop"] = setting("adam", "What turns a gradient into a step.")
    learning_rate: float = setting(0.005, "Size of a step.", symbol="η", ge=1e-6, le=10.0, log=True, main=True)
    momentum: float = setting(0.9, "How much of the last step is kept; used by momentum only.", symbol="μ", ge=0.0,
                              le=0.999)
    clip: float = setting(1.0, "Longest gradient that is let through; 0 lets all through.", ge=0.0, le=1000.0)
    teacher_forcing: float = setting(
        1.0, "How often the target replaces a fed-back output; for nets that hear themselves.", ge=0.0, le=1.0,
        step=0.05)


class BPTT(Learner):
    """Backpropagation through time: unroll, measure the error, send it back through every step, take a small step."""

    card = Card(title="Backpropagation through time", row="B1", year=1986,
                reference="Rumelhart, Hinton & Williams 1986; Werbos, Backpropagation through time, 1990",
                summary="Unroll the sequence, send the error back through every step, and step downhill.",
                equations={"δ": "δ_t = φ'(a_t) ⊙ (Vᵀ ε_t + Rᵀ δ_{t+1})", "g": "∇R = Σ_t δ_t h_{t−1}ᵀ"},
                symbols={"δ": "gradient", "g": "gradient"})
    Settings = BPTTSettings
    commands = ("learning_rate", "clip", "updates", "teacher_forcing")

    def __init__(self, network: Network, task: Any, settings: BPTTSettings, streams: Streams) -> None:
        super().__init__(network, task, settings, streams)
        self.parameters = [p for p in network.parameters() if p.requires_grad]
        self.backup = [p.detach().clone() for p in self.parameters]
        self.first_loss: float | None = None
        self.optimiser = self._optimiser()

    def _optimiser(self) -> torch.optim.Optimizer:
        rate, kind = self.settings.learning_rate, self.settings.optimiser
        if kind == "adam":
            return torch.optim.Adam(self.parameters, lr=rate, fused=True)
        if kind == "rmsprop":
            return torch.optim.RMSprop(self.parameters, lr=rate, foreach=True)
        return torch.optim.SGD(self.parameters, lr=rate, momentum=self.settings.momentum if kind == "momentum" else 0.0)

    def change(self, name: str, value: float) -> None:
        super().change(name, value)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.learning_rate

    def update(self) -> Iterator[tuple[float, float] | None]:
        device = self.parameters[0].device
        batch = self.task.sample(self.settings.batch_size, self.streams.data).to(device)
        y = self.network(batch.x, mask=batch.mask, teacher=self.teacher(batch))
        loss = self.task.loss(y, batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        limit = self.settings.clip if self.settings.clip > 0 else math.inf
        norm = float(torch.nn.utils.clip_grad_norm_(self.parameters, limit))
        value = loss.item()
        self.first_loss = value if self.first_loss is None else self.first_loss
        if why := trouble(value, norm, self.first_loss):
            self._go_back()
            raise Diverged(why)
        with torch.no_grad():
            torch._foreach_copy_(self.backup, self.parameters)
        self.optimiser.step()
        if not bool(torch.stack(torch._foreach_norm(self.parameters)).isfinite().all()):
            self._go_back()
            raise Diverged("a weight became infinite")
        yield value, norm

    @torch.no_grad()
    def _go_back(self) -> None:
        if not all(bool(p.isfinite().all()) for p in self.parameters):
            torch._foreach_copy_(self.parameters, self.backup)

    def teacher(self, batch: Batch) -> Tensor | None:
        """What the teacher says: each step with probability ``teacher_forcing``, drawn from the noise stream."""
        if not self.network.feeds_back:
            return None
        said = self.task.teacher(batch)
        if said is None:
            return None
        heard = torch.rand(said.shape[:2], generator=self.streams.noise) < self.settings.teacher_forcing
        return torch.where(heard.unsqueeze(-1).to(said.device), said, torch.full_like(said, torch.nan))

    def tensors(self) -> dict[str, Tensor]:
        state = self.optimiser.state_dict()["state"]
        return {f"{k}.{name}": v for k, slot in state.items() for name, v in slot.items() if isinstance(v, Tensor)}

    def numbers(self) -> dict[str, Any]:
        return {"settings": self.settings.model_dump(), "first_loss": self.first_loss}

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        self.settings, self.first_loss = BPTTSettings(**numbers["settings"]), numbers["first_loss"]
        self.optimiser = self._optimiser()
        state: dict[int, dict[str, Tensor]] = {}
        for key, v in tensors.items():
            k, name = key.split(".", 1)
            if v.dim() and v.shape != self.parameters[int(k)].shape:
                raise ValueError(f"The optimiser's {name} has the shape of another weight.")
            state.setdefault(int(k), {})[name] = v
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": state})
        with torch.no_grad():
            torch._foreach_copy_(self.backup, self.parameters)


def trouble(loss: float, norm: float, first: float) -> str:
    """What is wrong with a loss and the length of its gradient; "" when nothing is."""
    if not math.isfinite(loss):
        return f"the loss became {loss}"
    if not math.isfinite(norm):
        return f"the gradient became {norm}"
    return f"the loss grew from {first:.3g} to {loss:.3g}" if loss > RUNAWAY * max(1.0, first) else ""
