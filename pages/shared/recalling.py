"""Letters and digits in a Hopfield network: damage one or draw your own, and watch where it rolls."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.drawing import draw_on, play
from pages.shared.theme import mode
from pages.shared.words import note, say, table_twin
from rnn_core.records.glyphs import CAPITALS, DIGITS, SIDE, glyphs
from rnn_core.records.palette import tone

FIRST, EMPTY, CELLS = "ACHJT", "Empty", SIDE**2
RULES = {"projection": "Pseudo-inverse", "hebb": "Sum of outer products (Hebb)", "storkey": "Storkey’s rule"}
FIRST_RULE = "projection"
NONE_STORED = "No pattern is stored: choose one at least."
NOTHING_DRAWN = "The grid is empty: draw something on it, or begin with a pattern."


def bits(picture: Iterable[float]) -> str:
    """A picture of ±1 as 0 and 1."""
    return "".join("1" if cell > 0 else "0" for cell in picture)


def signs(cells: str) -> list[float]:
    """0 and 1 as −1 and 1."""
    return [1.0 if cell == "1" else -1.0 for cell in cells]


def damaged(cells: str, count: int, seed: int) -> str:
    """The picture with so many cells turned round, which ones by lot."""
    flipped = set(random.Random(seed).sample(range(len(cells)), count))
    return "".join(str(1 - int(c)) if k in flipped else c for k, c in enumerate(cells))


@st.cache_resource(max_entries=32, show_spinner=False)
def patterns(names: tuple[str, ...], besides: int) -> tuple[tuple[str, ...], Any]:
    """Names and pictures (p, 64) of what is stored: these, and so many random ones besides."""
    by_lot = rc.Experiment.of("lstm", "associative_recall", patterns="random", stored=36)
    lots = [by_lot.with_(lot=k).make_task().due for k in range(-(-besides // 36))]
    pictures = [*glyphs(names), *(row for lot in lots for row in lot)][: len(names) + besides]
    return (*names, *(f"random {k + 1}" for k in range(besides))), pictures


@st.cache_resource(max_entries=16, show_spinner=False)
def network(names: tuple[str, ...], besides: int, rule: str) -> Any:
    """A network that is taught these letters and digits, and so many random patterns, one after another."""
    cell = rc.make_cell("hopfield", 1, hidden_size=CELLS)
    rc.imprint(cell, [row.tolist() for row in patterns(names, besides)[1]], rule)
    return cell


@st.cache_resource(max_entries=256, show_spinner=False)
def _recalled(what: tuple[tuple[str, ...], int, str], start: str, together: bool, seed: int) -> rc.Result:
    names, pictures = patterns(*what[:2])
    rows = [row.tolist() for row in pictures]
    return rc.recall(network(*what), signs(start), rows, names=names, together=together, seed=seed)


def stored() -> tuple[tuple[str, ...], int, str]:
    """The letters and digits, the number of random patterns besides, and the rule that the visitor chose."""
    names = st.pills(
        "Stored letters and digits",
        list(CAPITALS + DIGITS),
        default=list(FIRST),
        selection_mode="multi",
        key="stored",
    )
    left, right = st.columns(2, gap="medium")
    besides = left.number_input(
        "Random patterns besides", 0, 100, 0, key="besides", help="Stored as well, to see how many it bears."
    )
    storage = right.segmented_control(
        "Stored by", list(RULES), default=FIRST_RULE, format_func=RULES.get, required=True, key="rule"
    )
    return tuple(names), int(besides), storage


def refused(names: tuple[str, ...], besides: int) -> str:
    """Why these cannot be stored, in one sentence; "" where they can."""
    count = len(names) + besides
    if count > CELLS:
        return f"{count} patterns are more than the {CELLS} units, so none could be told from another: take some away."
    return "" if count else NONE_STORED


@st.fragment
def recalling() -> None:
    """The drawing surface, the recall that follows from it, its energy and overlaps."""
    pictures, controls = st.container(), st.container()
    what = stored()
    why = refused(*what[:2])
    if why:
        pictures.info(why, icon=":material/info:")
        return
    left, middle, right = pictures.columns([1, 1, 2], gap="medium")
    with controls:
        begin, seed = begun([*what[0], EMPTY], 12, "")
    with left:
        start = draw_on(begin, "Your pattern", key=f"draw:{begin}")
        note("Draw with mouse or finger, or with arrows and space.")
    together = middle.toggle("All units at once", key="together")
    if "1" not in start:
        middle.info(NOTHING_DRAWN, icon=":material/info:")
        return
    result = _recalled(what, start, together, seed)
    with middle:
        frames = [bits(state) for state in result.states.tolist()]
        play(frames, "What the network makes of it", tone("hidden", mode()), key=f"play:{frames[0]}:{frames[-1]}")
    with right:
        show(rc.figures.recall(result, theme=mode()), key="recall")
    say(result.says, result.says_not)
    table_twin(result.frame, "The recall as a table")


def begun(names: list[str], damage: int, kind: str) -> tuple[str, int]:
    """Controls for what a drawing begins with, one of the ``names`` or ``EMPTY``; its cells, and the visitor's draw.

    ``kind`` tells the controls of several boards apart.
    """
    left, middle, right = st.columns(3, gap="medium")
    name = left.selectbox("Start from", names, key=f"{kind}begun")
    count = middle.slider("Damage", 0, CELLS // 2, damage, format=f"%d of {CELLS} cells", key=f"{kind}damage")
    order = "Which cells are flipped, and in which order units move."
    seed = int(right.number_input("Draw", 0, 999, 0, key=f"{kind}draw", help=order))
    return "0" * CELLS if name == EMPTY else damaged(bits(glyphs(name)[0]), count, seed), seed


@st.cache_resource(max_entries=32, show_spinner=False)
def _basins(what: tuple[tuple[str, ...], int, str]) -> rc.Result:
    return rc.basins(network(*what), [row.tolist() for row in patterns(*what[:2])[1]])


def damage_survived() -> None:
    """The section: the share of damaged starts that come back."""
    chosen = st.session_state
    what = tuple(chosen.get("stored", FIRST)), int(chosen.get("besides", 0)), chosen.get("rule") or FIRST_RULE
    why = refused(*what[:2])
    if why:
        st.info(why, icon=":material/info:")
        return
    result = _basins(what)
    show(rc.figures.basins(result, theme=mode()), key="basins")
    say(result.says, result.says_not)
    table_twin(result.frame, "Damage as a table")
