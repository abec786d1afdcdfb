"""B17, SGD, momentum, RMSProp and Adam: each update by its formula, known rates on a quadratic, the loss surface."""
from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, gradients, in_double, near, quick, same

RULES, MU = ("sgd", "momentum", "rmsprop", "adam"), 0.9
NAMES = {"sgd": "SGD", "momentum": "momentum", "rmsprop": "RMSProp", "adam": "Adam"}
TORCH: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD, "momentum": partial(torch.optim.SGD, momentum=MU), "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam}


class Walker:
    """One rule written out: θ − η g;  v ← μ v + g, θ − η v;  s ← .99 s + .01 g², θ − η g/(√s + ε);  and Adam's."""

    def __init__(self, rule: str, rate: float) -> None:
        self.rule, self.rate, self.first, self.second, self.count = rule, rate, 0.0, 0.0, 0

    def step(self, g: Tensor) -> Tensor:
        """What is added to the weights for a gradient."""
        self.count += 1
        if self.rule == "momentum":
            self.first = MU * self.first + g
            return -self.rate * self.first
        if self.rule == "rmsprop":
            self.second = 0.99 * self.second + 0.01 * g * g
            return -self.rate * g / (self.second**0.5 + 1e-8)
        if self.rule == "adam":
            self.first = 0.9 * self.first + 0.1 * g
            self.second = 0.999 * self.second + 0.001 * g * g
            mean, square = self.first / (1 - 0.9**self.count), self.second / (1 - 0.999**self.count)
            return -self.rate * mean / (square**0.5 + 1e-8)
        return -self.rate * g


@quick
def formulas_equal_torch() -> Iterator[Finding]:
    """Thirty updates with random gradients of widely different sizes, by the formulas here and by torch.optim."""
    for rule in RULES:
        for size in (1, 7, 300):
            draw = torch.Generator().manual_seed(size)
            ours = torch.randn(size, generator=draw).double()
            theirs = ours.clone().requires_grad_()
            optimiser, hand = TORCH[rule]([theirs], lr=0.01), Walker(rule, 0.01)
            scale = 10.0 ** torch.randint(-6, 3, (size,), generator=draw)
            for _ in range(30):
                theirs.grad = torch.randn(size, generator=draw).double() * scale
                ours = ours + hand.step(theirs.grad)
                optimiser.step()
            yield same(f"{rule}: {size} weights after 30 updates, in parts of the way", ours / scale.clamp(min=1),
                       theirs / scale.clamp(min=1), 1e-12)


@quick
def the_learner_takes_these_steps() -> Iterator[Finding]:
    """One update and five of the learner, in double precision, by the formulas and a gradient by autograd."""
    for rule in RULES:
        for updates in (1, 5):
            with in_double():
                run = rc.Run(rc.Experiment.of("gru", "adding", hidden_size=5, length=9, batch_size=4, updates=updates,
                                              optimiser=rule, learning_rate=0.02, clip=0.0))
                other, stream = copy.deepcopy(run.network), torch.Generator()
                stream.set_state(run.streams.data.get_state())
                walkers = [Walker(rule, 0.02) for _ in other.parameters()]
                for _ in range(updates):
                    batch = run.task.sample(4, stream)
                    found = gradients(run.task.loss(other(batch.x), batch), list(other.parameters()))
                    with torch.no_grad():
                        for p, walker, g in zip(other.parameters(), walkers, found, strict=True):
                            p.add_(walker.step(g))
                for _ in run.training():
                    pass
            yield same(f"{rule}: all weights after {updates} update{'s' * (updates > 1)}",
                       list(run.network.parameters()), list(other.parameters()), 1e-12)


@quick
def one_update_as_shown() -> Iterator[Finding]:
    """The moves that the explorer draws beside each gradient, by the formulas."""
    for architecture in ("elman", "lstm"):
        found = rc.optimiser_steps(rc.Experiment.of(architecture, "adding", hidden_size=4, length=12), rate=0.02)
        for rule, name in NAMES.items():
            yield same(f"{architecture}, {rule}: moves of {len(found.gradient)} weights", found.moves[name],
                       Walker(rule, 0.02).step(found.gradient), 1e-12)


@quick
def rate_on_a_quadratic() -> Iterator[Finding]:
    """A readout that can only be wrong by a constant e has loss e² + what no constant mends, so λ = 2.

    SGD: e_k = (1 − ηλ)^k e_0, which grows when ηλ > 2. Momentum: [e_k, v_k] by powers of [[1 − ηλ, −ημ], [λ, μ]].
    """
    network, batch, loss = _constant()
    m = batch.target.mean()
    e = float(network.readout.d.detach()) - float(m)
    rest = float(((batch.target - m) ** 2).mean())
    for rate in (0.01, 0.3, 0.5, 0.9, 1.1):
        found = rc.loss_surface(network, batch, loss, ("SGD", "momentum"), rate=rate, updates=12, grid=3)
        k = torch.arange(13).double()
        yield same(f"SGD, η = {rate:g}, rate {1 - 2 * rate:.3g}: e² after each of 12 updates",
                   found.losses["SGD"] - rest, (1 - 2 * rate) ** (2 * k) * e**2, 1e-10)
        M = torch.tensor([[1 - 2 * rate, -rate * MU], [2.0, MU]], dtype=torch.float64)
        powers = torch.stack([torch.linalg.matrix_power(M, int(n))[0, 0] for n in k])
        yield same(f"momentum, η = {rate:g}: e² after each of 12 updates", found.losses["momentum"] - rest,
                   (powers * e) ** 2, 1e-9)
    yield above("SGD with ηλ = 2.2: last e over first", 1.2**12 * 0.999,
                float((found.losses["SGD"][-1] - rest) ** 0.5) / abs(e))
    small = rc.loss_surface(network, batch, loss, ("Adam", "RMSProp"), rate=1e-4, updates=1, grid=3)
    yield near("Adam's first step ÷ η, whatever the gradient", 1.0, float(small.ways["Adam"][1].norm()) / 1e-4, 1e-6)
    yield near("RMSProp's first step ÷ η, whatever the gradient", 10.0, float(small.ways["RMSProp"][1].norm()) / 1e-4,
               1e-5)


