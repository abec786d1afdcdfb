"""One run in a worker's hands: advanced update by update, commanded between two updates, heard in every report."""
from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

import safetensors.torch

from rnn_core.jobs.entry import STOPS
from rnn_core.jobs.history import write_record
from rnn_core.jobs.kinds import Kind, read
from rnn_core.jobs.pace import Pace
from rnn_core.jobs.stops import Stop, held_out

NEWS_EVERY = 0.2
KEEP_EVERY, KEEP_FIRST = 2.0, 0.25
KEEP_TIME, KEEP_BYTES = 0.02, 200_000
SLOW = 20.0

Tell = Callable[..., None]
Read = Callable[[str], tuple[Kind, Any]]


class Active:
    """A run, what it was told, and what it has not yet said.

    ``tell(kind, **facts)`` sends a report. A run is *able* while it wants to go on, owes one update, or has not yet
    caught up with what was seen of it; *ready* once its pace allows that. ``neighbours`` is how many runs share the
    worker's time.
    """

    def __init__(self, message: dict[str, Any], tell: Tell, understand: Read = read, made_with: str = "") -> None:
        kind, spec = understand(message["spec"])
        if spec.id != message["key"][:16]:
            raise ValueError("The record and the name of this run disagree.")
        self.key, self.attempt = message["key"], message["attempt"]
        self._tell, self._made_with = tell, made_with
        self.run = kind.run.resume(spec, message["checkpoint"]) if message["checkpoint"] else kind.run(spec)
        self.pace, self.task = Pace(message["speed"]), kind.task(spec)
        self._measured = list(message["measured"])
        self._set_stop(Stop.from_text(message["stop"]))
        self.go, self.once, self.stopping, self.rested, self.ended = message["go"], 0, False, False, False
        self.high, self.command = message["high"], message["command"]
        self._story = deque(tuple(item) for item in message["story"])
        self._asked: deque[tuple[int, str, float | None]] = deque()
        self._acted: list[int] = []
        self._between = True
        self._work = self.run.training()
        self._said = 0
        self._spoke = 0.0
        self._interval = KEEP_FIRST
        self._kept = time.monotonic()
        next(self._work)
        self._heed()
        if not message["checkpoint"]:
            self.keep(1)

    @property
    def caught_up(self) -> bool:
        """Whether all that was seen of this run has been done again."""
        return self.run.update >= self.high

    @property
    def _last(self) -> dict[str, Any]:
        """The last record with a held-out loss."""
        return self._measured[-1] if self._measured else {}

    @property
    def able(self) -> bool:
        """Whether there is work to do now."""
        return not self.ended and (self.go or self.once > 0 or not self.caught_up or not self._between)

    def ready(self, now: float) -> bool:
        """Whether that work may begin: the pace holds back nothing but a new update that nobody has seen."""
        return self.able and (now >= self.pace.due or self.once > 0 or not self.caught_up or not self._between)

    def take(self, seq: int, name: str, value: float | None, high: int) -> None:
        """Take a command; it acts between two updates, once the run has caught up with update ``high``."""
        self.high = max(self.high, high)
        if name == "pause":
            self.go, self.once = False, 0
        elif name == "resume":
            self.go, self.stopping = True, False
        elif name == "once":
            self.go, self.once = False, self.once + 1
        elif name == "stop":
            self.go, self.once, self.stopping = False, 0, True
        elif name == "speed":
            self.pace.speed = value
        else:
            self._asked.append((seq, name, value))
            return
        self._acted.append(seq)
        self.rested = False

    def obey(self) -> None:
        """Let the commands act whose update is reached."""
        if not self._between:
            return
        while self._story and self._story[0][0] <= self.run.update:
            _, self.command, name, value = self._story.popleft()
            self.run.obey(name, value)
        while self._asked and self.caught_up and not self._story:
            seq, name, value = self._asked.popleft()
            try:
                self._obey_now(seq, name, value)
            except ValueError as error:
                self._tell("refused", seq=seq, why=str(error))

    def _obey_now(self, seq: int, name: str, value: float | None) -> None:
        if name in STOPS:
            stop = Stop.asked(name, value, self.run.update)
            if stop and (why := stop.passed(self.run.update, self._last, self.task)):
                raise ValueError(why)
            self._set_stop(stop)
            self._tell("ruled", seq=seq, stop=stop.to_text() if stop else "")
        else:
            self.run.obey(name, float(value))
            self.command = seq
            self._tell("stamped", seq=seq, update=self.run.update)
            self.rested, self._spoke = False, 0.0

    def _set_stop(self, stop: Stop | None) -> None:
        self.stop = stop
        for record in self._measured if stop else ():
            stop.hear(record["update"], record, self.task)

    def _heed(self) -> None:
        """Hear what was just recorded, and pause where that was asked for."""
        if not self.run.records:
            return
        record = self.run.records[-1]
        if held_out(record)[0] is not None and record["update"] > self._last.get("update", -1):
            self._measured.append(record)
        why = self.stop.hear(self.run.update, record, self.task) if self.stop else ""
        if why and self.run.status == "running":
            self.go, self.once, self.stop = False, 0, None
            self._tell("fired", update=self.run.update, why=why)

    def advance(self, neighbours: int) -> None:
        """Do the next piece of work: an update, or a part of a long one."""
        self.obey()
        try:
            progress = next(self._work)
        except StopIteration:
            self.end(self.run.status, self.run.reason, neighbours)
            return
        self._between = progress is not None
        if progress is None:
            return
        if self.once and self.run.update > self.high:
            self.once -= 1
        now = time.monotonic()
        self.pace.done(now)
        self._heed()
        self.obey()
        if self.run.status in ("done", "diverged"):
            self.end(self.run.status, self.run.reason, neighbours)
        elif now - self._kept > self._interval:
            self.keep(neighbours)
        elif self._acted or now - self._spoke > NEWS_EVERY or 0 < self.pace.speed < SLOW:
            self.news()

    def rest(self, neighbours: int) -> None:
        """Say once that the run is paused or stopped, with a checkpoint of where it stands."""
        self.obey()
        if self.rested or self.able:
            return
        if self.stopping:
            self.end("stopped", "", neighbours)
        else:
            self.keep(neighbours)
            self.rested = True

    def news(self) -> None:
        """Say what happened since the last time; a run that ends is not called paused on its way."""
        records = self.run.records[self._said:]
        self._said += len(records)
        lines = [(record["update"], write_record(record)) for record in records]
        seconds = records[-1].get("seconds") if records else None
        acted, self._acted = self._acted, []
        self._spoke = time.monotonic()
        status = "running" if self.go or self.ended else "paused"
        self._tell("news", update=self.run.update, status=status, lines=lines, acted=acted,
                   measured=held_out(self._last), seconds=seconds if isinstance(seconds, float) else None,
                   made_with=self._made_with)

    def keep(self, neighbours: int) -> None:
        """Send a checkpoint, after the history that leads up to it."""
        self.news()
        started = time.perf_counter()
        data = self.run.checkpoint()
        moments = [(update, _pack(moment)) for update, moment in self.run.fresh_moments().items()]
        self._tell("keep", update=self.run.update, command=self.command, data=data, moments=moments)
        cost = (time.perf_counter() - started) * max(1, neighbours)
        rule = max(KEEP_EVERY, cost / KEEP_TIME, len(data) / KEEP_BYTES)
        self._kept = time.monotonic()
        self._interval = min(rule, max(KEEP_FIRST, 2 * self._interval))

    def keep_between(self, neighbours: int) -> None:
        """Send a checkpoint now, unless in the middle of an update."""
        if self._between:
            self.keep(neighbours)

    def end(self, status: str, reason: str, neighbours: int) -> None:
        """Say the last word."""
        self.ended = True
        self.keep(neighbours)
        self._tell("ended", status=status, reason=reason, digest=self.run.digest())


def _pack(moment: dict[str, Any]) -> bytes:
    return safetensors.torch.save({name: tensor.contiguous() for name, tensor in moment.items()})
