"""Several runs beside one another: their curves on one axis, and what differs between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.runs import SHIPPED, Line
from pages.shared.runs_list import LETTERS, MOST
from pages.shared.theme import mode
from pages.shared.watched import watched
from pages.shared.words import note, plain, say, table_twin
from rnn_core.jobs import EngineError, UnknownRun
from rnn_core.records import Baseline, Command
from rnn_core.records.progress import COLUMNS
from rnn_core.shipped import shipped

GONE = "Not here any more, so left out of the comparison: {name}. Deleted, or made elsewhere."
ODD = "{name} is not the training of one network, so it has no place in this comparison."
BINNED = "One run of this comparison is in your bin: {name}."
HELD = {"held_out": "Loss", "metric": "Metric"}
OVER = {"update": "Updates", "seconds": "Seconds"}


@dataclass(frozen=True)
class Seen:
    """One run of the comparison with its letter, its history, and what was changed while it ran."""

    letter: str
    line: Line
    records: list[dict[str, Any]]
    log: Sequence[Command]
    baseline: Baseline

    @property
    def name(self) -> str:
        """What its curve is called."""
        return f"{self.letter} {self.line.summary.name or self.line.cell}"

    @property
    def history(self) -> pd.DataFrame:
        """One row an update."""
        return pd.DataFrame(self.records, columns=list(COLUMNS))

    def last(self, column: str) -> float | None:
        """The last measured value of a column."""
        return next((r[column] for r in reversed(self.records) if r[column] is not None), None)


def gather(ids: Sequence[str], found: Sequence[Line]) -> tuple[list[Seen], list[str]]:
    """The runs of a comparison as far as they are here, and one sentence for each that is not."""
    by_id = {line.id: line for line in sorted(found, key=lambda line: not line.summary.binned)}
    seen, notices, gone = [], [], []
    if len(ids) > MOST:
        notices.append(f"Six runs at most can be told apart; the first six of {len(ids)} are shown.")
    for run_id in ids[:MOST]:
        line = by_id.get(run_id)
        if line is not None and (line.summary.binned or not line.known):
            notices.append((BINNED if line.summary.binned else ODD).format(name=line.title))
            continue
        try:
            records, log, name = _course(run_id)
            line = by_id[name]
            seen.append(Seen(LETTERS[len(seen)], line, records, log, _baseline(line.summary.spec)))
        except (UnknownRun, KeyError):
            gone.append(run_id[:8])
        except EngineError as error:
            notices.append(str(error))
    return seen, notices + ([GONE.format(name=", ".join(gone))] if gone else [])


def _course(run_id: str) -> tuple[list[dict[str, Any]], Sequence[Command], str]:
    """Records, log, and the id that the run answers to now."""
    if run_id == SHIPPED:
        return shipped().records, shipped().log, SHIPPED
    one = watched(run_id)
    look = one.glance()
    return one.records, look.log, look.run_id


@st.cache_data(max_entries=256, show_spinner=False)
def _baseline(spec: str) -> Baseline:
    return rc.Experiment.from_json(spec).make_task().baseline()


def curves(seen: Sequence[Seen]) -> None:
    """The picture, its two choices, and what it lets one say."""
    apart = any(one.line.metric_name != one.line.loss_name for one in seen)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        value = "held_out" if not apart else st.segmented_control(
            "Shown", HELD, format_func=HELD.get, default="held_out", required=True, key="runs_value",
            label_visibility="collapsed")
        over = st.segmented_control("Against", OVER, format_func=OVER.get, default="update", required=True,
                                    key="runs_over", label_visibility="collapsed")
    names = {one.line.loss_name if value == "held_out" else one.line.metric_name for one in seen}
    called = names.pop() if len(names) == 1 else HELD[value].lower()
    histories = {one.name: one.history for one in seen}
    figure = rc.figures.compare_runs(histories, {one.name: one.baseline for one in seen}, value=value, over=over,
                                     quantity=called, theme=mode(), height=360)
    show(figure, key="compare")
    note("Held-out sequences, which training never sees. Dashed ink: what a net without memory can reach.")
    say(*verdict(seen, value))
    table_twin(lambda: long_table(seen), "The curves as a table")


def verdict(seen: Sequence[Seen], value: str) -> tuple[str, str]:
    """What the picture lets one say, with its numbers, and what not."""
    told = [(one, one.last(value)) for one in seen]
    scores = ", ".join(f"{one.letter} {number:.3g}" for one, number in told if number is not None)
    which = "loss" if value == "held_out" else "metric"
    yes = f"on held-out sequences the last measured {which} of these very runs was {scores}." if scores else (
        "that nothing was measured yet.")
    if len({one.line.facts["task"] for one in seen}) > 1:
        return yes, "that one did better than another where their tasks differ: they were measured on different things."
    if len(seen) == 1:
        return yes, "what another seed or another setting would have given: compare it with one."
    return yes, ("that one architecture or setting is better than another: each line is one run from one seed; a race "
                 "shows several seeds with equal effort.")


def long_table(seen: Sequence[Seen]) -> pd.DataFrame:
    """Every measured point of every run."""
    parts = [one.history.dropna(subset=["held_out"]).assign(run=one.name) for one in seen]
    return pd.concat(parts)[["run", "update", "seconds", "held_out", "metric"]]


def settings(seen: Sequence[Seen]) -> None:
    """What differs, run by run, and what is the same in all."""
    table, same = differences(seen)
    st.table(table.map(plain))
    if same:
        said = "; ".join(f"{k.replace('_', ' ')} {v}" for k, v in same.items())
        note(plain(f"{'The same in all' if len(seen) > 1 else 'Its settings'}: {said}."))


def differences(seen: Sequence[Seen]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A column for each run and a row for each setting or outcome that differs; the settings that do not."""
    facts = [_titled(one.line.facts) | {"changed on the way": changes(one.log)} for one in seen]
    names = [k for k in dict.fromkeys(k for f in facts for k in f) if k not in ("schema", "data")]
    same = {k: facts[0][k] for k in names if all(k in f and f[k] == facts[0][k] for f in facts)}
    rows = {k.replace("_", " "): [str(f.get(k, "–")) for f in facts] for k in names if k not in same}
    rows["status"] = [one.line.standing.split(",")[0] for one in seen]
    rows["updates done"] = [f"{one.line.summary.update:,}" for one in seen]
    rows["held-out loss"] = [_short(one.last("held_out")) for one in seen]
    for metric in dict.fromkeys(one.line.metric_name for one in seen if one.line.metric_name != one.line.loss_name):
        rows[metric] = [_short(one.last("metric")) if one.line.metric_name == metric else "–" for one in seen]
    rows["seconds"] = [_short(one.last("seconds")) for one in seen]
    same = {k: v for k, v in same.items() if v != ""}
    return pd.DataFrame(rows, index=[one.name for one in seen]).T, same


def _titled(facts: dict[str, Any]) -> dict[str, Any]:
    """A record's fields, its parts by their titles."""
    cards = {"architecture": rc.architectures(), "wiring": rc.wirings(), "task": rc.tasks(), "learner": rc.learners()}
    return facts | {part: found[facts[part]].title for part, found in cards.items() if facts.get(part) in found}


def changes(log: Sequence[Command]) -> str:
    """What was changed in mid-run, in words."""
    return "; ".join(f"{c.name.replace('_', ' ')} {c.value:g} at {c.update:,}" for c in log)


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
