"""Fixed points: 256 searches on a 64-unit GRU in one batch, beside the same searches one at a time.

One at a time is measured on 8 of the 256 and scaled; every root that they find must be among the roots of the batch.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

import torch

import rnn_core as rc
from benchmarks._measure import report, seconds

SEARCHES, SUBSET, PAIRS = 256, 8, 3
LEAST, SAME = 4, 1e-4


def network() -> torch.nn.Module:
    """A fresh GRU of 64 units with gain 1.2."""
    return rc.make_cell("gru", 2, hidden_size=64, gain=1.2, seed=0)


def alone(cell: torch.nn.Module, found: list[rc.Result]) -> Callable[[], None]:
    """Single searches, each from a start of its own; what they find is put into ``found``."""

    def work() -> None:
        found[:] = [rc.fixed_points(cell, searches=1, seed=k) for k in range(SUBSET)]

    return work


def main() -> None:
    """Print the ratio, and whether the roots are the same."""
    torch.set_num_threads(1)
    cell, singles = network(), []
    one_by_one, whole = alone(cell, singles), rc.fixed_points(cell, searches=SEARCHES)
    times = []
    for _ in range(PAIRS):
        ours = seconds(lambda: rc.fixed_points(cell, searches=SEARCHES))
        times.append((SEARCHES / SUBSET * seconds(one_by_one), ours))
    ratio = statistics.median(theirs / ours for theirs, ours in times)
    ours, theirs = (statistics.median(t[k] for t in times) for k in (1, 0))
    what = f"GRU, H=64, {SEARCHES} searches"
    report(
        f"fixed points, one at a time (measured on {SUBSET}, scaled) ÷ one batch ({what})",
        f"≥ {LEAST}",
        ratio >= LEAST,
        measured=ratio,
        pairs=PAIRS,
        batch_s=ours,
        one_by_one_s=theirs,
    )
    roots = whole.points[[kind != "slow" for kind in whole.kinds]]
    own = torch.cat([one.points[[kind != "slow" for kind in one.kinds]] for one in singles])
    gap = max((float((roots - point).norm(dim=1).min()) for point in own), default=float("inf"))
    report(
        f"fixed points, distance of the {len(own)} roots found singly from those of the batch, {len(roots)} ({what})",
        f"≤ {SAME}",
        gap <= SAME,
        measured=gap,
    )


if __name__ == "__main__":
    main()
