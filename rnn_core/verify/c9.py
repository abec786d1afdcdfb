"""C9, forecasting: the driven systems are what their equations say, and what can be had without memory is measured."""
from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, near, quick, same


@quick
def narma_by_its_equation() -> Iterator[Finding]:
    """Every value of NARMA-10 from the values and pushes before it, step by step."""
    batch, _ = _sample("narma", 50)
    u, v = batch.x[..., 0].double(), torch.cat([torch.zeros(50, 1), batch.target[..., 0]], 1).double()
    by_hand = []
    for t in range(u.shape[1]):
        past = v[:, max(0, t - 9):t + 1].sum(1)
        delayed = u[:, t - 9] if t >= 9 else torch.zeros(50)
        by_hand.append(0.3 * v[:, t] + 0.05 * v[:, t] * past + 1.5 * delayed * u[:, t] + 0.1)
    yield same("NARMA-10, each value from the ten before", v[:, 1:], torch.stack(by_hand, 1), 1e-6)


@quick
def narma_needs_ten_steps() -> Iterator[Finding]:
    """The best quadratic guess from the last w pushes: nine tell little more than one, ten tell much more."""
    fit, task = _sample("narma", 400)
    test = task.sample(400, torch.Generator().manual_seed(5))
    errors = {w: _quadratic(fit, test, w) for w in (1, 9, 10)}
    mean = fit.target.mean(0)
    yield near("always saying the mean of this step", float((test.target - mean).pow(2).mean()), task.baseline().value,
               0.001)
    for width, error in errors.items():
        yield below(f"quadratic in the last {width}, beside the mean's error", 1.0, error / task.baseline().value)
    yield above("error with nine pushes, beside that with ten", 1.5, errors[9] / errors[10])


@quick
def plant_by_its_equation() -> Iterator[Finding]:
    """Every value of both plants from what came before, under both kinds of pushes."""
    for order in ("third", "first"):
        _, task = _sample("plant", 2, order=order)
        for kind, draw in (("learnt", task.sample), ("held out", task.held_out)):
            batch = draw(20, torch.Generator().manual_seed(3))
            u = torch.cat([torch.zeros(20, 1), batch.x[..., 0]], 1).double()
            v = torch.cat([torch.zeros(20, 3), batch.target[..., 0]], 1).double()
            now, one, two = v[:, 2:-1], v[:, 1:-2], v[:, :-3]
            if order == "third":
                expected = (now * one * two * u[:, :-1] * (two - 1) + u[:, 1:]) / (1 + one**2 + two**2)
            else:
                expected = now / (1 + now**2) + u[:, 1:]**3
            yield same(f"{order} order, {kind}: each value from those before", v[:, 3:], expected, 1e-6)


@quick
def baselines() -> Iterator[Finding]:
    """What the tasks call their baseline is the error of that guess, measured on other sequences."""
    for name in ("plant", "forecast"):
        _, task = _sample(name, 2)
        batch = task.held_out(4000, torch.Generator().manual_seed(7))
        guess = batch.x if name == "forecast" else batch.target.mean().expand_as(batch.target)
        expected = task.baseline().value
        yield near(f"{name}: {task.baseline().sentence}", expected, task.metric(guess, batch), 0.05 * expected)


@quick
def mackey_and_glass_by_another_solver() -> Iterator[Finding]:
    """Heun's method, of second order, from the start on: values 1,001 to 1,100; statistics and exponent."""
    ours, task = _whole("mackey_glass")
    coarse, fine = (_heun(17, 1100, steps)[1000:] for steps in (20, 80))
    yield below("τ = 17: largest difference from Heun's method, 20 steps a unit", 0.005,
                float((ours[:100, 0] - coarse).abs().max()))
    yield below("and with 80 steps a unit", 0.0005, float((ours[:100, 0] - fine).abs().max()))
    other = _heun(17, 9000, 20)[1000:]
    yield near("mean over 8,000 units, where the paths have long parted", float(other.mean()), float(ours.mean()), 0.01)
    yield near("deviation over 8,000 units", float(other.std()), float(ours.std()), 0.01)
    yield near("largest Lyapunov exponent a unit of time, τ = 17", 0.0058, task.exponent(), 0.001)
    repeating = rc.Experiment.of("elman", "mackey_glass", delay=10).make_task()
    yield equal("exponent at τ = 10, where the series repeats", "None", str(repeating.exponent()))


