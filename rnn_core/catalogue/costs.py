"""What one training step of an architecture costs beside Elman's, as ``benchmarks/cell_steps.py`` measured it."""
from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "assets" / "cell_steps.json"


@cache
def step_costs() -> dict[str, Any]:
    """The record: ``elmans`` by architecture (ours ÷ Elman's, a median), the sizes b, T and H, and ``made_with``."""
    return json.loads(FILE.read_text("utf-8"))


def told(name: str) -> str | None:
    """The sentence for the card of an architecture; None where nothing was measured."""
    found = step_costs()
    if name not in found["elmans"]:
        return None
    return (f"one training step costs about {found['elmans'][name]:g} × Elman's "
            f"(measured at b={found['b']}, T={found['T']}, H={found['H']}, one thread)")


def keep(elmans: dict[str, float], **facts: Any) -> None:
    """Write a record in the place of the old one; architectures that were not measured this time keep their ratio."""
    old = step_costs()["elmans"] if FILE.exists() else {}
    text = json.dumps({**facts, "elmans": dict(sorted({**old, **elmans}.items()))}, indent=1, ensure_ascii=False)
    FILE.write_text(text + "\n", "utf-8")
    step_costs.cache_clear()
