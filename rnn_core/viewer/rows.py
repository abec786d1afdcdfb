"""The rows of the timeline: which picture each quantity of a trace gets."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnn_core.records.palette import TONES

from .letters import split, terms
from .numbers import bounds

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


def letter_of(name: str) -> str:
    """The letter of a quantity's name without pass, layer or "<": "0.1.<h" gives "h"."""
    return name.rpartition(".")[2].lstrip("<")


def tone_of(name: str, symbols: Mapping[str, str]) -> str:
    """The colour meaning of a quantity; "hidden" for a letter the card does not name."""
    tone = symbols.get(name.partition(".")[2], symbols.get(letter_of(name), "hidden"))
    return tone if tone in TONES else "hidden"


def symbol(name: str) -> dict:
    """Letter and subscript as drawn: "w_r" gives w with subscript r,t."""
    base, sub = split(letter_of(name))
    return {"symbol": base, "sub": f"{sub},t" if sub else "t"}


def in_unit(values: np.ndarray) -> bool:
    """Whether all values lie in [0, 1], as a gate's or a weighting's do."""
    low, high = bounds(values)
    return low >= 0 and high <= 1 + 1e-6


def heatmap(name: str, values: np.ndarray, tone: str, order: list[int], title: str, note: str) -> dict:
    """A row of units by time on a fixed scale: [0, 1] sequential, [−1, 1] signed, wider when the values are."""
    low, high = bounds(values)
    size = max(abs(low), abs(high))
    if in_unit(values) and tone != "hidden":
        scale, limits, ends = "seq", [0.0, 1.0], ["0", "1"]
    else:
        top = 1.0 if size <= 1 + 1e-6 else float(f"{size:.2g}")
        scale, limits, ends = "div", [-top, top], [f"−{top:g}", "0", f"+{top:g}"]
    key = {"title": f"{title or letter_of(name)}, fixed scale", "scale": scale, "ends": ends, "note": note}
    return {"kind": "heatmap", "array": name, **symbol(name), "title": title, "short": "", "tone": tone, "range": limits, "scale": scale, "order": order, "key": key}


def unit_row(name: str, values: np.ndarray, tone: str, of: str | None, over: list[dict]) -> dict:
    """A strip over time: the selected unit of heatmap `of`, or a single number a step when of is None."""
    title, short = TITLES.get(tone, ("", ""))
    if tone == "hidden":
        title = ""
    if over:
        title = "cell and state"
    row = {"kind": "line", "array": name, **symbol(name), "title": title, "short": short, "tone": tone}
    if of is not None:
        row |= {"of": of, "unit": True}
    if over:
        row |= {"kind": "area", "over": over}
    elif in_unit(values):
        row |= {"kind": "area", "range": [0.0, 1.0]}
    return row


def order_units(states: np.ndarray, keep: np.ndarray | None) -> tuple[list[int], str]:
    """Units from long to short memory, and the words for it: by the mean keep gate, else by how slowly the state moves.

    states and keep are (t, n); slowness is the mean squared step over the variance (von Neumann's ratio).
    """
    if keep is not None:
        return np.argsort(-_mean(keep), kind="stable").tolist(), "longest memory on top"
    centred = states - _mean(states)
    ratio = _mean(np.diff(states, axis=0) ** 2) / np.maximum(_mean(centred**2), 1e-12) if len(states) > 1 else _mean(states) * 0
    return np.argsort(ratio, kind="stable").tolist(), "slowest on top"


def pass_rows(index: int, trace, numbers: Mapping[str, np.ndarray], card, wanted: list[str] | None, compact: bool, several: bool) -> list[dict]:
    """All rows of one pass: for each layer a heatmap of its state with its card, then the strips of its probes."""
    symbols = dict(card.symbols) if card is not None else {}
    equations = dict(card.equations) if card is not None else {}
    own = [name for name in numbers if name.startswith(f"{index}.") and ".<" not in name]
    rows: list[dict] = []
    for layer in dict.fromkeys(name.rpartition(".")[0] for name in own):
        group = [name for name in own if name.rpartition(".")[0] == layer]
        first = len(rows)
        rows += _layer_rows(layer, group, numbers, symbols, equations, wanted, compact)
        rows[first] |= _named(trace, layer, several)
    return rows


