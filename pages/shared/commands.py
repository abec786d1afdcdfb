"""What a press on the transport bar does in the engine."""

from __future__ import annotations

import time

import streamlit as st

from pages.shared.engine import engine
from pages.shared.hand import Hand, hold
from pages.shared.watched import watched
from rnn_core.jobs import EngineError

PATIENCE = 0.25


def again(hand: Hand) -> None:
    """Back to the same fresh weights."""
    if hand.live:
        command(hand, "pause")
    hold(hand.spec, None, fresh=True)


def new_start(hand: Hand) -> None:
    """The same experiment with the next seed."""
    hold(hand.spec.with_(seed=(hand.spec.seed + 1) % 2**31), None)


def play(hand: Hand) -> None:
    """Train, at the chosen speed."""
    wanted = st.session_state.get("speed", 0.0)
    if hand.run_id is not None:
        command(hand, "resume")
    elif not wanted:
        _submit(hand, go=True)
    elif (started := _submit(hand, go=False)) is not None:
        command(started, "speed", wanted)
        command(now(started), "resume")


def once(hand: Hand) -> None:
    """One update, then rest."""
    started = hand if hand.run_id is not None else _submit(hand, go=False)
    if started is not None:
        command(started, "once")


def command(hand: Hand, name: str, value: float | None = None) -> bool:
    """Ask something of the run in hand; what cannot be is said on the page. Returns whether it was understood."""
    try:
        hold(hand.spec, engine().command(hand.run_id, name, value, owner=hand.owner))
        _settle(st.session_state["run_id"])
    except (EngineError, ValueError) as error:
        st.session_state["trouble"] = str(error)
        return False
    return True


def now(hand: Hand) -> Hand:
    """The hand after a command, which may have given the run another name."""
    return Hand(hand.spec, st.session_state["run_id"], hand.owner)


def _submit(hand: Hand, go: bool) -> Hand | None:
    try:
        hold(hand.spec, engine().submit(hand.spec, owner=hand.owner, go=go))
    except (EngineError, ValueError) as error:
        st.session_state["trouble"] = str(error)
        return None
    return now(hand)


def _settle(run_id: str) -> None:
    """Wait until the command has acted, a quarter of a second at most, so that the page shows what it did."""
    end = time.monotonic() + PATIENCE
    while watched(run_id).glance(age=0.0).waiting and time.monotonic() < end:
        time.sleep(0.01)
