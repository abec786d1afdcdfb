"""How a training step grows with the length of the sequences: the exponent p of time ∝ T^p, from T = 50 to 800."""

from __future__ import annotations

import math
import statistics

import torch

from benchmarks._measure import PAIRS, report, seconds
from benchmarks.training_step import INPUTS, network, plain_step, seen_step

LENGTHS = (50, 100, 200, 400, 800)
B, H = 32, 64
MOST = 1.1


def exponent(times: dict[int, float]) -> float:
    """The slope of log time over log length, by least squares."""
    xs, ys = [math.log(t) for t in times], [math.log(s) for s in times.values()]
    return statistics.linear_regression(xs, ys).slope


def main() -> None:
    """Print the exponent of each architecture on each road, the lengths measured in turn."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    target = torch.randn(B, 1)
    for name in ("elman", "lstm", "gru"):
        for label, make in (("plain", plain_step), ("everything returned", seen_step)):
            steps = {t: make(network(name, INPUTS, H), torch.randn(B, t, INPUTS), target) for t in LENGTHS}
            for step in steps.values():
                step()
            rounds = [{t: seconds(step) for t, step in steps.items()} for _ in range(PAIRS)]
            times = {t: statistics.median(r[t] for r in rounds) for t in LENGTHS}
            slope = exponent(times)
            report(f"growth of a training step with T, {name}, {label} (T=50…800, B={B}, H={H})", f"≤ {MOST}",
                   slope <= MOST, measured=slope, rounds=PAIRS, **{f"T{t}_ms": 1e3 * s for t, s in times.items()})


if __name__ == "__main__":
    main()
