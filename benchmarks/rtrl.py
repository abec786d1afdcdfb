"""RTRL beside a Python loop over the weights, the hybrid beside RTRL, Kalman training; exponents of processor time."""

from __future__ import annotations

import math

import torch
from torch import Tensor

import rnn_core as rc
from benchmarks._measure import ratio, report, seconds
from rnn_core.records import Batch

T, B, H = 100, 8, 16
LEAST, SIZES, WIDE, LONG = 50, (8, 16, 32), 32, 128


def learner(rule: str, units: int, steps: int = T, **settings: int) -> tuple[rc.Run, Batch]:
    """A fresh Elman network under a rule, and sequences with an error at every step."""
    run = rc.Run(rc.Experiment.of("elman", "adding", rule, hidden_size=units, **settings))
    g = torch.Generator().manual_seed(0)
    return run, Batch(torch.randn(B, steps, 2, generator=g), torch.randn(B, steps, 1, generator=g))


def with_the_formula(run: rc.Run, batch: Batch) -> list[Tensor]:
    """Williams & Zipser's formula for an Elman network, weight by weight: p ← D (R p + ∂a/∂θ), g += ⟨ε, p⟩."""
    cell, readout, (b, t, _) = run.network.cells[0], run.network.readout, batch.x.shape
    W, R, c = (p.detach() for p in (cell.W, cell.R, cell.b))
    n, i = R.shape[0], W.shape[1]
    h = torch.zeros(b, n)
    p = torch.zeros(n * (i + n + 1), b, n)
    g = torch.zeros(len(p))
    for step in range(t):
        x, before = batch.x[:, step], h
        read = torch.cat([x, before, torch.ones(b, 1)], 1)
        h = torch.tanh(x @ W.T + before @ R.T + c)
        slope = 1 - h**2
        error = 2 * (h @ readout.V.detach().T + readout.d.detach() - batch.target[:, step]) / (b * t)
        error = error @ readout.V.detach()
        for k in range(len(p)):
            unit, source = divmod(k, i + n + 1)
            change = p[k] @ R.T
            change[:, unit] += read[:, source]
            p[k] = slope * change
            g[k] += (error * p[k]).sum()
    return list(g.view(n, -1).split([i, n, 1], 1))


def with_forward_mode(run: rc.Run, batch: Batch) -> list[Tensor]:
    """For any cell: the tangent of one weight after another is pushed through all steps."""
    cell, found = run.network.cells[0], []
    names = [name for name, _ in cell.named_parameters()]
    own = {f"cell.{name}": p.detach() for name, p in cell.named_parameters()}
    net = run.network

    class Whole(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = cell

        def forward(self) -> Tensor:
            y = net.readout(rc.unroll(self.cell, batch.x).outputs)
            return (y - batch.target).pow(2).mean()

    whole = Whole()
    for name in names:
        p = own[f"cell.{name}"]
        sums = torch.zeros(p.numel())
        for k in range(p.numel()):
            tangent = torch.zeros(p.numel())
            tangent[k] = 1
            _, sums[k] = torch.func.jvp(
                lambda w, name=name: torch.func.functional_call(whole, {**own, f"cell.{name}": w}, ()),
                (p,), (tangent.view_as(p),))
        found.append(sums.view_as(p))
    return found


def gradient(run: rc.Run, batch: Batch) -> None:
    """One gradient of the batch."""
    run.learner.gradient(batch)


def through(run: rc.Run, batch: Batch) -> None:
    """Along the batch once, with a correction of the weights at every step."""
    for _ in run.learner.follow(batch, None):
        pass


def main() -> None:
    """Print the figures; stop if the gradients do not agree."""
    torch.set_num_threads(1)
    run, batch = learner("rtrl", H)
    ours = dict(zip((n for n, _ in run.network.named_parameters()), run.learner.gradient(batch)[1]))
    W, R, b = with_the_formula(run, batch)
    for name, theirs in (("W", W), ("R", R), ("b", b.flatten())):
        torch.testing.assert_close(ours[f"cells.0.{name}"], theirs, rtol=1e-3, atol=1e-5)
    for (name, _), theirs in zip(run.network.cells[0].named_parameters(), with_forward_mode(run, batch)):
        torch.testing.assert_close(ours[f"cells.0.{name}"], theirs, rtol=1e-3, atol=1e-5)
    loops = (("tangents through any cell", with_forward_mode, 3), ("the formula", with_the_formula, 5))
    for words, loop, pairs in loops:
        got = ratio(lambda loop=loop: loop(run, batch), lambda: run.learner.gradient(batch), pairs=pairs, warm=1)
        report(f"RTRL: a Python loop over the weights, {words} ÷ ours (Elman, T={T}, B={B}, H={H})", f"≥ {LEAST}",
               got["measured"] >= LEAST, measured=got["measured"], pairs=got["pairs"], loop_ms=got["ours_ms"],
               ours_ms=got["theirs_ms"])
    exponents()


def exponents() -> None:
    """Processor time of one gradient, or one pass of corrections, H doubled each time; blocks of H steps."""
    times: dict[str, list[float]] = {}
    for rule in ("bptt", "rtrl", "hybrid", "kalman"):
        for units in SIZES:
            run, batch = learner(rule, units, LONG, **({"block": units} if rule == "hybrid" else {}))
            work = through if rule == "kalman" else gradient
            work(run, batch)
            times.setdefault(rule, []).append(min(seconds(lambda work=work, run=run, batch=batch: work(run, batch))
                                                  for _ in range(3)))
    for rule, (*_, before, last) in times.items():
        sizes = f"H = {SIZES[-2]} to {SIZES[-1]} (Elman, T={LONG}, B={B})"
        report(f"{rule}: exponent of H in processor time, {sizes}", "printed", True,
               measured=math.log(last / before) / math.log(SIZES[-1] / SIZES[-2]), last_ms=1e3 * last)
    gain = times["rtrl"][-1] / times["hybrid"][-1]
    report(f"RTRL ÷ hybrid, H = {WIDE}", "> 1", gain > 1, measured=gain)


if __name__ == "__main__":
    main()
