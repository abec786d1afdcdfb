"""Letters in a Hopfield network: damage one or draw your own, and watch where it rolls."""

from __future__ import annotations

import random
from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.drawing import draw_on, play
from pages.shared.theme import mode
from pages.shared.words import note, say, table_twin
from rnn_core.records.palette import tone

LETTERS = {
    "A": "3c 66 66 66 7e 66 66 66",
    "C": "3e 60 c0 c0 c0 c0 60 3e",
    "H": "66 66 66 7e 7e 66 66 66",
    "J": "1e 06 06 06 06 66 66 3c",
    "T": "ff ff 18 18 18 18 18 18",
    "X": "c3 66 3c 18 18 3c 66 c3",
    "Z": "ff 06 0c 18 30 60 c0 ff",
}
FIRST = list(LETTERS)[:5]
RULES = {"pseudo_inverse": "Pseudo-inverse", "outer_product": "Sum of outer products"}


def bits(letter: str) -> str:
    """A letter as 64 signs 0 and 1, row by row."""
    return "".join(f"{int(row, 16):08b}" for row in LETTERS[letter].split())


def signs(cells: str) -> list[float]:
    """0 and 1 as −1 and 1."""
    return [1.0 if cell == "1" else -1.0 for cell in cells]


@st.cache_resource(max_entries=16, show_spinner=False)
def network(names: tuple[str, ...], storage: str) -> Any:
    """A network that stores these letters."""
    cell = rc.make_cell("hopfield", 1, hidden_size=64, storage=storage)
    cell.store([signs(bits(name)) for name in names])
    return cell


@st.cache_resource(max_entries=256, show_spinner=False)
def _recalled(names: tuple[str, ...], storage: str, start: str, together: bool, seed: int) -> rc.Result:
    patterns = [signs(bits(name)) for name in names]
    return rc.recall(network(names, storage), signs(start), patterns, names=names, together=together, seed=seed)


def stored() -> tuple[tuple[str, ...], str]:
    """The letters and the rule that the visitor chose."""
    left, right = st.columns(2, gap="medium")
    names = left.pills("Stored letters", list(LETTERS), default=FIRST, selection_mode="multi", key="stored") or FIRST
    storage = right.segmented_control("Stored by", list(RULES), default="pseudo_inverse", format_func=RULES.get,
                                      required=True, key="rule")
    return tuple(names), storage


@st.fragment
def recalling() -> None:
    """The drawing surface, the recall that follows from it, its energy and overlaps."""
    pictures = st.container()
    names, storage = stored()
    left, middle, right = pictures.columns([1, 1, 2], gap="medium")
    board = left.container()
    with left:
        begun = st.selectbox("Start from", [*names, "Empty"], key="begun")
        damage = st.slider("Damage", 0, 32, 12, format="%d of 64 cells", key="damage")
        order = "Which cells are flipped, and in which order units move."
        seed = st.number_input("Draw", 0, 999, 0, key="draw", help=order)
        cells = "0" * 64 if begun == "Empty" else bits(begun)
        flipped = set(random.Random(int(seed)).sample(range(64), damage if begun != "Empty" else 0))
        begin = "".join(str(1 - int(c)) if k in flipped else c for k, c in enumerate(cells))
    with board:
        start = draw_on(begin, "Your pattern", key=f"draw:{begin}")
        note("Draw with mouse or finger, or with arrows and space.")
    together = middle.toggle("All units at once", key="together")
    result = _recalled(names, storage, start, together, int(seed))
    with middle:
        frames = ["".join("1" if v > 0 else "0" for v in state) for state in result.states.tolist()]
        play(frames, "What the network makes of it", tone("hidden", mode()), key=f"play:{frames[0]}:{frames[-1]}")
    with right:
        show(rc.figures.recall(result, theme=mode()), key="recall")
    say(result.says, result.says_not)
    table_twin(result.frame, "The recall as a table")


@st.cache_resource(max_entries=32, show_spinner=False)
def _basins(names: tuple[str, ...], storage: str) -> rc.Result:
    return rc.basins(network(names, storage), [signs(bits(name)) for name in names])


def damage_survived() -> None:
    """The section: the share of damaged starts that come back."""
    result = _basins(tuple(st.session_state.get("stored") or FIRST),
                     st.session_state.get("rule") or "pseudo_inverse")
    show(rc.figures.basins(result, theme=mode()), key="basins")
    say(result.says, result.says_not)
    table_twin(result.frame, "Damage as a table")


@st.cache_resource(max_entries=4, show_spinner=False)
def _capacity() -> rc.Result:
    return rc.capacity_curve([rc.make_cell("hopfield", 1, hidden_size=100)])


def capacity() -> None:
    """The section: what is left of random patterns as more of them share the weights."""
    result = _capacity()
    show(rc.figures.capacity_curve(result, theme=mode()), key="capacity")
    note("Random patterns, summed outer products, 100 units; a network of its own at each load.")
    say(result.says, result.says_not)
    table_twin(result.frame, "Capacity as a table")
