"""Architectures: which net is which?"""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.frame import frame
from pages.shared.parts import parts
from pages.shared.task_shapes import task_shapes
from pages.shared.theme import mode
from pages.shared.words import note, plain, table_twin
from rnn_core.catalogue.costs import told
from rnn_core.records import Streams

AT_ONCE = 6
ROWS = ("Idea", "Good for", "One step", "Equations", "Numbers", "Published in")


@st.cache_resource(max_entries=256, show_spinner=False)
def _cell(name: str, input_size: int, output_size: int, wanted: int) -> rc.Cell:
    """A fresh cell at the visitor's sizes, or at its own where it cannot have the visitor's number of units."""
    try:
        return rc.make_cell(name, input_size, output_size=output_size, hidden_size=wanted)
    except ValueError:
        return rc.make_cell(name, input_size, output_size=output_size)


@st.cache_resource(max_entries=256, show_spinner=False)
def _graph(name: str, input_size: int, output_size: int, wanted: int) -> rc.Result:
    """The graph of its step, read off a real one."""
    cell = _cell(name, input_size, output_size, wanted)
    return rc.step_graph(rc.unroll(cell, cell.draw(1, 2, Streams.of(0).data)))


@st.cache_resource(max_entries=256, show_spinner=False)
def _drawing(name: str, input_size: int, output_size: int, wanted: int, theme: str) -> Any:
    """The graph as a picture."""
    return rc.figures.step_graph(_graph(name, input_size, output_size, wanted), theme=theme)


def typeset(card: rc.Card) -> None:
    """A card's equations, one a line, as its paper writes them."""
    st.markdown("  \n".join(f"${line}$" for line in rc.figures.equations(card, theme=mode())))


class Entry:
    """One architecture as the gallery shows it, at the sizes of the experiment in hand."""

    def __init__(self, hand: Any, name: str) -> None:
        self.name, self.card = name, rc.architectures()[name]
        task = hand.run.task
        self.sizes = (name, task.input_size, task.output_size, getattr(hand.spec, "hidden_size", 16))

    @property
    def numbers(self) -> str:
        """How many weights it has, how many numbers it remembers, and what a step costs, as markdown of ours."""
        cell = _cell(*self.sizes)
        units = getattr(cell.settings, "hidden_size", None)
        at = f"I = {cell.input_size}" + (f", H = {units}" if units else "")
        formula = plain(self.card.parameters.replace("*", "·")) + " = " if self.card.parameters else ""
        cost = told(self.name)
        return "  \n".join(
            [f"{formula}**{cell.weight_count:,}** weights :gray[at {at}]", self.memory, *([cost] if cost else [])]
        )

    @property
    def memory(self) -> str:
        """What it carries from step to step."""
        fields = _graph(*self.sizes).remembered
        names = f" :gray[{plain(', '.join(fields))}]" if fields else ""
        return f"**{sum(fields.values()):,}** numbers remembered{names}"

    def picture(self, key: str) -> None:
        """Its step graph."""
        figure = _drawing(*self.sizes, mode())
        show(figure, key=key)

    def row(self, name: str, key: str) -> None:
        """One of ``ROWS``."""
        if name == "One step":
            self.picture(key)
        elif name == "Equations":
            typeset(self.card)
        elif name == "Numbers":
            st.markdown(self.numbers)
        else:
            st.markdown(
                plain(
                    {"Idea": self.card.summary, "Good for": self.card.use or "–", "Published in": self.card.reference}[
                        name
                    ]
                )
            )


def put_in_hand(hand: Any, name: str, key: str) -> None:
    """The button that makes an architecture the visitor's own."""
    here, fits = hand.spec.architecture == name, hand.fits(architecture=name)
    label = "In hand" if here else "Put it in hand"
    why = None if fits else f"It does not run along what {rc.tasks()[hand.spec.task].title} gives it."
    if st.button(
        label, icon=":material/check:" if here else ":material/back_hand:", disabled=here or not fits, help=why, key=key
    ):
        hand.change(architecture=name)