def _layer_rows(layer, group, numbers, symbols, equations, wanted, compact) -> list[dict]:
    states = [n for n in group if _entering(n) in numbers] or group
    main = next((n for n in states if symbols.get(letter_of(n)) == "hidden"), next((n for n in states if letter_of(n) == "h"), states[0]))
    width = numbers[main].shape[1]
    probes = [n for n in group if n != main and (wanted is None or letter_of(n) in wanted)]
    by_tone = {tone_of(n, symbols): n for n in reversed(group) if numbers[n].shape[1] == width and letter_of(n) in symbols}
    names = {letter_of(n): n for n in group if numbers[n].shape[1] == width} | {"<" + letter_of(n): _entering(n) for n in states if _entering(n) in numbers}

    keep = by_tone.get("forget")
    if keep is not None and not in_unit(numbers[keep]):
        keep = None
    order, note = order_units(numbers[main], None if keep is None else numbers[keep])
    title = TITLES["hidden"][0] if tone_of(main, symbols) == "hidden" else "state"
    top = heatmap(main, numbers[main], tone_of(main, symbols), order, title, f"rows: {width} units, {note}")
    top["card"] = {"equations": _equations(group, layer, equations, names, symbols, width, numbers)}
    memory = {"keep": keep, "write": by_tone.get("write"), "candidate": by_tone.get("candidate"), "noun": "cell" if "cell" in by_tone else "state"}
    low, high = bounds(numbers[main])
    top["card"]["memory"] = {k: v for k, v in memory.items() if v} | {"bounded": max(abs(low), abs(high)) <= 1 + 1e-6}
    if compact:
        return [top]

    strips, maps, singles = [], [], []
    for name in _ranked(probes, symbols, wanted):
        values, tone = numbers[name], tone_of(name, symbols)
        if values.shape[1] == width and width > 1:
            if wanted is None and tone == "candidate" and "cell" in by_tone:
                continue
            over = [{"array": main, "tone": "hidden", "symbol": letter_of(main)}] if tone == "cell" else []
            strips.append(unit_row(name, values, tone, main, over))
        elif values.shape[1] == 1:
            singles.append(unit_row(name, values, tone, None, []))
        elif len(maps) < MOST_MAPS:
            row = heatmap(name, values, tone, list(range(values.shape[1])), "", f"rows: {values.shape[1]} values")
            row["card"] = {"equations": _equations([name], layer, equations, {letter_of(name): name}, symbols, values.shape[1], numbers), "memory": {}}
            maps.append(row)
    return [top, *strips, *singles, *maps]


def _equations(group, layer, equations, names, symbols, width, numbers) -> list[dict]:
    """The card's equations of this layer, states first; a clash of widths leaves an equation without numbers."""
    out = []
    for name in group:
        text = equations.get(name.partition(".")[2], equations.get(letter_of(name)))
        if text is None:
            continue
        equation = {"probe": letter_of(name), "tone": tone_of(name, symbols), **terms(text, names, symbols)}
        if numbers[name].shape[1] == width:
            equation["array"] = name
        else:
            equation["numbers"] = False
        out.append(equation)
    rank = ("cell", "hidden")
    return sorted(out, key=lambda e: rank.index(e["tone"]) if e["numbers"] and e["tone"] in rank else 2)


def _ranked(names, symbols, wanted) -> list[str]:
    if wanted is not None:
        return sorted(names, key=lambda n: wanted.index(letter_of(n)))
    return sorted(names, key=lambda n: RANK.index(tone_of(n, symbols)) if tone_of(n, symbols) in RANK else len(RANK))


def _entering(name: str) -> str:
    """The stored name of a state as it enters the step: "0.h" gives "0.<h", "0.1.h" gives "0.<1.h"."""
    index, _, rest = name.partition(".")
    return f"{index}.<{rest}"


def _named(trace, layer: str, several: bool) -> dict:
    """The name of a heatmap among others: the pass's own letter ("←h"), and the layer inside a stack."""
    inner = layer.partition(".")[2]
    names = {"symbol": trace.name} if several and trace.name else {}
    return names | ({"title": f"layer {inner}"} if inner else {})


def _mean(values: np.ndarray) -> np.ndarray:
    """Column means that ignore missing steps; a column with none counts as zero."""
    seen = np.isfinite(values)
    return np.where(seen, values, 0).sum(0) / np.maximum(seen.sum(0), 1)
