"""C16, a maze and a pole: rules and physics by a second road, the best return, the expert's, and that by chance."""
from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, near, quick, same

STEPS, COUNT = 1000, 64
KINDS = [("one", 3), ("two", 2), ("two", 9)]


@quick
def the_maze() -> Iterator[Finding]:
    """Random walks through mazes of several lengths, beside a walk on a map that is drawn here square by square."""
    for length, ragged in ((1, False), (4, False), (9, True)):
        task = _task("t_maze", length=length, ragged=ragged)
        g = torch.Generator().manual_seed(length)
        worlds, wrong, name = task.worlds(40, g), 0, f"length {length}{', ragged' * ragged}"
        plans = torch.randint(4, (40, task.longest), generator=g)
        told = task.walk(_planned(plans), worlds)
        for k, (south, _, size, _, _) in enumerate(worlds.tolist()):
            seen, got = _walked(bool(south), int(size), plans[k].tolist())
            there = int(told.lengths[k])
            wrong += [tuple(x) for x in told.observations[k, :there].tolist()] != seen
            wrong += told.rewards[k, :there].tolist() != got
        yield equal(f"{name}: of 40 walks those that differ in what is seen or got", 0, wrong)
        yield equal(f"{name}: goals in the south, of 40", 20, int(worlds[:, 0].sum()))


@quick
def the_best_return() -> Iterator[Finding]:
    """By trying every sequence of actions in short mazes: nothing gets more than 4; the expert gets it, at once."""
    for length in (1, 2, 3):
        task = _task("t_maze", length=length)
        most = max(sum(_walked(south, length, choices)[1]) for south in (False, True)
                   for choices in itertools.product(range(4), repeat=length + 2))
        walked = _expert(task, 20)
        yield equal(f"length {length}: most by any of {4**(length + 2)} plans", task.metric_best, most)
        yield near(f"length {length}: the expert's return", most, float(walked.returns.mean()), 1e-12)
        yield equal(f"length {length}: the expert's steps", length + 1, int(walked.lengths.max()))


@quick
def the_chance_level() -> Iterator[Finding]:
    """The best of all 256 rules without memory, walked here on the map, is the baseline; with noise it is the same."""
    for length in (1, 3, 10):
        for noisy in (False, True):
            task = _task("t_maze", length=length, noisy=noisy)
            best = max(sum(sum(_walked(south, length, None, rule)[1]) for south in (False, True)) / 2
                       for rule in itertools.product(range(4), repeat=4))
            name = f"length {length}{', noisy' * noisy}"
            yield near(f"{name}: best rule without memory", best, task.baseline().value, 1e-9)
        yield near(f"length {length}: loss of knowing all but the turn, ln 2 / (N + 1)", math.log(2) / (length + 1),
                   task.baseline().loss, 1e-12)


@quick
def the_noise() -> Iterator[Finding]:
    """A noisy corridor is spread evenly over [0, 1], other at every step, the same when it is asked for again."""
    task = _task("t_maze", length=50, noisy=True)
    batch = task.sample(200, torch.Generator().manual_seed(0))
    inside = batch.x[:, 1:-1]
    yield equal("the middle number", 0.0, float(inside[..., 1].abs().max()))
    for k in (0, 2):
        v = inside[..., k].double().flatten()
        yield near(f"number {k}: mean", 0.5, float(v.mean()), 0.01)
        yield near(f"number {k}: variance, 1/12", 1 / 12, float(v.var()), 0.002)
        rows = inside[..., k].double()
        both = torch.corrcoef(torch.stack([rows[:, :-1].flatten(), rows[:, 1:].flatten()]))
        yield below(f"number {k}: correlation from step to step", 0.05, abs(float(both[0, 1])))
    again = task.shown(batch.world).x
    yield equal("asked for again, largest difference", 0.0, float((again - batch.x).abs().max()))


