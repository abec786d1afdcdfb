"""The whole Lyapunov spectrum of a chaotic net of 100 units over 1,000 steps, by one decomposition a step."""

from __future__ import annotations

import statistics
import time

import torch

import rnn_core as rc
from benchmarks._measure import report, seconds

UNITS, STEPS, GAIN, ROUNDS, MOST = 100, 1000, 3.0, 5, 3.0
#: The start is so wide that units are saturated, and a saturated step has no volume: the first steps are left out.
WARM_UP = 20


def network() -> torch.nn.Module:
    """h ← tanh(J h) with J from a normal draw of variance g²/N."""
    cell = rc.make_cell("elman", 1, hidden_size=UNITS).double().requires_grad_(False)
    draw = torch.randn(UNITS, UNITS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    cell.R.copy_(GAIN * draw / UNITS**0.5)
    return cell


def main() -> None:
    """Print wall and processor time on one thread, as in the dashboard: two threads take longer."""
    cell, walls = network(), []
    torch.set_num_threads(1)
    result = rc.lyapunov_spectrum(cell, steps=STEPS, warm_up=WARM_UP)
    for _ in range(ROUNDS):
        started = time.perf_counter()
        rc.lyapunov_spectrum(cell, steps=STEPS, warm_up=WARM_UP)
        walls.append(time.perf_counter() - started)
    what = f"Elman, H={UNITS}, {STEPS:,} steps, all exponents"
    wall = statistics.median(walls)
    report(f"Lyapunov spectrum, wall time on one thread ({what})", f"≤ {MOST} s", wall <= MOST, measured=wall)
    spent = [seconds(lambda: rc.lyapunov_spectrum(cell, steps=STEPS, warm_up=WARM_UP)) for _ in range(ROUNDS)]
    used = statistics.median(spent)
    report(f"Lyapunov spectrum, processor time on one thread ({what})", f"≤ {MOST} s", used <= MOST, measured=used)
    gap = float((result.exponents.sum(1) - result.volume).abs().max())
    report(f"Lyapunov spectrum, sum of the exponents less ⟨ln |det A|⟩ ({what})", "≤ 1e-8", gap <= 1e-8, measured=gap)


if __name__ == "__main__":
    main()
