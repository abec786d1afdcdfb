"""The list of runs: search it, tick what is to be compared."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

import rnn_core as rc
from pages.shared.hand import Hand, set_off
from pages.shared.race_draft import KEPT, RACE
from pages.shared.runs import MOVING, ORDERS, Line, ago, chosen, pick, picked
from pages.shared.runs_bin import UNDO, delete
from pages.shared.words import note, plain, table_twin

ROWS = 8
MOST = 6
LETTERS = "ABCDEF"


def run_list(hand: Hand, found: list[Line], default: str) -> None:
    """Search and filters, a page of rows with their ticks, all of it as a table."""
    there = [line for line in found if not line.summary.binned]
    kept = chosen(found, *_filters(there))
    mine = sum(line.summary.mine for line in kept)
    own = f", {mine:,} of them yours" if 0 < mine < len(kept) else ""
    note(f"{len(kept):,} of {len(there):,} runs{own}. Tick up to six to compare them.")
    if not kept:
        st.info("No run is like that; take a filter away.", icon=":material/filter_alt_off:")
    page = 1
    if len(kept) > ROWS:
        pages = math.ceil(len(kept) / ROWS)
        page = st.pagination(pages, key=f"runs_page_{pages}", max_visible_pages=5)
    ids = picked(default)
    with st.container(gap="xsmall", key="runs"):
        for line in kept[(page - 1) * ROWS : page * ROWS]:
            _row(line, ids, hand.owner)
    table_twin(lambda: as_table(kept), "All of them as a table")


def _filters(there: Sequence[Line]) -> tuple[str, str, str, str, str]:
    """What the visitor looks for: text, architecture, task, status, order."""
    text = st.text_input(
        "Search", key="runs_text", placeholder="name, task, seed 3, rate 0.01 …", label_visibility="collapsed",
        icon=":material/search:",
    )
    cells = {name: card.title for name, card in rc.architectures().items()}
    tasks = {name: card.title for name, card in rc.tasks().items()}
    states = {s: MOVING.get(s, s) for s in dict.fromkeys(line.summary.status for line in there)}
    used = {part: {line.facts.get(part) for line in there if line.known} for part in ("architecture", "task")}
    with st.container(horizontal=True, gap="xsmall"):
        some = [
            _any("Architecture", {n: t for n, t in cells.items() if n in used["architecture"]}),
            _any("Task", {n: t for n, t in tasks.items() if n in used["task"]}),
            _any("Status", states),
        ]
        order = st.selectbox("Order", list(ORDERS), key="runs_order", label_visibility="collapsed", width=178)
    return text, *some, order


def _any(label: str, options: dict[str, str]) -> str:
    """One of these, or "" for all."""
    key = f"runs_{label.lower()}"
    if st.session_state.get(key) not in (None, "", *options):
        st.session_state[key] = ""
    return st.selectbox(
        label,
        ["", *options],
        format_func=lambda value: options.get(value, f"Any {label.lower()}"),
        key=key,
        label_visibility="collapsed",
        width=178,
    )


def _row(line: Line, ids: list[str], owner: str) -> None:
    """One run: its tick, what it is, how far it got."""
    when = "ships with the project" if line.shipped else ago(line.summary.created)
    whose = "" if line.summary.mine or line.shipped else " :gray[· another’s]"
    told = [line.detail, f"{line.standing}, {when}"]
    below = "  \n".join(f":small[:gray[{plain(text)}]]" for text in told if text)
    if line.known:
        key, at = f"tick:{line.id}", ids.index(line.id) if line.id in ids else None
        st.session_state[key] = at is not None
        letter = "" if at is None or at >= MOST else f":gray-badge[{LETTERS[at]}] "
        full = at is None and len(ids) >= MOST
        st.checkbox(
            f"{letter}**{plain(line.title)}**{whose}  \n{below}",
            key=key,
            on_change=_toggle,
            args=(line.id, ids),
            disabled=full,
            help="Six at most can be told apart; take one out first." if full else None,
        )
        return
    race = line.kind == "race"
    icon = ":material/sports_score:" if race else ":material/help:"
    st.markdown(f"{icon} **{plain(line.title)}**{whose}  \n{below}")
    with st.container(horizontal=True, gap="small"):
        if race and st.button("Open the race", icon=":material/arrow_forward:", type="tertiary", key=f"race:{line.id}"):
            st.session_state["race"] = line.id
            set_off(RACE, KEPT)
        if not race:
            note("It is not the training of one network, and this page does not know its kind.")
        if line.own:
            st.button("Delete", icon=":material/delete:", type="tertiary", key=f"delete:{line.id}", on_click=delete,
                      args=(line, ids, owner))


def _toggle(run_id: str, ids: list[str]) -> None:
    st.session_state.pop(UNDO, None)
    pick([i for i in ids if i != run_id] if run_id in ids else [*ids, run_id])


def as_table(kept: Sequence[Line]) -> pd.DataFrame:
    """The list with a column for everything it says."""
    rows = [
        {
            "run": line.title,
            "settings": line.detail,
            "status": line.summary.status,
            "updates": line.summary.update,
            "of": line.summary.target,
            "held-out loss": line.summary.held_out,
            "metric": line.summary.metric,
            "seconds": line.summary.seconds,
            "yours": line.summary.mine,
            "begun": pd.Timestamp(line.summary.created, unit="s") if line.summary.created else pd.NaT,
            "id": line.id,
        }
        for line in kept
    ]
    return pd.DataFrame(rows)
