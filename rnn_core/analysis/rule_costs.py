"""What does one gradient cost, as sequences and networks grow?

    cost ≈ a · Tᵏ,   cost ≈ a · Hᵏ        k from a straight line through the logarithms

Counted while the code runs: every product of two numbers in a matrix product or an elementwise multiplication, and the
largest number of numbers that were alive at once beside weights and data. What theory expects of a dense network with H
units: BPTT O(T H²) products and O(T H) numbers, RTRL O(T H⁴) and O(H³), the hybrid with blocks of H steps O(T H³) and
O(H³), truncated BPTT O(T H² k2/k1) and O(k2 H), Kalman training O(T H⁴) and O(H⁴). Williams & Zipser, *Gradient-based
learning algorithms for recurrent networks and their computational complexity*, 1995.
"""
from __future__ import annotations

import math
import time
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from rnn_core.analysis.rule_agreement import precise
from rnn_core.records import Batch, Card, Result, Rule, Sized

CARD = Card(title="Costs of learning rules", row="B9", year=1995,
            reference="Williams & Zipser, Gradient-based learning algorithms for recurrent networks and their "
                      "computational complexity, 1995",
            summary="Multiplications and numbers kept for one gradient, as sequences and networks grow.",
            equations={"cost": "cost ≈ a · Tᵏ, cost ≈ a · Hᵏ"})
ELEMENTWISE = (torch.ops.aten.mul, torch.ops.aten.addcmul)
COUNTS = ("multiplications", "numbers kept")


