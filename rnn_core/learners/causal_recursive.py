"""Causal recursive backpropagation, for synapses that are filters.

    z_{ji,t} = Σ_k w_k x_{i,t−k} + Σ_m v_m z_{ji,t−m},   a_{j,t} = Σ_i z_{ji,t} + b_j,   δ_{j,t} = φ'(a_{j,t}) e_{j,t}

    ∂z_t/∂w_k = x_{t−k} + Σ_m v_m ∂z_{t−m}/∂w_k          carried along with the sequence, each synapse by itself
    ∂z_t/∂v_m = z_{t−m} + Σ_l v_l ∂z_{t−l}/∂v_m
    e^{below}_{i,t} = Σ_j Σ_{τ≤Q} r_{ji,τ} δ_{j,t+τ}      r_τ = w_τ + Σ_m v_m r_{τ−m}: an impulse τ steps later

    g_w = Σ_t δ_t ∂z_t/∂w,   g_v = Σ_t δ_t ∂z_t/∂v

Inside a layer nothing is cut off and nothing of the past is stored but M values of each derivative. What an error means
to the layer below needs errors that are still to come: Q of them are waited for, so learning is causal, Q steps late
for each layer, and what comes later is left out. With Q = 0 an error goes straight down, as in a net without memory;
with Q as long as the sequence, or with a single layer, the gradient is that of backpropagation through time. The
weights move after each batch or, ``online``, after every step: derivatives are then those of the weights as they were.
Campolucci, Uncini, Piazza & Rao, *On-line learning algorithms for locally recurrent neural networks*, 1999.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from rnn_core.learners.base import StepwiseLearner, StepwiseSettings, send_back
from rnn_core.networks.base import Network, blank
from rnn_core.records import Batch, Card, Needs, Streams, setting
from rnn_core.records.trees import tmap
from rnn_core.unroll import tail_lengths, unroll

RUN = 64


class CausalRecursiveSettings(StepwiseSettings):
    """How far and in which way each update steps, and how long a lower layer waits for errors."""

    wait: int = setting(8, "Steps that a layer waits for the errors of the layer above; later ones are left out.",
                        symbol="Q", ge=0, le=1000, main=True)


class CausalRecursive(StepwiseLearner):
    """Every synapse carries its own derivatives forward; errors between layers are waited for, at most Q steps."""

    card = Card(title="Causal recursive backpropagation", short="Causal recursive", row="B5", year=1999,
                reference="Campolucci, Uncini, Piazza & Rao, On-line learning algorithms for locally recurrent neural "
                          "networks, 1999",
                summary="Synapses that are filters carry their derivatives along, and errors wait at most Q steps.",
                equations={"P": "∂z_t/∂w_k = x_{t−k} + Σ_m v_m ∂z_{t−m}/∂w_k", "δ": "δ_t = φ'(a_t) e_t",
                           "e": "e^{below}_t = Σ_{τ≤Q} r_τ δ_{t+τ}"},
                symbols={"P": "gradient", "δ": "gradient", "e": "gradient"},
                use="Learning while a signal goes on for ever: nothing is unrolled.")
    Settings = CausalRecursiveSettings
    needs = Needs(waits="step", keeps="window", blames="sequence", local=True,
                  reads="what it carried along itself, and the error of the unit that it leads to, which below the top "
                        "layer is known Q steps later")
    commands = (*(name for name in StepwiseLearner.commands if name != "teacher_forcing"), "wait")

    def __init__(self, network: Network, task: Any, settings: CausalRecursiveSettings, streams: Streams) -> None:
        super().__init__(network, task, settings, streams)
        self.layers = layers_of(network)
        if len(network.cells) > 1 or not all(hasattr(layer, "filters") for layer in self.layers):
            raise ValueError("Causal recursive backpropagation needs one cell or a stack of cells; here they are wired "
                             "otherwise.")

    @classmethod
    def check(cls, cell: type[Any], task: type[Any]) -> None:
        if not hasattr(cell, "filters"):
            raise ValueError("Causal recursive backpropagation needs synapses that are filters, as in the finite and "
                             f"the infinite impulse net; those of a {cell.card.title} are not.")
        super().check(cell, task)

    @classmethod
    def check_wiring(cls, wiring: type[Network]) -> None:
        if wiring.sees_ahead:
            raise ValueError("Causal recursive backpropagation needs one cell or a stack of cells; here they are wired "
                             "otherwise.")

    @classmethod
    def needs_on(cls, network: Network) -> Needs:
        """A single layer keeps nothing for later: its errors are there at once."""
        return cls.needs if len(layers_of(network)) > 1 else cls.needs._replace(keeps="step")

    def pieces(self, batch: Batch, teacher: Tensor | None) -> Iterator[float]:
        if batch.mask is not None and tail_lengths(batch.mask) is None:
            raise ValueError("Causal recursive backpropagation needs sequences without gaps.")
        counted, length = int(batch.counted.sum()), batch.target.shape[1]
        residual = getattr(self.network.cells[0], "residual", False)
        layers = [_Layer(cell, len(batch.target), self.settings.wait, residual) for cell in self.layers]
        run = 1 if self.online else RUN
        for first in range(0, length, run):
            last = min(first + run, length)
            part = batch.steps(first, last)
            below = part.x
            for layer in layers:
                below = layer.go_on(below, part.mask)
            top = below.detach().clone().requires_grad_()
            y = blank(self.network.readout(top), part.mask)
            loss = send_back(self.share(y, part, counted))
            error = torch.zeros_like(top) if top.grad is None else top.grad
            for k, layer in reversed(list(enumerate(layers))):
                error = layer.hear(error, ended=last == length, lowest=k == 0)
            yield loss


class _Layer:
    """A cell on its way along a batch, and what waits: steps for their errors, errors for their meaning."""

    def __init__(self, cell: Any, batch_size: int, wait: int, residual: bool) -> None:
        self.cell, self.wait, self.residual = cell, wait, residual
        self.state = tmap(Tensor.detach, cell.initial_state(batch_size))
        self.read: list[Tensor | None] = [None, None, None]
        self.told: list[Tensor | None] = [None, None]
        w, v = (f.detach() for f in cell.filters())
        self.carried = _Carried(batch_size, w, v)

    @torch.no_grad()
    def go_on(self, below: Tensor, mask: Tensor | None) -> Tensor:
        """Outputs (b, k, n) of the next steps, for inputs (b, k, i) and mask (b, k)."""
        one = unroll(self.cell, below, self.state, mask=mask)
        self.state = one.final
        self.joined = self.residual and below.shape[2] == one.outputs.shape[2]
        there = torch.ones(below.shape[:2], dtype=torch.bool, device=below.device) if mask is None else mask
        new = one.x, one.probes["a"].nan_to_num(), there
        self.read = [_after(old, more) for old, more in zip(self.read, new)]
        return one.outputs + below if self.joined else one.outputs

    def hear(self, error: Tensor, *, ended: bool, lowest: bool) -> Tensor:
        """Errors (b, k, n) of the oldest steps that wait become gradients; returns those (b, ·, i) for the layer below.

        After the last step nothing more is to come: ``ended`` waits for nothing. The ``lowest`` layer returns none.
        """
        steps = error.shape[1]
        x, a, there = (v[:, :steps] for v in self.read)
        self.read = [v[:, steps:] for v in self.read]
        with torch.enable_grad():
            w, v = self.cell.filters()
            a = a.requires_grad_()
            delta, = torch.autograd.grad(self.cell.bend(a), a, error * there.unsqueeze(2))
        with torch.no_grad():
            to_w, to_v = self.carried.told(x, w.detach(), v.detach(), delta)
        owed = [(f, g) for f, g in ((w, to_w), (v, to_v)) if f.numel() and f.requires_grad]
        learnt = [p for name, p in self.cell.named_parameters() if name != "b" and p.requires_grad] if owed else []
        got = torch.autograd.grad([f for f, _ in owed], learnt, [g for _, g in owed], allow_unused=True) if owed else ()
        for p, g in (*zip(learnt, got), (self.cell.b, delta.sum((0, 1)))):
            if g is not None and p.requires_grad:
                p.grad = g if p.grad is None else p.grad + g
        if lowest:
            return error[:, :0]
        self.told = [_after(old, new) for old, new in zip(self.told, (delta, error))]
        ready = self.told[0].shape[1] - (0 if ended else min(self.wait, self.told[0].shape[1]))
        with torch.no_grad():
            below = _waited(self.told[0], _response(w, v, self.wait))[:, :ready]
        below = below + self.told[1][:, :ready] if self.joined else below
        self.told = [v[:, ready:] for v in self.told]
        return below


def layers_of(network: Network) -> list[Any]:
    """The cells from the lowest up."""
    return list(getattr(network.cells[0], "layers", network.cells))


def _after(old: Tensor | None, new: Tensor) -> Tensor:
    """(b, k, …) behind what waits already."""
    return new if old is None else torch.cat([old, new], 1)


class _Carried:
    """What every synapse carries along: its last inputs and outputs, and M values of each derivative."""

    def __init__(self, b: int, w: Tensor, v: Tensor) -> None:
        (n, i, taps), back = w.shape, v.shape[2]
        self.line, self.z = w.new_zeros(b, i, taps), w.new_zeros(b, n, i, back)
        self.P, self.S = w.new_zeros(back, b, n, i, taps), w.new_zeros(back, b, n, i, back)

    def told(self, x: Tensor, w: Tensor, v: Tensor, delta: Tensor) -> tuple[Tensor, Tensor]:
        """Σ_t δ_t ∂z_t/∂w (n, i, K + 1) and Σ_t δ_t ∂z_t/∂v (n, i, M) over the next steps.

        x (b, t, i), w (n, i, K + 1), v (n, i, M), delta (b, t, n).
        """
        to_w, to_v = torch.zeros_like(w), torch.zeros_like(v)
        for now, d in zip(x.unbind(1), delta.unbind(1)):
            self.line = torch.cat([now.unsqueeze(2), self.line[..., :-1]], 2)
            p = self.line.unsqueeze(1) + torch.einsum("mbnik,nim->bnik", self.P, v)
            to_w += torch.einsum("bn,bnik->nik", d, p)
            if v.shape[2]:
                s = self.z + torch.einsum("lbnim,nil->bnim", self.S, v)
                to_v += torch.einsum("bn,bnim->nim", d, s)
                fresh = torch.einsum("bik,nik->bni", self.line, w) + torch.einsum("bnim,nim->bni", self.z, v)
                self.P, self.S = torch.cat([p.unsqueeze(0), self.P[:-1]]), torch.cat([s.unsqueeze(0), self.S[:-1]])
                self.z = torch.cat([fresh.unsqueeze(3), self.z[..., :-1]], 3)
        return to_w, to_v


def _response(w: Tensor, v: Tensor, wait: int) -> Tensor:
    """r (Q + 1, n, i): what an impulse leaves in each synapse, step by step."""
    r: list[Tensor] = []
    for k in range(wait + 1):
        now = w[..., k] if k < w.shape[2] else torch.zeros_like(w[..., 0])
        r.append(now + sum(v[..., m] * r[k - 1 - m] for m in range(min(v.shape[2], k))))
    return torch.stack(r)


def _waited(delta: Tensor, r: Tensor) -> Tensor:
    """(b, t, i): what the errors delta (b, t, n) of now and of the next Q steps mean to what a layer reads."""
    t = delta.shape[1]
    below = torch.einsum("btn,ni->bti", delta, r[0])
    for k in range(1, min(len(r), t)):
        below[:, :t - k] += torch.einsum("btn,ni->bti", delta[:, k:], r[k])
    return below
