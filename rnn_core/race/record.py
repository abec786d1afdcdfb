"""The race's record: frozen, the same numbers whenever it is run again."""
from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rnn_core import catalogue
from rnn_core.experiment import SCHEMA, Experiment, build, shown
from rnn_core.race.matching import match_parameters, weights_of

MOST_RATES = 6
FOUND = ("learning_rate", "updates")
NUMBERS = ("seed", "budget", "seeds", "rates", "tuning_seeds", "tuning_updates", "race_updates")


class Lane(BaseModel):
    """One that races: an architecture, and how its cells are wired."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    architecture: str
    wiring: str = "single"


class Place(NamedTuple):
    """Where a race stands: ``stage`` "tuning" or "race", ``round`` updates of every lane done, ``lane`` is next."""

    stage: str
    round: int
    lane: int


class Race(BaseModel):
    """Two to four architectures on one task, with equal numbers of weights and equal effort.

    Make one with ``Race.of``. Each lane gets the units that bring it nearest to ``budget`` weights. Then all its
    learning ``rates`` are tried on ``tuning_seeds`` seeds for ``tuning_updates`` updates, the rate with the lowest
    median held-out loss is kept, and ``seeds`` other seeds, the same for every lane, race for ``race_updates``.
    ``base`` carries task, learner and device. Invalid values raise ValueError with one sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,), allow_inf_nan=False)
    base: Experiment
    lanes: tuple[Lane, ...]
    budget: int = Field(1000, ge=10, le=1_000_000)
    seeds: int = Field(5, ge=3, le=16)
    rates: tuple[float, ...] = (0.003, 0.01, 0.03)
    tuning_seeds: int = Field(3, ge=1, le=8)
    tuning_updates: int = Field(200, ge=1, le=100_000)
    race_updates: int = Field(800, ge=1, le=100_000)

    @classmethod
    def of(cls, lanes: Iterable[str | Lane | dict[str, str]], task: str, learner: str = "bptt", *, seed: int = 0,
           device: str = "cpu", budget: int = 1000, seeds: int = 5, rates: Iterable[float] = (0.003, 0.01, 0.03),
           tuning_seeds: int = 3, tuning_updates: int = 200, race_updates: int = 800, **settings: Any) -> Race:
        """A record by names; ``settings`` are those of task and learner, unmentioned ones have their defaults.

        A lane is an architecture's name or a ``Lane``. Learning rates, updates and units are the race's own business.
        """
        given = [Lane(architecture=one) if isinstance(one, str) else one if isinstance(one, Lane)
                 else build(Lane, dict(one)) for one in lanes]
        if not 2 <= len(given) <= 4:
            raise ValueError(f"A race needs two to four architectures; here {_count(len(given))}.")
        for name in settings:
            if name in FOUND or not _belongs(name, task, learner):
                raise ValueError(f"A race has no setting “{shown(name)}”.")
        base = _base(given[0], task, learner, seed, device, settings)
        return build(cls, {"base": base, "lanes": tuple(given), "budget": budget, "seeds": seeds,
                           "rates": tuple(sorted(rates)), "tuning_seeds": tuning_seeds,
                           "tuning_updates": tuning_updates, "race_updates": race_updates})

    @model_validator(mode="after")
    def _fits(self) -> Race:
        if twice := [lane for k, lane in enumerate(self.lanes) if lane in self.lanes[:k]]:
            raise ValueError(f"A race needs different architectures; {self.name(twice[0])} stands in it twice.")
        if not 1 <= len(self.rates) <= MOST_RATES or len(set(self.rates)) < len(self.rates):
            raise ValueError(f"A race tries one to {MOST_RATES} learning rates, all different.")
        if not hasattr(self.base, "learning_rate"):
            raise ValueError(f"{catalogue.learner_cards()[self.base.learner].title} has no learning rate to tune.")
        for rate in self.rates:
            self.base.with_(learning_rate=rate, seed=self.base.seed + self.seeds + self.tuning_seeds)
        _ = self.matched
        return self

    @cached_property
    def matched(self) -> tuple[Experiment, ...]:
        """For each lane its experiment, with as many units as the budget allows."""
        base = self.base
        own = base.task_settings.model_dump() | base.learner_settings.model_dump()
        specs = (Experiment.of(lane.architecture, base.task, base.learner, wiring=lane.wiring, seed=base.seed,
                               device=base.device, **own) for lane in self.lanes)
        return tuple(match_parameters(spec, self.budget) for spec in specs)

    @property
    def weights(self) -> list[int]:
        """How many weights each lane got."""
        return [weights_of(spec) for spec in self.matched]

    @property
    def race_seeds(self) -> range:
        """The seeds that race."""
        return range(self.base.seed, self.base.seed + self.seeds)

    def tuning(self, lane: int) -> list[Experiment]:
        """What a lane tries: every rate on every tuning seed, rate by rate; no tuning seed races."""
        after = self.base.seed + self.seeds
        return [self.matched[lane].with_(learning_rate=rate, seed=after + k, updates=self.tuning_updates)
                for rate in self.rates for k in range(self.tuning_seeds)]

    def racing(self, lane: int, rate: float) -> list[Experiment]:
        """What a lane races with: its rate on every seed of the race."""
        return [self.matched[lane].with_(learning_rate=rate, seed=seed, updates=self.race_updates)
                for seed in self.race_seeds]

    def experiments(self) -> list[Experiment]:
        """The most that are ever trained in one call: one lane's models, of the lane with the most units."""
        largest = max(range(len(self.lanes)), key=lambda k: self.matched[k].hidden_size)
        return max(self.tuning(largest), self.racing(largest, self.rates[0]), key=len)

    @property
    def updates(self) -> int:
        """Pieces of work until the end: one is one update of all models of one lane."""
        return len(self.lanes) * (self.tuning_updates + self.race_updates)

    def place(self, update: int) -> Place:
        """Where the race stands after so many pieces of work."""
        before = len(self.lanes) * self.tuning_updates
        stage, done = ("tuning", update) if update < before else ("race", update - before)
        return Place(stage, *divmod(done, len(self.lanes)))

    def name(self, lane: int | Lane) -> str:
        """What a lane is called."""
        one = self.lanes[lane] if isinstance(lane, int) else lane
        title = catalogue.cell_classes()[one.architecture].card.title
        if one.wiring == "single":
            return title
        return f"{title}, {catalogue.network_classes()[one.wiring].card.title.lower()}"

    @property
    def title(self) -> str:
        """The race in one line."""
        return f"{' · '.join(lane.architecture for lane in self.lanes)} · {self.base.task}"

    def to_json(self) -> str:
        """The record as JSON, fields in a fixed order."""
        base = self.base
        settings = base.task_settings.model_dump() | base.learner_settings.model_dump()
        for name in FOUND:
            settings.pop(name, None)
        numbers = {name: getattr(self, name) for name in NUMBERS if name != "seed"}
        return json.dumps({"kind": "race", "schema": SCHEMA, "lanes": [lane.model_dump() for lane in self.lanes],
                           "task": base.task, "learner": base.learner, "seed": base.seed, "device": base.device,
                           "data": base.data, "settings": settings, **numbers}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Race:
        """The record that ``to_json`` wrote; ValueError for any other text or a newer schema."""
        try:
            facts = dict(json.loads(text))
            kind, schema, data = (facts.pop(name, None) for name in ("kind", "schema", "data"))
            settings, lanes, task = dict(facts.pop("settings")), list(facts.pop("lanes")), str(facts.pop("task"))
            learner = str(facts.pop("learner", "bptt"))
        except (LookupError, RecursionError, TypeError, ValueError):
            raise ValueError("This is not a race's record.") from None
        if kind != "race":
            raise ValueError("This is not a race's record.")
        if schema != SCHEMA:
            raise ValueError(f"This record has schema {shown(schema)}; this version reads schema {SCHEMA}.")
        if strange := (facts.keys() - {*NUMBERS, "device"}) | (settings.keys() & {*NUMBERS, "device"}):
            raise ValueError(f"A race has no setting “{shown(min(strange))}”.")
        try:
            race = cls.of(lanes, task, learner, **facts, **settings)
        except TypeError:
            raise ValueError("This is not a race's record.") from None
        if data is not None and data != race.base.data:
            raise ValueError("The data of this race are not those of this machine, so its numbers would differ.")
        return race

    @property
    def id(self) -> str:
        """16 hex digits that name this record; as in an experiment's, settings with their defaults are left out."""
        facts, base = json.loads(self.to_json()), self.base
        plain = base.task_settings.model_dump(exclude_defaults=True) | base.learner_settings.model_dump(
            exclude_defaults=True)
        facts["settings"] = {name: value for name, value in facts["settings"].items() if name in plain}
        return hashlib.sha256(json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:16]


def _base(lane: Lane, task: str, learner: str, seed: int, device: str, settings: dict[str, Any]) -> Experiment:
    return Experiment.of(lane.architecture, task, learner, wiring=lane.wiring, seed=seed, device=device, **settings)


def _belongs(name: str, task: str, learner: str) -> bool:
    kinds = [options[key].Settings for options, key in ((catalogue.task_classes(), task),
                                                        (catalogue.learner_classes(), learner)) if key in options]
    return not kinds or any(name in kind.model_fields for kind in kinds)


def _count(lanes: int) -> str:
    return "is one" if lanes == 1 else f"are {lanes}" if lanes else "is none"