@quick
def the_physics() -> Iterator[Finding]:
    """One push, beside Lagrange's equations written out here: in the same steps, and in many small ones."""
    for poles in ("one", "two"):
        task = _task("pole_balancing", poles=poles, forces=5)
        g = torch.Generator().manual_seed(1)
        p = task.count
        worlds = (0.4 * torch.rand(12, 2 + 2 * p, generator=g) - 0.2).double()
        worlds[:, 1] += 0.5
        actions = torch.randint(5, (12,), generator=g)
        after, _, _ = task.move(worlds, actions)
        forces = -10.0 + 5.0 * actions.double()
        stepped = torch.stack([_fourth_order(w, f, p) for w, f in zip(worlds, forces.tolist())])
        yield same(f"{poles}: 12 worlds after a push of 0.02 s, Runge and Kutta's steps: {p}", after, stepped, 1e-12)
        fine, rough = (_integrated(worlds, forces, n) for n in (100, 50))
        yield same(f"{poles}: the same in many small steps", after, fine + (fine - rough) / 3, 2e-5)


@quick
def energy_is_kept() -> Iterator[Finding]:
    """No push: after a second the energy of cart and poles is what it was, but for what little friction takes."""
    for poles in ("one", "two"):
        task = _task("pole_balancing", poles=poles, forces=3)
        world = torch.zeros(1, 2 + 2 * task.count, dtype=torch.float64)
        world[0, 1], world[0, 2:2 + task.count] = 0.3, 0.1
        before, now = _energy(world[0]), world
        for _ in range(50):
            now, _, _ = task.move(now, torch.tensor([1]))
        yield near(f"{poles}: energy in joule after 1 s", before, _energy(now[0]), 2e-3)
        yield above(f"{poles}: how far the pole has turned, in radians", 1.0, abs(float(now[0, 2]) - 0.1))


@quick
def the_expert_balances() -> Iterator[Finding]:
    """The regulator holds every start for 1000 steps; by chance, and without memory, all falls long before."""
    for poles, forces in KINDS:
        task = _task("pole_balancing", poles=poles, forces=forces, steps=STEPS)
        walked, name = _expert(task, COUNT), f"{poles}, {forces} forces"
        yield equal(f"{name}: fewest steps of {COUNT} starts", float(STEPS), float(walked.returns.min()))
        g = torch.Generator().manual_seed(5)
        lost = task.walk(_planned(torch.randint(forces, (COUNT, STEPS), generator=g)), task.worlds(COUNT, g))
        yield below(f"{name}: most steps by chance", 0.2 * STEPS, float(lost.returns.max()))
        yield below(f"{name}: the best straight rule without memory", 0.5 * STEPS, task.baseline().value)


@quick
def the_regulator() -> Iterator[Finding]:
    """Linearised here by central differences of a move, the expert's closed loop is stable."""
    for poles in ("one", "two"):
        task = _task("pole_balancing", poles=poles, forces=21)
        s, small = 2 + 2 * task.count, 1e-5
        rest = torch.zeros(s, s, dtype=torch.float64)
        push = torch.eye(s, dtype=torch.float64) * small
        push[:, 1] += 1.0                      # friction of a cart that moves one way is a constant and drops out
        rest[:, 1] += 1.0
        middle = torch.full((s,), 10)
        step = [task.move(w, middle)[0] for w in (push, 2 * rest - push)]
        A = (step[0] - step[1]).T / (2 * small)
        sides = [task.move(rest[:1], torch.tensor([k]))[0] for k in (11, 9)]
        B = (sides[0] - sides[1])[0] / 2.0
        gain = _gain(task, s)
        yield below(f"{poles}: largest eigenvalue of the loop with what the expert does", 0.9999,
                    float(torch.linalg.eigvals(A - torch.outer(B, gain)).abs().max()))
        yield above(f"{poles}: largest eigenvalue without it", 1.01, float(torch.linalg.eigvals(A).abs().max()))


def _task(name: str, **settings: Any) -> Any:
    return rc.Experiment.of("elman", name, **settings).make_task()


def _expert(task: Any, count: int) -> Any:
    return task.walk(lambda world, _: task.expert(world), task.worlds(count, torch.Generator().manual_seed(9)))


