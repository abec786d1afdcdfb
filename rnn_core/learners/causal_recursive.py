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
weights move after each batch. Campolucci, Uncini, Piazza & Rao, *On-line learning algorithms for locally recurrent
neural networks*, 1999.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from rnn_core.learners.bptt import BPTT, BPTTSettings
from rnn_core.networks.base import Network
from rnn_core.records import Batch, Card, Streams, setting
from rnn_core.unroll import tail_lengths, unroll


class CausalRecursiveSettings(BPTTSettings):
    """How far and in which way each update steps, and how long a lower layer waits for errors."""

    wait: int = setting(8, "Steps that a layer waits for the errors of the layer above; later ones are left out.",
                        symbol="Q", ge=0, le=1000, main=True)


class CausalRecursive(BPTT):
    """Every synapse carries its own derivatives forward; errors between layers are waited for, at most Q steps."""

    card = Card(title="Causal recursive backpropagation", row="B5", year=1999,
                reference="Campolucci, Uncini, Piazza & Rao, On-line learning algorithms for locally recurrent neural "
                          "networks, 1999",
                summary="Synapses that are filters carry their derivatives along, and errors wait at most Q steps.",
                equations={"P": "∂z_t/∂w_k = x_{t−k} + Σ_m v_m ∂z_{t−m}/∂w_k", "δ": "δ_t = φ'(a_t) e_t",
                           "e": "e^{below}_t = Σ_{τ≤Q} r_τ δ_{t+τ}"},
                symbols={"P": "gradient", "δ": "gradient", "e": "gradient"},
                use="Learning while a signal goes on for ever: nothing is unrolled.")
    Settings = CausalRecursiveSettings
    needs = None
    commands = (*(name for name in BPTT.commands if name != "teacher_forcing"), "wait")

    def __init__(self, network: Network, task: Any, settings: CausalRecursiveSettings, streams: Streams) -> None:
        super().__init__(network, task, settings, streams)
        self.layers = list(getattr(network.cells[0], "layers", network.cells))
        if len(network.cells) > 1 or not all(hasattr(layer, "filters") for layer in self.layers):
            raise ValueError("Causal recursive backpropagation needs one cell or a stack of cells; here they are wired "
                             "otherwise.")

    @classmethod
    def check(cls, cell: type[Any], task: type[Any]) -> None:
        if not hasattr(cell, "filters"):
            raise ValueError("Causal recursive backpropagation needs synapses that are filters, as in the finite and "
                             f"the infinite impulse net; those of a {cell.card.title} are not.")

    def pieces(self, batch: Batch, teacher: Tensor | None) -> Iterator[float]:
        if batch.mask is not None and tail_lengths(batch.mask) is None:
            raise ValueError("Causal recursive backpropagation needs sequences without gaps.")
        layers, top = self._forward(batch)
        y = self.network.readout(top.requires_grad_())
        y = y if batch.mask is None else torch.where(batch.mask.unsqueeze(2), y, torch.zeros_like(y))
        loss = self.task.loss(y, batch)
        heads = [p for p in self.network.readout.parameters() if p.requires_grad]
        error, *got = torch.autograd.grad(loss, [top, *heads], allow_unused=True)
        found = dict(zip(map(id, heads), got))
        error = torch.zeros_like(top) if error is None else error
        for layer in reversed(layers):
            own, error = self._layer(layer, error, batch.mask)
            found |= own
        for p in self.parameters:
            g = found.get(id(p))
            p.grad = torch.zeros_like(p) if g is None else g
        yield loss.item()

    @torch.no_grad()
    def _forward(self, batch: Any) -> tuple[list[_Layer], Tensor]:
        """What every layer reads and computes, and what the readout reads."""
        below, layers = batch.x, []
        for cell in self.layers:
            one = unroll(cell, below, mask=batch.mask)
            joined = getattr(self.network.cells[0], "residual", False) and below.shape[2] == one.outputs.shape[2]
            layers.append(_Layer(cell, one.x, one.probes, joined))
            below = one.outputs + below if joined else one.outputs
        return layers, below.clone()

    def _layer(self, layer: _Layer, error: Tensor, mask: Tensor | None) -> tuple[dict[int, Tensor], Tensor]:
        """Gradients by a weight's id, and the error (b, t, i) for the layer below."""
        cell = layer.cell
        with torch.enable_grad():
            w, v = cell.filters()
            a = layer.probes["a"].nan_to_num().requires_grad_()
            h = cell.bend(a)
            delta, = torch.autograd.grad(h, a, error if mask is None else error * mask.unsqueeze(2))
        with torch.no_grad():
            to_w, to_v = _recursive(layer.x, w, v, delta)
            below = _waited(delta, _response(w, v, self.settings.wait))
        below = below + error if layer.joined else below
        outputs, owed = ([w, v], [to_w, to_v]) if v.numel() else ([w], [to_w])
        weights = [p for name, p in cell.named_parameters() if name != "b"]
        got = torch.autograd.grad(outputs, weights, owed, allow_unused=True)
        return {id(cell.b): delta.sum((0, 1)), **{id(p): g for p, g in zip(weights, got)}}, below


class _Layer(NamedTuple):
    """A cell, what it read (b, t, i), what it computed, and whether its input goes past it as well."""

    cell: Any
    x: Tensor
    probes: dict[str, Tensor]
    joined: bool


def _recursive(x: Tensor, w: Tensor, v: Tensor, delta: Tensor) -> tuple[Tensor, Tensor]:
    """Σ_t δ_t ∂z_t/∂w (n, i, K + 1) and Σ_t δ_t ∂z_t/∂v (n, i, M), one step after another, only M steps remembered.

    x (b, t, i), w (n, i, K + 1), v (n, i, M), delta (b, t, n).
    """
    b, (n, i, taps), back = len(x), w.shape, v.shape[2]
    line, z = x.new_zeros(b, i, taps), x.new_zeros(b, n, i, back)
    P, S = x.new_zeros(back, b, n, i, taps), x.new_zeros(back, b, n, i, back)
    to_w, to_v = torch.zeros_like(w), torch.zeros_like(v)
    for now, d in zip(x.unbind(1), delta.unbind(1)):
        line = torch.cat([now.unsqueeze(2), line[..., :-1]], 2)
        p = line.unsqueeze(1) + torch.einsum("mbnik,nim->bnik", P, v)
        to_w += torch.einsum("bn,bnik->nik", d, p)
        if back:
            s = z + torch.einsum("lbnim,nil->bnim", S, v)
            to_v += torch.einsum("bn,bnim->nim", d, s)
            fresh = torch.einsum("bik,nik->bni", line, w) + torch.einsum("bnim,nim->bni", z, v)
            P, S = torch.cat([p.unsqueeze(0), P[:-1]]), torch.cat([s.unsqueeze(0), S[:-1]])
            z = torch.cat([fresh.unsqueeze(3), z[..., :-1]], 3)
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
