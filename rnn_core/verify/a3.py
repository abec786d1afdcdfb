"""A3, nets that hear their answers: what they keep is what was said, and a recurrent output layer smooths it."""
from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, below, equal, quick, same

LAG, SEEDS = 5, (0, 1, 2)


@quick
def counts() -> Iterator[Finding]:
    """The number of parameters is H(I + O + 1), and O(H + 1) for the outputs, which are part of the loop."""
    cell = rc.make_cell("jordan", 10, output_size=3, hidden_size=20)
    count = sum(p.numel() for p in cell.parameters())
    yield equal("parameters at I = 10, H = 20, O = 3", 20 * (10 + 3 + 1) + 3 * 21, count)


@quick
def hears_itself() -> Iterator[Finding]:
    """Without a teacher the net follows its equations."""
    for decay in (0.0, 0.5):
        cell = rc.make_cell("jordan", 3, output_size=2, hidden_size=4, context_decay=decay).double()
        x = torch.randn(3, 7, 3, dtype=torch.float64)
        yield same(f"outputs with α = {decay}, by a loop written out here", rc.unroll(cell, x).outputs,
                   _by_hand(cell, x, None, decay), 1e-12)


@quick
def recurrent_output_layer() -> Iterator[Finding]:
    """Zen and Sak's layer follows its equations; without U it is an Elman net with a readout; U alone smooths."""
    spec = rc.Experiment.of("recurrent_output", "delayed_recall", symbols=2, hidden_size=4)
    network = spec.make_network().double()
    cell = network.cells[0]
    with torch.no_grad():
        for p in cell.parameters():
            p.normal_().mul_(0.5)
    x, teacher = (torch.randn(3, 7, 3, dtype=torch.float64) for _ in range(2))
    teacher[torch.rand(teacher.shape) < 0.5] = torch.nan
    yield equal("parameters at I = O = 3, H = 4", 4 * (3 + 4 + 1) + 3 * (4 + 3 + 1), network.parameter_count)
    for who, said in (("a teacher who speaks now and then", teacher), ("nobody to teach", None)):
        yield same(f"recurrent output layer with {who}, by a loop written out here",
                   network.trace(x, teacher=said).outputs, _output_layer(cell, x, said), 1e-12)
    with torch.no_grad():
        cell.U.zero_()
    elman = rc.make_cell("elman", 3, hidden_size=4).double()
    elman.load_state_dict({"W": cell.W, "R": cell.R, "b": cell.b})
    y = network(x).detach()
    yield same("with U = 0: an Elman net and its readout", y,
               (rc.unroll(elman, x).outputs @ cell.V.T + cell.d).detach(), 1e-12)
    keep = 0.8
    with torch.no_grad():
        cell.U.copy_(keep * torch.eye(3).double())
        cell.V.mul_(1 - keep)
        cell.d.mul_(1 - keep)
    smooth = network(x).detach()
    lags = keep ** (torch.arange(7).unsqueeze(1) - torch.arange(7)).double()
    yield same("with U = .8 I: the old answers under a window that falls by .8 a step", smooth,
               torch.einsum("ts,bso->bto", (1 - keep) * lags.tril(), y), 1e-12)
    yield below("mean squared jump from step to step, smoothed / as it was", 0.2,
                float(smooth.diff(dim=1).square().mean() / y.diff(dim=1).square().mean()))


@quick
def store_a_bit() -> Iterator[Finding]:
    """Store a bit: a constant target until it is asked for; trained over three seeds."""
    scores = {name: [_trained(name, seed) for seed in SEEDS] for name in ("jordan", "elman")}
    task = scores["jordan"][0].task
    batch = task.show(torch.tensor([0, 1]), torch.tensor([LAG, LAG]))
    teacher = task.teacher(batch)
    yield equal("guessing", 0.5, task.baseline().value)
    for run in scores["jordan"]:
        y = run.network(batch.x, teacher=teacher).detach()
        name = f"Jordan, teacher-forced, seed {run.spec.seed}"
        by_hand = _by_hand(run.network.cells[0], batch.x, teacher, run.spec.context_decay)
        yield equal(f"{name}: accuracy at the question", 0.5, task.metric(y, batch))
        yield same(f"{name}: its answers to the two bits", y[0, LAG], y[1, LAG], 1e-6)
        yield same(f"{name}: outputs, by a loop written out here", y, by_hand, 1e-5)
    for run in scores["elman"]:
        yield equal(f"Elman, seed {run.spec.seed}: accuracy at the question", 1.0,
                    task.metric(run.network(batch.x), batch))


def _trained(architecture: str, seed: int) -> rc.Run:
    spec = rc.Experiment.of(architecture, "delayed_recall", symbols=2, lag=LAG, hidden_size=8, learning_rate=0.02,
                            updates=300, seed=seed)
    return rc.train(spec, quiet=True)


@torch.no_grad()
def _by_hand(cell: torch.nn.Module, x: Tensor, teacher: Tensor | None, decay: float) -> Tensor:
    """Jordan's equations; what the teacher says takes the place of the output on its way back."""
    s = heard = torch.zeros(len(x), len(cell.V), dtype=x.dtype)
    said = []
    for t in range(x.shape[1]):
        s = decay * s + heard
        h = torch.tanh(x[:, t] @ cell.W.T + s @ cell.U.T + cell.b)
        y = h @ cell.V.T + cell.d
        heard = y if teacher is None else teacher[:, t]
        said.append(y)
    return torch.stack(said, 1)


@torch.no_grad()
def _output_layer(cell: torch.nn.Module, x: Tensor, teacher: Tensor | None) -> Tensor:
    """h_t = tanh(W x_t + R h_{t−1} + b) and y_t = V h_t + U y_{t−1} + d, where a teacher may have said y_{t−1}."""
    h, heard, said = torch.zeros(len(x), len(cell.b), dtype=x.dtype), torch.zeros(len(x), len(cell.d)).to(x), []
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ cell.W.T + h @ cell.R.T + cell.b)
        y = h @ cell.V.T + heard @ cell.U.T + cell.d
        heard = y if teacher is None else torch.where(teacher[:, t].isnan(), y, teacher[:, t])
        said.append(y)
    return torch.stack(said, 1)