def _planned(plans: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """Acts as planned (n, t), whatever is seen."""
    steps = iter(plans.unbind(1))
    return lambda world, _: next(steps)


def _walked(south: bool, length: int, choices: Any, rule: tuple[int, ...] = ()) -> tuple[list[tuple[float, ...]],
                                                                                      list[float]]:
    """What is seen and got on a map: squares (0, 0) … (N, 0), the arms (N, ±1); actions north, east, south, west."""
    place, seen, got = (0, 0), [], []
    free = {(k, 0) for k in range(length + 1)} | {(length, 1), (length, -1)}
    goal = (length, -1 if south else 1)
    for t in range(len(choices) if choices else 5 * (length + 1)):
        if place == (0, 0):
            kind, sight = int(south), (1.0, 1.0, 0.0) if south else (0.0, 1.0, 1.0)
        else:
            kind, sight = (3, (0.0, 1.0, 0.0)) if place == (length, 0) else (2, (1.0, 0.0, 1.0))
        seen.append(sight)
        action = rule[kind] if rule else choices[t]
        dx, dy = ((0, 1), (1, 0), (0, -1), (-1, 0))[action]
        there = (place[0] + dx, place[1] + dy)
        if there not in free:
            got.append(-0.1)
        else:
            place = there
            got.append(0.0 if there[1] == 0 else 4.0 if there == goal else -0.1)
        if place[1]:
            break
    return seen, got


def _slopes(world: Tensor, force: float) -> Tensor:
    """The rate of change of one world, by solving Lagrange's equations for x and each θ together.

    (M + Σ m) ẍ + Σ m l θ̈ cos θ = F − friction + Σ m l θ̇² sin θ,   m l ẍ cos θ + ⁴⁄₃ m l² θ̈ = m g l sin θ − friction
    """
    p = len(world) // 2 - 1
    m, half = ([0.1, 0.01][:p], [0.5, 0.05][:p])
    theta, turn = world[2:2 + p], world[2 + p:]
    left, right = torch.zeros(1 + p, 1 + p, dtype=torch.float64), torch.zeros(1 + p, dtype=torch.float64)
    left[0, 0] = 1.0 + sum(m)
    right[0] = force - 5e-4 * torch.sign(world[1])
    for k in range(p):
        left[0, 1 + k] = left[1 + k, 0] = m[k] * half[k] * torch.cos(theta[k])
        left[1 + k, 1 + k] = 4 / 3 * m[k] * half[k]**2
        right[0] += m[k] * half[k] * turn[k]**2 * torch.sin(theta[k])
        right[1 + k] = m[k] * 9.8 * half[k] * torch.sin(theta[k]) - 2e-6 * turn[k]
    a = torch.linalg.solve(left, right)
    return torch.cat([world[1:2], a[:1], turn, a[1:]])


def _fourth_order(world: Tensor, force: float, steps: int) -> Tensor:
    """0.02 s by Runge and Kutta's method in so many steps."""
    h = 0.02 / steps
    for _ in range(steps):
        k1 = _slopes(world, force)
        k2 = _slopes(world + h / 2 * k1, force)
        k3 = _slopes(world + h / 2 * k2, force)
        world = world + h / 6 * (k1 + 2 * k2 + 2 * k3 + _slopes(world + h * k3, force))
    return world


def _integrated(worlds: Tensor, forces: Tensor, steps: int) -> Tensor:
    """0.02 s by the midpoint rule in so many steps, one world after the other."""
    found, dt = [], 0.02 / steps
    for world, force in zip(worlds, forces.tolist()):
        for _ in range(steps):
            world = world + dt * _slopes(world + dt / 2 * _slopes(world, force), force)
        found.append(world)
    return torch.stack(found)


def _energy(world: Tensor) -> float:
    """Of motion and of height: the cart, and each pole as a rod about its middle."""
    p = len(world) // 2 - 1
    total = 0.5 * float(world[1])**2
    for k in range(p):
        m, half, theta, turn = (0.1, 0.01)[k], (0.5, 0.05)[k], float(world[2 + k]), float(world[2 + p + k])
        vx, vy = float(world[1]) + half * turn * math.cos(theta), -half * turn * math.sin(theta)
        total += 0.5 * m * (vx**2 + vy**2) + 0.5 * m * half**2 / 3 * turn**2 + m * 9.8 * half * math.cos(theta)
    return total


def _gain(task: Any, size: int) -> Tensor:
    """What one of each number makes the expert push, to the nearest force, on worlds that ask for about 5 N."""
    found = []
    for k in range(size):
        world = torch.zeros(2000, size, dtype=torch.float64)
        world[:, k] = torch.linspace(-3, 3, 2000)
        pushed = task.expert(world).double() - 10.0
        inside = pushed.abs() < 9.5
        found.append(-(world[inside, k] @ pushed[inside]) / (world[inside, k] @ world[inside, k]))
    return torch.stack(found)
