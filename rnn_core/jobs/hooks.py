"""Every place where the engine leans on the inside of ``distributed``, whose version is therefore pinned.

Used here and nowhere else: ``Scheduler.handlers``, ``.stream_handlers``, ``.worker_send``, ``.stream_comms``,
``.clients`` and ``.restart_workers``; ``Worker.stream_handlers`` and ``.batched_send``; a preload's ``dask_setup``.
Remote workers join with ``dask worker tls://host:port --preload rnn_core.jobs.hooks``.
"""
from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from distributed import Scheduler, SchedulerPlugin, Worker

from rnn_core.jobs.desk import Desk
from rnn_core.jobs.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

TO_HANDS, TO_DESK, QUESTION = "rnn-hands", "rnn-desk", "rnn_question"
NICE = 10
REASSIGN_AFTER = 0.05


class DeskPlugin(SchedulerPlugin):
    """Seats a desk in a scheduler."""

    def __init__(self, scheduler: Scheduler, store: Store) -> None:
        self.scheduler = scheduler
        self.desk = Desk(store, self._send, self._restart, self.visitors)
        scheduler.handlers[QUESTION] = self.desk.answer
        scheduler.stream_handlers[TO_DESK] = self._report
        scheduler.add_plugin(self, name="rnn-desk")

    def visitors(self) -> int:
        """How many dashboards are connected; the scheduler's own standing client is not one."""
        return sum(name != "fire-and-forget" for name in self.scheduler.clients)

    def add_worker(self, scheduler: Scheduler, worker: str, **_: Any) -> None:
        """A worker has joined; its stream opens a moment later."""
        scheduler.loop.call_later(0, self._joined, worker)

    def remove_worker(self, scheduler: Scheduler, worker: str, **_: Any) -> None:
        """A worker has gone, however it went; this is called as soon as its socket closes."""
        self.desk.worker_left(worker)
        scheduler.loop.call_later(REASSIGN_AFTER, self.desk.assign)

    def _joined(self, worker: str) -> None:
        if worker in self.scheduler.stream_comms:
            self.desk.worker_joined(worker, self.scheduler.workers[worker].pid)
        elif worker in self.scheduler.workers:
            self.scheduler.loop.call_later(REASSIGN_AFTER, self._joined, worker)

    def _send(self, worker: str, message: dict[str, Any]) -> None:
        if worker in self.scheduler.stream_comms:
            self.scheduler.worker_send(worker, {"op": TO_HANDS, **message})

    def _report(self, worker: str, **said: Any) -> None:
        self.desk.report(worker, **said)

    def _restart(self, worker: str) -> None:
        self.scheduler.loop.add_callback(self.scheduler.restart_workers, [worker], timeout=3, wait_for_workers=False,
                                         on_error="return", stimulus_id="rnn-hung")


def dask_setup(worker: Worker) -> None:
    """Give a worker its hands; called by ``--preload`` before the worker registers.

    It steps back behind the pages: who watches is served first, training takes what is left.
    """
    import torch
    torch.set_num_threads(1)
    sys.setswitchinterval(0.0005)
    if hasattr(os, "nice"):
        os.nice(NICE)
    from rnn_core.jobs.hands import Hands
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    hands = Hands(_tell_through(worker))
    worker.stream_handlers[TO_HANDS] = hands.receive
    threading.Thread(target=hands.work, name="hands", daemon=True).start()


def _tell_through(worker: Worker) -> Callable[..., None]:
    def tell(**said: Any) -> None:
        worker.loop.add_callback(worker.batched_send, {"op": TO_DESK, **said})
    return tell
