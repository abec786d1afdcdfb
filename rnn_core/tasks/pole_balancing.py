"""Pole balancing: one or two poles stand on a cart, and a push at the cart each fiftieth of a second must keep them up.

    ẍ   = (F − μ_c sign ẋ + Σ_k [m_k l_k θ̇_k² sin θ_k + ¾ m_k cos θ_k q_k]) / (M + Σ_k m_k (1 − ¾ cos² θ_k))
    θ̈_k = −¾ (ẍ cos θ_k + q_k) / l_k,        q_k = μ_p θ̇_k / (m_k l_k) + g sin θ_k,  g = −9.8 m/s²

M = 1 kg; poles of 1 m, 0.1 kg and of 0.1 m, 0.01 kg, l_k half of a length; μ_c = 5·10⁻⁴, μ_p = 2·10⁻⁶; F is one of
K forces spread evenly from −10 to 10 N, or where pushes are graded F = Σ_k π_k F_k with their chances π. A step lasts
0.02 s, worked out by Runge and Kutta's method of fourth order, with two poles in halves. Each step after which the cart
is within 2.4 m and the poles are within 12° (of two poles 36°) gives a reward of 1, the first other one ends the
episode. Unless velocities are shown they must be told from what was seen before. The expert sees all, and takes the
force next to that of the linear regulator: with s' ≈ A s + B F,

    F = −K s,   K = (R + Bᵀ P B)⁻¹ Bᵀ P A,   P = Q + Aᵀ P (A − B K)

Wieland, *Evolving neural network controllers for unstable systems*, 1991; Barto, Sutton & Anderson, *Neuronlike
adaptive elements that can solve difficult learning control problems*, 1983.
"""
from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from rnn_core.records import Baseline, Batch, Card, Episode, Settings, Story, setting
from rnn_core.records.episode import Scene
from rnn_core.tasks.control import ControlTask

G, CART, PUSH, TRACK = -9.8, 1.0, 10.0, 2.4
MASS, HALF = (0.1, 0.01), (0.5, 0.05)
CART_FRICTION, POLE_FRICTION = 5e-4, 2e-6
STEP, INNER = 0.02, {1: 0.02, 2: 0.01}
EFFORT, MOST = 0.01, 20_000
TILT = {1: math.radians(12), 2: math.radians(36)}
LESSON, RULES, TRIES, STARTS = 100, 200, 4, 64
HEIGHT = 0.15


class PoleBalancingSettings(Settings):
    """How many poles there are, what is seen of them, and for how long they must stand."""

    poles: Literal["one", "two"] = setting("one", "A pole of 1 m, or another of 0.1 m beside it.", main=True)
    velocities: bool = setting(False, "Show velocities too, so that nothing must be remembered.")
    steps: int = setting(1000, "Steps after which an episode ends.", symbol="T", ge=10, le=2000, main=True)
    forces: int = setting(3, "Number of forces to choose from, evenly from 10 N to the left to 10 N to the right.",
                          symbol="K", ge=2, le=21)
    graded: bool = setting(False, "Push with the mean of the forces, each weighted by its chance, instead of with the "
                                  "likeliest one.")


