"""What a race lets one say: medians and bands over seeds, and "no difference shown" where bands overlap."""
from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rnn_core.experiment import Experiment
from rnn_core.race.record import Race
from rnn_core.records import Baseline, Result

QUARTILES_FROM = 8
DRAWS = 20_000
CLEARLY = 0.9


class Band(NamedTuple):
    """The middle of several seeds and its band; infinite where too many diverged."""

    median: float
    low: float
    high: float

    def overlaps(self, other: Band) -> bool:
        """Whether the bands have a value in common."""
        return self.low <= other.high and other.low <= self.high

    def __str__(self) -> str:
        return f"{_number(self.median)} ({_number(self.low)} to {_number(self.high)})"


@dataclass(frozen=True)
class Verdict(Result):
    """A race's measured rounds and what they let one say. ``records`` are those of a RaceRun, at least one."""

    race: Race
    records: list[dict[str, Any]]

    @property
    def baseline(self) -> Baseline:
        """What can be had without memory."""
        return _baseline(self.race.base.to_json())

    @property
    def names(self) -> list[str]:
        """What the lanes are called."""
        return [self.race.name(lane) for lane in range(len(self.race.lanes))]

    @property
    def chosen(self) -> list[float]:
        """The learning rate that tuning chose for each lane."""
        return self.records[0]["chosen"]

    @property
    def roads(self) -> list[str]:
        """How each lane's models were trained: stacked, vmap or one by one."""
        return self.records[0]["roads"]

    @property
    def rounds(self) -> list[int]:
        """After how many updates of each model it was measured."""
        return [record["round"] for record in self.records]

    @property
    def band_name(self) -> str:
        """What the band is: from the lower to the upper quartile, or from best to worst below eight seeds."""
        return "lower to upper quartile" if self.race.seeds >= QUARTILES_FROM else "best to worst seed"

    @property
    def finals(self) -> list[list[float | None]]:
        """Last held-out loss of every seed of every lane, None where it diverged."""
        return self.records[-1]["losses"]

    def axis(self, lane: int, of: str) -> list[float]:
        """Where a lane's measurements stand: "updates", "seconds" of computing a model, or "examples" it has seen."""
        if of == "seconds":
            return [record["seconds"][lane] for record in self.records]
        if of not in ("updates", "examples"):
            raise ValueError(f"The axis of a race is updates, seconds or examples, not “{of}”.")
        each = self.race.base.batch_size if of == "examples" else 1
        return [each * r for r in self.rounds]

    def bands(self, lane: int) -> list[Band]:
        """Median and band of a lane at each measurement."""
        return [self._band(record["losses"][lane]) for record in self.records]

    def _band(self, values: Sequence[float | None]) -> Band:
        ends = (0.25, 0.75) if self.race.seeds >= QUARTILES_FROM else (0.0, 1.0)
        return Band(*(quantile(values, q) for q in (0.5, *ends)))

    @property
    def last(self) -> list[Band]:
        """Median and band of each lane at the end."""
        return [self._band(values) for values in self.finals]

    @property
    def beat(self) -> list[int]:
        """For each lane, how many seeds ended at least a tenth below the baseline's loss."""
        return [sum(v is not None and v < CLEARLY * self.baseline.loss for v in values) for values in self.finals]

    @property
    def lower(self) -> list[tuple[int, int]]:
        """Pairs of lanes whose bands do not overlap, the lower one first."""
        last = self.last
        return [(a, b) for a in range(len(last)) for b in range(len(last))
                if a != b and not last[a].overlaps(last[b]) and last[a].median < last[b].median]

    @property
    def alike(self) -> list[tuple[int, int]]:
        """Pairs of lanes between which no difference was shown."""
        last = self.last
        return [(a, b) for a in range(len(last)) for b in range(a + 1, len(last)) if last[a].overlaps(last[b])]

    @property
    def ended(self) -> bool:
        """Whether the last measured round is the race's last."""
        return self.rounds[-1] >= self.race.race_updates

    @property
    def luck(self) -> float:
        """How likely the bands of two equal architectures lie apart by chance, for normally distributed losses."""
        return luck(self.race.seeds)

    @property
    def headline(self) -> str:
        """The outcome in one sentence."""
        names, parts = self.names, []
        for a in sorted(range(len(names)), key=lambda k: self.last[k].median):
            if below := [names[b] for winner, b in self.lower if winner == a]:
                parts.append(f"{names[a]} {'ended' if self.ended else 'is so far'} lower than {_listed(below)}")
        if len(self.alike) == len(names) * (len(names) - 1) // 2:
            parts.append(f"no difference shown between {_listed(names)}")
        else:
            parts += [f"no difference shown between {names[a]} and {names[b]}" for a, b in self.alike]
        said = "; ".join(parts)
        return f"{said[:1].upper()}{said[1:]}."

    @property
    def says(self) -> str:
        return f"{self.headline} {self.evidence[:1].upper()}{self.evidence[1:]}"

    @property
    def evidence(self) -> str:
        """The numbers behind the headline: medians, bands, and how many seeds beat the baseline."""
        race, at = self.race, self.rounds[-1]
        lost = [f"{name} {n}" for name, n in zip(self.names, _missing(self.finals)) if n]
        diverged = f" Diverged seeds: {', '.join(lost)}." if lost else ""
        beaten = ", ".join(f"{name} {n}" for name, n in zip(self.names, self.beat))
        middle = ", ".join(f"{name} {band}" for name, band in zip(self.names, self.last))
        return (f"after {at:,} updates with about {race.budget:,} weights each, the median held-out loss "
                f"({self.band_name}) is: {middle}. Of {race.seeds} seeds, so many are clearly below the "
                f"{_number(self.baseline.loss)} that can be had without memory: {beaten}.{diverged}")

    @property
    def says_not(self) -> str:
        race = self.race
        edges = [f"{name} chose the {'largest' if rate == max(race.rates) else 'smallest'} learning rate that was tried"
                 for name, rate in zip(self.names, self.chosen)
                 if len(race.rates) > 1 and rate in (min(race.rates), max(race.rates))]
        beyond = f" {'; '.join(edges)}: a better one may lie beyond." if edges else ""
        many = "one rate" if len(race.rates) == 1 else f"{len(race.rates)} rates"
        return (f"which architecture is better on other tasks, lengths or sizes, with more tuning than {many} for "
                f"{race.tuning_updates:,} updates, or after more updates. Bands that overlap do not show that two are "
                f"equal; bands of {race.seeds} seeds that lie apart do so for two equal ones in "
                f"{_percent(self.luck)} of races.{beyond}")

    def frame(self) -> pd.DataFrame:
        """One row a lane, seed and measured round."""
        rows = []
        for record in self.records:
            for lane, name in enumerate(self.names):
                for seed, loss, metric in zip(self.race.race_seeds, record["losses"][lane], record["metrics"][lane]):
                    rows.append({"architecture": name, "seed": seed, "updates": record["round"],
                                 "examples": record["round"] * self.race.base.batch_size,
                                 "seconds": record["seconds"][lane], "held-out loss": loss, "metric": metric})
        return pd.DataFrame(rows)

    def summary(self) -> pd.DataFrame:
        """One row a lane: what it got, and how it ended."""
        race, last = self.race, self.last
        return pd.DataFrame([
            {"architecture": name, "units": race.matched[k].hidden_size, "weights": race.weights[k],
             "learning rate": self.chosen[k], "median loss": _number(last[k].median),
             self.band_name: f"{_number(last[k].low)} to {_number(last[k].high)}",
             "beat the baseline": f"{self.beat[k]} of {race.seeds}", "seconds a model": self.records[-1]["seconds"][k],
             "trained": self.roads[k]} for k, name in enumerate(self.names)])

    def tuning(self) -> pd.DataFrame:
        """One row a lane and rate: the median held-out loss at the end of tuning."""
        many, rows = self.race.tuning_seeds, []
        for k, name in enumerate(self.names):
            for n, rate in enumerate(self.race.rates):
                values = self.records[0]["tuned"][k][n * many:(n + 1) * many]
                rows.append({"architecture": name, "learning rate": rate, "median loss": _number(quantile(values, 0.5)),
                             "chosen": "✓" if rate == self.chosen[k] else ""})
        return pd.DataFrame(rows)


