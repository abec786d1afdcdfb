"""Gain × length: 1,024 fresh networks in one sweep, beside the same networks one by one.

One by one is what a visitor would do: ``jacobian_products`` of the experiment with this gain, length and seed, on one
sequence. It is measured on 32 of the 1,024, evenly spread over both axes, and scaled; both make the networks too.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch

import rnn_core as rc
from benchmarks._measure import report, seconds

LONGEST, SUBSET, PAIRS = 200, 32, 5
CASES = {"elman": 12, "gru": 8, "lstm": 8}
LEAST, MOST = 20, 3.0


def alone(spec: rc.Experiment, found: rc.Result) -> Callable[[], list[float]]:
    """‖∂s_T/∂s_0‖ of every 32nd network of the sweep along its diagonals, one by one."""
    lengths, gains = found.norms.shape
    places = [(k % lengths, (7 * k) % gains) for k in range(SUBSET)]

    def work() -> list[float]:
        return [
            float(rc.jacobian_products(
                spec.with_(gain=float(found.gains[g]), length=int(found.lengths[t]), seed=int(found.seeds[t, g])),
                rows=1,
            ).norms[0, 0])
            for t, g in places
        ]

    return work


def main() -> None:
    """Print the ratio and the wall time of the sweep for each architecture."""
    torch.set_num_threads(1)
    for name, size in CASES.items():
        spec = rc.Experiment.of(name, "adding", hidden_size=size, length=LONGEST)
        run = rc.Run(spec)
        found = rc.phase_diagram(run)
        one_by_one, times, walls = alone(spec, found), [], []
        one_by_one()
        for _ in range(PAIRS):
            started = time.perf_counter()
            ours = seconds(lambda run=run: rc.phase_diagram(run))
            walls.append(time.perf_counter() - started)
            times.append((found.norms.numel() / SUBSET * seconds(one_by_one), ours))
        ratio = statistics.median(theirs / ours for theirs, ours in times)
        ours, theirs = (statistics.median(t[k] for t in times) for k in (1, 0))
        what = f"{name}, H={size}, {found.norms.numel():,} networks, T to {LONGEST}"
        report(
            f"phase diagram, one by one (measured on {SUBSET}, scaled) ÷ one sweep ({what})",
            f"≥ {LEAST}",
            ratio >= LEAST,
            measured=ratio,
            pairs=PAIRS,
            sweep_s=ours,
            one_by_one_s=theirs,
        )
        wall = statistics.median(walls)
        report(f"phase diagram, wall time of the sweep ({what})", f"≤ {MOST} s", wall <= MOST, measured=wall)


if __name__ == "__main__":
    main()