@st.fragment
def side_by_side(hand: Any) -> None:
    """Two architectures, row by row."""
    cards = rc.architectures()
    names = sorted(cards, key=lambda n: (cards[n].year, n))
    mine = hand.spec.architecture
    other = next((n for n in ("elman", "lstm", *names) if n in cards and n != mine), mine)
    entries = []
    for column, label, first in zip(st.columns(2, gap="large"), ("Left", "Right"), (other, mine), strict=True):
        with column:
            chosen = st.selectbox(
                label,
                names,
                index=names.index(first),
                key=f"{label}_{first}",
                label_visibility="collapsed",
                format_func=lambda n: f"{cards[n].title}, {cards[n].year}",
            )
            entries.append(Entry(hand, chosen))
    for name in ROWS:
        for side, (column, entry) in enumerate(zip(st.columns(2, gap="large"), entries, strict=True)):
            with column:
                note(f"{name} &nbsp;·&nbsp; {plain(entry.card.title)}")
                entry.row(name, key=f"pair_{side}_{name}")
    for side, (column, entry) in enumerate(zip(st.columns(2, gap="large"), entries, strict=True)):
        with column:
            put_in_hand(hand, entry.name, key=f"pair_{side}_take")


@st.fragment
def gallery(hand: Any) -> None:
    """One card an architecture, oldest first, some years at a time."""
    cards = rc.architectures()
    every = sorted(cards, key=lambda n: (cards[n].year, n))
    eras = [every[k : k + AT_ONCE] for k in range(0, len(every), AT_ONCE)]
    chosen = st.segmented_control(
        "Years",
        range(len(eras)),
        default=next(k for k, some in enumerate(eras) if hand.spec.architecture in some),
        format_func=lambda k: f"{cards[eras[k][0]].year}–{cards[eras[k][-1]].year}",
        required=True,
        key="era",
        label_visibility="collapsed",
    )
    names = eras[chosen]
    for start in range(0, len(names), 2):
        for column, name in zip(st.columns(2, gap="medium"), names[start : start + 2], strict=False):
            with column.container(border=True, height="stretch"):
                entry = Entry(hand, name)
                st.subheader(f"{plain(entry.card.title)} :gray[{entry.card.year}]", anchor=False)
                st.markdown(plain(entry.card.summary))
                entry.picture(key=f"picture_{name}")
                typeset(entry.card)
                st.markdown(entry.numbers)
                note(f"{plain(entry.card.use)} &nbsp;·&nbsp; {plain(entry.card.reference)}")
                put_in_hand(hand, name, key=f"take_{name}")


def wirings(hand: Any) -> None:
    """One card a way to join cells, oldest first."""
    cards = sorted(rc.wirings().items(), key=lambda one: (one[1].year, one[0]))
    for start in range(0, len(cards), 2):
        for column, (name, card) in zip(st.columns(2, gap="medium"), cards[start : start + 2], strict=False):
            with column.container(border=True, height="stretch"):
                st.subheader(f"{plain(card.title)} :gray[{card.year}]", anchor=False)
                st.markdown(plain(card.summary))
                typeset(card)
                note(f"{plain(card.use)} &nbsp;·&nbsp; {plain(card.reference)}" if card.use else plain(card.reference))
                wire(hand, name)


def wire(hand: Any, name: str) -> None:
    """The button that wires the visitor's cells this way."""
    here = hand.spec.wiring == name
    label, icon = ("In hand", ":material/check:") if here else ("Put it in hand", ":material/back_hand:")
    if st.button(label, icon=icon, disabled=here, key=f"wire_{name}"):
        hand.change(wiring=name)


def table(hand: Any) -> pd.DataFrame:
    """The gallery in rows."""
    entries = [Entry(hand, name) for name in rc.architectures()]
    return pd.DataFrame(
        [
            {
                "architecture": e.card.title,
                "year": e.card.year,
                "good for": e.card.use,
                "weights": _cell(*e.sizes).weight_count,
                "formula": e.card.parameters,
                "equations": "; ".join(e.card.equations.values()),
                "reference": e.card.reference,
            }
            for e in entries
        ]
    )


hand = frame(
    "Architectures",
    "Which net is which?",
    "Every drawing is read off one real step of the network: below what it reads, above what it makes of it. "
    "Weights are ochre; what goes on to the next step leaves to the right.",
)
views = {
    f"All {len(rc.architectures())}": gallery,
    "Two side by side": side_by_side,
    "Ways to wire them": wirings,
    "Shapes of a task": task_shapes,
    "Parts": parts,
}
for tab, draw in zip(st.tabs(list(views), on_change="rerun", key="view"), views.values(), strict=True):
    if tab.open:
        with tab:
            draw(hand)
table_twin(lambda: table(hand), "The gallery as a table")
