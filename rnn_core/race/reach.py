"""How long a memory can each learn? The same race at several lengths, and how many seeds succeed at each."""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from rnn_core import catalogue
from rnn_core.experiment import build
from rnn_core.race.record import Race
from rnn_core.race.verdict import Verdict
from rnn_core.records import Result

SUCCESS = 0.5


def axis_of(race: Race) -> str:
    """The setting of a race's task that says over how many steps something must be remembered, "" for none."""
    return catalogue.task_classes()[race.base.task].reach


def at_lengths(race: Race, lengths: Sequence[int]) -> tuple[Race, ...]:
    """The same race once for each length, shortest first; ValueError, in one sentence, where that cannot be."""
    axis = axis_of(race)
    if not axis:
        raise ValueError("No setting of this task says how long something must be remembered.")
    if len(set(lengths)) < 2:
        raise ValueError("Choose at least two lengths.")
    same = {name: getattr(race, name) for name in Race.model_fields}
    return tuple(build(Race, same | {"base": race.base.with_(**{axis: n})}) for n in sorted(set(lengths)))


@dataclass(frozen=True)
class Reach(Result):
    """``verdicts``: one for each of ``races``, shortest first, None where the race itself has not begun.

    A seed succeeds whose held-out loss ended below half of what can be had without memory.
    """

    races: tuple[Race, ...]
    verdicts: tuple[Verdict | None, ...]

    @property
    def names(self) -> list[str]:
        """What the lanes are called."""
        return [self.races[0].name(lane) for lane in range(len(self.races[0].lanes))]

    @property
    def axis(self) -> str:
        """What varies, in words."""
        return axis_of(self.races[0]).replace("_", " ")

    @property
    def lengths(self) -> list[int]:
        """The lengths."""
        return [getattr(race.base, axis_of(race)) for race in self.races]

    def succeeded(self, lane: int) -> list[int | None]:
        """How many seeds of a lane succeeded at each length; None where nothing is known yet."""
        def count(one: Verdict) -> int:
            return sum(v is not None and v < SUCCESS * one.baseline.loss for v in one.finals[lane])

        return [None if one is None else count(one) for one in self.verdicts]

    @property
    def done(self) -> bool:
        """Whether every race has made its last update."""
        return all(one is not None and one.rounds[-1] >= race.race_updates
                   for race, one in zip(self.races, self.verdicts))

    def longest(self, lane: int) -> int | None:
        """The greatest length up to which more than half of the seeds succeeded, from the shortest on; None if none."""
        found = None
        for length, count in zip(self.lengths, self.succeeded(lane)):
            if count is None or count <= self.races[0].seeds / 2:
                break
            found = length
        return found

    def frame(self) -> pd.DataFrame:
        """One row a length and lane."""
        rows = []
        for k, (length, one) in enumerate(zip(self.lengths, self.verdicts)):
            for lane, name in enumerate(self.names):
                rows.append({self.axis: length, "architecture": name, "succeeded": self.succeeded(lane)[k],
                             "seeds": self.races[k].seeds, "updates": 0 if one is None else one.rounds[-1],
                             "median loss": math.nan if one is None else one.last[lane].median,
                             "without memory": math.nan if one is None else one.baseline.loss})
        return pd.DataFrame(rows)

    @property
    def says(self) -> str:
        race, axis = self.races[0], self.axis
        far = [f"{name} up to {axis} {self.longest(k)}" if self.longest(k) else f"{name} at none of them"
               for k, name in enumerate(self.names)]
        so_far = "" if self.done else "so far, "
        return (f"{so_far}with about {race.budget:,} weights, {race.race_updates:,} updates and a learning rate tuned "
                f"for each, more than half of {race.seeds} seeds succeeded: {', '.join(far)}.")

    @property
    def says_not(self) -> str:
        return ("that a longer memory cannot be learnt: more updates, other rates or another start may reach further, "
                f"and {self.races[0].seeds} seeds leave room for chance.")
