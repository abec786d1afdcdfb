"""How the benchmarks measure: two things in turn within one run, on one thread, medians, one line of JSON a figure."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

PAIRS = 11


def seconds(work: Callable[[], Any]) -> float:
    """Processor time of one call; waiting for a busy machine does not count."""
    started = time.process_time()
    work()
    return time.process_time() - started


def ratio(ours: Callable[[], Any], theirs: Callable[[], Any], pairs: int = PAIRS, warm: int = 2) -> dict[str, float]:
    """Ours ÷ theirs: the median over pairs of neighbours in time, and both medians in milliseconds."""
    torch.set_num_threads(1)
    for _ in range(warm):
        ours(), theirs()
    times = [(seconds(ours), seconds(theirs)) for _ in range(pairs)]
    return {"measured": statistics.median(a / b for a, b in times), "pairs": pairs,
            "ours_ms": 1e3 * statistics.median(a for a, _ in times),
            "theirs_ms": 1e3 * statistics.median(b for _, b in times)}


def report(figure: str, target: str, met: bool, **numbers: float) -> None:
    """Print one figure as a line of JSON, numbers to four digits."""
    rounded = {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in numbers.items()}
    print(json.dumps({"figure": figure, "target": target, "met": met, **rounded}, ensure_ascii=False), flush=True)
