"""A run's numbers as tables: its history, and its states, gates and outputs on held-out sequences."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core import saving
from rnn_core.records import Batch, NetworkTrace
from rnn_core.records.trees import paths
from rnn_core.run import Run

MOST = 1_000_000
WORDS = ("read", "wanted")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def history_csv(run: Run) -> bytes:
    """One row an update; floats keep every digit, what was not measured is empty, what was no number says so."""
    return saving.write_history(run.records).encode()


def states_csv(run: Run, sequences: Iterable[int] = (0,), update: int | None = None) -> bytes:
    """``states`` as CSV in UTF-8, with digits enough to get every number back.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    table = states(run, sequences, update)
    table.columns = [guarded(name) for name in table.columns]
    for name in WORDS:
        table[name] = [guarded(text) for text in table[name]]
    wide = any(dtype == "float64" for dtype in table.dtypes)
    return table.to_csv(index=False, na_rep="nan", float_format="%.17g" if wide else "%.9g").encode()


def states(run: Run, sequences: Iterable[int] = (0,), update: int | None = None) -> pd.DataFrame:
    """Inputs, outputs, states and gates of some held-out sequences, one row a step that exists.

    ``update`` asks for the last recorded moment up to it, by default the run as it stands. Columns: update, sequence,
    t, what was read and wanted in words, then ``x[k]``, ``y[k]`` and every probe ``h[k]``; names of a pass stand before
    its probes where there are several. ValueError for sequences that are not there or for more than a million numbers.
    """
    run = run if update is None else run.then(update)
    chosen = _chosen(sequences, len(run.held_out.target))
    if len(chosen) > (most := most_sequences(run)):
        raise ValueError(f"A table takes {MOST:,} numbers, which is {most} of these sequences; choose fewer.")
    batch = run.held_out.rows(torch.tensor(chosen))
    trace = run.network.trace(batch.x, mask=batch.mask)
    there = torch.ones(batch.target.shape[:2], dtype=torch.bool) if batch.mask is None else batch.mask.cpu()
    table: dict[str, Any] = {"update": run.update} | _places(run, batch, trace.outputs, chosen, there)
    for name, value in _columns(batch, trace):
        flat = value.detach().cpu()[there].flatten(1)
        many = flat.shape[1] > 1
        table |= {f"{name}[{k}]" if many else name: column.numpy() for k, column in enumerate(flat.unbind(1))}
    return pd.DataFrame(table)


def most_sequences(run: Run) -> int:
    """How many of the run's held-out sequences fit into one table."""
    one = run.held_out.rows(slice(0, 1))
    width = sum(v.shape[2:].numel() for _, v in _columns(one, run.network.trace(one.x, mask=one.mask)))
    return MOST // (width * one.target.shape[1])


def guarded(text: object) -> str:
    """A text that no spreadsheet takes for a formula: one that is no number gets an apostrophe before = + - @."""
    said = str(text)
    return f"'{said}" if said.startswith(FORMULA) and not NUMBER.fullmatch(said) else said


def _chosen(sequences: Iterable[int], there: int) -> list[int]:
    chosen = list(sequences)
    if not chosen or not all(isinstance(k, int) and 0 <= k < there for k in chosen):
        raise ValueError(f"Held-out sequences are numbered from 0 to {there - 1}; name one at least.")
    return chosen


def _places(run: Run, batch: Batch, y: Tensor, chosen: list[int], there: Tensor) -> dict[str, list[Any]]:
    """Which step of which sequence a row is, and what stood there in words."""
    found: dict[str, list[Any]] = {name: [] for name in ("sequence", "t", *WORDS)}
    for k, number in enumerate(chosen):
        story = run.task.story(batch, k, y.detach())
        steps = there[k].nonzero().flatten().tolist()
        found["sequence"] += [number] * len(steps)
        found["t"] += steps
        for name, words in zip(WORDS, (story.inputs, story.targets or [])):
            found[name] += [words[t] if t < len(words) else "" for t in steps]
    return found


def _columns(batch: Batch, trace: NetworkTrace) -> Iterator[tuple[str, Tensor]]:
    """Every quantity that has a value at each step, (b, t, …), by its name."""
    yield from (("x" if not name else f"x.{name}", value) for name, value in paths(batch.x))
    yield "y", trace.outputs
    for one in trace.passes:
        before = f"{one.name} " if len(trace.passes) > 1 else ""
        yield from ((f"{before}{name}", value) for name, value in one.probes.items())
        yield from ((f"{before}state {name}", value) for name, value in paths(one.states) if name not in one.probes)
