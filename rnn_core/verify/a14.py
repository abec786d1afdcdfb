"""A14, the recurrent multilayer perceptron: without feedback a plain perceptron, with one layer Elman's network."""
from __future__ import annotations

import statistics
from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, gradients, long, quick, same

B, T, INPUTS, UNITS, SEEDS, UPDATES = 3, 7, 4, 5, (0, 1, 2), 600


@quick
def without_feedback() -> Iterator[Finding]:
    """R = 0 is a multilayer perceptron step by step: outputs and gradients equal those of torch's layers."""
    for depth in (1, 2, 4):
        cell = _random(depth)
        with torch.no_grad():
            cell.R.zero_()
        layers = [torch.nn.Linear(INPUTS if k == 1 else UNITS, UNITS).double() for k in range(1, depth + 1)]
        for k, layer in enumerate(layers, 1):
            W, b = getattr(cell, f"W_{k}"), getattr(cell, f"b_{k}")
            layer.load_state_dict({"weight": W.detach(), "bias": b.detach()})
        x = torch.randn(B, T, INPUTS, dtype=torch.float64, requires_grad=True)
        weigh = torch.randn(B, T, UNITS, dtype=torch.float64)
        theirs = x
        for layer in layers:
            theirs = torch.tanh(layer(theirs))
        ours = rc.unroll(cell, x).outputs
        yield same(f"{depth} layers: outputs", ours, theirs, 1e-12)
        mine = [getattr(cell, f"{letter}_{k}") for k in range(1, depth + 1) for letter in "Wb"]
        yours = [p for layer in layers for p in (layer.weight, layer.bias)]
        yield same(f"{depth} layers: gradients of inputs, weights and biases",
                   gradients((ours * weigh).sum(), [x, *mine]), gradients((theirs * weigh).sum(), [x, *yours]), 1e-12)


@quick
def one_layer_is_elman() -> Iterator[Finding]:
    """L = 1 equals torch.nn.RNN and the Elman network here, outputs and gradients, from a non-zero state."""
    cell = _random(1)
    module = torch.nn.RNN(INPUTS, UNITS, batch_first=True).double()
    module.load_state_dict({"weight_ih_l0": cell.W_1.detach(), "weight_hh_l0": cell.R.detach(),
                            "bias_ih_l0": cell.b_1.detach(), "bias_hh_l0": torch.zeros(UNITS)})
    elman = rc.make_cell("elman", INPUTS, hidden_size=UNITS).double()
    elman.load_state_dict({"W": cell.W_1, "R": cell.R, "b": cell.b_1})
    x = torch.randn(B, T, INPUTS, dtype=torch.float64, requires_grad=True)
    h = torch.randn(B, UNITS, dtype=torch.float64, requires_grad=True)
    weigh = torch.randn(B, T, UNITS, dtype=torch.float64)
    ours = rc.unroll(cell, x, type(cell.initial_state(B))(h)).outputs
    found = gradients((ours * weigh).sum(), [x, h, cell.W_1, cell.R, cell.b_1])
    theirs, _ = module(x, h.unsqueeze(0))
    yield same("outputs equal torch's", ours, theirs, 1e-12)
    yield same("gradients equal torch's", found, gradients((theirs * weigh).sum(), [
        x, h, module.weight_ih_l0, module.weight_hh_l0, module.bias_ih_l0]), 1e-12)
    other = rc.unroll(elman, x, type(elman.initial_state(B))(h)).outputs
    yield same("outputs equal the Elman network's", ours, other, 0.0)
    yield same("gradients equal the Elman network's", found,
               gradients((other * weigh).sum(), [x, h, elman.W, elman.R, elman.b]), 1e-12)


@quick
def equals_its_equations() -> Iterator[Finding]:
    """Every layer of a subnetwork, and a cascade of two subnetworks, by loops written out here."""
    cell, x = _random(3), torch.randn(B, T, INPUTS, dtype=torch.float64)
    probes, by_hand = rc.unroll(cell, x).probes, _by_hand(cell, x)
    for name, value in by_hand.items():
        yield same(f"{name} at every step", probes[name], value, 1e-12)
    spec = rc.Experiment.of("rmlp", "delayed_recall", wiring="stack", layers=2, inner_layers=3, hidden_size=UNITS,
                            symbols=INPUTS - 1)
    network = spec.make_network().double()
    first, second = network.cells[0].layers
    y = _by_hand(second, _by_hand(first, x)["h"])["h"] @ network.readout.V.T + network.readout.d
    yield same("answers of two subnetworks, by the loop", network.trace(x).outputs, y.detach(), 1e-12)
    yield same("answers of two subnetworks, by torch's kernel", network(x), y.detach(), 1e-12)


