"""Is this true? One file a row of the catalogue, found by looking into this folder; each holds checks.

A check compares what the code under test gives with a second road: torch's own modules, a loop or closed form written
out in the check, a count by hand. Checks use the public face alone.
"""
from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch

from rnn_core import catalogue
from rnn_core.verify.check import Check
from rnn_core.version import VERSION

RESULTS = Path(__file__).with_name("results.json")


def checked_rows() -> list[str]:
    """Rows that have checks, in the catalogue's order."""
    names = {info.name.upper() for info in pkgutil.iter_modules(__path__) if re.fullmatch(r"[a-d]\d+", info.name)}
    return [r["row"] for r in catalogue.rows() if r["row"] in names]


def checks(row: str) -> list[Check]:
    """The checks of a row, in the order in which they were written."""
    module = importlib.import_module(f"{__name__}.{row.lower()}")
    return [f for f in vars(module).values() if inspect.isfunction(f) and hasattr(f, "long")]


def verifying(rows: Iterable[str] | None = None, *, long: bool = False) -> Iterator[dict[str, Any]]:
    """The generator behind ``verify``: yields each record as soon as it is known."""
    for row in chosen(rows):
        for check in checks(row):
            if long or not check.long:
                yield from _records(row, check)


def verify(rows: Iterable[str] | None = None, *, long: bool = False) -> list[dict[str, Any]]:
    """Run the checks of some rows, or of all that have any; with ``long`` also those that train for minutes.

    Each record is {"row", "check", "expected", "measured", "passed", "seconds"}. Runs on one thread, so that
    the numbers do not depend on how many there are. Raises ValueError, in one sentence, for a row that is unknown or
    has no checks.
    """
    return list(verifying(rows, long=long))


def chosen(rows: Iterable[str] | None) -> list[str]:
    """The rows that are meant, as the catalogue writes them."""
    there = checked_rows()
    wanted = there if rows is None else list(dict.fromkeys(row.strip().upper() for row in rows))
    known = {r["row"] for r in catalogue.rows()}
    for row in wanted:
        if row not in known:
            raise ValueError(f"There is no row “{row[:20]}”; “rows” lists all {len(known)}.")
        if row not in there:
            raise ValueError(f"Row {row} has no checks yet; {', '.join(there)} have.")
    return wanted


def _records(row: str, check: Check) -> Iterator[dict[str, Any]]:
    """What one check finds, with the time since the last finding; a check that breaks has failed."""
    findings, threads = check(), torch.get_num_threads()
    while True:
        started = time.perf_counter()
        torch.set_num_threads(1)
        try:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                found = next(findings, None)
        except Exception as error:
            title = (check.__doc__ or check.__name__).splitlines()[0]
            yield {"row": row, "check": title, "expected": "no error", "measured": f"{type(error).__name__}: {error}",
                   "passed": False, "seconds": round(time.perf_counter() - started, 3)}
            return
        finally:
            torch.set_num_threads(threads)
        if found is None:
            return
        yield {"row": row, **found._asdict(), "passed": bool(found.passed),
               "seconds": round(time.perf_counter() - started, 3)}


def record(records: list[dict[str, Any]]) -> None:
    """Write down what all checks of some rows found; what this version of the code found about other rows stays."""
    kept = recorded()
    for row in dict.fromkeys(r["row"] for r in records):
        kept[row] = {"checks": [c.__name__ for c in checks(row)], "records": [r for r in records if r["row"] == row]}
    rows = {row: kept[row] for row in checked_rows() if row in kept}
    text = {"version": VERSION, "torch": torch.__version__, "rows": rows}
    RESULTS.write_text(json.dumps(text, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def recorded() -> dict[str, dict[str, Any]]:
    """Row → what was found about it with this version of the code; empty where nothing was."""
    if not RESULTS.exists():
        return {}
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    return found["rows"] if found["version"] == VERSION else {}


def statuses() -> dict[str, str]:
    """Row → "verified" if all its checks passed with this version, else "built" if a card names it, or "to come"."""
    cards = (catalogue.architectures(), catalogue.wirings(), catalogue.task_cards(), catalogue.learner_cards(),
             catalogue.analyses())
    there, found = set(checked_rows()), recorded()
    built = there | {card.row for kind in cards for card in kind.values()}

    def verified(row: str) -> bool:
        one = found.get(row)
        return (row in there and one is not None and one["checks"] == [c.__name__ for c in checks(row)]
                and all(r["passed"] for r in one["records"]))

    return {r["row"]: "verified" if verified(r["row"]) else "built" if r["row"] in built else "to come"
            for r in catalogue.rows()}
