"""B1, backpropagation through time: written out, it equals autograd, finite differences and unshared copies."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, gradients, quick, same

B, T, UNITS = 4, 9, 5


@quick
def equals_autograd() -> Iterator[Finding]:
    """δ_t = φ'(a_t) ⊙ (Vᵀ ε_t + Rᵀ δ_{t+1}) and ∇R = Σ δ_t h_{t−1}ᵀ, written out here for an Elman network."""
    network, batch, loss = _setting("elman")
    by_hand = _by_hand(network, batch)
    names = list(by_hand)
    wanted = [dict(network.named_parameters())[name] for name in names]
    for road, y in (("trace", network.trace(batch.x).outputs), ("fast road", network(batch.x))):
        yield same(f"gradients of {', '.join(n.rsplit('.')[-1] for n in names)} along the {road}",
                   gradients(loss(y, batch), wanted), list(by_hand.values()), 1e-12)
    told = rc.costates(network, batch, lambda y, one: loss(y, one) / B)
    yield same("costates dL/dh_t of every step", told.passes[0].h[:, 1:], _costates(network, batch)[:, :-1], 1e-12)


@quick
def equals_finite_differences() -> Iterator[Finding]:
    """Central differences of the loss in every single weight."""
    for architecture in ("elman", "lstm", "gru"):
        network, batch, loss = _setting(architecture, units=3)
        parameters = list(network.parameters())
        exact = gradients(loss(network(batch.x), batch), parameters)
        rough = [torch.zeros_like(p) for p in parameters]
        with torch.no_grad():
            for p, grad in zip(parameters, rough, strict=True):
                for k in range(p.numel()):
                    value, ends = p.view(-1)[k].item(), []
                    for step in (1e-5, -1e-5):
                        p.view(-1)[k] = value + step
                        ends.append(loss(network.trace(batch.x).outputs, batch).item())
                    p.view(-1)[k] = value
                    grad.view(-1)[k] = (ends[0] - ends[1]) / 2e-5
        yield same(f"{architecture}: all {sum(p.numel() for p in parameters)} derivatives", exact, rough, 1e-7)


@quick
def copies_add_up() -> Iterator[Finding]:
    """With a copy of the weights for each step, the copies' gradients add up to that of the shared weights."""
    for architecture in ("elman", "lstm", "gru"):
        network, batch, loss = _setting(architecture)
        cell = network.cells[0]
        shared = gradients(loss(network.trace(batch.x).outputs, batch), list(cell.parameters()))
        copies = [{k: p.detach().clone().requires_grad_() for k, p in cell.named_parameters()} for _ in range(T)]
        state, said = cell.initial_state(B), []
        for t, own in enumerate(copies):
            out, state, _ = _stepped(cell, own, batch.x[:, t], state)
            said.append(network.readout(out))
        flat = [p for own in copies for p in own.values()]
        apart = gradients(loss(torch.stack(said, 1), batch), flat)
        sums = [sum(apart[k::len(shared)]) for k in range(len(shared))]
        yield same(f"{architecture}: {T} unshared copies", sums, shared, 1e-12)


@quick
def one_update() -> Iterator[Finding]:
    """One update of the learner is θ − η g · min(1, clip / ‖g‖) with the gradient written out here."""
    for clip in (0.0, 0.05):
        spec = rc.Experiment.of("elman", "temporal_xor", hidden_size=UNITS, length=T, batch_size=B, optimiser="sgd",
                                learning_rate=0.3, clip=clip, updates=1)
        run = rc.Run(spec)
        before = {k: p.detach().clone() for k, p in run.network.named_parameters()}
        stream = torch.Generator()
        stream.set_state(run.streams.data.get_state())
        grads = _by_hand(run.network, run.task.sample(B, stream))
        norm = torch.cat([g.flatten() for g in grads.values()]).norm()
        scale = min(1.0, clip / float(norm)) if clip else 1.0
        for _ in run.training():
            pass
        after = dict(run.network.named_parameters())
        yield same(f"weights after one step with clip {clip:g}", [after[k] for k in grads],
                   [before[k] - 0.3 * scale * g for k, g in grads.items()], 1e-6)


def _setting(architecture: str, units: int = UNITS) -> tuple[Any, rc.Batch, Any]:
    """A network in float64, a batch of regression targets and the loss."""
    spec = rc.Experiment.of(architecture, "temporal_xor", hidden_size=units, length=T)
    run = rc.Run(spec)
    batch = run.task.sample(B, torch.Generator().manual_seed(0))
    return run.network.double(), rc.Batch(batch.x.double(), batch.target.double()), run.task.loss


def _stepped(cell: Any, own: dict[str, Tensor], x: Tensor, state: Any) -> Any:
    """One step of the cell with other weights."""
    class Once(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = cell

        def forward(self) -> Any:
            return self.cell.step(x, state)
    return torch.func.functional_call(Once(), {f"cell.{k}": p for k, p in own.items()}, ())


@torch.no_grad()
def _deltas(network: Any, batch: rc.Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Forward and back by hand: h (b, t + 1, n), ε = ∂L/∂y (b, t, o) and δ (b, t, n) of the mean squared error."""
    cell, readout = network.cells[0], network.readout
    h = [batch.x.new_zeros(B, UNITS)]
    for t in range(T):
        h.append(torch.tanh(batch.x[:, t] @ cell.W.T + h[-1] @ cell.R.T + cell.b))
    states = torch.stack(h, 1)
    epsilon = 2 * (states[:, 1:] @ readout.V.T + readout.d - batch.target) / (B * T)
    later, deltas = torch.zeros_like(h[0]), []
    for t in reversed(range(T)):
        later = (1 - states[:, t + 1] ** 2) * (epsilon[:, t] @ readout.V + later @ cell.R)
        deltas.insert(0, later)
    return states, epsilon, torch.stack(deltas, 1)


@torch.no_grad()
def _by_hand(network: Any, batch: rc.Batch) -> dict[str, Tensor]:
    """Every gradient as a sum over sequences and steps."""
    h, epsilon, delta = _deltas(network, batch)
    return {"cells.0.R": torch.einsum("btn,btm->nm", delta, h[:, :-1]),
            "cells.0.W": torch.einsum("btn,bti->ni", delta, batch.x), "cells.0.b": delta.sum((0, 1)),
            "readout.V": torch.einsum("bto,btn->on", epsilon, h[:, 1:]), "readout.d": epsilon.sum((0, 1))}


@torch.no_grad()
def _costates(network: Any, batch: rc.Batch) -> Tensor:
    """(b, t, n): Rᵀ δ_{t+1}, what the loss says to the state that enters step t + 1."""
    delta = _deltas(network, batch)[2]
    return torch.cat([delta[:, 1:] @ network.cells[0].R, torch.zeros_like(delta[:, :1])], 1)
