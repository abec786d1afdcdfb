"""A4, IndRNN: a torch.nn.RNN with a diagonal matrix, gradients within bounds, adding over 100 and 1,000 steps."""
from __future__ import annotations

import statistics
from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, gradients, long, near, quick, same

B, T, INPUTS, UNITS = 3, 7, 4, 5
LENGTH, LAYERS, WIDTH, UPDATES, SEEDS = 100, 2, 64, 800, (0, 1, 2)
#: Ten times as long; rate and start were chosen on SEEDS.
FAR, FEW, LONGER, SLOWER = 1000, 16, 2400, (rc.Command(update=1900, name="learning_rate", value=3e-4),)


@quick
def equals_torch() -> Iterator[Finding]:
    """Outputs and gradients equal those of torch.nn.RNN whose recurrent matrix is diagonal, with relu and with tanh."""
    for activation in ("relu", "tanh"):
        cell = _random(activation=activation)
        module = torch.nn.RNN(INPUTS, UNITS, nonlinearity=activation, batch_first=True).double()
        module.load_state_dict({"weight_ih_l0": cell.W.detach(), "weight_hh_l0": cell.recurrent.detach().diag(),
                                "bias_ih_l0": cell.b.detach(), "bias_hh_l0": torch.zeros(UNITS)})
        x = torch.randn(B, T, INPUTS, dtype=torch.float64, requires_grad=True)
        start = torch.rand(B, UNITS, dtype=torch.float64, requires_grad=True)
        weigh = torch.randn(B, T, UNITS, dtype=torch.float64)
        ours = rc.unroll(cell, x, type(cell.initial_state(B))(start)).outputs
        theirs, _ = module(x, start.unsqueeze(0))
        yield same(f"{activation}: outputs equal torch's", ours, theirs, 1e-12)
        x_, start_, W, u, b = gradients((ours * weigh).sum(), [x, start, cell.W, cell.u, cell.b])
        wanted = [x, start, module.weight_ih_l0, module.weight_hh_l0, module.bias_ih_l0]
        x_t, start_t, W_t, R_t, b_t = gradients((theirs * weigh).sum(), wanted)
        yield same(f"{activation}: gradients of inputs, initial state, W, u and b", [x_, start_, W, u.squeeze(1), b],
                   [x_t, start_t, W_t, R_t.diagonal(), b_t], 1e-12)


@quick
def units_keep_to_themselves() -> Iterator[Finding]:
    """∂h_t/∂h_{t−1} is diagonal; over k steps in which a unit stays on, its gradient is u^k."""
    cell = _random()
    A, _ = rc.step_jacobians(rc.unroll(cell, torch.randn(B, T, INPUTS, dtype=torch.float64)))
    off = A - torch.diag_embed(A.diagonal(dim1=-2, dim2=-1))
    yield same("∂h_t/∂h_{t−1} off its diagonal", off, torch.zeros_like(off), 0.0)
    with torch.no_grad():
        cell.u.abs_()
        cell.W.abs_()
        cell.b.abs_()
    h = torch.rand(B, UNITS, dtype=torch.float64, requires_grad=True)
    x = torch.rand(B, 30, INPUTS, dtype=torch.float64)
    slope, = gradients(rc.unroll(cell, x, type(cell.initial_state(B))(h)).final.h.sum(), [h])
    yield same("∂h_30/∂h_0 where every unit stays on", slope, cell.recurrent.detach().pow(30).expand(B, -1), 1e-12)


@quick
def bound() -> Iterator[Finding]:
    """|u| ≤ 2^{1/T} whatever is learnt, no gradient more than doubles over T steps; within it u is the weight."""
    for lag in (1, 10, 100, 1000):
        cell = _random(longest_lag=lag)
        m = 2 ** (1 / lag)
        v = torch.linspace(-9.0, 9.0, UNITS * 200, dtype=torch.float64)
        folded = torch.cat([_given(cell, part) for part in v.split(UNITS)])
        yield below(f"T = {lag}: largest |u| for any weight between −9 and 9", m, float(folded.abs().max()))
        yield below(f"T = {lag}: the most a gradient can grow over T steps", 2 + 1e-9, float(folded.abs().max()) ** lag)
        inside = v.abs() <= m
        yield same(f"T = {lag}: u is the weight itself within the bound", folded[inside], v[inside], 1e-14)
        cell.u.requires_grad_()
        slope, = gradients(cell.recurrent.sum(), [cell.u])
        yield same(f"T = {lag}: |du/dv|", slope.abs(), torch.ones_like(slope), 0.0)
    spec = rc.Experiment.of("indrnn", "adding", length=10, longest_lag=10, hidden_size=8, optimiser="sgd", clip=0.0,
                            learning_rate=1.0, updates=40)
    run = rc.train(spec, quiet=True)
    yield below("a learner with a rate of 1: largest |u|", 2**0.1 + 1e-6,
                float(run.network.cells[0].recurrent.detach().abs().max()))


