"""The runs that there are, each as one line: what was tried, how far it got, whose it is."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.engine import engine
from rnn_core.catalogue import task_classes
from rnn_core.jobs import EngineError, Summary
from rnn_core.shipped import shipped, shipped_spec

SHIPPED = "shipped"
MOVING = {"queued": "waiting", "running": "training"}
MAIN = {
    "hidden_size": "{} units",
    "wiring": "{}",
    "length": "T = {}",
    "lag": "lag {}",
    "learning_rate": "rate {}",
    "seed": "seed {}",
}
ORDERS = {
    "Newest first": lambda line: (not line.summary.mine, -line.summary.created),
    "Lowest held-out loss": lambda line: (line.summary.held_out is None, line.summary.held_out or 0.0),
    "Longest training": lambda line: -line.summary.seconds,
    "By name": lambda line: line.title.lower(),
}


@dataclass(frozen=True)
class Line:
    """One run of the list; nothing of it is loaded but what the list itself says."""

    summary: Summary
    facts: dict[str, Any]

    @property
    def id(self) -> str:
        """What it is asked for by."""
        return self.summary.run_id

    @property
    def kind(self) -> str:
        """"experiment", "race", or what else a record may call itself."""
        return str(self.facts.get("kind", "experiment"))

    @cached_property
    def known(self) -> bool:
        """Whether it is one network's training, with an architecture and a task that are here."""
        return (
            self.kind == "experiment"
            and all(isinstance(value, str | int | float) for value in self.facts.values())
            and self.facts.get("architecture") in rc.architectures()
            and self.facts.get("task") in rc.tasks()
        )

    @property
    def shipped(self) -> bool:
        """Whether it is the run that comes with the project."""
        return self.id == SHIPPED

    @property
    def own(self) -> bool:
        """Whether the visitor may rename and delete it."""
        return self.summary.mine and self.summary.holders == 1 and not self.shipped

    @cached_property
    def cell(self) -> str:
        """The architecture's title."""
        return rc.architectures()[self.facts["architecture"]].title if self.known else ""

    @cached_property
    def title(self) -> str:
        """The visitor's own name for it, or what was tried."""
        return self.summary.name or (
            f"{self.cell} on {rc.tasks()[self.facts['task']].title}" if self.known else self.summary.title
        )

    @cached_property
    def detail(self) -> str:
        """Its main settings."""
        if not self.known:
            return self.summary.title if self.summary.name else ""
        facts = {k: v for k, v in self.facts.items() if (k, v) != ("wiring", "single")}
        return ", ".join(words.format(facts[name]) for name, words in MAIN.items() if name in facts)

    @property
    def standing(self) -> str:
        """How far it got, and how well."""
        s = self.summary
        word = MOVING.get(s.status, s.status)
        far = f"{s.update:,} of {s.target:,}" if s.update < s.target else f"{s.update:,}"
        return f"{word}, {far} updates" + ("" if s.metric is None else f", scored {s.metric:.3g}")

    @property
    def metric_name(self) -> str:
        """What its task's metric is called."""
        return task_classes()[self.facts["task"]].metric_name

    @property
    def loss_name(self) -> str:
        """What its task's loss is called."""
        return task_classes()[self.facts["task"]].loss_name

    @cached_property
    def searched(self) -> str:
        """All that a search may hit, in small letters."""
        settings = " ".join(f"{k.replace('_', ' ')} {v}" for k, v in self.facts.items() if k != "data")
        return f"{self.title} {self.detail} {self.summary.title} {self.summary.status} {self.id} {settings}".lower()


@lru_cache(8192)
def facts_of(spec: str) -> dict[str, Any]:
    """A record's fields by name; none from a text that is not one."""
    try:
        facts = json.loads(spec)
    except (RecursionError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


@lru_cache(8192)
def _line(summary: Summary) -> Line:
    return Line(summary, facts_of(summary.spec))


def lines(owner: str) -> tuple[list[Line], str]:
    """Every run, the visitor's bin and the one that ships among them; and a sentence where some are missing."""
    try:
        found, trouble = [_line(summary) for summary in engine().runs(owner=owner)], ""
    except EngineError as error:
        found, trouble = [], str(error)
    return [*found, shipped_line()], trouble


def shipped_line() -> Line:
    """The line of the run that comes with the project."""
    run, spec = shipped(), shipped_spec()
    last = next(r for r in reversed(run.records) if r["metric"] is not None)
    return _line(
        Summary(
            SHIPPED,
            run.status,
            run.reason,
            run.update,
            spec.updates,
            f"{spec.architecture} · {spec.task}",
            0.0,
            spec.to_json(),
            held_out=last["held_out"],
            metric=last["metric"],
            seconds=run.seconds,
        )
    )


def chosen(found: list[Line], text: str, architecture: str, task: str, status: str, order: str) -> list[Line]:
    """The lines that are asked for, the visitor's own first; "" asks for all."""
    words = text.lower().split()
    wanted = {"architecture": architecture, "task": task}
    kept = [
        line
        for line in found
        if not line.summary.binned
        and all(not value or line.facts.get(name) == value for name, value in wanted.items())
        and (not status or line.summary.status == status)
        and all(word in line.searched for word in words)
    ]
    return sorted(kept, key=ORDERS[order])


def ago(then: float) -> str:
    """How long ago a moment is, in words."""
    minutes = (time.time() - then) / 60
    for size, word in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = int(minutes // size)
            return f"{count} {word}{'s' if count > 1 else ''} ago"
    return "just now"


def picked(default: str) -> list[str]:
    """The ids of the runs that are compared, in the order in which they were ticked."""
    said = st.session_state.get("compare")
    return [default] if said is None else list(dict.fromkeys(filter(None, str(said).split("."))))


def pick(ids: list[str]) -> None:
    """Compare these runs."""
    st.session_state["compare"] = ".".join(ids)