@quick
def lorenz_point_by_point() -> Iterator[Finding]:
    """Every point from the one before by 20 midpoint steps; averages that must hold, and the exponent."""
    points, task = _whole("lorenz")
    now = points[:-1]
    for _ in range(20):
        now = now + 0.001 * _slope(now + 0.0005 * _slope(now))
    yield same("7,999 points from those before", now, points[1:], 1e-3)
    x, y, z = points.unbind(1)
    yield near("⟨x y⟩ = β ⟨z⟩, as nothing grows on average", 8 / 3, float((x * y).mean() / z.mean()), 0.02)
    yield near("⟨x²⟩ = ⟨x y⟩", 1.0, float((x * x).mean() / (x * y).mean()), 0.02)
    yield near("largest Lyapunov exponent a unit of time", 0.906, task.exponent() / 0.02, 0.03)


@quick
def baselines_of_the_chaotic_series() -> Iterator[Finding]:
    """Saying the same again is wrong by what one step changes: little for smooth series, which a net must undercut."""
    for name in ("mackey_glass", "lorenz"):
        batch, task = _sample(name, 2)
        batch = task.held_out(2000, torch.Generator().manual_seed(7))
        expected = task.baseline().value
        yield near(f"{name}: {task.baseline().sentence}", expected, task.metric(batch.x, batch), 0.05 * expected)


def _whole(name: str) -> tuple[Tensor, object]:
    """All values (t, o) of a chaotic series in its own units, and its task."""
    task = rc.Experiment.of("elman", name).make_task()
    told = torch.cat([task.series.learnt, task.series.held]).double()
    told = told.unsqueeze(1) if told.dim() == 1 else told
    return told * torch.tensor(task.series.scale).double() + torch.tensor(task.series.mean).double(), task


def _slope(v: Tensor) -> Tensor:
    """Lorenz's equations at points (t, 3)."""
    x, y, z = v.unbind(1)
    return torch.stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z], 1)


def _heun(delay: int, count: int, fine: int) -> Tensor:
    """v (count,) of Mackey and Glass's equation by Heun's method, delayed values from the grid."""
    v = [1.2] * (delay * fine + 1)
    for k in range(count * fine):
        def slope(now: float, delayed: float) -> float:
            return 0.2 * delayed / (1 + delayed**10) - 0.1 * now
        first = slope(v[-1], v[k])
        v.append(v[-1] + (first + slope(v[-1] + first / fine, v[k + 1])) / (2 * fine))
    return torch.tensor(v[delay * fine + fine::fine], dtype=torch.float64)


def _sample(name: str, count: int, **settings: str) -> tuple[rc.Batch, object]:
    """Some sequences of a task, and the task."""
    task = rc.Experiment.of("elman", name, **settings).make_task()
    return task.sample(count, torch.Generator().manual_seed(2)), task


def _quadratic(fit: rc.Batch, test: rc.Batch, width: int) -> float:
    """The squared error of the best quadratic function of the last pushes, fitted on one batch, scored on another."""
    def features(batch: rc.Batch) -> tuple[Tensor, Tensor]:
        u = batch.x[..., 0].double().unfold(1, width, 1)[:, 10 - width:].flatten(0, 1)
        pairs = torch.combinations(torch.arange(width), 2, with_replacement=True)
        return torch.cat([torch.ones(len(u), 1), u, u[:, pairs[:, 0]] * u[:, pairs[:, 1]]], 1), \
            batch.target[:, 9:, 0].double().flatten()

    (a, y), (b, z) = features(fit), features(test)
    weights = torch.linalg.lstsq(a, y.unsqueeze(1)).solution
    return float((b @ weights - z.unsqueeze(1)).pow(2).mean())
