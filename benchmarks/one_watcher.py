"""One visitor watches one run at 2 Hz: how much slower does it train?

The watcher is a process of its own that asks as the dashboard does: a look twice a second, and the run itself every two
seconds. The run is watched and left alone in turn, and its own count of updates says how fast it was; each pair of
neighbours in time gives one ratio.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks._measure import report

SECONDS, SETTLE, PAIRS = 6.0, 1.5, 7
LOOK_EVERY, FETCH_EVERY = 0.5, 2.0
SETTINGS = {"hidden_size": 32, "length": 60, "updates": 1_000_000}


def watch(folder: str, run_id: str) -> None:
    """Ask as the dashboard does until the standard input ends."""
    import threading

    from rnn_core.jobs import Engine

    engine, ended = Engine(Path(folder)), threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    known, fetched = engine.look(run_id).count, time.monotonic()
    engine.fetch(run_id)
    print("at work", flush=True)
    while not ended.wait(LOOK_EVERY):
        known = engine.look(run_id, since=known).count
        if time.monotonic() - fetched > FETCH_EVERY:
            engine.fetch(run_id)
            fetched = time.monotonic()
    engine.close()


@contextmanager
def watcher(folder: str, run_id: str) -> Iterator[None]:
    """A watcher that is at work by now."""
    words = [sys.executable, "-m", "benchmarks.one_watcher", folder, run_id]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    time.sleep(SETTLE)
    yield
    process.communicate(timeout=60)


@contextmanager
def engine_of_one_worker() -> Iterator[Any]:
    """An engine of the benchmark's own; it and its folder go away."""
    from rnn_core.jobs import connect

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        engine = connect(folder, 1)
        pid = engine.hello()["pid"]
        try:
            yield engine
        finally:
            engine.close()
            os.kill(pid, signal.SIGTERM)
            time.sleep(2 * SETTLE)


def main() -> None:
    """Measure the share of its updates that a run loses to its watcher."""
    import rnn_core as rc

    with engine_of_one_worker() as engine:
        run_id = engine.submit(rc.Experiment.of("lstm", "adding", **SETTINGS), owner="benchmark")

        def speed() -> float:
            before, started = engine.look(run_id, since=10**9).update, time.monotonic()
            time.sleep(SECONDS)
            return (engine.look(run_id, since=10**9).update - before) / (time.monotonic() - started)

        def watched() -> float:
            with watcher(str(engine.folder), run_id):
                return speed()

        def alone() -> float:
            time.sleep(SETTLE)
            return speed()

        while engine.look(run_id, since=10**9).update < 50:
            time.sleep(0.2)
        pairs = []
        for k in range(PAIRS):
            first, second = (alone, watched) if k % 2 else (watched, alone)
            found = {first: first(), second: second()}
            pairs.append((found[alone], found[watched]))
    losses = [1 - seen / left for left, seen in pairs]
    report("one watcher at 2 Hz: loss of updates", "≤ 10 %", statistics.median(losses) <= 0.1,
           measured=statistics.median(losses), least=min(losses), most=max(losses), pairs=PAIRS,
           updates_per_second=statistics.median(left for left, _ in pairs))


if __name__ == "__main__":
    watch(*sys.argv[1:]) if sys.argv[1:] else main()