@quick
def stacks() -> Iterator[Finding]:
    """Twelve layers with shortcuts, by a loop written out here."""
    spec = rc.Experiment.of("indrnn", "temporal_xor", wiring="stack", layers=12, residual=True, hidden_size=UNITS)
    network = spec.make_network().double()
    x = torch.randn(B, T, network.cells[0].input_size, dtype=torch.float64)
    under, layers = x, network.cells[0].layers
    for layer in layers:
        h, said = torch.zeros(B, UNITS, dtype=torch.float64), []
        for t in range(T):
            h = (under[:, t] @ layer.W.T + layer.u.squeeze(1) * h + layer.b).clamp(min=0)
            said.append(h)
        out = torch.stack(said, 1)
        under = out + under if out.shape == under.shape else out
    y = under @ network.readout.V.T + network.readout.d
    yield same("answers of 12 layers", network.trace(x).outputs, y, 1e-12)


@quick
def counts() -> Iterator[Finding]:
    """The number of parameters is H(I + 2)."""
    cell = rc.make_cell("indrnn", 10, hidden_size=20)
    yield equal("parameters at I = 10, H = 20", 20 * (10 + 2), sum(p.numel() for p in cell.parameters()))


@long
def adds_over_a_hundred_steps() -> Iterator[Finding]:
    """Adding at T = 100: learnt by two layers of IndRNN, not by two tanh layers of the same width; three seeds."""
    left, task = {}, None
    for architecture in ("indrnn", "elman"):
        for seed in SEEDS:
            spec = rc.Experiment.of(architecture, "adding", wiring="stack", layers=LAYERS, hidden_size=WIDTH,
                                    length=LENGTH, learning_rate=0.002, updates=UPDATES, batch_size=32, seed=seed)
            run = rc.train(spec, quiet=True)
            task = run.task
            batch = task.sample(1000, torch.Generator().manual_seed(100 + seed))
            left.setdefault(architecture, []).append(task.metric(run.network(batch.x).detach(), batch))
    yield near("always saying the mean", 1 / 6, task.baseline().value, 0.005)
    words = f"{LAYERS} × {WIDTH} units, {UPDATES} updates: squared error"
    yield below(f"IndRNN, {words}, best of three seeds", 0.01, min(left["indrnn"]))
    yield below(f"IndRNN, {words}, median of three seeds", 0.02, statistics.median(left["indrnn"]))
    yield above(f"tanh, {words}, best of three seeds", 0.15, min(left["elman"]))


@long
def adds_over_a_thousand_steps() -> Iterator[Finding]:
    """Adding at T = 1000: learnt by two layers of IndRNN whose top one starts lasting, not by tanh; three seeds."""
    lasting = {"longest_lag": FAR, "top_layer": "lasting", "input_gain": 0.15}
    left = {name: [_left(name, seed, settings) for seed in SEEDS]
            for name, settings in (("indrnn", lasting), ("elman", {}))}
    words = f"{LAYERS} × {FEW} units, T = {FAR}, {LONGER:,} updates: squared error"
    yield below(f"IndRNN, {words}, best of three seeds", 0.04, min(left["indrnn"]))
    yield below(f"IndRNN, {words}, median of three seeds", 0.08, statistics.median(left["indrnn"]))
    yield above(f"tanh, {words}, best of three seeds", 0.15, min(left["elman"]))


@torch.no_grad()
def _left(architecture: str, seed: int, settings: dict[str, float | str]) -> float:
    """The squared error after training at T = 1000, on fresh sequences."""
    spec = rc.Experiment.of(architecture, "adding", wiring="stack", layers=LAYERS, hidden_size=FEW, length=FAR,
                            learning_rate=0.001, updates=LONGER, batch_size=32, seed=seed, **settings)
    with torch.enable_grad():
        run = rc.train(spec, SLOWER, quiet=True)
    batch = run.task.sample(1000, torch.Generator().manual_seed(100 + seed))
    return run.task.metric(run.network(batch.x), batch)


@torch.no_grad()
def _random(**settings: str | int) -> torch.nn.Module:
    """An IndRNN in float64 with all weights random, those of the units within their bound."""
    cell = rc.make_cell("indrnn", INPUTS, hidden_size=UNITS, **settings).double()
    for p in (cell.W, cell.b):
        p.normal_()
    cell.u.uniform_(-1, 1)
    return cell


@torch.no_grad()
def _given(cell: torch.nn.Module, v: Tensor) -> Tensor:
    """What becomes of the weights v (n,)."""
    cell.u.copy_(v.unsqueeze(1))
    return cell.recurrent.clone()
