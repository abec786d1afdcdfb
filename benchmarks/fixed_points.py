"""Fixed points: 256 searches on a 64-unit GRU in one batch, beside the same searches one at a time.

The GRU's candidate holds two patterns, so that there are several rests. One at a time is measured on 16 of the 256
starts and scaled; every search must end where it ends in the batch.
"""

from __future__ import annotations

import statistics

import torch
from torch import Tensor

import rnn_core as rc
from benchmarks._measure import report, seconds
from rnn_core.analysis.fixed_points import DESCENT, REST, Field, beginnings, descended, polished

SEARCHES, SUBSET, PAIRS = 256, 16, 3
LEAST, SAME, ROOTS = 4, 1e-4, 3


def network() -> torch.nn.Module:
    """A fresh GRU of 64 units with gain 1.2 whose candidate hears two random patterns of ±1."""
    cell = rc.make_cell("gru", 2, hidden_size=64, gain=1.2, seed=0).requires_grad_(False)
    patterns = torch.randn(2, 64, generator=torch.Generator().manual_seed(1)).sign()
    cell.R[-64:].copy_(3 * patterns.T @ patterns / 64)
    return cell


def ends(field: Field, start: Tensor) -> tuple[Tensor, Tensor]:
    """Where searches from ``start`` (p, s) end, and their speeds there."""
    s = polished(field, descended(field, start, DESCENT))
    return s, (field.after(s) - s).norm(dim=1)


def main() -> None:
    """Print the ratio, how many rests there are, and whether the same searches end at the same of them."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    cell, _, start = beginnings(network(), SEARCHES, 0.5, generator)
    field, times = Field(cell, None, None, generator), []
    ends(field, start[:1])
    for _ in range(PAIRS):
        ours = seconds(lambda: ends(field, start))
        theirs = seconds(lambda: [ends(field, one) for one in start[:SUBSET].split(1)])
        times.append((SEARCHES / SUBSET * theirs, ours))
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
    roots = sum(kind != "slow" for kind in rc.fixed_points(cell, searches=SEARCHES).kinds)
    report(f"fixed points, different rests ({what})", f"≥ {ROOTS}", roots >= ROOTS, measured=roots)
    (whole, speed), singles = ends(field, start), [ends(field, one) for one in start[:SUBSET].split(1)]
    alone, slow = (torch.cat(parts) for parts in zip(*singles, strict=True))
    rest = (speed[:SUBSET] < REST) & (slow < REST)
    gap = float((whole[:SUBSET] - alone)[rest].abs().max())
    agree = bool(((speed[:SUBSET] < REST) == (slow < REST)).all())
    report(
        f"fixed points, largest distance of {int(rest.sum())} rests found singly from the batch's ends ({what})",
        f"≤ {SAME}, and the same searches end at rest",
        agree and gap <= SAME,
        measured=gap,
    )


if __name__ == "__main__":
    main()