@quick
def ways_on_the_surface() -> Iterator[Finding]:
    """Each way walked again here by the formulas: loss at every update, shadow on the plane, distance from it."""
    for architecture, plane, seed in (("elman", "ways", 0), ("lstm", "ways", 0), ("gru", "random", 3)):
        network, batch, loss = _setting(architecture)
        found = rc.loss_surface(network, batch, loss, rate=0.01, updates=6, plane=plane, seed=seed, grid=5)
        yield same(f"{architecture}, {plane}: u and v are of length 1 and at right angles",
                   found.directions @ found.directions.T, torch.eye(2).double(), 1e-12)
        for rule, name in NAMES.items():
            moves, losses = _walked(network, batch, loss, rule, 0.01, 6)
            shadow = moves @ found.directions.T
            yield same(f"{architecture}, {plane}, {rule}: losses", found.losses[name], losses, 1e-10)
            yield same(f"{architecture}, {plane}, {rule}: shadows", found.ways[name], shadow, 1e-10)
            yield same(f"{architecture}, {plane}, {rule}: squared distances by Pythagoras", found.away[name] ** 2,
                       (moves**2).sum(1) - (shadow**2).sum(1), 1e-10)


@quick
def the_surface_is_the_loss() -> Iterator[Finding]:
    """Every height of the map, with the weights put there one place after another; the start is on it."""
    for architecture in ("elman", "lstm", "jordan"):
        network, batch, loss = _setting(architecture)
        found = rc.loss_surface(network, batch, loss, ("SGD", "Adam"), rate=0.05, updates=3, grid=5)
        start, heights = _flat(network), []
        for y in found.b:
            for x in found.a:
                other = copy.deepcopy(network)
                torch.nn.utils.vector_to_parameters(start + x * found.directions[0] + y * found.directions[1],
                                                    other.parameters())
                heights.append(loss(other(batch.x, mask=batch.mask), batch).detach())
        yield same(f"{architecture}: 25 heights", found.surface.flatten(), torch.stack(heights), 1e-10)
        yield below(f"{architecture}: largest place of a way outside the window, in half windows", 1.0, max(
            float(((way - torch.stack([found.a.mean(), found.b.mean()])).abs() / (found.a[-1] - found.a.mean())).max())
            for way in found.ways.values()))
        yield equal(f"{architecture}: weights changed by looking", 0, int((_flat(network) != start).sum()))


def _setting(architecture: str) -> tuple[Any, rc.Batch, Any]:
    """A network in double precision, ragged sequences and the task's loss."""
    run = rc.Run(rc.Experiment.of(architecture, "adding", hidden_size=4, length=9, ragged=True))
    one = run.held_out.rows(slice(0, 5))
    return run.network.double(), rc.Batch(one.x.double(), one.target.double(), one.mask, one.scored), run.task.loss


def _constant() -> tuple[Any, rc.Batch, Any]:
    """A network whose hidden units are silent and unheard, so that of all weights only d feels the loss."""
    network, _, _ = _setting("elman")
    with torch.no_grad():
        for p in network.parameters():
            p.zero_()
        network.readout.d.fill_(1.5)
    draw = torch.Generator().manual_seed(2)
    batch = rc.Batch(torch.randn(6, 5, 2, generator=draw).double(), torch.randn(6, 5, 1, generator=draw).double())
    return network, batch, lambda y, one: ((y - one.target) ** 2).mean()


def _walked(network: Any, batch: rc.Batch, loss: Any, rule: str, rate: float, updates: int) -> tuple[Tensor, Tensor]:
    """Moves (u + 1, p) and losses (u + 1,) by the formulas."""
    other, hand, start, moves, losses = copy.deepcopy(network), Walker(rule, rate), _flat(network), [], []
    for _ in range(updates + 1):
        value = loss(other.trace(batch.x, mask=batch.mask).outputs, batch)
        moves.append(_flat(other) - start)
        losses.append(value.detach())
        g = torch.cat([g.flatten() for g in gradients(value, list(other.parameters()))])
        torch.nn.utils.vector_to_parameters(_flat(other) + hand.step(g), other.parameters())
    return torch.stack(moves), torch.stack(losses)


def _flat(network: Any) -> Tensor:
    """(p,) all weights."""
    return torch.nn.utils.parameters_to_vector(network.parameters()).detach().clone()
