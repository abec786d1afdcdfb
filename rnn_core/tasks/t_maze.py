"""T-maze: a sign at the start of a corridor says at which side of its far end the goal lies.

    sign · corridor … corridor · junction        x: 0 1 1 or 1 1 0 the sign, 1 0 1 the corridor, 0 1 0 the junction

One step is one square north, east, south or west. Walking into a wall costs 0.1 and leads nowhere. At the junction, N
squares east of the sign, north or south ends the episode: 4 at the goal, −0.1 at the other side. The sign is seen at
its own square alone, so who turns right remembers it over N steps; the best that can be had without memory is found by
trying all 256 rules that name an action for each of the four sights. With noise the corridor looks like a 0 b, a and b
anew in [0, 1] at each step. An episode ends after 5 (N + 1) steps. Bakker, *Reinforcement learning with long short-term
memory*, 2002.
"""
from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor

from rnn_core.records import Baseline, Batch, Card, Episode, Settings, Story, setting
from rnn_core.records.episode import Scene
from rnn_core.tasks.control import ControlTask

NORTH, EAST, SOUTH, WEST = range(4)
SIGN_UP, SIGN_DOWN, CORRIDOR, JUNCTION = range(4)
SIGHTS = torch.tensor([[0.0, 1, 1], [1, 1, 0], [1, 0, 1], [0, 1, 0]])
GOAL, COST, PATIENCE, MIX = 4.0, -0.1, 5, 2654435761


class TMazeSettings(Settings):
    """How long the corridor is, and how it looks."""

    length: int = setting(5, "Squares from the sign to the junction.", symbol="N", ge=1, le=200, main=True)
    noisy: bool = setting(False, "The corridor looks different at every step.")
    ragged: bool = setting(False, "Corridors of different lengths, from half of N, rounded up, to N.")