def verdict(race: Race, records: Iterable[dict[str, Any]]) -> Verdict:
    """What these records of a race let one say; ValueError, in one sentence, without its first round."""
    kept = list(records)
    if not kept:
        raise ValueError("The race itself has not begun: the learning rates are still being chosen.")
    if "chosen" not in kept[0]:
        raise ValueError("The first rounds of this race are missing, and with them the learning rates.")
    return Verdict(race, kept)


@lru_cache(maxsize=64)
def _baseline(record: str) -> Baseline:
    return Experiment.from_json(record).make_task().baseline()


def quantile(values: Sequence[float | None], q: float) -> float:
    """The q-quantile, linear between neighbours; what diverged counts as infinite."""
    ordered = sorted(math.inf if v is None else v for v in values)
    place = q * (len(ordered) - 1)
    below = math.floor(place)
    if place == below or math.isinf(ordered[below]):
        return ordered[below]
    return ordered[below] + (place - below) * (ordered[below + 1] - ordered[below])


@cache
def luck(seeds: int) -> float:
    """Share of pairs of equal normal samples whose bands do not overlap, in simulation."""
    drawn = np.random.default_rng(0).standard_normal((DRAWS, 2, seeds))
    low, high = np.quantile(drawn, (0.25, 0.75) if seeds >= QUARTILES_FROM else (0.0, 1.0), axis=2)
    return float(((high[:, 0] < low[:, 1]) | (high[:, 1] < low[:, 0])).mean())


def _percent(share: float) -> str:
    return "less than 1 %" if share < 0.01 else f"about {share:.0%}".replace("%", " %")


def _missing(values: Iterable[Sequence[float | None]]) -> list[int]:
    return [sum(v is None for v in own) for own in values]


def _number(value: float) -> str:
    return "diverged" if math.isinf(value) else f"{value:.3g}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
