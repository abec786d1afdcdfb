"""What a window is good for: the best net over the last k inputs on a task at its default settings, measured once.

For each window the net gets the units that bring its weights nearest to those of the default experiment. Every rate is
tried on tuning seeds for as many updates as that experiment makes; the window and rate with the lowest median held-out
loss are kept, and other seeds are then trained with them. What they reach is kept in ``assets/without_memory``, one
file a task; a task without a file has no such number.
"""
from __future__ import annotations

import json
import math
import platform
import statistics
import time
from functools import cache, cached_property
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from rnn_core import catalogue
from rnn_core.experiment import DEFAULTS, Experiment, shown
from rnn_core.learners.base import Diverged
from rnn_core.race.matching import match_parameters, weights_of
from rnn_core.records import Streams
from rnn_core.run import HELD_OUT
from rnn_core.saving import replace

FOLDER = Path(__file__).parent.parent / "assets" / "without_memory"
NET = "window_mlp"
WINDOWS = (8,)
RATES = (0.003, 0.01, 0.03)
SEEDS, TUNING_SEEDS = 3, 1


class BestWindow(BaseModel):
    """What the best window net reached: ``values``, the held-out metric of each seed, and how it was found.

    ``experiment`` is the net's own record with window, rate and units as chosen and the first of the ``seeds``;
    ``budget`` the weights of the default experiment that they were matched to. Numbers that contradict one another
    raise ValueError.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,), allow_inf_nan=False)
    metric: str
    median: float
    best: float
    worst: float
    values: tuple[float, ...]
    seeds: tuple[int, ...]
    tuning_seeds: tuple[int, ...]
    window: int
    windows: tuple[int, ...]
    rate: float
    rates: tuple[float, ...]
    tuned: tuple[tuple[float | None, ...], ...]
    updates: int
    weights: int
    budget: int
    made_with: str
    experiment: dict[str, str | int | float | bool]

    @cached_property
    def spec(self) -> Experiment:
        """The net's record."""
        return Experiment.from_json(json.dumps(self.experiment))

    @model_validator(mode="after")
    def _agrees(self) -> BestWindow:
        spec, task = self.spec, self.spec.make_task()
        ordered = sorted(self.values, reverse=task.metric_better == "higher")
        chosen = [[self._median(row) for row in self.tuned[k * len(self.rates):(k + 1) * len(self.rates)]]
                  for k in range(len(self.windows))]
        least = min(v for row in chosen for v in row)
        if not (
            spec.architecture == NET and self.metric == task.metric_name
            and len(self.values) == len(self.seeds) >= SEEDS
            and (self.median, self.best, self.worst) == (statistics.median(ordered), ordered[0], ordered[-1])
            and (self.window, self.rate, self.updates) == (spec.window, spec.learning_rate, spec.updates)
            and len(self.tuned) == len(self.windows) * len(self.rates) and not {*self.seeds} & {*self.tuning_seeds}
            and chosen[self.windows.index(self.window)][self.rates.index(self.rate)] == least
            and self.weights == weights_of(spec)
        ):
            raise ValueError("Its numbers contradict one another.")
        return self

    @staticmethod
    def _median(losses: tuple[float | None, ...]) -> float:
        return statistics.median(math.inf if v is None else v for v in losses)

    def fits(self, spec: Experiment) -> bool:
        """Whether it was measured on exactly this experiment's task: the same settings, the same data."""
        own = self.spec
        return (own.task, own.task_settings, own.data) == (spec.task, spec.task_settings, spec.data)

    @property
    def says(self) -> str:
        """How it was measured, in one sentence."""
        many = len(self.tuning_seeds)
        return (f"{'a window' if len(self.windows) == 1 else 'windows'} of {_listed(self.windows)} steps with "
                f"{len(self.rates)} learning rates, tried on {many} other seed{'s' if many > 1 else ''}, "
                f"{self.updates:,} updates each, with {self.weights:,} weights where the default experiment has "
                f"{self.budget:,}; of {len(self.seeds)} seeds the best reached {self.best:.3g}, the worst "
                f"{self.worst:.3g}.")

    @property
    def says_not(self) -> str:
        """What this does not show."""
        edge = {min(self.rates): "smallest", max(self.rates): "largest"}.get(self.rate)
        beyond = f" The {edge} rate was the best of those tried, so a better one may lie beyond." if edge else ""
        return ("that no window would do better: longer ones, more units, more updates or other rates were not tried, "
                f"and {len(self.seeds)} seeds leave room for chance.{beyond}")


