"""The rows of one pass: which picture each quantity of a trace gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rnn_core.records.palette import TONES

from .backward import KEY, backward_rows
from .letters import split, terms
from .numbers import bounds, entering

TITLES = {
    "hidden": ("hidden state", ""),
    "cell": ("cell state", "cell"),
    "forget": ("keep gate", "keep"),
    "write": ("write gate", "write"),
    "read": ("read gate", "read"),
    "candidate": ("candidate", "offer"),
}
RANK = ("forget", "write", "read", "candidate", "hidden", "cell")
MOST_MAPS = 4
EPSILON = 1e-6


class Layer:
    """The quantities of one pass, or of one layer in a stack, that belong together.

    numbers: every quantity of the example by name, (t, n) or moments stacked on t; names: those of this layer, such as
    "0.1.h" for pass 0, layer 1, letter h. `main` is the state whose units the visitor selects.
    """

    def __init__(self, names: Sequence[str], numbers: Mapping[str, np.ndarray], card) -> None:
        self.names, self.numbers = list(names), numbers
        said = dict(card.symbols) if card is not None else {}
        own = {letter_of(name): said.get(name.partition(".")[2]) for name in self.names}
        self.symbols = said | {letter: tone for letter, tone in own.items() if tone is not None}
        self.texts = dict(card.equations) if card is not None else {}
        states = [name for name in self.names if entering(name) in numbers] or self.names
        hidden = [name for name in states if self.symbols.get(letter_of(name)) == "hidden"]
        self.main = (hidden or [name for name in states if letter_of(name) == "h"] or states)[0]
        self.width = numbers[self.main].shape[1]
        self.alike = [name for name in self.names if numbers[name].shape[1] == self.width]
        self.by_tone = {self.tone(name): name for name in reversed(self.alike) if letter_of(name) in self.symbols}

    def tone(self, name: str) -> str:
        """The colour meaning of a quantity; "hidden" for a letter the card does not name."""
        tone = self.symbols.get(letter_of(name), "hidden")
        return tone if tone in TONES else "hidden"

    def arrays_of_letters(self) -> dict[str, str]:
        """Letters of one number a unit → arrays: "c" after the step, "<c" as it enters."""
        now = {letter_of(name): name for name in self.alike}
        return now | {f"<{letter_of(name)}": entering(name) for name in self.alike if entering(name) in self.numbers}

    def equations(self, names: Sequence[str], letters: Mapping[str, str]) -> list[dict]:
        """The card's equations of some quantities, coloured: the main state's first, then the others with numbers."""
        out = []
        for name in names:
            text = self.texts.get(name.partition(".")[2], self.texts.get(letter_of(name)))
            if text is not None:
                equation = {"probe": letter_of(name), "tone": self.tone(name), **terms(text, letters, self.symbols)}
                known = letters.get(letter_of(name)) == name
                out.append(equation | ({"array": name} if known else {"numbers": False}) | {"main": name == self.main})
        return sorted(out, key=lambda e: (not (e["numbers"] or e["main"]), e["tone"] != "cell", not e["main"]))

    def memory(self) -> dict:
        """What the one sentence of the card is read from: gates, if there are any, and what they guard."""
        gates = {"keep": self.by_tone.get("forget"), "write": self.by_tone.get("write")}
        found = {k: name for k, name in gates.items() if name is not None and in_unit(self.numbers[name])}
        if "candidate" in self.by_tone:
            found["candidate"] = self.by_tone["candidate"]
        bounded = max(abs(v) for v in bounds(self.numbers[self.main])) <= 1 + EPSILON
        return {**found, "noun": "cell" if "cell" in self.by_tone else "state", "bounded": bounded}

    def top(self) -> dict:
        """The heatmap of the main state, with its card."""
        memory = self.memory()
        order, note = order_units(self.numbers[self.main], self.numbers.get(memory.get("keep", "")))
        title = TITLES["hidden"][0] if self.tone(self.main) == "hidden" else "state"
        row = heatmap(self.main, self.numbers[self.main], self.tone(self.main), order, title, False)
        row["key"]["note"] = f"rows: {self.width} units, {note}" if self.width > 1 else "a single unit"
        row["card"] = {"equations": self.equations(self.names, self.arrays_of_letters()), "memory": memory}
        return row

    def strips(self, wanted: Sequence[str] | None) -> list[dict]:
        """The other quantities: strips of the selected unit, then single numbers, then heatmaps of other widths."""
        names = [name for name in self.names if name != self.main and self._drawn(name, wanted)]
        units, singles, maps = [], [], []
        for name in sorted(names, key=lambda name: self._rank(name, wanted)):
            values, tone = self.numbers[name], self.tone(name)
            if values.shape[1] == self.width and self.width > 1:
                over = [{"array": self.main, "tone": "hidden"}] if tone == "cell" else []
                units.append(strip(name, values, tone, self.main, over))
            elif values.shape[1] == 1:
                singles.append(strip(name, values, tone, None, []))
            else:
                maps.append(self._other(name, values, tone))
        if "keep" not in self.memory():
            for row in [*units, *singles]:
                row |= {"title": "", "short": ""} if row["tone"] == "candidate" else {}
        return [*units, *singles, *maps[:MOST_MAPS]]

    def _drawn(self, name: str, wanted: Sequence[str] | None) -> bool:
        """A candidate beside a cell stays on the card, and an answer has its own row below."""
        if wanted is not None:
            return letter_of(name) in wanted
        tone = self.symbols.get(letter_of(name))
        return tone != "prediction" and not (tone == "candidate" and "cell" in self.by_tone)

    def _other(self, name: str, values: np.ndarray, tone: str) -> dict:
        row = heatmap(name, values, tone, list(range(values.shape[1])), "", in_unit(values))
        row["key"]["note"] = f"rows: {values.shape[1]} values"
        row["card"] = {"equations": self.equations([name], {letter_of(name): name}), "memory": {}}
        return row

    def _rank(self, name: str, wanted: Sequence[str] | None) -> int:
        if wanted is not None:
            return list(wanted).index(letter_of(name))
        return RANK.index(self.tone(name)) if self.tone(name) in RANK else len(RANK)


def pass_rows(
    index: int,
    trace,
    numbers: Mapping[str, np.ndarray],
    card,
    *,
    wanted: Sequence[str] | None = None,
    compact: bool = False,
    several: bool = False,
    backward: Mapping[str, np.ndarray] | None = None,
) -> list[dict]:
    """All rows of one pass: for each layer a heatmap of its state with its card, then the strips of its probes.

    backward: |∂L/∂s_t| by the state's name, (t, n), for the rows of its gradient.
    """
    own = [name for name in numbers if name.startswith(f"{index}.") and ".<" not in name]
    rows: list[dict] = []
    for prefix in dict.fromkeys(name.rpartition(".")[0] for name in own):
        layer = Layer([name for name in own if name.rpartition(".")[0] == prefix], numbers, card)
        inner = prefix.partition(".")[2]
        names = {"symbol": trace.name} if several and trace.name else {}
        top = layer.top() | names | _floor(inner)
        rows.append(top)
        if not compact:
            others = {name: layer.tone(name) for name in layer.names if name != layer.main}
            back = backward_rows(top, backward or {}, others)
            if back:
                norm, *units = (one["array"] for one in back)
                each = {"unit": units[0]} if units else {}
                top["card"] |= {"gradient": {"norm": norm, **each, "others": back[0]["over"]}, "below": KEY}
            rows += [*layer.strips(wanted), *back]
    return rows


def _floor(inner: str) -> dict:
    """The title of a layer in a stack, counted from 1."""
    return {"title": f"layer {int(inner) + 1}" if inner.isdigit() else f"layer {inner}"} if inner else {}


def letter_of(name: str) -> str:
    """The letter of a quantity's name, without pass and layer: "0.1.h" gives "h"."""
    return name.rpartition(".")[2]