@quick
def counts() -> Iterator[Finding]:
    """The number of parameters is H(I + H + 1), and H(H + 1) for every further layer."""
    for depth, expected in ((1, 620), (2, 1040), (5, 2300)):
        cell = rc.make_cell("rmlp", 10, hidden_size=20, inner_layers=depth)
        yield equal(f"{depth} layers at I = 10, H = 20", expected, sum(p.numel() for p in cell.parameters()))


@long
def identifies_a_plant() -> Iterator[Finding]:
    """A plant of first order, on pushes of another kind than those learnt from; the last push alone tells far less."""
    left, without = [], []
    for seed in SEEDS:
        spec = rc.Experiment.of("rmlp", "plant", order="first", hidden_size=16, learning_rate=0.01, updates=UPDATES,
                                seed=seed)
        run = rc.train(spec, quiet=True)
        batch = run.held_out
        left.append(run.task.metric(run.network(batch.x).detach(), batch))
        without.append(_from_the_push_alone(batch))
    yield above("always saying the mean: squared error", 0.1, run.task.baseline().value)
    yield above("the best answer from the last push alone, fitted to the very sequences: squared error", 0.02,
                min(without))
    yield below(f"{UPDATES} updates: squared error, best of three seeds", 0.002, min(left))
    yield below(f"{UPDATES} updates: squared error, median of three seeds", 0.004, statistics.median(left))


@long
def learns_narma() -> Iterator[Finding]:
    """NARMA-10 from the drive alone: every seed is far below always saying the mean and below the last drive alone.

    That the layers are what does it is not shown: no other architecture is asked.
    """
    left, mean, without = [], [], []
    for seed in SEEDS:
        spec = rc.Experiment.of("rmlp", "narma", hidden_size=32, learning_rate=0.005, updates=UPDATES, seed=seed)
        run = rc.train(spec, quiet=True)
        batch = run.held_out
        left.append(run.task.metric(run.network(batch.x).detach(), batch))
        mean.append(float((batch.target - batch.target.mean(0)).square().mean()))
        without.append(_from_the_push_alone(batch))
    always = run.task.baseline().value
    yield above("NARMA: always saying the mean of each step, squared error", 0.009, always)
    yield above("NARMA: the same, fitted to the very sequences, least of three seeds", 0.008, min(mean))
    yield above("NARMA: the best answer from the last drive alone, fitted to the very sequences", 0.008, min(without))
    yield below(f"NARMA: {UPDATES} updates, squared error, best of three seeds", 0.002, min(left))
    yield below(f"NARMA: {UPDATES} updates, squared error, median of three seeds", 0.003, statistics.median(left))
    yield below("NARMA: worst of three seeds, as a share of always saying the mean", 0.5, max(left) / always)


def _from_the_push_alone(batch: rc.Batch) -> float:
    """What is left by the polynomial of degree nine in x_t that fits the targets best."""
    u, y = batch.x.double().reshape(-1, 1), batch.target.double().reshape(-1, 1)
    powers = u ** torch.arange(10)
    return float((powers @ torch.linalg.lstsq(powers, y).solution - y).square().mean())


@torch.no_grad()
def _random(depth: int) -> torch.nn.Module:
    """A cell in float64 with all weights random."""
    cell = rc.make_cell("rmlp", INPUTS, hidden_size=UNITS, inner_layers=depth).double()
    for p in cell.parameters():
        p.normal_()
    return cell


@torch.no_grad()
def _by_hand(cell: torch.nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """The equations layer by layer: name → (b, t, n)."""
    h, depth = torch.zeros(len(x), UNITS, dtype=x.dtype), cell.settings.inner_layers
    steps: dict[str, list[torch.Tensor]] = {}
    for t in range(x.shape[1]):
        z = x[:, t]
        for k in range(1, depth + 1):
            past = h @ cell.R.T if k == depth else 0.0
            z = torch.tanh(z @ getattr(cell, f"W_{k}").T + past + getattr(cell, f"b_{k}"))
            steps.setdefault(f"z{k}" if k < depth else "h", []).append(z)
        h = z
    return {k: torch.stack(v, 1) for k, v in steps.items()}