@dataclass(frozen=True, eq=False)
class RuleCosts(Result):
    """``table`` has one row a rule, what grows ("length" or "units"), size: its counts, and ``seconds`` where timed.

    ``titles`` names the rules, ``labels`` does so in short, ``refused`` says why a rule has no row somewhere.
    """

    table: pd.DataFrame
    titles: dict[str, str]
    refused: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)

    def frame(self) -> pd.DataFrame:
        """The counts, one row a measurement."""
        return self.table

    def along(self, grows: str, rule: str) -> pd.DataFrame:
        """The rows of one rule, as one thing grows."""
        return self.table[(self.table["grows"] == grows) & (self.table["rule"] == rule)]

    def exponent(self, grows: str, rule: str, count: str) -> float:
        """k of the fit through the larger half of the sizes, at least two; NaN where there are fewer."""
        rows = self.along(grows, rule)
        rows = rows.iloc[-max(2, (len(rows) + 1) // 2):]
        x, y = np.log(rows["size"].to_numpy(float)), np.log(rows[count].to_numpy(float).clip(1e-12))
        return float(np.polyfit(x, y, 1)[0]) if len(rows) > 1 else math.nan

    def exponents(self) -> pd.DataFrame:
        """One row a rule and what grows: the exponent of every count."""
        counts = [c for c in (*COUNTS, "seconds") if c in self.table]
        pairs = self.table[["rule", "grows"]].drop_duplicates().itertuples(index=False)
        return pd.DataFrame([{"rule": r, "grows": g, **{c: self.exponent(g, r, c) for c in counts}} for r, g in pairs])

    @property
    def says(self) -> str:
        said = []
        for count in COUNTS:
            grown = [f"{' · '.join(powers)} ({title})" for rule, title in self.titles.items()
                     if (powers := self._powers(rule, count))]
            said += [f"{count} grow as {', '.join(grown)}"] if grown else []
        return f"{'; '.join(said) or 'there is nothing to fit a line to'}."

    def _powers(self, rule: str, count: str) -> list[str]:
        found = ((letter, self.exponent(grows, rule, count)) for grows, letter in (("length", "T"), ("units", "H")))
        return [f"{letter} to the {abs(k) if abs(k) < 0.05 else k:.1f}" for letter, k in found if not math.isnan(k)]

    @property
    def says_not(self) -> str:
        return ("how long it takes: small networks spend their time on calls, not on products, and the exponents are "
                "those of the sizes measured, not of infinity.")


def rule_costs(sized: Sized, *, lengths: Iterable[int] = (8, 16), units: Iterable[int] = (4, 8),
               steps: int = 8, clock: bool = False, tell: Callable[[float], None] | None = None) -> RuleCosts:
    """Counts of one gradient of one sequence by every rule: of ``lengths`` steps with the network as it is, then of
    ``steps`` steps under way with ``units`` units, where the hybrid's blocks are as long as there are units.

    Under way: what 2 ``steps`` take more than ``steps``, so that beginnings and ends do not count. RTRL is counted one
    step at a time. ``clock`` also times each whole gradient, the best of three. ``tell`` hears how much is done, from 0
    to 1. A network whose size cannot be chosen grows in length alone.
    """
    plan = [("length", t, None, t) for t in lengths] + [("units", h, h, steps) for h in units]
    rows, titles, labels, refused = [], {}, {}, []
    for k, (grows, size, h, t) in enumerate(plan):
        try:
            rules, batch = sized(h, t)
            longer = sized(h, 2 * t) if h else ({}, None)
        except ValueError as error:
            refused.append(str(error))
            continue
        for name, rule in rules.items():
            titles[name], labels[name] = rule.title, rule.short or rule.title
            block = {"block": h} if h and "block" in rule.settings else {}
            try:
                found = measured(rule, batch, block, clock)
                if h:
                    twice = measured(longer[0][name], longer[1], block)
                    found[COUNTS[0]] = twice[COUNTS[0]] - found[COUNTS[0]]
                rows.append({"rule": name, "grows": grows, "size": size, **found})
            except MemoryError as error:
                refused.append(f"{rule.title} with {size} {grows}: {error}.")
        if tell:
            tell((k + 1) / len(plan))
    columns = ["rule", "grows", "size", *COUNTS, *["seconds"] * clock]
    return RuleCosts(pd.DataFrame(rows, columns=columns), titles, tuple(dict.fromkeys(refused)), labels)


def measured(rule: Rule, batch: Batch, settings: dict[str, Any], clock: bool = False) -> dict[str, float]:
    """The counts of one gradient, and the seconds of the best of three where timed."""
    batch = precise(batch)
    with Ledger() as ledger:
        rule.gradient(batch, **settings, **({"online": True} if "online" in rule.settings else {}))
    found = dict(zip(COUNTS, (ledger.products, ledger.most)))
    if clock:
        times = []
        for _ in range(3):
            started = time.perf_counter()
            rule.gradient(batch, **settings)
            times.append(time.perf_counter() - started)
        found["seconds"] = min(times)
    return found


class Ledger(TorchDispatchMode):
    """Counts, while it is on, products of two numbers and the numbers of all tensors made that are alive at once."""

    def __init__(self) -> None:
        super().__init__()
        self.products, self.alive, self.most = 0, 0, 0
        self._living: dict[int, weakref.ref[Any]] = {}

    def __torch_dispatch__(self, f: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = f(*args, **(kwargs or {}))
        packet = f._overloadpacket
        if packet in flop_registry:
            self.products += flop_registry[packet](*args, **(kwargs or {}), out_val=out) // 2
        elif packet in ELEMENTWISE:
            self.products += out.numel()
        if makes(f):
            for v in (out,) if isinstance(out, Tensor) else tree_leaves(out):
                if isinstance(v, Tensor):
                    self._add(v.untyped_storage(), v.element_size())
        return out

    def _add(self, storage: Any, size: int) -> None:
        key, count = id(storage), storage.nbytes() // size
        if key in self._living:
            return
        self.alive += count
        self.most = max(self.most, self.alive)

        def gone(_: Any) -> None:
            del self._living[key]
            self.alive -= count

        self._living[key] = weakref.ref(storage, gone)


@cache
def makes(f: Any) -> bool:
    """Whether an operation makes a tensor of its own, and not a view of a given one, or changes that."""
    return all(r.alias_info is None for r in f._schema.returns)