class TMaze(ControlTask):
    """T-maze: remember the sign at the start, and turn to its side at the far end."""

    card = Card(title="T-maze", row="C16", year=2002,
                reference="Bakker, Reinforcement learning with long short-term memory, 2002",
                summary="A sign at the start of a corridor tells where to turn at its far end; only the goal rewards.",
                use="Can it remember a sign when nobody says that it matters?")
    Settings = TMazeSettings
    input_size, output_size, reach, metric_best = 3, 4, "length", GOAL
    words = ("north", "east", "south", "west")
    sights = ("sign north", "sign south", "corridor", "junction")

    def __init__(self, settings: TMazeSettings | None = None) -> None:
        super().__init__(settings)
        n = self.settings.length
        self.shortest = (n + 1) // 2 if self.settings.ragged else n
        self.lesson, self.longest, self.even = n + 1, PATIENCE * (n + 1), not self.settings.ragged

    def worlds(self, count: int, generator: torch.Generator) -> Tensor:
        """(n, 5): whether the goal is in the south, squares walked, length, steps so far, a number behind the noise.

        Half of the goals, rounded up or down by chance, are in the south.
        """
        south = (torch.arange(count) + torch.randint(2, (1,), generator=generator)) % 2
        south = south[torch.randperm(count, generator=generator)]
        length = torch.randint(self.shortest, self.settings.length + 1, (count,), generator=generator)
        seed, nothing = torch.randint(2**31, (count,), generator=generator), torch.zeros(count)
        return torch.stack([south.double(), nothing, length, nothing, seed], 1)

    def sight(self, world: Tensor) -> Tensor:
        """Which of the four sights each world (n, 5) shows: (n,)."""
        south, at, length = world[:, :3].unbind(1)
        inside = torch.where(at < length, CORRIDOR, JUNCTION)
        return torch.where(at == 0, south.long(), inside)

    def observe(self, world: Tensor) -> Tensor:
        sight = self.sight(world)
        x = SIGHTS[sight]
        if not self.settings.noisy:
            return x
        steps, seed = world[:, 3:].long().unbind(1)
        noise = torch.stack([_fraction(seed + (2 * steps + k) * MIX) for k in (0, 1)], 1)
        blurred = torch.stack([noise[:, 0], torch.zeros(len(x)), noise[:, 1]], 1).float()
        return torch.where((sight == CORRIDOR).unsqueeze(1), blurred, x)

    def move(self, world: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        south, at, length, steps, seed = world.unbind(1)
        turn = (action == NORTH) | (action == SOUTH)
        over = turn & (at == length)
        there = (at + (action == EAST).double() - (action == WEST).double()).clamp(min=0).minimum(length)
        right = over & ((action == SOUTH) == (south == 1))
        reward = GOAL * right.double() + COST * ((there == at) & ~right).double()
        return torch.stack([south, there, length, steps + 1, seed], 1), reward, over

    def expert(self, world: Tensor) -> Tensor:
        south, at, length = world[:, :3].unbind(1)
        return torch.where(at < length, EAST, torch.where(south == 1, SOUTH, NORTH))

    def told(self, world: Tensor) -> list[str]:
        return [self.sights[k] for k in self.sight(world)]

    def scene(self, episode: Episode) -> Scene:
        there = int(episode.lengths[0])
        south, _, n = episode.worlds[0, 0, :3].tolist()
        last, action = episode.worlds[0, there - 1], episode.actions[0, there - 1]
        after, _, over = self.move(last.unsqueeze(0), action.unsqueeze(0))
        at = torch.cat([episode.worlds[0, :there, 1], after[:, 1]])
        side = torch.zeros(there + 1, dtype=torch.float64)
        side[-1] = bool(over) * (1.0 if action == NORTH else -1.0)
        walls = [(-0.5, 0.5), (n - 0.5, 0.5), (n - 0.5, 1.5), (n + 0.5, 1.5), (n + 0.5, -1.5), (n - 0.5, -1.5),
                 (n - 0.5, -0.5), (-0.5, -0.5), (-0.5, 0.5)]
        goal = torch.tensor([[n, -1.0 if south else 1.0]])
        body = torch.tensor([[0, 0.32], [0.32, 0], [0, -0.32], [-0.32, 0], [0, 0.32]], dtype=torch.float64)
        agent = torch.stack([at, side], 1).unsqueeze(1) + body
        return Scene({"walls": torch.tensor(walls), "goal": goal}, {"agent": agent}, False)

    def baseline(self) -> Baseline:
        every = range(self.shortest, self.settings.length + 1)
        steps = sum(length + 1 for length in every) / len(every)
        return Baseline(max(self.without_memory().values()), math.log(2) / steps,
                        "walk to the junction and always turn to the same side")

    def without_memory(self) -> dict[tuple[int, ...], float]:
        """What each rule that names an action for each of the four sights gets, a mean over signs and lengths."""
        rules = torch.tensor(list(itertools.product(range(4), repeat=4)))
        mazes = [(south, 0.0, length, 0.0, 0.0) for south in (0.0, 1.0)
                 for length in {float(self.shortest), float(self.settings.length)}]
        worlds = torch.tensor(mazes, dtype=torch.float64).repeat(len(rules), 1)
        own = rules.repeat_interleave(len(mazes), 0)
        walked = self.walk(lambda world, _: own.gather(1, self.sight(world).unsqueeze(1)).squeeze(1), worlds)
        got = walked.returns.view(len(rules), -1).mean(1)
        return dict(zip(map(tuple, rules.tolist()), got.tolist(), strict=True))

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        length = batch.x.shape[1] if batch.mask is None else int(batch.mask[row].sum())
        south = int(batch.target[row, length - 1] == SOUTH)
        inputs = [self.sights[south], *[self.sights[CORRIDOR]] * (length - 2), self.sights[JUNCTION]]
        targets = [self.words[k] for k in batch.target[row, :length]]
        expected = f"{length - 1} east, then {targets[-1]}"
        marks = [0, length - 1]
        if y is None:
            return Story(inputs, marks, expected, targets=targets)
        said = [self.words[k] for k in y[row, :length].argmax(-1)]
        wrong = [k for k in range(length - 1) if said[k] != targets[k]]
        told = f"{length - 1} east, then {said[-1]}" if not wrong else f"{said[wrong[0]]} at step {wrong[0]}"
        return Story(inputs, marks, expected, told, said == targets, targets)


def _fraction(numbers: Tensor) -> Tensor:
    """Whole numbers mixed into [0, 1): the same number always gives the same."""
    for shift in (15, 13):
        numbers = (numbers ^ (numbers >> shift)) * MIX & 0x7FFFFFFF
    return (numbers ^ (numbers >> 16)).double() / 2**31
