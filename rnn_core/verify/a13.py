"""A13, the hierarchy with clocks: with a clock of 1 it is a stack, with others its levels move when they should."""
from __future__ import annotations

from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, equal, gradients, quick, same

B, T, UNITS = 3, 13, 4
ARCHITECTURES = ("elman", "gru", "lstm")


@quick
def is_a_stack_when_the_clock_is_one() -> Iterator[Finding]:
    """With k = 1 and the top read out, outputs and every gradient are those of a stack with the same weights."""
    for architecture in ARCHITECTURES:
        for layers in (2, 3):
            clocked, stack = (_network(architecture, wiring, layers=layers, **more) for wiring, more in
                              (("clocked", {"period": 1, "read_all": False}), ("stack", {})))
            ours, theirs = list(clocked.parameters()), list(stack.parameters())
            with torch.no_grad():
                for p, q in zip(ours, theirs, strict=True):
                    q.copy_(p)
            x = torch.randn(B, T, 2, dtype=torch.float64)
            y, z = clocked(x), stack.trace(x).outputs
            name = f"{layers} × {architecture}"
            yield same(f"{name}: outputs", y, z, 1e-14)
            yield same(f"{name}: gradients", gradients(y.pow(2).sum(), ours), gradients(z.pow(2).sum(), theirs), 1e-12)


@quick
def a_level_reads_every_kth_step() -> Iterator[Finding]:
    """Three levels run apart, here: each reads the one below at every k-th of its steps, and rests in between."""
    for architecture in ARCHITECTURES:
        for period in (2, 3):
            network = _network(architecture, "clocked", layers=3, period=period)
            levels = network.cells[0].levels
            x = torch.randn(B, T, 2, dtype=torch.float64)
            below, outputs = x, []
            for n, level in enumerate(levels):
                every = period**n
                state, said = level.initial_state(B), []
                for t in range(T):
                    if t % every == 0:
                        out, state, _ = level.step(below[:, t], state)
                    said.append(out)
                below = torch.stack(said, 1)
                outputs.append(below)
            trace = network.trace(x)
            name = f"{architecture}, clocks 1, {period} and {period**2}"
            yield same(f"{name}: outputs of every level", trace.main.outputs, torch.cat(outputs, -1), 1e-13)
            yield same(f"{name}: answers", trace.outputs, network.readout(torch.cat(outputs, -1)), 1e-13)


@quick
def the_distant_past_is_few_steps_away() -> Iterator[Finding]:
    """The gradient crosses T steps in T/k moves of the upper level: with linear units that halve, 2^(−T/k)."""
    steps, period = 24, 4
    network = _network("elman", "clocked", layers=2, period=period, activation="linear")
    below, upper = network.cells[0].levels
    eye = torch.eye(UNITS, dtype=torch.float64)
    with torch.no_grad():
        for cell in (below, upper):
            cell.R.copy_(eye / 2)
        upper.W.copy_(eye)
    x = torch.randn(1, steps + 1, 2, dtype=torch.float64)
    trace = network.trace(x, record=True).main
    first = trace.nodes[1].levels
    slow, fast = gradients(trace.final.levels[1].h.sum(), [first[1].h])[0], gradients(
        trace.final.levels[0].h.sum(), [first[0].h])[0]
    yield same(f"upper level over {steps} steps, k = {period}", slow, torch.full_like(slow, 0.5**(steps // period)),
               1e-15)
    yield same(f"lower level over {steps} steps", fast, torch.full_like(fast, 0.5**steps), 1e-15)
    yield above("how many times more is felt", 1e5, float((slow / fast).detach().min()))


@quick
def counts() -> Iterator[Finding]:
    """The clock costs nothing: the number of weights is the sum over the levels."""
    for architecture, blocks in (("elman", 1), ("lstm", 4)):
        network = _network(architecture, "clocked", layers=3)
        count = sum(p.numel() for p in network.cells.parameters())
        expected = blocks * UNITS * (2 + UNITS + 1) + 2 * blocks * UNITS * (2 * UNITS + 1)
        yield equal(f"three levels of {architecture}, weights without readout", expected, count)


def _network(architecture: str, wiring: str, **settings: float | str) -> torch.nn.Module:
    """A network in float64 for an input of 2."""
    spec = rc.Experiment.of(architecture, "adding", wiring=wiring, hidden_size=UNITS, **settings)
    return spec.make_network().double()
