"""D17, drift when running free: errors grow at the pace of the system's exponent; how long it stays with the truth."""
from __future__ import annotations

from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, long, near, quick, same

SEEDS = (11, 12, 13)
LORENZ = {"hidden_size": 300, "spectral_radius": 0.4, "leak": 0.6, "input_scaling": 0.3, "ridge": 1e-8, "length": 1000,
          "batch_size": 4, "washout": 100}
NARMA = {"hidden_size": 300, "spectral_radius": 0.8, "leak": 1.0, "input_scaling": 0.3, "ridge": 1e-6, "length": 500,
         "batch_size": 8, "washout": 100}
ROWS, HEARD, TAPS = 24, 200, 30


@quick
def by_hand() -> Iterator[Finding]:
    """A reservoir of 20 units goes on by itself: every step and error written out here."""
    run = fitted("mackey_glass", 0, hidden_size=20, length=200, batch_size=4, ridge=1e-6)
    found = rc.free_run(run, rows=3, heard=80)
    cell, batch = run.network.cells[0], run.held_out.rows(slice(0, 3))
    h, x, said = torch.zeros(3, 20).double(), batch.x[:, 0].double(), []
    for t in range(200):
        a = torch.cat([torch.ones(3, 1).double(), x], 1) @ cell.W_in.T + h @ cell.W.T
        h = 0.7 * h + 0.3 * torch.tanh(a)
        y = torch.cat([x, h], 1) @ cell.V.T + cell.d
        x = batch.x[:, t + 1].double() if t + 1 < 80 else y
        said.append(y)
    said, truth = torch.stack(said[79:], 1), batch.target[:, 79:].double()
    yield same("what it says", found.said, said, 1e-9)
    yield same("errors in deviations", found.errors, (said - truth).abs()[..., 0] / truth.std(unbiased=False), 1e-9)


@long
def lorenz_runs_free_for_lyapunov_times() -> Iterator[Finding]:
    """300 units, 3,600 points to learn from: horizon over 24 starts, beside saying the last point; three seeds."""
    for seed in SEEDS:
        found = rc.free_run(fitted("lorenz", seed, **LORENZ), rows=ROWS, heard=HEARD)
        horizon, staying = (float(v.median()) * found.exponent for v in (found.horizons, found.staying))
        yield above(f"seed {seed}: median horizon in Lyapunov times", 4.0, horizon)
        yield below(f"seed {seed}: and of saying the last point again", 0.5, staying)


@long
def errors_grow_at_the_exponent() -> Iterator[Finding]:
    """The mean of ln e_t over 24 starts, from .5 Lyapunov times on while it is below .02: its slope is about λ."""
    for seed in SEEDS:
        found = rc.free_run(fitted("lorenz", seed, **LORENZ), rows=ROWS, heard=HEARD)
        path = found.errors.log().mean(0)
        first = round(0.5 / found.exponent)
        last = int((path.exp() < 0.02).nonzero().max())
        slope = float(path[last] - path[first]) / (last - first)
        yield near(f"seed {seed}: slope over {last - first} steps, in exponents", 1.0, slope / found.exponent, 0.35)


@long
def narma_needs_bends() -> Iterator[Finding]:
    """NARMA-10 by 300 units, beside the best linear filter of the last 30 inputs; deviations, three seeds."""
    for seed in SEEDS:
        run = fitted("narma", seed, **NARMA)
        error = rc.free_run(run, rows=ROWS, heard=HEARD).nrmse
        batch = run.task.sample(40, torch.Generator().manual_seed(seed))
        linear = _filter(batch, run.held_out.rows(slice(0, ROWS)))
        yield below(f"seed {seed}: error of the reservoir", 0.25, error)
        yield above(f"seed {seed}: error of the linear filter", 0.35, linear)


def fitted(task: str, seed: int, **settings: float) -> rc.Run:
    """A run in double precision whose readout was found once."""
    run = rc.Run(rc.Experiment.of("echo_state", task, "ridge", seed=seed, **settings))
    run.network.double()
    for _ in run.learner.update():
        pass
    return run


def _filter(fit: rc.Batch, test: rc.Batch) -> float:
    """The error in deviations, on ``test``, of the linear function of the last inputs that is best on ``fit``."""
    def taps(batch: rc.Batch) -> tuple[torch.Tensor, torch.Tensor]:
        u = batch.x[..., 0].double().unfold(1, TAPS, 1)[:, HEARD - TAPS:].flatten(0, 1)
        return torch.cat([torch.ones(len(u), 1), u], 1), batch.target[:, HEARD - 1:, 0].double().flatten()

    (a, y), (b, z) = taps(fit), taps(test)
    weights = torch.linalg.lstsq(a, y.unsqueeze(1)).solution
    return float((b @ weights - z.unsqueeze(1)).pow(2).mean().sqrt() / z.std(unbiased=False))
