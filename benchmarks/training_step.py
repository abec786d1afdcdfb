"""A training step beside torch.nn's: plain, and with every state, gate and costate of every step returned.

A training step is the forward pass, the squared error of the last step, the backward pass and one fused Adam step.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

import rnn_core as rc
from benchmarks._measure import ratio, report
from rnn_core.networks.base import Network
from rnn_core.records.trees import leaves

T, B, H = 100, 32, 64
INPUTS = 8
KINDS = {"elman": (nn.RNN, 1.05, 1.5), "lstm": (nn.LSTM, 1.1, 5.0), "gru": (nn.GRU, 1.15, 1.7)}


class Theirs(nn.Module):
    """A recurrent module of torch with a linear readout at every step."""

    def __init__(self, kind: type[nn.Module], inputs: int, units: int) -> None:
        super().__init__()
        self.cell, self.readout = kind(inputs, units, batch_first=True), nn.Linear(units, 1)

    def forward(self, x: Tensor) -> Tensor:
        """x (b, t, i) → (b, t, 1)."""
        return self.readout(self.cell(x)[0])


def network(name: str, inputs: int, units: int) -> Network:
    """One of our cells with a readout."""
    settings = rc.Experiment.of(name, "adding", hidden_size=units).cell_settings
    kind, wiring = rc.catalogue.cell_classes()[name], rc.catalogue.network_classes()["single"]
    net = wiring.build(lambda i, o: kind(i, settings, o), inputs, 1, wiring.Settings())
    return net.initialise(torch.Generator().manual_seed(0))


def plain_step(module: nn.Module, x: Tensor, target: Tensor) -> Callable[[], None]:
    """A training step of any module from x (b, t, i) to (b, t, 1)."""
    optimiser = torch.optim.Adam(module.parameters(), lr=1e-3, fused=True)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        ((module(x)[:, -1] - target) ** 2).mean().backward()
        optimiser.step()

    return step


def seen_step(net: Network, x: Tensor, target: Tensor) -> Callable[[], tuple[dict[str, Tensor], list[Tensor]]]:
    """The same step with everything returned: probes (states and gates) of every step, and every costate."""
    parameters = list(net.parameters())
    optimiser = torch.optim.Adam(parameters, lr=1e-3, fused=True)

    def step() -> tuple[dict[str, Tensor], list[Tensor]]:
        trace = net.trace(x, record=True)
        loss = ((trace.outputs[:, -1] - target) ** 2).mean()
        nodes = leaves(trace.main.nodes)
        found = torch.autograd.grad(loss, [*parameters, *nodes])
        probes = trace.main.probes
        for p, g in zip(parameters, found, strict=False):
            p.grad = g
        optimiser.step()
        return probes, list(found[len(parameters):])

    return step


def main() -> None:
    """Print every figure."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x, target = torch.randn(B, T, INPUTS), torch.randn(B, 1)
    for name, (kind, plain, seen) in KINDS.items():
        theirs = plain_step(Theirs(kind, INPUTS, H), x, target)
        for label, limit, ours in (("plain", plain, plain_step(network(name, INPUTS, H), x, target)),
                                   ("everything returned", seen, seen_step(network(name, INPUTS, H), x, target))):
            got = ratio(ours, theirs)
            report(f"training step, {name}, {label}, ours ÷ torch.nn (T={T}, B={B}, H={H})", f"≤ {limit}",
                   got["measured"] <= limit, **got)


if __name__ == "__main__":
    main()