def symbol(name: str) -> dict:
    """Letter and subscript as drawn: "w_r" gives w with subscript r,t."""
    base, sub = split(letter_of(name))
    return {"symbol": base, "sub": f"{sub},t" if sub else "t"}


def in_unit(values: np.ndarray) -> bool:
    """Whether all values lie in [0, 1], as a gate's or a weighting's do."""
    low, high = bounds(values)
    return low >= 0 and high <= 1 + EPSILON


def signed(values: np.ndarray) -> list[float]:
    """A range symmetric about zero: [−1, 1], or wider when the values are."""
    size = max(abs(v) for v in bounds(values))
    top = 1.0 if size <= 1 + EPSILON else float(f"{size:.2g}")
    return [-top, top]


def heatmap(name: str, values: np.ndarray, tone: str, order: list[int], title: str, weighting: bool) -> dict:
    """A row of units by time on a fixed scale, [0, 1] for a weighting and signed otherwise, with its colour key."""
    row = {"kind": "heatmap", "array": name, **symbol(name), "title": title, "short": "", "tone": tone, "order": order}
    scale, limits = ("seq", [0.0, 1.0]) if weighting else ("div", signed(values))
    ends = ["0", "1"] if scale == "seq" else [f"−{limits[1]:g}", "0", f"+{limits[1]:g}"]
    key = {"title": f"{title or letter_of(name)}, fixed scale", "scale": scale, "ends": ends}
    return row | {"range": limits, "scale": scale, "key": key}


def strip(name: str, values: np.ndarray, tone: str, of: str | None, over: list[dict]) -> dict:
    """A strip over time: the selected unit of heatmap `of`, or a single number a step when of is None."""
    title, short = ("", "") if tone == "hidden" else TITLES.get(tone, ("", ""))
    row = {"kind": "line", "array": name, **symbol(name), "title": title, "short": short, "tone": tone}
    if of is not None:
        row |= {"of": of, "unit": True}
    if over:
        row |= {"kind": "area", "title": "cell and state", "over": over}
    elif in_unit(values):
        row |= {"kind": "area", "range": [0.0, 1.0]}
    return row


def order_units(states: np.ndarray, keep: np.ndarray | None) -> tuple[list[int], str]:
    """Units from long to short memory, and the words for it.

    By the mean of the keep gate, else by how slowly the state moves: the mean squared step over the variance, von
    Neumann's ratio. states and keep are (t, n).
    """
    if keep is not None:
        return np.argsort(-_mean(keep), kind="stable").tolist(), "longest memory on top"
    spread = np.maximum(_mean((states - _mean(states)) ** 2), 1e-12)
    ratio = _mean(np.diff(states, axis=0) ** 2) / spread if len(states) > 1 else np.zeros(states.shape[1])
    return np.argsort(ratio, kind="stable").tolist(), "slowest on top"


def _mean(values: np.ndarray) -> np.ndarray:
    """Column means that ignore missing steps; a column with none counts as zero."""
    seen = np.isfinite(values)
    return np.where(seen, values, 0).sum(0, dtype=np.float64) / np.maximum(seen.sum(0), 1)
