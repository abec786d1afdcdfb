"""A run: an experiment that is being carried out, and all that it leaves behind."""
from __future__ import annotations

import copy
import hashlib
import json
import os
import time
from collections.abc import Generator, Iterable
from functools import cached_property
from typing import Any

import pandas as pd
import safetensors
import safetensors.torch
import torch
from torch import Tensor
from tqdm.auto import tqdm

from rnn_core import catalogue, saving
from rnn_core.experiment import Experiment
from rnn_core.learners.base import Diverged
from rnn_core.networks.base import Network
from rnn_core.records import Batch, Command, Progress, Story, Streams
from rnn_core.records.progress import COLUMNS

HELD_OUT = 128
EVERY = 25


def on_tape(update: int) -> bool:
    """Whether the weights after this update go on the tape: 0, and round(2^(k/3)) for every k."""
    if update == 0:
        return True
    k = round(3 * (update.bit_length() - 1))
    return any(round(2 ** (j / 3)) == update for j in range(k - 1, k + 4))


class Run:
    """An experiment carried out: network, history, tape of weights, and the log of what was changed on the way.

    ``training()`` is the generator that advances it. All state lives here, so a run can be left at any update and taken
    up from ``checkpoint()``. ``status`` is ready, running, done or diverged; ``reason`` says why, in one sentence.
    """

    def __init__(self, spec: Experiment, log: Iterable[Command] = ()) -> None:
        self.spec, self.log = spec, sorted(log, key=lambda c: c.update)
        self.obeyed = 0
        self.update, self.status, self.reason, self.seconds = 0, "ready", "", 0.0
        self.records: list[dict[str, Any]] = []
        self.tape: dict[int, dict[str, Tensor]] = {}
        self._told = 0
        self.streams = Streams.of(spec.seed)
        self.task = spec.make_task()
        self.network = spec.make_network(self.streams.weights)
        self.learner = catalogue.learner_classes()[spec.learner](self.network, self.task, spec.learner_settings,
                                                                 self.streams)

    @cached_property
    def held_out(self) -> Batch:
        """Sequences that training never sees, the same for every run of this record."""
        return self.task.held_out(HELD_OUT, Streams.of(self.spec.seed).held_out).to(self.spec.device)

    @property
    def history(self) -> pd.DataFrame:
        """One row an update: its loss, held-out loss and metric where measured, gradient norm, rate and seconds."""
        return pd.DataFrame(self.records, columns=list(COLUMNS))

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        return (self.status == "diverged" or self.update >= self.learner.settings.updates
                or bool(self.learner.stopped))

    def training(self) -> Generator[Progress | None, Command | None, None]:
        """Advance: first yields where the run stands, then once for each update, and None within a long one.

        A Command that is sent in is obeyed now, whatever its update, and logged with the update of now; one that comes
        within a long update is obeyed when that is done. A command that cannot be obeyed raises ValueError and ends
        this generator; the run can go on with another.
        """
        if self.update == 0 and not self.records:
            self._record(None, None)
        yield from self._listen(self._progress())
        while self._goes_on():
            self.status, started = "running", time.perf_counter()
            waiting: list[Command] = []
            try:
                for step in self.learner.update():
                    if step is None:
                        waiting += yield from self._wait()
                    else:
                        loss, norm = step
            except Diverged as trouble:
                self.status, self.reason = "diverged", f"Diverged at update {self.update + 1}: {trouble}."
                self._record_tape()
                yield from self._listen(self._progress())
                return
            self.update += 1
            self.seconds += time.perf_counter() - started
            if self.finished:
                self.status, self.reason = "done", self.learner.stopped
            self._record(loss, norm)
            for command in waiting:
                self.obey(command.name, command.value)
            yield from self._listen(self._progress())
        if self.status != "diverged":
            self.status = "done"
        if self.update not in self.tape:
            self._record_tape()

    def _goes_on(self) -> bool:
        """Whether another update is due, once the log's commands up to now are obeyed."""
        self._replay_log()
        return not self.finished

    def _listen(self, said: Progress | None) -> Generator[Progress | None, Command | None, None]:
        while (command := (yield said)) is not None:
            self.obey(command.name, command.value)
            said = None

    def _wait(self) -> Generator[None, Command | None, list[Command]]:
        waiting = []
        while (command := (yield)) is not None:
            waiting.append(command)
        return waiting

    def obey(self, name: str, value: float) -> Command:
        """Change a learner's setting now and log it; raises ValueError, in one sentence, if that cannot be.

        Commands of the log whose update is still to come stay in force.
        """
        self._replay_log()
        self.learner.change(name, value)
        command = Command(update=self.update, name=name, value=value)
        self.log.insert(self.obeyed, command)
        self.obeyed += 1
        if self.status == "done" and not self.finished:
            self.status, self.reason = "running", ""
        return command

    def _replay_log(self) -> None:
        while self.obeyed < len(self.log) and self.log[self.obeyed].update <= self.update:
            command = self.log[self.obeyed]
            self.learner.change(command.name, command.value)
            self.obeyed += 1

    def _record(self, loss: float | None, norm: float | None) -> None:
        measured = self.measure() if on_tape(self.update) or self.update % EVERY == 0 or self.finished else (None, None)
        rate = getattr(self.learner.settings, "learning_rate", None)
        self.records.append(dict(zip(COLUMNS, (self.update, loss, *measured, norm, rate, round(self.seconds, 4)))))
        if on_tape(self.update) or self.finished:
            self._record_tape()

    def _record_tape(self) -> None:
        self.tape[self.update] = {k: v.detach().clone().cpu() for k, v in self.network.state_dict().items()}

    def _progress(self) -> Progress:
        last = self.records[-1] if self.records else {"update": self.update, "seconds": self.seconds}
        return Progress(**last, status=self.status)

    def measure(self) -> tuple[float, float]:
        """Loss and metric on the held-out sequences, now."""
        return self.task.measured(self.network, self.learner.judged(self.held_out))

    @torch.no_grad()
    def stories(self, count: int) -> list[Story]:
        """The first held-out sequences in human terms, with the network's answers."""
        batch = self.held_out.rows(slice(0, count))
        y = self.network(batch.x, mask=batch.mask)
        return [self.task.story(batch, k, y) for k in range(len(y))]

    def written(self, characters: int, seed: int = 0) -> str:
        """What the network writes when it hears itself; for tasks whose networks write."""
        return self.task.babble(self.network, torch.Generator().manual_seed(seed), characters)

    def fresh_moments(self) -> dict[int, dict[str, Tensor]]:
        """Moments of the tape that were not yet asked for."""
        moments = sorted(self.tape)[self._told:]
        self._told += len(moments)
        return {m: self.tape[m] for m in moments}

    def at(self, update: int) -> Network:
        """The network as it was at the last recorded moment up to ``update``; ValueError when there is none."""
        moments = [m for m in self.tape if m <= update]
        if not moments:
            raise ValueError(f"The tape has no moment up to update {update}.")
        network = copy.deepcopy(self.network)
        network.load_state_dict(self.tape[max(moments)])
        return network

    def then(self, update: int) -> Run:
        """This run as it stood at the last recorded moment up to ``update``: its weights, its records up to there.

        For looking, not for going on: learner and random streams are those of now. ValueError when there is no moment.
        """
        moment = max((m for m in self.tape if m <= update), default=-1)
        past = copy.copy(self)
        past.network, past.update = self.at(moment), moment
        past.records = [r for r in self.records if r["update"] <= moment]
        past.log = [c for c in self.log if c.update <= moment]
        return past

    def checkpoint(self) -> bytes:
        """All that is needed to go on exactly from here, without tape and history, as safetensors."""
        tensors = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"learner.{k}": v for k, v in self.learner.tensors().items()}
        tensors |= {f"stream.{k}": v for k, v in self.streams.state().items()}
        facts = {"spec": self.spec.to_json(), "update": self.update, "status": self.status, "reason": self.reason,
                 "seconds": self.seconds, "obeyed": self.obeyed, "learner": self.learner.numbers(),
                 "tensors": sorted(tensors),
                 "log": [c.model_dump() for c in self.log], "torch": torch.__version__,
                 "threads": torch.get_num_threads()}
        plain = {k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}
        return safetensors.torch.save(plain, {"facts": json.dumps(facts)})

    @classmethod
    def resume(cls, spec: Experiment, checkpoint: bytes, log: Iterable[Command] | None = None) -> Run:
        """Take a run up again; with a ``log``, commands after the checkpoint's are obeyed when their update is reached.

        Raises ValueError, in one sentence, for a checkpoint that is damaged or belongs to another experiment.
        """
        tensors, facts = read_checkpoint(checkpoint)
        if not is_record_of(facts.get("spec"), spec):
            raise ValueError("This checkpoint belongs to another experiment.")

        def part(name: str) -> dict[str, Tensor]:
            return {k.split(".", 1)[1]: v for k, v in tensors.items() if k.startswith(f"{name}.")}

        run = cls(spec, log or ())
        try:
            run.log = [Command(**c) for c in facts["log"]] if log is None else run.log
            run.obeyed, run.update, run.seconds = int(facts["obeyed"]), int(facts["update"]), float(facts["seconds"])
            run.status, run.reason = str(facts["status"]), str(facts["reason"])
            if run.update < 0 or facts["tensors"] != sorted(tensors):
                raise ValueError("Something is missing.")
            run.network.load_state_dict(part("network"))
            run.learner.restore(part("learner"), facts["learner"])
            run.streams.restore(part("stream"))
        except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
            raise ValueError("This checkpoint does not fit its experiment.") from None
        return run

    @classmethod
    def assemble(cls, spec: Experiment, checkpoint: bytes, records: list[dict[str, Any]],
                 tape: dict[int, dict[str, Tensor]], log: Iterable[Command] | None = None, status: str | None = None,
                 reason: str | None = None) -> Run:
        """A run put together again from its stored parts."""
        run = cls.resume(spec, checkpoint, log)
        run.records = [r for r in records if r["update"] <= run.update]
        run.tape = {m: w for m, w in sorted(tape.items()) if m <= run.update}
        run.status = run.status if status is None else status
        run.reason = run.reason if reason is None else reason
        return run

    def digest(self) -> str:
        """A hash of weights, learner and random streams: equal if and only if the runs stand bitwise alike."""
        hashed = hashlib.sha256(json.dumps([self.update, self.learner.numbers()], sort_keys=True).encode())
        parts = {**self.network.state_dict(), **self.learner.tensors(), **self.streams.state()}
        for name in sorted(parts):
            hashed.update(name.encode() + parts[name].detach().cpu().contiguous().numpy().tobytes())
        return hashed.hexdigest()[:16]

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the run into a folder, for ``rnn_core.load``."""
        contents = {"experiment.json": self.spec.to_json().encode(), "checkpoint.safetensors": self.checkpoint(),
                    "tape.safetensors": saving.pack_tape(self.tape),
                    "history.csv": saving.write_history(self.records).encode()}
        saving.write(folder, contents, {"status": self.status, "reason": self.reason})


def read_checkpoint(checkpoint: bytes) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the facts of a checkpoint; raises ValueError, in one sentence, if it is damaged."""
    try:
        tensors = safetensors.torch.load(checkpoint)
        size = int.from_bytes(checkpoint[:8], "little")
        facts = dict(json.loads(json.loads(checkpoint[8:8 + size])["__metadata__"]["facts"]))
    except (safetensors.SafetensorError, LookupError, RecursionError, TypeError, ValueError):
        raise ValueError("This checkpoint is damaged.") from None
    return tensors, facts


def is_record_of(text: Any, spec: Any) -> bool:
    """Whether a stored record, read as this version reads it, is that of an experiment, or of a race."""
    try:
        return type(spec).from_json(text) == spec
    except ValueError:
        return False


def training(spec: Experiment, log: Iterable[Command] = ()) -> Generator[Progress | None, Command | None, None]:
    """The generator behind ``train``: yields where the run stands, after every update."""
    return Run(spec, log).training()


def train(spec: Experiment, log: Iterable[Command] = (), *, quiet: bool = False, threads: int = 1) -> Run:
    """Carry an experiment out to its end, with a progress bar unless ``quiet``.

    One thread, as in the engine, gives the engine's numbers bit for bit, and small networks are fastest on it.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return _train(Run(spec, log), quiet)
    finally:
        torch.set_num_threads(before)


def _train(run: Run, quiet: bool) -> Run:
    title = f"{run.spec.architecture} · {run.spec.task}"
    with tqdm(total=run.spec.updates, disable=quiet, unit="update", desc=title) as bar:
        for step in run.training():
            if step is not None:
                bar.update(step.update - bar.n)
                if step.held_out is not None:
                    bar.set_postfix(held_out=f"{step.held_out:.4g}", metric=f"{step.metric:.4g}")
    return run