class PoleBalancing(ControlTask):
    """Pole balancing: push a cart left and right so that what stands on it does not fall."""

    card = Card(title="Pole balancing", row="C16", year=1991,
                reference="Wieland, Evolving neural network controllers for unstable systems, 1991",
                summary="A pole stands on a cart; seeing where both are, but not how fast, the net must keep it up.",
                equations={"θ": "θ̈ = −¾ (ẍ cos θ + q) / l"},
                use="Can it tell from the last moments how fast things are going, and act before they fall?")
    Settings = PoleBalancingSettings
    metric_name, grows, lesson = "steps balanced", "steps", LESSON

    def __init__(self, settings: PoleBalancingSettings | None = None) -> None:
        super().__init__(settings)
        self.count = 1 if self.settings.poles == "one" else 2
        self.longest = self.metric_best = self.settings.steps
        self.input_size = (1 + self.count) * (2 if self.settings.velocities else 1)
        self.output_size = self.settings.forces
        self.words = [self.did(k) for k in range(self.output_size)]
        self.scale = torch.tensor([TRACK, *[TILT[self.count]] * self.count], dtype=torch.float64)

    def worlds(self, count: int, generator: torch.Generator) -> Tensor:
        """(n, 2 + 2p): x, ẋ, each θ, each θ̇, in metres, radians and seconds.

        With one pole all are within ±0.05; of two poles the long one leans by up to 4.5°, and all else but x is 0.
        """
        start = 0.1 * torch.rand(count, 2 + 2 * self.count, generator=generator, dtype=torch.float64) - 0.05
        if self.count == 2:
            start[:, 2] *= math.radians(4.5) / 0.05
            start[:, 3:] = 0
            start[:, 1] = 0
        return start

    def places(self, world: Tensor) -> Tensor:
        """x and each θ, (n, 1 + p)."""
        return torch.cat([world[:, :1], world[:, 2:2 + self.count]], 1)

    def observe(self, world: Tensor) -> Tensor:
        places = self.places(world) / self.scale
        if not self.settings.velocities:
            return places.float()
        speeds = torch.cat([world[:, 1:2], world[:, 2 + self.count:]], 1) / (2 * self.scale)
        return torch.cat([places, speeds], 1).float()

    def move(self, world: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        before, force = world.numpy().T, self.force(action).numpy()
        after = torch.from_numpy(pushed(before, force, INNER[self.count]).T)
        over = ((after[:, :1].abs() > TRACK) | (after[:, 2:2 + self.count].abs() > TILT[self.count])).any(1)
        return after, (~over).double(), over

    def decide(self, logits: Tensor) -> Tensor:
        if not self.settings.graded:
            return super().decide(logits)
        return logits.double().softmax(-1) @ torch.arange(self.output_size, dtype=torch.float64).to(logits.device)

    def force(self, action: Tensor) -> Tensor:
        """The forces in N of actions (n,); between two actions lies what is between their forces."""
        last = self.output_size - 1
        return (2 * action.double() - last) * (PUSH / last)

    def did(self, action: float) -> str:
        f = float(self.force(torch.tensor(action)))
        return f"{-f:.3g} N left" if f < 0 else f"{f:.3g} N right" if f else "no push"

    def expert(self, world: Tensor) -> Tensor:
        return self.nearest(-(world @ torch.from_numpy(regulator(self.count)))).round().long()

    def nearest(self, force: Tensor) -> Tensor:
        """The action (n,) whose force is next to what is wanted (n,), in float64."""
        last = self.output_size - 1
        action = ((force + PUSH) / (2 * PUSH) * last).clamp(0, last)
        return action if self.settings.graded else action.round()

    def told(self, world: Tensor) -> list[str]:
        kind = "pole " if self.count == 1 else "poles "
        return [f"cart {x:+.2f} m, {kind}" + " and ".join(f"{math.degrees(tilt):+.1f}°" for tilt in tilts)
                for x, *tilts in self.places(world).tolist()]

    def scene(self, episode: Episode) -> Scene:
        there = int(episode.lengths[0])
        walked = episode.worlds[0, :there]
        places = self.places(torch.cat([walked, self.move(walked[-1:], episode.actions[0, there - 1:there])[0]]))
        x, foot = places[:, :1, None], torch.tensor([0.0, HEIGHT], dtype=torch.float64)
        box = torch.tensor([[-0.2, 0], [0.2, 0], [0.2, HEIGHT], [-0.2, HEIGHT], [-0.2, 0]], dtype=torch.float64)
        moving = {"cart": box + torch.cat([x, torch.zeros_like(x)], 2)}
        for k in range(self.count):
            tip = 2 * HALF[k] * torch.stack([places[:, 1 + k].sin(), places[:, 1 + k].cos()], 1)
            start = torch.cat([x, torch.zeros_like(x)], 2) + foot
            moving[f"pole {k + 1}" if self.count > 1 else "pole"] = torch.cat([start, start + tip.unsqueeze(1)], 1)
        return Scene({"track": torch.tensor([[-TRACK, 0.0], [TRACK, 0.0]])}, moving, True)

    def baseline(self) -> Baseline:
        if self.settings.velocities:
            value = float(self.walk(lambda world, _: self.expert(world), self._starts(STARTS)).returns.mean())
            return Baseline(value, self._loss(), "push as the regulator does, for all that matters is seen")
        gain = self.straight_rule()
        value = float(self._straight(gain.expand(STARTS, -1), self._starts(STARTS)).returns.mean())
        return Baseline(value, self._loss(), f"push in proportion to what is seen, the best of {RULES} such rules")

    def straight_rule(self) -> Tensor:
        """Of many rules F = gain · (x, each θ) drawn by chance, the gain (1 + p,) of that which balances longest."""
        fixed = torch.Generator().manual_seed(0)
        kind = {"generator": fixed, "dtype": torch.float64}
        gains = torch.randn(RULES, 1 + self.count, **kind) * torch.tensor([20.0, *[300.0] * self.count])
        gains = gains * torch.rand(RULES, 1, **kind) ** 2
        walked = self._straight(gains.repeat_interleave(TRIES, 0), self._starts(TRIES).repeat(RULES, 1))
        return gains[int(walked.returns.view(RULES, TRIES).sum(1).argmax())]

    def _straight(self, gains: Tensor, worlds: Tensor) -> Episode:
        """Episodes under one rule (n, 1 + p) for each world."""
        return self.walk(lambda world, _: self.nearest((gains * self.places(world)).sum(1)), worlds)

    def _starts(self, count: int) -> Tensor:
        return self.worlds(count, torch.Generator().manual_seed(1))

    def _loss(self) -> float:
        """The cross-entropy of the best softmax of a linear function of what is seen, fitted to the expert."""
        batch = self.shown(self._starts(STARTS))
        x, target = batch.x[batch.counted].double(), batch.target[batch.counted]
        W = torch.zeros(self.output_size, self.input_size + 1, dtype=torch.float64, requires_grad=True)
        solver = torch.optim.LBFGS([W], max_iter=100, line_search_fn="strong_wolfe")

        def loss() -> Tensor:
            solver.zero_grad()
            found = cross_entropy(x @ W[:, 1:].T + W[:, 0], target)
            found.backward()
            return found

        with torch.enable_grad():
            solver.step(loss)
            return float(loss().detach())

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        length = batch.x.shape[1] if batch.mask is None else int(batch.mask[row].sum())
        places = (batch.x[row, :length, :1 + self.count].double() * self.scale).tolist()
        inputs = [f"cart {x:+.2f} m, " + ("pole " if len(tilts) == 1 else "poles ") +
                  " and ".join(f"{math.degrees(tilt):+.1f}°" for tilt in tilts) for x, *tilts in places]
        marks = [max(range(length), key=lambda k: abs(places[k][1]))]
        targets = [self.words[k] for k in batch.target[row, :length]]
        expected = f"as the expert at {length} of {length} steps"
        if y is None:
            return Story(inputs, marks, expected, targets=targets)
        alike = int((y[row, :length].argmax(-1) == batch.target[row, :length]).sum())
        return Story(inputs, marks, expected, f"as the expert at {alike} of {length} steps", alike == length, targets)


def accelerations(world: np.ndarray, force: np.ndarray, rub: float = CART_FRICTION) -> np.ndarray:
    """ẍ and each θ̈, (1 + p, n), of worlds (2 + 2p, n) under forces (n,); ``rub`` is μ_c."""
    p = len(world) // 2 - 1
    m, half = (np.array(v[:p])[:, None] for v in (MASS, HALF))
    sine, cosine, turn = np.sin(world[2:2 + p]), np.cos(world[2:2 + p]), world[2 + p:]
    q, lever = POLE_FRICTION / (m * half) * turn + G * sine, 0.75 * m * cosine
    pull = (m * half * sine * turn * turn + lever * q).sum(0)
    x = (force - rub * np.sign(world[1]) + pull) / (CART + (m - lever * cosine).sum(0))
    return np.concatenate([x[None], -0.75 / half * (x * cosine + q)])


def pushed(world: np.ndarray, force: np.ndarray, inner: float, rub: float = CART_FRICTION) -> np.ndarray:
    """Worlds (2 + 2p, n) after 0.02 s under constant forces (n,), in steps of ``inner`` seconds; ``rub`` is μ_c."""
    p = len(world) // 2 - 1

    def change(w: np.ndarray) -> np.ndarray:
        a = accelerations(w, force, rub)
        return np.concatenate([w[1:2], a[:1], w[2 + p:], a[1:]])

    for _ in range(round(STEP / inner)):
        k1 = change(world)
        k2 = change(world + inner / 2 * k1)
        k3 = change(world + inner / 2 * k2)
        k4 = change(world + inner * k3)
        world = world + inner / 6 * (k1 + 2 * (k2 + k3) + k4)
    return world


@lru_cache(maxsize=2)
def regulator(poles: int) -> np.ndarray:
    """K (2 + 2p,), from central differences of a step about rest on a smooth track, and P by iteration."""
    s, small = 2 + 2 * poles, 1e-6
    nudge = small * np.concatenate([np.eye(s + 1), -np.eye(s + 1)], 1)
    after = pushed(nudge[:s], nudge[s], INNER[poles], 0.0)
    A, B = np.split((after[:, :s + 1] - after[:, s + 1:]) / (2 * small), [s], 1)
    P = np.eye(s)
    for _ in range(MOST):
        K = (B.T @ P @ A) / (EFFORT + B.T @ P @ B)
        new = np.eye(s) + A.T @ P @ (A - B @ K)
        P, last = new, P
        if np.abs(P - last).max() < 1e-10 * np.abs(P).max():
            break
    return K[0]
