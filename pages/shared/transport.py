"""The transport bar: start, pause, one update, stop, start over; and what may be changed while it runs."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.controls import control
from pages.shared.engine import engine
from pages.shared.hand import Hand, hold
from pages.shared.watched import watched
from pages.shared.words import plain
from rnn_core.jobs import EngineError

WORDS = {
    "queued": "waiting, place {position} in line",
    "running": "training",
    "paused": "paused",
    "stopped": "stopped",
    "done": "done",
    "diverged": "ended",
    "failed": "failed",
}
PATIENCE = 0.25
OVER = ("done", "stopped", "diverged", "failed")


def transport(hand: Hand) -> None:
    """The bar itself; every press acts in the engine and draws the page again."""
    status = hand.look.status if hand.look else "ready"
    moving = status in ("queued", "running")
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="transport"):
        st.button(
            "Back to the same start",
            icon=":material/restart_alt:",
            type="tertiary",
            key="same",
            on_click=_same,
            args=(hand,),
            disabled=hand.run_id is None,
            help="The same fresh weights again, nothing trained.",
        )
        st.button(
            "New start",
            icon=":material/casino:",
            type="tertiary",
            key="new",
            on_click=_new,
            args=(hand,),
            help="Another seed: other fresh weights, other training data.",
        )
        if moving:
            st.button(
                "Pause", icon=":material/pause:", type="primary", key="pause", on_click=_command, args=(hand, "pause")
            )
        else:
            st.button(
                "Play",
                icon=":material/play_arrow:",
                type="primary",
                key="play",
                on_click=_play,
                args=(hand,),
                disabled=status in OVER,
                help="It has ended: raise “updates” under Change now, or start anew."
                if status in OVER
                else "Train this network.",
            )
        st.button(
            "One update",
            icon=":material/skip_next:",
            key="once",
            on_click=_once,
            args=(hand,),
            disabled=moving or status in OVER,
        )
        st.button(
            "Stop",
            icon=":material/stop:",
            key="stop",
            on_click=_command,
            args=(hand, "stop"),
            disabled=hand.run_id is None or status in OVER,
        )
        with st.popover(
            "Change now", icon=":material/tune:", disabled=hand.run_id is None or status in ("failed", "stopped")
        ):
            _change_now(hand)


def status_line(look: Any, seconds: float) -> str:
    """Where the run stands, in markdown."""
    word = WORDS[look.status].format(position=look.position)
    after = f"{word} after update" if look.status != "running" else "training, update"
    return f":gray[{after}] **{look.update:,}** :gray[of {look.target:,} · {seconds:.0f} s]"


def still_line(run: Any) -> str:
    """Where a run stands that nobody trains here, in markdown."""
    return f":gray[{run.status} after update] **{run.update:,}**" if run.update else ":gray[not trained yet]"


def _same(hand: Hand) -> None:
    if hand.live:
        _send(hand, "pause")
    hold(hand.spec, None, fresh=True)


def _new(hand: Hand) -> None:
    hold(hand.spec.with_(seed=(hand.spec.seed + 1) % 2**31), None)


def _play(hand: Hand) -> None:
    if hand.run_id is None:
        _submit(hand, go=True)
    else:
        _send(hand, "resume")


def _once(hand: Hand) -> None:
    if hand.run_id is None:
        _submit(hand, go=False)
    if st.session_state["run_id"] is not None:
        _send(Hand(hand.spec, st.session_state["run_id"], hand.owner), "once")


def _command(hand: Hand, name: str) -> None:
    _send(hand, name)


def _submit(hand: Hand, go: bool) -> None:
    try:
        hold(hand.spec, engine().submit(hand.spec, owner=hand.owner, go=go))
    except (EngineError, ValueError) as error:
        st.session_state["trouble"] = str(error)


def _send(hand: Hand, name: str, value: float | None = None) -> None:
    try:
        hold(hand.spec, engine().command(hand.run_id, name, value, owner=hand.owner))
        _settle(st.session_state["run_id"])
    except (EngineError, ValueError) as error:
        st.session_state["trouble"] = str(error)


def _settle(run_id: str) -> None:
    """Wait until the command has acted, a quarter of a second at most, so that the page shows what it did."""
    end = time.monotonic() + PATIENCE
    while watched(run_id).glance(age=0.0).waiting and time.monotonic() < end:
        time.sleep(0.01)


def trouble() -> None:
    """What went wrong with the last press, once."""
    if (sentence := st.session_state.pop("trouble", None)) is not None:
        st.error(plain(sentence), icon=":material/error:")


def _change_now(hand: Hand) -> None:
    if hand.look is None:
        return
    learner, now = hand.run.learner, hand.run.learner.settings
    st.markdown("These act on the run itself and are marked on its curve.")
    chosen = {}
    for info in rc.describe_settings(type(now)):
        if info.name in learner.commands and (info.name != "teacher_forcing" or hand.run.network.feeds_back):
            old = getattr(now, info.name)
            new = control(info, old, f"now_{info.name}_{hand.run_id}_{old}")
            if new != old:
                chosen[info.name] = float(new)
    if st.button("Apply", key="apply", type="primary", disabled=not chosen):
        for name, value in chosen.items():
            _send(Hand(hand.spec, st.session_state["run_id"], hand.owner), name, value)
        st.rerun()
