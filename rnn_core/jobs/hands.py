"""The hands of one worker: a single thread that advances all its runs in turn."""
from __future__ import annotations

import platform
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import torch

from rnn_core.jobs.active import Active, Read
from rnn_core.jobs.kinds import read

ROUND, LONGEST, SHORTEST = 0.5, 0.05, 0.005
PULSE = 1.0


class Hands:
    """Runs in turn, each for a slice of ``min(50 ms, 0.5 s / runs)`` but at least 5 ms, so that all of them move.

    ``tell`` sends a report and may be called from this thread; ``receive`` takes a message from any. A run whose pace
    holds it back has no turn until its next update is due. Whatever a run raises ends that run only.
    """

    def __init__(self, tell: Callable[..., None], understand: Read = read) -> None:
        self._tell, self._understand = tell, understand
        self._inbox: deque[dict[str, Any]] = deque()
        self._wake = threading.Event()
        self._turn: deque[Active] = deque()
        self._interrupted = False
        self._in_hand, self._pulse = "", 0.0
        self._made_with = f"torch {torch.__version__}, {torch.get_num_threads()} thread, {platform.machine()}"

    def receive(self, **message: Any) -> None:
        """Take a message from the desk; it acts between two updates."""
        self._inbox.append(message)
        self._wake.set()

    def work(self) -> None:
        """Advance for ever."""
        while True:
            self.slice()

    def slice(self) -> None:
        """One slice of one run, or a short wait where there is nothing to do."""
        self._obey()
        now = time.monotonic()
        able = [active for active in self._turn if active.ready(now)]
        if not able:
            soonest = min((active.pace.due - now for active in self._turn if active.able), default=ROUND)
            self._wake.wait(max(0.0, min(ROUND, soonest)))
            self._wake.clear()
            return
        active = able[0]
        self._say_in_hand(active.key, active.attempt)
        self._interrupted = False
        end = time.perf_counter() + max(SHORTEST, min(LONGEST, ROUND / len(able)))
        while active.ready(time.monotonic()) and not self._interrupted:
            self._guard(active, active.advance, len(able))
            if self._inbox:
                self._obey()
            if time.perf_counter() >= end:
                break
        self._settle(active, len(able))
        if not self._interrupted and active in self._turn:
            self._turn.remove(active)
            self._turn.append(active)

    def _obey(self) -> None:
        while self._inbox:
            message = self._inbox.popleft()
            what, key, attempt = message["what"], message["key"], message["attempt"]
            if what == "start":
                self._start(message)
                continue
            active = next((a for a in self._turn if a.key == key and a.attempt == attempt), None)
            if active is None:
                continue
            if what == "drop":
                self._turn.remove(active)
            elif what == "keep":
                self._guard(active, active.keep_between, len(self._turn))
            else:
                active.take(message["seq"], message["name"], message["value"], message["high"])
                self._turn.remove(active)
                self._turn.appendleft(active)
                self._interrupted = True
                self._settle(active, len(self._turn))

    def _start(self, message: dict[str, Any]) -> None:
        key, attempt = message["key"], message["attempt"]
        self._say_in_hand(key, attempt)
        for active in [a for a in self._turn if a.key == key]:
            self._turn.remove(active)

        def tell(kind: str, **facts: Any) -> None:
            self._tell(key=key, attempt=attempt, kind=kind, **facts)

        try:
            active = Active(message, tell, self._understand, self._made_with)
        except Exception as error:
            tell("ended", status="failed", reason=_sentence(error))
            return
        self._turn.appendleft(active)
        self._interrupted = True
        self._settle(active, len(self._turn))

    def _settle(self, active: Active, neighbours: int) -> None:
        """Let a run that has nothing to do say so, and let go of one that has ended."""
        if not active.ended:
            self._guard(active, active.rest, neighbours)
        if active.ended and active in self._turn:
            self._turn.remove(active)

    def _guard(self, active: Active, do: Callable[[int], None], neighbours: int) -> None:
        try:
            do(neighbours)
        except Exception as error:
            active.ended = True
            self._tell(key=active.key, attempt=active.attempt, kind="ended", status="failed", reason=_sentence(error))

    def _say_in_hand(self, key: str, attempt: int) -> None:
        """Tell the desk which run is worked on, so that it knows whom to blame if this process dies."""
        now = time.monotonic()
        if key != self._in_hand or now - self._pulse > PULSE:
            self._in_hand, self._pulse = key, now
            self._tell(key=key, attempt=attempt, kind="hand")


def _sentence(error: Exception) -> str:
    """What went wrong, in one line of at most 300 characters."""
    if isinstance(error, MemoryError) or "not enough memory" in str(error):
        return "There was not enough memory for this run."
    text = " ".join(str(error).split())
    return (text if isinstance(error, ValueError) and text else f"{type(error).__name__}: {text}")[:300]
