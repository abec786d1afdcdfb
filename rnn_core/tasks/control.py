"""What tasks share that are played: the network acts, a world answers, and what counts is the reward.

    x_t = observe(w_t),   a_t ~ π(· | x_0 … x_t) = softmax(y_t),   w_{t+1}, r_t = move(w_t, a_t)
    J = E[Σ_t r_t]

A world is a row of numbers (w,), moved without chance. Each task also has an expert, who sees the whole world; where it
went is what ``sample`` gives, so that rules which need a right answer can learn by imitation. What is measured is not
how well a network imitates, but what it gets when it acts itself: nothing is left to chance, and the starts are such
that training never saw. Sutton & Barto, *Reinforcement learning*, 1998.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from rnn_core.records import Batch, Episode
from rnn_core.records.episode import Scene, chosen
from rnn_core.tasks.base import ClassificationTask

CARD = None
#: One step of an agent: observations (n, i) and its memory, None at first → logits (n, o) and its memory now.
Step = Callable[[Tensor, Any], tuple[Tensor, Any]]


class ControlTask(ClassificationTask):
    """A world to act in, with one of O actions at each step; worlds and rewards are in float64 on the CPU.

    ``longest`` is the most steps that an episode may take, ``lesson`` the most that are shown of an expert's episode;
    ``even`` says that the expert never needs fewer, so that no mask is needed.
    """

    plays = True
    metric_name, metric_better = "mean return", "higher"
    longest: int
    lesson: int
    even: bool = False

    def worlds(self, count: int, generator: torch.Generator) -> Tensor:
        """Worlds (n, w) in which episodes begin."""
        raise NotImplementedError

    def observe(self, world: Tensor) -> Tensor:
        """What an agent sees of worlds (n, w): (n, i) in float32."""
        raise NotImplementedError

    def move(self, world: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Worlds (n, w) after actions (n,), rewards (n,), and (n,) whether the episode is over."""
        raise NotImplementedError

    def expert(self, world: Tensor) -> Tensor:
        """What one who sees the whole of the worlds (n, w) would do: (n,)."""
        raise NotImplementedError

    def decide(self, logits: Tensor) -> Tensor:
        """The actions (n,) that logits (n, o) mean where nothing is left to chance: the likeliest."""
        return chosen(logits)

    def did(self, action: float) -> str:
        """An action in words."""
        return self.words[int(action)]

    def scene(self, episode: Episode) -> Scene:
        """How an episode of one world, a batch of one, can be drawn."""
        raise NotImplementedError

    def told(self, world: Tensor) -> list[str]:
        """What worlds (n, w) show, in words."""
        raise NotImplementedError

    def acted(self, network: Any, worlds: Tensor, generator: torch.Generator | None = None) -> Episode:
        """Episodes of a network from worlds (n, w); as ``play``."""
        return self.play(acting(network), worlds, generator=generator)

    @torch.no_grad()
    def play(self, step: Step, worlds: Tensor, *, generator: torch.Generator | None = None,
             steps: int | None = None) -> Episode:
        """Episodes of an agent from ``worlds`` (n, w), all side by side, each until it is over.

        What is done is decided from the logits (n, o); with a generator, drawn from their softmax. ``steps`` ends all
        episodes earlier than ``longest`` does.
        """
        state: Any = None

        def choose(world: Tensor, x: Tensor) -> Tensor:
            nonlocal state
            logits, state = step(x, state)
            return self.decide(logits) if generator is None else chosen(logits, generator)

        return self.walk(choose, worlds, steps)

    @torch.no_grad()
    def walk(self, choose: Callable[[Tensor, Tensor], Tensor], worlds: Tensor, steps: int | None = None) -> Episode:
        """Episodes in which ``choose(worlds (n, w), observations (n, i))`` names every action (n,)."""
        there = torch.ones(len(worlds), dtype=torch.bool)
        seen: list[tuple[Tensor, ...]] = []
        for _ in range(self.longest if steps is None else min(steps, self.longest)):
            x = self.observe(worlds)
            action = choose(worlds, x).to(worlds.device)
            after, reward, over = self.move(worlds, action)
            seen.append((x * there.unsqueeze(1), action * there, reward * there, there, worlds))
            worlds = torch.where(there.unsqueeze(1), after, worlds)
            there = there & ~over
            if not bool(there.any()):
                break
        return Episode(*(torch.stack(part, 1) for part in zip(*seen, strict=True)))

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        return self.shown(self.worlds(batch_size, generator))

    def shown(self, worlds: Tensor) -> Batch:
        """The expert's episodes from these worlds (n, w), at most ``lesson`` steps of them."""
        walked = self.walk(lambda world, _: self.expert(world), worlds, self.lesson)
        missing = min(self.lesson, self.longest) - walked.mask.shape[1]
        mask = pad(walked.mask, (0, missing))
        return Batch(pad(walked.observations, (0, 0, 0, missing)), pad(walked.actions, (0, missing)),
                     None if self.even else mask, None, worlds)

    @torch.no_grad()
    def measured(self, network: Any, batch: Batch) -> tuple[float, float]:
        """The loss beside the expert's actions, and the mean return of the network's own episodes."""
        y = network(batch.x, mask=batch.mask)
        return float(self.loss(y, batch)), float(self.acted(network, batch.world).returns.mean())

    def metric(self, y: Tensor, batch: Batch) -> float:
        """The share of the expert's actions, which is all that outputs along the expert's walk can tell."""
        return super().metric(y, batch)

    @classmethod
    def check_wiring(cls, wiring: type[Any]) -> None:
        if wiring.sees_ahead:
            raise ValueError(f"{cls.card.title} is played step by step, and a network wired as “{wiring.card.title}” "
                             "would have to see what comes before it acts.")


def acting(network: Any) -> Step:
    """A network as an agent, one step a call, with its state as what it remembers.

    Raises ValueError, in one sentence, for a network that reads its sequence from the end.
    """
    if network.sees_ahead:
        raise ValueError("A network that reads a sequence from its end cannot act: it would have to see what comes.")
    like = next(network.parameters())

    def step(x: Tensor, state: Any) -> tuple[Tensor, Any]:
        trace = network.trace(x.to(like).unsqueeze(1), state=state)
        return trace.outputs[:, 0], trace.main.final

    return step
