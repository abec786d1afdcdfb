"""Thirty visitors watch two runs at 2 Hz: how long does a look take, and how much slower do the runs train?

    python -m benchmarks.watchers path/to/load_client.py

The load client is any program that takes URL, --page, --query, -n and --live and prints JSON with rerun_p95_ms.
Training speed is measured in turn without and with watchers, several times, from the runs' own count of updates.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time

from benchmarks._dashboard import dashboard
from benchmarks._measure import report

SECONDS, ROUNDS, EACH = 12, 4, 15
SETTINGS = {"hidden_size": 32, "length": 60, "updates": 1_000_000}


def main(client: str) -> None:
    """Measure the poll's p95 and the loss of training speed."""
    import rnn_core as rc
    from rnn_core.jobs import connect

    with dashboard() as (address, folder):
        os.environ["RNN_EXPLORER_DATA"] = folder
        engine = connect()
        runs = [
            engine.submit(rc.Experiment.of("lstm", "adding", seed=seed, **SETTINGS), owner=f"bench-{seed}")
            for seed in (1, 2)
        ]

        def updates() -> int:
            return sum(engine.look(run, since=10**9).update for run in runs)

        def speed(watch: bool) -> tuple[float, list[dict]]:
            words = [sys.executable, client, address, "--page", "Train", "-n", str(EACH), "--live", str(SECONDS)]
            watchers = [
                subprocess.Popen([*words, "--query", f"run={run}"], stdout=subprocess.PIPE, text=True)
                for run in runs
                if watch
            ]
            time.sleep(6 if watch else 1)
            before, started = updates(), time.monotonic()
            time.sleep(SECONDS - 4)
            rate = (updates() - before) / (time.monotonic() - started)
            return rate, [json.loads(w.communicate(timeout=120)[0]) for w in watchers]

        while any(engine.look(run).update < 50 for run in runs):
            time.sleep(0.2)
        speed(True)
        pairs, looks = [], []
        for _ in range(ROUNDS):
            alone, _ = speed(False)
            watched, seen = speed(True)
            pairs.append(1 - watched / alone)
            looks += seen
        engine.close()
    failed = sum(s["failed_sessions"] + s["exceptions"] for s in looks)
    p95, loss = statistics.median(s["rerun_p95_ms"] for s in looks), statistics.median(pairs)
    report(
        "30 watchers at 2 Hz: poll p95",
        "≤ 300 ms",
        p95 <= 300 and not failed,
        measured=p95,
        failed=failed,
        bytes_a_poll=statistics.median(s["bytes_per_rerun"] for s in looks),
    )
    report(
        "30 watchers at 2 Hz: loss of training speed",
        "≤ 15 %",
        loss <= 0.15,
        measured=loss,
        least=min(pairs),
        most=max(pairs),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
