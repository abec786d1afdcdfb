"""The viewer's payloads for the run in hand, computed once and kept."""

from __future__ import annotations

import pandas as pd
import streamlit as st

import rnn_core as rc
from pages.shared.hand import Hand
from pages.shared.words import note

MOMENTS = 40
MEMORY = 2**24
BUDGET = 2_000_000


def timeline_of(hand: Hand, row: int = 0, compact: bool = False) -> bytes:
    """Input, states, gates and prediction on one held-out sequence, at every moment of the tape, the chosen first."""
    key = f"{hand.run_id or hand.spec.id}:{hand.run.update}"
    return _timeline(key, row, compact, hand.run.update if hand.moment is None else hand.moment, hand.run)


@st.cache_data(max_entries=256, show_spinner=False)
def _timeline(key: str, row: int, compact: bool, moment: int, _run: rc.Run) -> bytes:
    block = _block(_run)
    updates = tuple(chosen(sorted({*_run.tape, _run.update}), moment))
    moments = list(zip(updates, _moments(key, row // block, block, updates, _run), strict=True))
    batch, place = _run.held_out.rows(slice(row // block * block, (row // block + 1) * block)), row % block
    here = updates.index(moment)
    story = _run.task.story(batch, place, moments[here][1].outputs.detach())
    return rc.viewer.timeline(
        moments[here][1],
        row=place,
        batch=batch,
        story=story,
        moments=moments,
        words=_run.task.words,
        start={"t": story.marks[0] if story.marks else 0, "moment": here},
        key=f"{key.split(':')[0]}:{row}",
        compact=compact,
        budget=BUDGET,
        costates=None if compact else _backward(key, row // block, block, moment, _run),
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def _backward(key: str, number: int, block: int, moment: int, _run: rc.Run) -> rc.Result:
    """What the loss of each of some neighbouring sequences says to every state, at one moment of the tape."""
    network = _run.network if moment == _run.update else _run.at(moment)
    return rc.costates(network, _run.held_out.rows(slice(number * block, (number + 1) * block)), _run.task.loss)


@st.cache_data(max_entries=64, show_spinner=False)
def now_of(key: str, row: int, _run: rc.Run) -> bytes:
    """Input, states and prediction on one held-out sequence as the run stands, without its tape."""
    batch = _run.held_out.rows(slice(row, row + 1))
    trace = _run.network.trace(batch.x, mask=batch.mask)
    story = _run.task.story(batch, 0, trace.outputs.detach())
    name = f"now:{key.split(':')[0]}:{row}"
    return rc.viewer.timeline(
        trace, batch=batch, story=story, words=_run.task.words, key=name, compact=True, budget=BUDGET
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _moments(key: str, number: int, block: int, updates: tuple[int, ...], _run: rc.Run) -> list[rc.NetworkTrace]:
    """Neighbouring sequences at moments of the tape: they cost little more than one, and are asked for next."""
    batch = _run.held_out.rows(slice(number * block, (number + 1) * block))
    networks = [_run.network if u == _run.update else _run.at(u) for u in updates]
    return [network.trace(batch.x, mask=batch.mask) for network in networks]


def _block(run: rc.Run) -> int:
    """How many sequences fit into memory at once, at every moment of the tape."""
    steps, width = run.held_out.target.shape[1], sum(cell.settings.hidden_size for cell in run.network.cells)
    return max(1, min(16, MEMORY // (MOMENTS * steps * width * 40)))


def chosen_row(hand: Hand) -> int:
    """The held-out sequence that is looked at, the same on every page; first one whose events lie well inside."""
    return st.session_state.setdefault(f"row:{hand.spec.task}:{hand.spec.seed}", _showcase(hand.spec.id, hand.run))


def row_control(hand: Hand) -> None:
    """Look at another held-out sequence."""
    slot = f"row:{hand.spec.task}:{hand.spec.seed}"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        note("Held-out sequence, never trained on:")
        st.number_input(
            "Held-out sequence",
            0,
            len(hand.run.held_out.target) - 1,
            st.session_state[slot],
            width=130,
            key=f"pick:{slot}",
            label_visibility="collapsed",
            on_change=_pick,
            args=(slot,),
        )


def _pick(slot: str) -> None:
    st.session_state[slot] = st.session_state[f"pick:{slot}"]


@st.cache_data(max_entries=256, show_spinner=False)
def _showcase(spec_id: str, _run: rc.Run) -> int:
    for row in range(min(32, len(_run.held_out.target))):
        story = _run.task.story(_run.held_out, row)
        edge = len(story.inputs) // 8
        if story.marks and story.marks[0] >= edge and story.marks[-1] < len(story.inputs) - edge:
            return row
    return 0


def chosen(moments: list[int], wanted: int) -> list[int]:
    """At most forty moments, evenly picked, the first, the last and the wanted one among them."""
    if len(moments) <= MOMENTS:
        return moments
    picked = {moments[round(k * (len(moments) - 1) / (MOMENTS - 2))] for k in range(MOMENTS - 1)}
    return sorted(picked | {wanted})


@st.cache_data(max_entries=64, show_spinner=False)
def stories(key: str, count: int, _run: rc.Run) -> list[rc.Story]:
    """The first held-out sequences in human terms, with the network's answers."""
    return _run.stories(count)


@st.cache_data(max_entries=64, show_spinner=False)
def state_table(key: str, row: int, _run: rc.Run) -> pd.DataFrame:
    """Every number of the timeline now: one row a step, one column a unit of a probe or an output."""
    batch = _run.held_out.rows(slice(row, row + 1))
    trace = _run.network.trace(batch.x, mask=batch.mask)
    parts = {"y": trace.outputs[0].detach()}
    for one in trace.passes:
        prefix = f"{one.name} " if len(trace.passes) > 1 else ""
        parts |= {f"{prefix}{name}": value[0] for name, value in one.probes.items()}
    columns = {"t": range(trace.outputs.shape[1])}
    for name, value in parts.items():
        flat = value.flatten(1)
        columns |= {f"{name}[{n}]" if flat.shape[1] > 1 else name: flat[:, n].tolist() for n in range(flat.shape[1])}
    return pd.DataFrame(columns)
