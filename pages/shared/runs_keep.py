"""What one may do with a run of one's own or another's: put it in hand, take it away, name it, throw it away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

import streamlit as st

import rnn_core as rc
from pages.shared.engine import engine
from pages.shared.hand import Hand, hold, set_off
from pages.shared.runs import Line
from pages.shared.runs_bin import ask, delete
from pages.shared.runs_compare import Seen
from pages.shared.watched import watched
from pages.shared.words import note, plain
from rnn_core.jobs import EngineError
from rnn_core.shipped import shipped, shipped_spec

NAME = 80


def keep(hand: Hand, one: Seen, ids: Sequence[str]) -> None:
    """One run of the comparison with its buttons."""
    line = one.line
    st.markdown(f":gray-badge[{one.letter}] **{plain(line.title)}** :small[:gray[{plain(line.detail)}]]")
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"keep_{one.letter}"):
        if st.button("Put in hand", icon=":material/back_hand:", key=f"hand:{line.id}",
                     help="Opens it on Hidden states, with the tape of its training."):
            hold(shipped_spec() if line.shipped else rc.Experiment.from_json(line.summary.spec),
                 None if line.shipped else line.id)
            set_off("pages/2_Hidden_states.py")
        away = st.popover("Take away", icon=":material/download:", key=f"away:{line.id}", on_change="rerun")
        if away.open:
            with away:
                take_away(one)
        whose = None if line.own else "It ships with the project." if line.shipped else "It is not yours alone."
        with st.popover("Rename", icon=":material/edit:", key=f"rename:{line.id}", disabled=not line.own, help=whose):
            st.text_input("Name", line.summary.name, max_chars=NAME, key=f"name:{line.id}:{line.summary.name}",
                          placeholder=line.title, on_change=_rename,
                          args=(line.id, f"name:{line.id}:{line.summary.name}", hand.owner))
            note("Enter keeps it; an empty name gives the old title back.")
        st.button("Delete", icon=":material/delete:", key=f"delete:{line.id}", disabled=not line.own, help=whose,
                  on_click=delete, args=(line, list(ids), hand.owner))


def take_away(one: Seen) -> None:
    """Every export of a run; a file is made when its button is pressed."""
    line = one.line
    try:
        run, made_with = (shipped(), "") if line.shipped else (watched(line.id).run(), watched(line.id).look.made_with)
    except EngineError as error:
        st.error(plain(error), icon=":material/error:")
        return
    known = {"name": line.summary.name, "started": line.summary.created, "made_with": made_with}
    for kind, export in rc.exports.EXPORTS.items():
        if kind == "states":
            if not (most := rc.exports.most_sequences(run)):
                note("One sequence of this run has more states and gates than a table takes.")
                continue
            known |= _which_states(line, run, min(most, len(run.held_out.target)))
        st.download_button(export.title, _maker(kind, run, known), rc.exports.file_name(kind, run.spec), export.media,
                           key=f"take:{line.id}:{kind}", help=export.help, on_click="ignore", width="stretch",
                           icon=":material/download:")
    note("Pictures go by the camera on each; PNG or SVG is chosen under Share. A link that opens this run:")
    st.code(link("Hidden_states", **(run.spec.to_query() if line.shipped else {"run": line.id})), language=None,
            wrap_lines=True)


def _maker(kind: str, run: rc.Run, known: dict[str, Any]) -> Callable[[], bytes]:
    known = dict(known)
    return lambda: rc.exports.take(kind, run, **known)


def _which_states(line: Line, run: rc.Run, most: int) -> dict[str, Any]:
    """Which sequences, at which moment of the training."""
    with st.container(horizontal=True, gap="small"):
        count = st.number_input("Sequences", 1, most, min(4, most), key=f"states:{line.id}:many",
                                width=140, help="How many held-out sequences the states are written for.")
        moments = sorted({*run.tape, run.update})
        update = st.selectbox("At update", moments, index=len(moments) - 1, key=f"states:{line.id}:{run.update}",
                              width=140, help="A moment on the tape of its training.")
    return {"sequences": range(count), "update": None if update == run.update else update}


def link(page: str, **query: str) -> str:
    """The address of a page of this dashboard."""
    parts = urlsplit(st.context.url or "")
    base = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return f"{base}/{page}?{urlencode(query)}"


def _rename(run_id: str, key: str, owner: str) -> None:
    ask(lambda: engine().rename(run_id, st.session_state[key], owner=owner))
