"""Rules that need nothing but a score: many networks, all scored on the same sequences, and no gradient anywhere."""
from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor

from rnn_core.breeding import fitness
from rnn_core.learners.base import Diverged, Learner, LearnerSettings
from rnn_core.networks.base import Network
from rnn_core.records import Batch, Population, Streams, setting
from rnn_core.stacked import Crowd, Rows, acting

CARD = None
LIMIT, KEPT, FORBEARS, AT_ONCE = 2**25, 400, 24, 2**20


class ScoreSettings(LearnerSettings):
    """How many networks are scored, on what, and when that is enough."""

    updates: int = setting(100, "Generations until it stops.", ge=1, le=1_000_000, main=True)
    batch_size: int = setting(16, "Sequences that every network is scored on.", symbol="B", ge=1, le=1024)
    population: int = setting(100, "Networks of a generation.", symbol="p", ge=2, le=2000, main=True)
    new_sequences: bool = setting(False, "Draw new sequences for every generation; else all are scored on the same.")
    enough_learnt: float = setting(0.0, "Stop once the best network answers this share of its sequences' counted steps "
                                        "right; 0 never stops.", ge=0.0, le=1.0, step=0.01)
    within: float = setting(0.1, "An answer in numbers is right if it is so near to the target.", ge=0.0, le=10.0)
    enough_loss: float = setting(0.0, "Stop once the best network's loss on its sequences is below this; 0 never "
                                      "stops.", ge=0.0, le=1000.0)


class ScoreLearner(Learner):
    """A rule that needs any score: it tries rows of weights and hears the loss of each, where the task is played the
    negative mean return of its episodes.

    ``best`` is the loss of the network on show after the last update, ``learnt`` the share of counted steps that it
    answers right, known only where a rule to stop asks for it. ``spread`` (g, 4) tells of some generations their
    number and the best, median and worst loss of the networks tried in it: all of them at first, later evenly thinned.
    ``also`` names buffers that are genes too.
    """

    Settings = ScoreSettings
    any_score = True
    commands = ("updates", "enough_learnt", "enough_loss")
    also: ClassVar[tuple[str, ...]] = ()

    def __init__(self, network: Network, task: Any, settings: ScoreSettings, streams: Streams) -> None:
        super().__init__(network, task, settings, streams)
        self.rows, self.generation = Rows(network, self.also), 0
        self.best, self.learnt = float("inf"), 0.0
        self.spread = torch.zeros(0, 4, dtype=torch.float64)
        self.every = 1
        self._drawn: Tensor | None = None
        self._batch: Batch | None = None
        self._crowd: Crowd | None = None

    @property
    def stopped(self) -> str:
        own = self.settings
        if own.enough_loss and self.best < own.enough_loss:
            return (f"Stopped after {self.generation} generations: the best network's loss is {self.best:.3g}, below "
                    f"{own.enough_loss:g}.")
        if own.enough_learnt and self.learnt >= own.enough_learnt:
            return (f"Stopped after {self.generation} generations: the best network has learnt {self.learnt:.1%} of "
                    f"its sequences, and {own.enough_learnt:.1%} were asked for.")
        return ""

    def sequences(self) -> Batch:
        """What this generation is scored on; where that stays the same, it is drawn again from where it was drawn."""
        if self._batch is None or self.settings.new_sequences:
            source = self.streams.data
            if self._drawn is not None and not self.settings.new_sequences:
                source = torch.Generator()
                source.set_state(self._drawn)
            else:
                self._drawn = source.get_state()
            self._batch = self.task.sample(self.settings.batch_size, source).to(self.device)
        return self._batch

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.network.parameters()).device

    def scored(self, rows: Tensor) -> Iterator[Tensor | None]:
        """Yields None on the way, and ends with the loss (n,) of each row (n, p); infinite where it is no number."""
        batch = self.sequences()
        for losses in score(self.crowd(), rows, batch, self.task):
            yield None if losses is None else losses.nan_to_num(torch.inf, torch.inf, torch.inf)

    def crowd(self) -> Crowd:
        """Many networks of this kind in one call."""
        if self._crowd is None:
            self._crowd = Crowd(self.network, self.sequences(), self.also)
        return self._crowd

    def show(self, row: Tensor, loss: float) -> None:
        """Put a row of weights into the network on show."""
        self.rows.settle(row, self.network)
        self.best = loss
        if self.settings.enough_learnt:
            self.learnt = self._learnt()

    @torch.no_grad()
    def _learnt(self) -> float:
        batch = self.sequences()
        if self.task.plays:
            enough = self.task.metric_best - self.settings.within
            if -self.best >= enough:            # alone, with other rounding, the same network may end otherwise
                return 1.0
            got = self.task.play(acting(self.crowd(), self.rows.of(self.network).unsqueeze(0)), batch.world).returns
            return float((got >= enough).double().mean())
        y = self.network(batch.x, mask=batch.mask)
        if batch.target.is_floating_point():
            right = ((y - batch.target).abs() <= self.settings.within).all(-1)
        else:
            right = y.argmax(-1) == batch.target
        return float(right[batch.counted].double().mean())

    def close(self, losses: Tensor) -> None:
        """One more generation is done, and these losses (n,) were found in it."""
        self.generation += 1
        if self.generation % self.every == 0:
            known = losses.detach().cpu().double()
            line = torch.stack([torch.tensor(float(self.generation), dtype=torch.float64), known.min(),
                                known.median(), known.max()])
            self.spread = torch.cat([self.spread, line.unsqueeze(0)])
        if len(self.spread) > KEPT:
            self.every *= 2
            self.spread = self.spread[self.spread[:, 0] % self.every == 0]

    def tensors(self) -> dict[str, Tensor]:
        return {"spread": self.spread} | ({} if self._drawn is None else {"drawn": self._drawn})

    def numbers(self) -> dict[str, Any]:
        return {"settings": self.settings.model_dump(), "generation": self.generation, "every": self.every,
                "best": self.best if self.generation else None, "learnt": self.learnt}

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        self.settings = self.Settings(**numbers["settings"])
        self.generation, self.every = int(numbers["generation"]), int(numbers["every"])
        self.best = float("inf") if numbers["best"] is None else float(numbers["best"])
        self.learnt, self.spread, self._drawn = float(numbers["learnt"]), tensors["spread"], tensors.get("drawn")
        self._batch = None


