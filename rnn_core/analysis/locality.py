"""The locality ledger: which rule needs what, from where and when.

A rule is local in time if a weight's gradient is there at once and what is kept does not grow with the sequence; local
in space if a weight needs nothing but numbers of the two units it joins. Each line of the ledger is what the rule
declares, beside what its code does on a network as the one in hand, measured:

    waits    how many steps must be known before the first gradient is there: later ones are NaN, and it is finite
    keeps    the largest number of numbers alive at once, for twice the steps, and for windows twice as long
    blames   the earliest step whose input the error of the last step finds: x is 0 but at one step, and ∂L/∂W is not
    local    numbers kept for each weight, with twice the units: fewer or as many where local, more where not

Schmidhuber, *A local learning algorithm for dynamic feedforward and recurrent networks*, 1989; Marschall, Cho & Savin,
*A unified framework of online learning algorithms for training recurrent neural networks*, 2020.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch

from rnn_core.analysis.rule_agreement import precise
from rnn_core.analysis.rule_costs import measured
from rnn_core.records import Batch, Card, Needs, Result, Rule, Sized

CARD = Card(title="Locality ledger", row="B9", year=2020,
            reference="Schmidhuber 1989; Marschall, Cho & Savin, A unified framework of online learning algorithms, "
                      "2020",
            summary="What each rule reads, from where and when, declared and measured.")
STEPS, UNITS, KEPT, SHARED = 12, 4, 1.01, 1.1
WINDOWS = {"window_every": 2, "window_back": 5, "block": 3, "wait": 3}


@dataclass(frozen=True)
class Entry:
    """One rule: what it declares and what was measured; None where this network lets nothing be measured.

    ``waits`` and ``blames`` are steps of ``STEPS``; ``longer``, ``wider`` and ``per_weight`` are factors.
    """

    title: str
    needs: Needs
    waits: int
    blames: int | None
    longer: float
    wider: float
    per_weight: float | None

    @property
    def found(self) -> tuple[str, str, str | None, bool | None]:
        """Waits, keeps, blames and local, in the ledger's words, as measured."""
        keeps = "sequence" if self.longer > KEPT else "window" if self.wider > KEPT else "step"
        local = None if self.per_weight is None else self.per_weight <= SHARED
        return span(self.waits), keeps, None if self.blames is None else span(self.blames), local

    @property
    def agrees(self) -> bool:
        """Whether what was measured is what is declared, wherever something was measured."""
        declared = (self.needs.waits, self.needs.keeps, self.needs.blames, self.needs.local)
        return all(f is None or f == d for f, d in zip(self.found, declared, strict=True))


@dataclass(frozen=True, eq=False)
class Locality(Result):
    """``entries`` by rule's name."""

    entries: dict[str, Entry]

    def frame(self) -> pd.DataFrame:
        """One row a rule: what it declares, beside what was measured."""
        return pd.DataFrame([{
            "rule": e.title, "gradient after a": e.needs.waits, "measured: steps waited": e.waits,
            "keeps numbers for a": e.needs.keeps, "measured: twice the steps": round(e.longer, 2),
            "measured: twice the window": round(e.wider, 2), "blames up to a": e.needs.blames,
            "measured: steps blamed": e.blames, "local in space": e.needs.local,
            "measured: numbers a weight, twice the units": None if e.per_weight is None else round(e.per_weight, 2),
            "agrees": e.agrees, "a weight reads": e.needs.reads} for e in self.entries.values()])

    @property
    def says(self) -> str:
        off = [e.title for e in self.entries.values() if not e.agrees]
        at_once = [e.title for e in self.entries.values() if e.waits == 1 and e.longer <= KEPT]
        near = [e.title for e in self.entries.values() if e.needs.local]
        both = [e.title for e in self.entries.values() if e.needs.local and e.title in at_once]
        return (f"local in time: {', '.join(at_once) or 'none'}; local in space: {', '.join(near) or 'none'}; both: "
                f"{', '.join(both) or 'none'}. " + (f"The code of {', '.join(off)} does something else than its line "
                                                    "says." if off else "The code does what the ledger says."))

    @property
    def says_not(self) -> str:
        return ("that locality was seen whole: which units a number comes from is read off the formulas, and only how "
                "many numbers are kept for each weight is measured; nor that a brain learns so.")


def locality(sized: Sized) -> Locality:
    """The ledger of every rule that fits, measured on fresh networks of the same kind with few units."""
    units = UNITS
    try:
        small = sized(units, STEPS)
    except ValueError:
        units, small = None, sized(None, STEPS)
    rules, batch = small
    twice, longer = sized(units, 2 * STEPS), sized(units, 4 * STEPS)
    grown = sized(2 * units, STEPS) if units else None
    entries = {}
    for name, rule in rules.items():
        mine = {k: v for k, v in WINDOWS.items() if k in rule.settings}

        def kept(where: Any, settings: dict[str, int], name: str = name) -> float:
            return measured(where[0][name], where[1], settings)["numbers kept"]

        per_weight = None
        if grown is not None:
            sizes = [kept(w, mine) / count(w[0][name], w[1]) for w in (small, grown)]
            per_weight = sizes[1] / sizes[0]
        now = kept(twice, mine)
        wider = kept(twice, {k: 2 * v for k, v in mine.items()}) / now if mine else 1.0
        entries[name] = Entry(rule.title, rule.needs, waited(rule, batch, mine), blamed(rule, batch, mine),
                              kept(longer, mine) / now, wider, per_weight)
    return Locality(entries)


def span(steps: int) -> str:
    """A number of steps in the ledger's words."""
    return "step" if steps == 1 else "window" if steps < STEPS else "sequence"


def count(rule: Rule, batch: Batch) -> int:
    """How many weights the rule learns."""
    return sum(v.numel() for v in rule.gradient(precise(batch))[1].values())


def waited(rule: Rule, batch: Batch, settings: dict[str, Any]) -> int:
    """The smallest number of steps that must be known for a first finite gradient."""
    batch = precise(batch)
    online = {"online": True} if "online" in rule.settings else {}

    def there(n: int) -> bool:
        x, target = batch.x.clone(), batch.target.clone()
        x[:, n:] = torch.nan
        if target.is_floating_point():
            target[:, n:] = torch.nan
        first = next(rule.pieces(Batch(x, target), **settings, **online))
        return all(bool(v.isfinite().all()) for v in first.values())

    return first_true(there, STEPS)


def blamed(rule: Rule, batch: Batch, settings: dict[str, Any]) -> int | None:
    """How many steps back from the last one its error finds an input; None without input weights of the first cell."""
    batch = precise(batch)
    names = [n for n in rule.gradient(batch, **settings)[1] if n.rpartition(".")[2][:1] == "W"]
    if not names:
        return None
    scored = torch.zeros(batch.target.shape[:2], dtype=torch.bool)
    scored[:, -1] = True

    def silent(back: int) -> bool:
        x = torch.zeros_like(batch.x)
        x[:, STEPS - 1 - back] = 1.0
        found = rule.gradient(Batch(x, batch.target, None, scored), **settings)[1][names[0]]
        return not bool(found.any())

    return next((back for back in range(STEPS) if silent(back)), STEPS)


def first_true(test: Callable[[int], bool], most: int) -> int:
    """The smallest n from 1 to ``most`` with a true test, which stays true from there on; found by halving."""
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if test(middle) else (middle + 1, high)
    return low

