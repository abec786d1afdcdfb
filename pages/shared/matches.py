"""When does this pattern come again? Choose a span and a level; see which units switch, and where they do so again."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.passes import chosen_pass, enough, traced
from pages.shared.theme import mode
from pages.shared.views import chosen_row
from pages.shared.words import note, plain, say, table_twin

TITLE = "When does this pattern come again?"


@st.cache_resource(max_entries=256, show_spinner=False)
def _matches(
    key: str,
    which: int,
    rows: int,
    row: int,
    probe: str | None,
    span: tuple[int, int] | None,
    level: float | None,
    around: tuple[int, int],
    _run: rc.Run,
) -> rc.Result:
    first, last = span or (None, None)
    one, batch = traced(key, rows, _run).passes[which], _run.held_out.rows(slice(0, rows))
    options = {"first": first, "last": last, "threshold": level, "before": around[0], "after": around[1]}
    return rc.select_and_match(one, batch, _run.task, sequence=row, probe=probe, **options)


def brush(hand: Hand, pick: Any) -> str:
    """Take a brushed span of the timeline as the chosen one; returns one sentence where that cannot be.

    A brush is {"map", "unit", "first", "last", "threshold"}; a map such as ``0.h`` names a pass and a quantity.
    """
    try:
        which, _, probe = str(pick["map"]).partition(".")
        first, last, level = int(pick["first"]), int(pick["last"]), float(pick["threshold"])
        if not (math.isfinite(level) and 0 <= first <= last and 0 <= int(which) < len(hand.passes())):
            raise ValueError
    except (KeyError, OverflowError, TypeError, ValueError):
        return "This stretch of the timeline cannot be searched for."
    st.session_state["brushed"] = (hand.spec.id, chosen_row(hand), int(which), probe, (first, last), level)
    return ""


def come_again(hand: Hand) -> None:
    """The section: controls, the units that switch, and the closest other sequences."""
    rows = enough(hand.then)
    row = min(chosen_row(hand), rows - 1)
    brushed = st.session_state.get("brushed", ())
    given = brushed[2:] if brushed[:2] == (hand.spec.id, row) else None
    which = given[0] if given else chosen_pass(hand, "matches")
    picture, controls = st.columns([3, 1], gap="large")
    with controls:
        around = tuple(int(st.toggle(f"Off just {side}", True, key=f"match_{side}")) for side in ("before", "after"))
    try:
        probe = given[1] if given else None
        start = _matches(hand.key, which, rows, row, probe, given and given[2], None, around, hand.then)
    except ValueError as error:
        st.info(plain(error), icon=":material/info:")
        st.session_state.pop("brushed", None)
        return
    with controls:
        span, level = _controls(hand, row, which, start, given)
    result = _matches(hand.key, which, rows, row, probe, span, level, around, hand.then)
    with picture:
        figure = rc.figures.select_and_match(result, theme=mode())
        show(figure, key="matches")
    units = ", ".join(str(k) for k in result.units) or "none"
    note(
        f"Units of {plain(result.name)} that are at {level:.2f} or above throughout the framed steps, and below it "
        f"around them: {units}. The darker a cell, the more of them are on at that step; in it, what was read. "
        f"Best first, one span for each of {rows} held-out sequences."
    )
    say(result.says, result.says_not)
    table_twin(result.frame, "The matches as a table")


def _controls(hand: Hand, row: int, which: int, start: rc.Result, given: Any) -> tuple[tuple[int, int], float]:
    """The span and the level; they begin where most units switch clearly, or with what was brushed."""
    name = f"{hand.spec.id}_{row}_{which}_{start.name}_{hash(given)}"
    values = start.values[row]
    there = int((~values.isnan().all(-1)).sum())
    top = max(1, math.ceil(float(start.values.nan_to_num(0.0, 0.0, 0.0).abs().max())))
    span = (start.chosen.first, start.chosen.last)
    if there > 1:
        span = st.slider("Span of steps", 0, there - 1, span, key=f"span_{name}")
    level = given[3] if given else start.threshold
    shown = round(min(max(level, -top), top), 2)
    moved = st.slider("On from", -float(top), float(top), shown, 0.01, key=f"level_{name}_{top}")
    level = level if moved == shown else moved
    if given and st.button("Forget the brushed span", icon=":material/close:", type="tertiary"):
        st.session_state.pop("brushed", None)
        st.rerun(scope="fragment")
    return span, level