def measure(task: str, *, limit: float = math.inf, windows: tuple[int, ...] = WINDOWS, rates: tuple[float, ...] = RATES,
            **settings: int) -> BestWindow:
    """Find the best window net of a task; ``settings`` change the task's or the learner's.

    Raises ValueError, in one sentence, where no window net fits the task or its budget, where a seed diverges, and
    after ``limit`` seconds of computing.
    """
    until, before = time.process_time() + limit, torch.get_num_threads()
    default = Experiment.of(DEFAULTS["architecture"], task, **settings)
    budget, kind = weights_of(default), default.make_task()
    seeds, others = tuple(range(SEEDS)), tuple(range(SEEDS, SEEDS + TUNING_SEEDS))
    nets = [match_parameters(default.with_(architecture=NET, window=k), budget) for k in windows]
    torch.set_num_threads(1)
    try:
        tuned, tried = [], []
        for net in nets:
            specs = [net.with_(learning_rate=rate, seed=seed) for rate in rates for seed in others]
            losses = [None if one is None else one[0] for one in _trained(specs, until)]
            for k, rate in enumerate(rates):
                tuned.append(tuple(losses[k * len(others):(k + 1) * len(others)]))
                tried.append((net, rate))
        medians = [BestWindow._median(row) for row in tuned]
        net, rate = tried[medians.index(min(medians))]
        found = _trained([net.with_(learning_rate=rate, seed=seed) for seed in seeds], until)
    finally:
        torch.set_num_threads(before)
    if any(one is None for one in found):
        raise ValueError(f"A window net diverged on {kind.card.title}, so nothing is recorded.")
    values = tuple(one[1] for one in found)
    ordered = sorted(values, reverse=kind.metric_better == "higher")
    chosen = net.with_(learning_rate=rate, seed=seeds[0])
    return BestWindow(metric=kind.metric_name, median=statistics.median(ordered), best=ordered[0], worst=ordered[-1],
                      values=values, seeds=seeds, tuning_seeds=others, window=chosen.window, windows=windows, rate=rate,
                      rates=rates, tuned=tuple(tuned), updates=chosen.updates, weights=weights_of(chosen),
                      budget=budget, made_with=f"torch {torch.__version__}, 1 thread, {platform.machine()}",
                      experiment=json.loads(chosen.to_json()))


def _trained(specs: list[Experiment], until: float) -> list[tuple[float, float] | None]:
    """Held-out loss and metric of each, after its last update; None for what diverged."""
    return [_one(spec, until) for spec in specs]


@torch.no_grad()
def _one(spec: Experiment, until: float) -> tuple[float, float] | None:
    """The numbers of the run of this record, without its measurements on the way, which take longer than it."""
    streams, task = Streams.of(spec.seed), spec.make_task()
    network = spec.make_network(streams.weights)
    learner = catalogue.learner_classes()[spec.learner](network, task, spec.learner_settings, streams)
    try:
        for _ in range(spec.updates):
            with torch.enable_grad():
                for _ in learner.update():
                    pass
            if time.process_time() > until:
                raise ValueError("It took longer than its limit, so nothing is recorded.")
    except Diverged:
        return None
    batch = task.held_out(HELD_OUT, Streams.of(spec.seed).held_out)
    loss, metric = task.measured(network, batch)
    return (loss, metric) if math.isfinite(loss) and math.isfinite(metric) else None


def keep(found: BestWindow) -> Path:
    """Write it into the package, in the place of an older one; returns the file."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{found.spec.task}.json"
    replace(path, (json.dumps(found.model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n").encode())
    return path


def best_window(task: str) -> BestWindow | None:
    """What was recorded for a task, None where nothing was; ValueError, in one sentence, for a damaged record."""
    path = FOLDER / f"{task}.json"
    return _read(path, path.stat().st_mtime_ns) if task in catalogue.task_classes() and path.is_file() else None


@cache
def _read(path: Path, _changed: int) -> BestWindow:
    try:
        found = BestWindow(**json.loads(path.read_text("utf-8")))
        if found.spec.task != path.stem:
            raise ValueError("It belongs to another task.")
    except (AttributeError, IndexError, OSError, RecursionError, TypeError, ValueError, ValidationError):
        raise ValueError(f"The record of the best window for “{shown(path.stem)}” is damaged.") from None
    return found


def _listed(numbers: tuple[int, ...]) -> str:
    words = [str(n) for n in numbers]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
