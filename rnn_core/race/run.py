"""A race that is being carried out: tuning, then the race itself, to be left and taken up again at any update."""
from __future__ import annotations

import hashlib
import json
import math
import statistics
import time
from collections.abc import Generator, Iterable, Iterator
from typing import Any

import safetensors.torch
import torch
from torch import Tensor
from tqdm.auto import tqdm

from rnn_core.fleet import Fleet
from rnn_core.race.record import Race
from rnn_core.race.verdict import Verdict, verdict
from rnn_core.records import Command, Progress
from rnn_core.run import is_record_of, read_checkpoint

POINTS = 50


class RaceRun:
    """A race carried out: the same face as a Run's toward the engine, and ``verdict`` toward people.

    One update is one update of all models of one lane; lanes take turns, so all of them stand at the same round.
    ``records`` hold one measured round each: ``losses`` and ``metrics`` (a list of seeds for each lane, None where one
    diverged) on held-out sequences, and ``seconds`` of processor time a model has used. The first also holds ``tuned``,
    the held-out losses rate by rate and seed by seed, ``chosen``, the rate of each lane, and ``roads`` and ``why``: how
    each lane's models were trained side by side, and what decided it.
    """

    def __init__(self, spec: Race, log: Iterable[Command] = ()) -> None:
        self.spec, self.log, self.tape = spec, list(log), {}
        self.update, self.status, self.reason = 0, "ready", ""
        self.records: list[dict[str, Any]] = []
        self.chosen: list[float] = []
        self.tuned: list[list[float | None]] = []
        self.seconds = [0.0] * len(spec.lanes)
        self.fleets = [Fleet(spec.tuning(lane)) for lane in range(len(spec.lanes))]

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        return self.update >= self.spec.updates

    @property
    def every(self) -> int:
        """Rounds from one measurement to the next."""
        return max(1, math.ceil(self.spec.race_updates / POINTS))

    @property
    def verdict(self) -> Verdict:
        """What may be said now; ValueError, in one sentence, before the race itself has begun."""
        return verdict(self.spec, self.records)

    def training(self) -> Generator[Progress | None, Command | None, None]:
        """Advance: first yields where the race stands, then once for each update, and None within a long one."""
        yield Progress(self.update, status=self.status)
        while not self.finished:
            self.status = "running"
            stage, before, lane = self.spec.place(self.update)
            started = time.thread_time()
            for step in self.fleets[lane].advance():
                if step is None:
                    yield None
            if stage == "race":
                self.seconds[lane] += time.thread_time() - started
            if lane == len(self.fleets) - 1:
                yield from self._close(stage, before + 1)
            self.update += 1
            self.status = "done" if self.finished else "running"
            yield Progress(self.update, status=self.status)
        self.status = "done"

    def _close(self, stage: str, rounds: int) -> Iterator[None]:
        """A round is complete: measure where that is due, and choose the rates after the last of the tuning."""
        facts = {}
        if stage == "tuning":
            if rounds < self.spec.tuning_updates:
                return
            losses, _ = yield from self._measured()
            self.tuned, self.chosen = losses, [self._best(own) for own in losses]
            self.fleets = [Fleet(self.spec.racing(lane, rate)) for lane, rate in enumerate(self.chosen)]
            facts = {"tuned": self.tuned, "chosen": self.chosen, "roads": [fleet.road for fleet in self.fleets],
                     "why": [fleet.why for fleet in self.fleets]}
            rounds = 0
        elif rounds % self.every and rounds < self.spec.race_updates:
            return
        losses, metrics = yield from self._measured()
        spent = [round(s / self.spec.seeds, 4) for s in self.seconds]
        self.records.append({"update": self.update + 1, "round": rounds, "losses": losses, "metrics": metrics,
                             "seconds": spent, **facts})

    def _measured(self) -> Generator[None, None, tuple[list[list[float | None]], list[list[float | None]]]]:
        """Held-out losses and metrics of every model of every lane."""
        losses: list[list[float | None]] = []
        metrics: list[list[float | None]] = []
        for fleet in self.fleets:
            losses.append([])
            metrics.append([])
            for one in fleet.measure():
                loss, metric = one or (None, None)
                finite = loss is not None and math.isfinite(loss)
                losses[-1].append(loss if finite else None)
                metrics[-1].append(metric if finite else None)
                yield None
        return losses, metrics

    def _best(self, losses: list[float | None]) -> float:
        """The rate with the lowest median held-out loss, the smallest of several; what diverged counts worst."""
        many = self.spec.tuning_seeds
        medians = [statistics.median(math.inf if v is None else v for v in losses[k * many:(k + 1) * many])
                   for k in range(len(self.spec.rates))]
        return self.spec.rates[medians.index(min(medians))]

    def obey(self, name: str, value: float) -> Command:
        """A race has no settings to change; always raises ValueError, in one sentence."""
        raise ValueError("Nothing can be changed in the middle of a race: it would no longer be fair.")

    def fresh_moments(self) -> dict[int, dict[str, Tensor]]:
        """A race keeps no tape."""
        return {}

    def _tensors(self) -> dict[str, Tensor]:
        return {f"{lane}.{name}": v for lane, fleet in enumerate(self.fleets) for name, v in fleet.tensors().items()}

    def checkpoint(self) -> bytes:
        """All that is needed to go on exactly from here, without the records, as safetensors."""
        tensors = {k: v.detach().cpu().contiguous().clone() for k, v in self._tensors().items()}
        facts = {"spec": self.spec.to_json(), "update": self.update, "status": self.status, "reason": self.reason,
                 "seconds": self.seconds, "chosen": self.chosen, "tuned": self.tuned, "tensors": sorted(tensors),
                 "fleets": [fleet.numbers() for fleet in self.fleets], "torch": torch.__version__,
                 "threads": torch.get_num_threads()}
        return safetensors.torch.save(tensors, {"facts": json.dumps(facts)})

    @classmethod
    def resume(cls, spec: Race, checkpoint: bytes, log: Iterable[Command] | None = None) -> RaceRun:
        """Take a race up again; raises ValueError, in one sentence, for a checkpoint that is damaged or another's."""
        tensors, facts = read_checkpoint(checkpoint)
        if not is_record_of(facts.get("spec"), spec):
            raise ValueError("This checkpoint belongs to another race.")
        run = cls(spec, log or ())
        try:
            run.update, run.status, run.reason = int(facts["update"]), str(facts["status"]), str(facts["reason"])
            run.seconds, run.tuned = [float(s) for s in facts["seconds"]], list(facts["tuned"])
            run.chosen = [float(rate) for rate in facts["chosen"]]
            if not 0 <= run.update <= spec.updates or facts["tensors"] != sorted(tensors):
                raise ValueError("Something is missing.")
            if run.chosen:
                run.fleets = [Fleet(spec.racing(lane, rate)) for lane, rate in enumerate(run.chosen)]
            for lane, (fleet, numbers) in enumerate(zip(run.fleets, facts["fleets"], strict=True)):
                own = f"{lane}."
                fleet.restore({k.removeprefix(own): v for k, v in tensors.items() if k.startswith(own)}, numbers)
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
            raise ValueError("This checkpoint does not fit its race.") from None
        return run

    @classmethod
    def assemble(cls, spec: Race, checkpoint: bytes, records: list[dict[str, Any]],
                 tape: dict[int, dict[str, Tensor]] | None = None, log: Iterable[Command] | None = None,
                 status: str | None = None, reason: str | None = None) -> RaceRun:
        """A race put together again from its stored parts."""
        run = cls.resume(spec, checkpoint, log)
        run.records = [r for r in records if r["update"] <= run.update]
        run.status = run.status if status is None else status
        run.reason = run.reason if reason is None else reason
        return run

    def digest(self) -> str:
        """A hash of weights, optimisers and random streams: equal if and only if the races stand bitwise alike."""
        numbers = [self.update, self.chosen, [fleet.numbers() for fleet in self.fleets]]
        hashed = hashlib.sha256(json.dumps(numbers, sort_keys=True).encode())
        for name, v in sorted(self._tensors().items()):
            hashed.update(name.encode() + v.detach().cpu().contiguous().numpy().tobytes())
        return hashed.hexdigest()[:16]


def race(spec: Race, *, quiet: bool = False, threads: int = 1) -> RaceRun:
    """Carry a race out to its end, with a progress bar unless ``quiet``.

    One thread, as in the engine, gives the engine's numbers bit for bit.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        run = RaceRun(spec)
        with tqdm(total=spec.updates, disable=quiet, unit="update", desc=spec.title) as bar:
            for step in run.training():
                if step is not None:
                    bar.update(step.update - bar.n)
        return run
    finally:
        torch.set_num_threads(before)
