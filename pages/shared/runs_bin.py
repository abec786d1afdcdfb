"""The bin: what a visitor threw away, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.shared.engine import engine
from pages.shared.hand import hold
from pages.shared.runs import Line, pick
from pages.shared.words import note, plain
from rnn_core.jobs import EngineError

TROUBLE, UNDO = "runs_trouble", "runs_undo"


def bin_of(found: Sequence[Line], owner: str) -> None:
    """What the visitor threw away, to be taken back for an hour."""
    binned = [line for line in found if line.summary.binned]
    if not binned:
        return
    with st.expander(f"In the bin ({len(binned)})", icon=":material/delete:", key="runs_bin"):
        note("They stay here for an hour, or until the engine ends.")
        for k, line in enumerate(binned):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**{plain(line.title)}** :small[:gray[{plain(line.detail)}, {plain(line.standing)}]]")
                st.button("Restore", icon=":material/undo:", key=f"restore:{k}:{line.id}", on_click=_restore,
                          args=(line.id, owner))


def undo(owner: str) -> None:
    """What went wrong with the last press; and, right after a deletion, the way back."""
    if (sentence := st.session_state.pop(TROUBLE, None)) is not None:
        st.error(plain(sentence), icon=":material/error:")
    if (gone := st.session_state.get(UNDO)) is not None:
        run_id, title, before, held = gone
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="runs_undo_bar"):
            st.markdown(f":material/delete: **{plain(title)}** is in the bin.")
            st.button("Undo", icon=":material/undo:", key="undo", on_click=_restore, args=(run_id, owner, before, held))


def delete(line: Line, ids: list[str], owner: str) -> None:
    """Into the bin, out of the comparison ``ids`` and out of the hand."""
    if (gone := ask(lambda: engine().forget(line.id, owner=owner))) is not None:
        held = st.session_state["run_id"] == line.id
        st.session_state[UNDO] = (gone, line.title, [gone if i == line.id else i for i in ids], held)
        pick([i for i in ids if i != line.id])
        if held:
            hold(st.session_state["spec"], None)


def _restore(run_id: str, owner: str, ids: Sequence[str] = (), held: bool = False) -> None:
    st.session_state.pop(UNDO, None)
    back = ask(lambda: engine().restore(run_id, owner=owner))
    if back is None:
        return
    if ids:
        pick([back if i == run_id else i for i in ids])
    if held:
        hold(st.session_state["spec"], back)


def ask(what: Callable[[], str]) -> str | None:
    """Ask something of the engine; what cannot be is said on the page, and None comes back.

    ``what`` gives the id to go on with.
    """
    try:
        return what()
    except (EngineError, ValueError) as error:
        st.session_state[TROUBLE] = str(error)
        return None
