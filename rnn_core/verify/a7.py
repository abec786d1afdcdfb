"""A7, long short-term memory: it equals torch.nn.LSTM, and carries a number over a hundred steps where tanh cannot."""
from __future__ import annotations

import statistics
from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.against_torch import INPUTS, UNITS, against_torch
from rnn_core.verify.check import Finding, above, below, equal, long, near, quick, same

SEEDS, UPDATES = (0, 1, 2), 1600


@quick
def equals_torch() -> Iterator[Finding]:
    """Outputs and gradients equal those of torch.nn.LSTM."""
    yield from against_torch(torch.nn.LSTM(INPUTS, UNITS, batch_first=True), "LSTM")


@quick
def equals_its_equations() -> Iterator[Finding]:
    """Every gate, written out here, equals the probe of its name."""
    cell = rc.make_cell("lstm", 3, hidden_size=4).double()
    with torch.no_grad():
        for p in cell.parameters():
            p.normal_()
    x = torch.randn(3, 7, 3, dtype=torch.float64)
    probes, by_hand = rc.unroll(cell, x).probes, _by_hand(cell, x)
    for name, value in by_hand.items():
        yield same(f"{name} at every step", probes[name], value, 1e-12)


@quick
def counts() -> Iterator[Finding]:
    """The number of parameters is 4H(I + H + 1)."""
    cell = rc.make_cell("lstm", 10, hidden_size=20)
    yield equal("parameters at I = 10, H = 20", 4 * 20 * (10 + 20 + 1), sum(p.numel() for p in cell.parameters()))


@long
def adds_over_a_hundred_steps() -> Iterator[Finding]:
    """Adding at T = 100: learnt by the LSTM, not by a tanh network with as many weights and updates; three seeds."""
    left, task = {}, None
    for architecture, units in (("lstm", 8), ("elman", 18)):
        for seed in SEEDS:
            spec = rc.Experiment.of(architecture, "adding", length=100, hidden_size=units, learning_rate=0.02,
                                    updates=UPDATES, batch_size=32, seed=seed)
            run = rc.train(spec, quiet=True)
            task = run.task
            batch = task.sample(1000, torch.Generator().manual_seed(100 + seed))
            y = run.network(batch.x).detach()
            left.setdefault(architecture, []).append(task.metric(y, batch))
            if architecture == "lstm" and seed == 0:
                by_hand = _by_hand(run.network.cells[0], batch.x)["h"] @ run.network.readout.V.T + run.network.readout.d
                outputs = (y, by_hand.detach())
    yield near("always saying the mean", 1 / 6, task.baseline().value, 0.005)
    yield below(f"LSTM, {UPDATES} updates: squared error, best of three seeds", 0.01, min(left["lstm"]))
    yield below(f"LSTM, {UPDATES} updates: squared error, median of three seeds", 0.04, statistics.median(left["lstm"]))
    yield above(f"tanh net, {UPDATES} updates: squared error, best of three seeds", 0.1, min(left["elman"]))
    yield above(f"tanh net, {UPDATES} updates: squared error, median", 0.15, statistics.median(left["elman"]))
    yield same("the LSTM's outputs, by a loop written out here", *outputs, 1e-4)


def _by_hand(cell: torch.nn.Module, x: Tensor) -> dict[str, Tensor]:
    """The LSTM's equations, gate by gate: name → (b, t, n)."""
    W, R, b = (dict(zip("ifgo", p.detach().chunk(4), strict=True)) for p in (cell.W, cell.R, cell.b))
    h = c = torch.zeros(len(x), len(cell.R) // 4, dtype=x.dtype)
    steps: dict[str, list[Tensor]] = {k: [] for k in "ifgoch"}
    for t in range(x.shape[1]):
        a = {k: x[:, t] @ W[k].T + h @ R[k].T + b[k] for k in "ifgo"}
        i, f, o = (1 / (1 + torch.exp(-a[k])) for k in "ifo")
        g = torch.tanh(a["g"])
        c = f * c + i * g
        h = o * torch.tanh(c)
        for k, v in zip("ifgoch", (i, f, g, o, c, h), strict=True):
            steps[k].append(v)
    return {k: torch.stack(v, 1) for k, v in steps.items()}