def room_for(networks: int, width: int) -> None:
    """Raise Diverged, in one sentence, where so many networks of so many weights are more numbers than are allowed."""
    if (numbers := networks * width) > LIMIT:
        raise Diverged(f"{networks:,} networks of {width:,} weights are {numbers:,} numbers, more than the {LIMIT:,} "
                       "allowed; choose fewer or smaller networks")


def score(crowd: Crowd, rows: Tensor, batch: Batch, task: Any) -> Iterator[Tensor | None]:
    """Yields None on the way, and ends with the loss (n,) of each row (n, p).

    Where the task is played, that is the mean return of the episodes that begin in the batch's worlds, negative.
    """
    if not task.plays:
        yield from crowd.losses(rows, batch, task.loss)
        return
    found, starts = [], batch.world
    for some in rows.split(max(1, AT_ONCE // (len(starts) * task.longest))):
        if found:
            yield None
        played = task.play(acting(crowd, some), starts.repeat(len(some), 1))
        found.append(-played.returns.view(len(some), -1).mean(1).to(rows))
    yield torch.cat(found)


class PopulationSettings(ScoreSettings):
    """How a population begins, and how many of its best stay."""

    elite: int = setting(10, "Networks that go on to the next generation unchanged, the best first.", ge=1, le=100)
    start_spread: float = setting(1.0, "Gaussian noise on the fresh weights of all but the first network.", ge=0.0,
                                  le=10.0)


class PopulationLearner(ScoreLearner):
    """A rule that keeps a population of chromosomes: one gene a weight, one chromosome a network.

    ``population`` (p, P) is sorted, the best first, with ``losses`` (p,); both None before the first update. A rule
    writes ``breed``. The best stays, so on the same sequences it never gets worse, and is the network on show.
    ``parents`` (g, p, 2) names for each member of the last generations the places that its parents had in the
    generation before, −1 where it has none; ``past`` (g, p) holds their losses.
    """

    Settings = PopulationSettings

    def __init__(self, network: Network, task: Any, settings: PopulationSettings, streams: Streams) -> None:
        super().__init__(network, task, settings, streams)
        self.population: Tensor | None = None
        self.losses: Tensor | None = None
        self.parents = torch.zeros(0, settings.population, 2, dtype=torch.int16)
        self.past = torch.zeros(0, settings.population)

    @property
    def fitness(self) -> Tensor:
        """(p,) 1 / loss; where the task is played, how much more each gets than the worst."""
        if not self.task.plays:
            return fitness(self.losses)
        known = self.losses[self.losses.isfinite()]
        return (known.max() - self.losses).clamp(min=0)

    def breed(self, count: int) -> tuple[Tensor, Tensor | None]:
        """Chromosomes (count, P) that take the places of all but the best, and their parents (count, 2) or None."""
        raise NotImplementedError

    def update(self) -> Iterator[tuple[float, float] | None]:
        own, elite = self.settings, min(self.settings.elite, self.settings.population - 1)
        room_for(own.population, self.rows.width)
        if self.population is None:
            rows, parents = self._fresh(), torch.full((own.population, 2), -1)
        else:
            young, parents = self.breed(own.population - elite)
            rows = torch.cat([self.population[:elite], young])
            if parents is not None:
                parents = torch.cat([torch.arange(elite).unsqueeze(1).expand(-1, 2), parents])
        known = self.losses is not None and not own.new_sequences
        for losses in self.scored(rows[elite:] if known else rows):
            if losses is None:
                yield None
        losses = torch.cat([self.losses[:elite], losses]) if known else losses
        if not bool(losses.isfinite().any()):
            raise Diverged("no network of the generation has a finite loss")
        order = losses.argsort(stable=True)
        self.population, self.losses = rows[order], losses[order]
        if parents is not None:
            self.parents = torch.cat([self.parents, parents[order.cpu()].short().unsqueeze(0)])[-FORBEARS:]
            self.past = torch.cat([self.past, self.losses.cpu().float().unsqueeze(0)])[-FORBEARS:]
            self.remember()
        self.show(self.population[0], float(self.losses[0]))
        self.close(self.losses)
        yield self.best, 0.0

    def remember(self) -> None:
        """Keep what else is to be told of this generation's networks."""

    def words(self) -> tuple[tuple[str, ...], ...]:
        """What is to be said of each network of the last generations."""
        return tuple(("",) * self.past.shape[1] for _ in self.past)

    def told(self) -> Population | None:
        """The population as the analyses see it; None before the first generation."""
        if self.population is None:
            return None
        return Population(self.card.title, self.generation, self.population, self.losses, tuple(self.rows.names),
                          tuple(self.rows.sizes), self.spread, self.parents, self.past, self.words())

    def _fresh(self) -> Tensor:
        """(p, P) fresh networks, the first of them the one on show."""
        twin, first = copy.deepcopy(self.network).cpu(), self.rows.of(self.network)
        rows = [self.rows.of(twin.initialise(self.streams.weights)) for _ in range(self.settings.population - 1)]
        rows = torch.stack(rows) if rows else torch.zeros(0, self.rows.width)
        noise = torch.randn(rows.shape, generator=self.streams.noise)
        return torch.cat([first.unsqueeze(0), (rows + self.settings.start_spread * noise).to(first)])

    def tensors(self) -> dict[str, Tensor]:
        if self.population is None:
            return super().tensors()
        return super().tensors() | {"population": self.population, "losses": self.losses, "parents": self.parents,
                                     "past": self.past}

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        super().restore(tensors, numbers)
        self.population, self.losses = tensors.get("population"), tensors.get("losses")
        if self.population is None:
            return
        self.parents, self.past = tensors["parents"], tensors["past"]
        if self.population.shape != (self.settings.population, self.rows.width):
            raise ValueError("The population has the shape of another.")
        own = self.rows.of(self.network)
        self.population, self.losses = self.population.to(own), self.losses.to(own.device)
