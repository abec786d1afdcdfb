"""D18, impulse response: the difference of two runs is a kernel, a filter's powers, and, when small, a derivative."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, equal, near, quick, same

LENGTH, HIDDEN = 40, 5


@quick
def finite_impulse() -> Iterator[Finding]:
    """Of a linear finite impulse net the response is V w_k, tap after tap, and exactly 0 after the last."""
    for taps in (2, 7):
        network, batch = _setting("finite_impulse", taps=taps, activation="linear")
        cell, V = network.cells[0], network.readout.V
        told = rc.impulse_response(network, batch)
        kernel = torch.zeros(LENGTH, dtype=torch.float64)
        kernel[:taps + 1] = (V @ cell.W)[0, ::2].detach()
        yield same(f"K = {taps}: change of the output", told.outputs[:, 0], kernel, 1e-14)
        yield equal(f"K = {taps}: last step that feels the impulse", taps, told.last)
        yield equal(f"K = {taps}: largest change later than K, tanh units", 0.0, _late("finite_impulse", taps))


@quick
def infinite_impulse() -> Iterator[Finding]:
    """With w = 1, v = .9 in one linear synapse the response is .9ᵏ; at no step nothing is left."""
    network, batch = _setting("infinite_impulse", hidden_size=1, activation="linear")
    cell = network.cells[0]
    with torch.no_grad():
        for p in network.parameters():
            p.zero_()
        cell.W[0, 0] = network.readout.V[0, 0] = 1.0
        cell.V[0, 0] = 0.9
    told = rc.impulse_response(network, batch, step=4)
    powers = torch.tensor([0.0] * 4 + [0.9**k for k in range(LENGTH - 4)], dtype=torch.float64)
    yield same("change of the output", told.outputs[:, 0], powers, 1e-14)
    states = powers.clone()
    states[4] = 2**0.5
    yield same("change of the state: the synapse, and for one step the line of inputs", told.states, states, 1e-14)
    yield equal("last step that feels the impulse, counted from it", LENGTH - 5, told.last)


@quick
def runs_written_out() -> Iterator[Finding]:
    """Two runs of an Elman net written out here, with the impulse and without, around silence and around data."""
    network, batch = _setting("elman")
    for around, x in (("silence", torch.zeros_like(batch.x[:1])), ("data", batch.x)):
        struck = x.clone()
        struck[:, 3, 1] += 0.5
        told = rc.impulse_response(network, batch, step=3, channel=1, size=0.5, around=around)
        (h, y), (h_0, y_0) = (_by_hand(network, v) for v in (struck, x))
        yield same(f"around {around}: change of the outputs", told.outputs, (y - y_0).mean(0), 1e-13)
        size = (h - h_0).norm(dim=-1).mean(0)
        yield same(f"around {around}: size of the change of the states", told.states, size, 1e-13)
        yield equal(f"around {around}: change before the impulse", 0.0, float(told.states[:3].abs().max()))


@quick
def small_impulses_follow_the_jacobians() -> Iterator[Finding]:
    """A small impulse's response divided by its size is ∂y_{s+k}/∂x_s, for gated nets too, and doubling doubles it."""
    for architecture in ("elman", "lstm", "gru"):
        network, batch = _setting(architecture)
        x = torch.zeros_like(batch.x[:1]).requires_grad_()
        y = network.trace(x).outputs[0, :, 0]
        slope = torch.stack([torch.autograd.grad(v, x, retain_graph=True)[0][0, 0, 0] for v in y])
        told = {size: rc.impulse_response(network, batch, size=size).outputs[:, 0] for size in (1e-5, 2e-5, 2.0, 4.0)}
        yield same(f"{architecture}: response to 10⁻⁵, divided by it", told[1e-5] / 1e-5, slope, 1e-5)
        yield same(f"{architecture}: twice the small impulse, half its response", told[2e-5] / 2, told[1e-5], 1e-9)
        bent = float((told[4.0] / 2 - told[2.0]).abs().max())
        yield above(f"{architecture}: twice a large impulse is not twice its response", 1e-3, bent)


@quick
def receptive_fields() -> Iterator[Finding]:
    """The last step that feels an impulse is the receptive field less 1, counted from the settings; LSTMs have none."""
    for kernel, layers in ((2, 3), (3, 2), (4, 1)):
        network, batch = _setting("causal_cnn", kernel=kernel, conv_layers=layers, size=3)
        field = 1 + (kernel - 1) * sum(2**layer for layer in range(layers))
        with torch.no_grad():
            for name, p in network.named_parameters():
                p.copy_(p.abs() if ".W" in name or p.dim() > 1 else p + 0.1)
        last = rc.impulse_response(network, batch).last
        yield equal(f"causal CNN, kernel {kernel}, {layers} layers: last step that feels it", field - 1, last)
    network, batch = _setting("lstm")
    yield equal("LSTM: last step that feels it is the last there is", LENGTH - 1,
                rc.impulse_response(network, batch).last)
    network, batch = _setting("elman", activation="linear", gain=0.5)
    with torch.no_grad():
        network.cells[0].R.copy_(0.5 * torch.eye(HIDDEN))
    told = rc.impulse_response(network, batch)
    yield near("linear Elman net with R = .5 I: what is left after ten steps", 0.5**10,
               float(told.strength[10] / told.strength[0]), 1e-12)


def _setting(architecture: str, size: int = HIDDEN, **settings: Any) -> tuple[Any, rc.Batch]:
    """A network in float64 with random biases, and a batch of inputs."""
    spec = rc.Experiment.of(architecture, "adding", length=LENGTH, **{"hidden_size": size, **settings})
    network = spec.make_network().double()
    with torch.no_grad():
        for p in network.parameters():
            if p.dim() == 1:
                p.add_(0.3 * torch.randn(p.shape, dtype=p.dtype))
    batch = spec.make_task().sample(3, torch.Generator().manual_seed(0))
    return network, batch._replace(x=batch.x.double())


def _late(architecture: str, taps: int) -> float:
    """The largest change of a tanh net's output after its last tap, around data."""
    network, batch = _setting(architecture, taps=taps)
    return float(rc.impulse_response(network, batch, step=2, around="data").strength[3 + taps:].max())


@torch.no_grad()
def _by_hand(network: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    """h (b, t, n) and y (b, t, o) of an Elman net with its readout."""
    cell, readout = network.cells[0], network.readout
    h, steps = torch.zeros(len(x), HIDDEN, dtype=x.dtype), []
    for t in range(LENGTH):
        h = torch.tanh(x[:, t] @ cell.W.T + h @ cell.R.T + cell.b)
        steps.append(h)
    states = torch.stack(steps, 1)
    return states, states @ readout.V.T + readout.d
