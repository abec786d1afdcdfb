"""A whole engine in one thread: a desk, hands, and messages that are delivered when the test says so."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from rnn_core.jobs import desk, hands
from rnn_core.jobs.desk import Desk
from rnn_core.jobs.hands import Hands
from rnn_core.jobs.kinds import read
from rnn_core.jobs.store import Store
from tests.jobs.toy import ToyRun, toys


def use_toys(monkeypatch):
    """Let the hands work on toys, in turns of one update, with a checkpoint whenever the floor wants one."""
    monkeypatch.setattr(desk, "read", toys(ToyRun))
    monkeypatch.setattr(hands, "ROUND", 0.0)
    monkeypatch.setattr(hands, "LONGEST", 0.0)
    monkeypatch.setattr(hands, "SHORTEST", 0.0)


class Worker:
    """One worker: its hands, and the reports that are still on their way."""

    def __init__(self, run):
        self.reports = []
        self.hands = Hands(lambda **said: self.reports.append(said), toys(run) if run else read)


class Floor:
    """A desk with workers that can be killed between any two messages; without ``run`` they read real records."""

    def __init__(self, folder, count=1, run=ToyRun):
        self.run, self.workers, self.born, self.restarted = run, {}, 0, []
        self.store = Store(folder)
        self.desk = Desk(self.store, self._send, self.restarted.append, lambda: 1)
        for _ in range(count):
            self.hire()

    def _send(self, worker, message):
        if worker in self.workers:
            self.workers[worker].hands.receive(**message)

    def hire(self):
        """A new worker comes."""
        self.born += 1
        name = f"worker-{self.born}"
        self.workers[name] = Worker(self.run)
        self.desk.worker_joined(name, 100 + self.born)
        return name

    def fire(self, name):
        """A worker is killed; what it has not yet said is never said."""
        del self.workers[name]
        self.desk.worker_left(name)
        self.desk.assign()

    def lose(self):
        """The engine is killed: what the store has not yet written is never written."""
        with self.store._jobs.mutex:
            self.store._jobs.queue.clear()
        self.store.close()

    def deliver(self, name, count=None):
        """Let the desk hear the next reports of a worker."""
        worker = self.workers[name]
        said, worker.reports = worker.reports[:count], worker.reports[len(worker.reports[:count]) :]
        for report in said:
            self.desk.report(name, **report)

    def work(self, slices=1):
        """Every worker works, and is heard."""
        for _ in range(slices):
            for name in list(self.workers):
                self.workers[name].hands.slice()
                self.deliver(name)

    def ask(self, do, **question):
        """One question to the desk."""
        return asyncio.run(self.desk.answer(do, **question))

    def submit(self, owner="ann", record="0123456789abcdef", updates=30, go=True):
        """Submit a toy."""
        return self.ask("submit", record=record, spec=f"{record}:{updates}", owner=owner, title="toy", target=updates,
                        go=go)["run_id"]

    def command(self, run_id, name, value=None, owner="ann", **more):
        """Command a toy; the sentence where it is refused."""
        answer = self.ask("command", run_id=run_id, name=name, value=value, owner=owner, **more)
        return answer.get("run_id") or answer["error"]

    def look(self, run_id):
        """Look at a toy."""
        return SimpleNamespace(**self.ask("look", run_id=run_id))

    def finish(self, run_id, slices=2000):
        """Work until a run has ended."""
        for _ in range(slices):
            look = self.look(run_id)
            if look.status in ("done", "stopped", "failed"):
                return look
            self.work()
        raise AssertionError(f"still {look.status} at {look.update}")


def story(look):
    """The log of a look, as the toy takes it."""
    return [(c["update"], c["name"], c["value"]) for c in look.log]
