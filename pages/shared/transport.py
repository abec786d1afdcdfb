"""The transport bar, the same on every page: start over, play, pause, one update, stop, how fast, how far, the tape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.shared.commands import again, command, new_start, once, play
from pages.shared.engine import polling
from pages.shared.hand import Hand
from pages.shared.keys import keys
from pages.shared.pace import change_now, speed, stop_at
from pages.shared.tape import tape
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
OVER = ("done", "stopped", "diverged", "failed")
FOLLOW = 6


def transport(hand: Hand, follow: bool = True) -> None:
    """The bar itself; every press acts in the engine and draws the page again.

    With ``follow`` the page is drawn anew from time to time while the run moves; a page that refreshes its own pictures
    does without.
    """
    status = hand.look.status if hand.look else "ready"
    moving, over = status in ("queued", "running"), status in OVER
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="transport"):
        _button("same", "Back to the same start", "restart_alt", again, hand, off=hand.run_id is None, quiet=True,
                help="The same fresh weights again, nothing trained.")
        _button("new", "New start", "casino", new_start, hand, quiet=True,
                help="Another seed: other fresh weights, other training data.")
        if moving:
            _button("pause", "Pause", "pause", command, hand, "pause", main=True, help="Space does the same.")
        else:
            why = "It has ended: raise “updates” under Change now, or start anew." if over else "Space does the same."
            _button("play", "Play", "play_arrow", play, hand, off=over, main=True, help=why)
        _button("once", "One update", "skip_next", once, hand, off=moving or over, help="Enter does the same.")
        _button("stop", "Stop", "stop", command, hand, "stop", off=hand.run_id is None or over)
        speed(hand)
        stop_at(hand)
        ready = hand.run_id is not None and status not in ("failed", "stopped")
        with st.popover("Change now", icon=":material/tune:", disabled=not ready):
            if ready:
                change_now(hand)
        keys({" ": ("pause", "play"), "Enter": ("once",), "ArrowLeft": ("tape_back",), "ArrowRight": ("tape_on",)})
    _trouble()
    tape(hand)
    if follow:
        _follow(hand)


def _button(key: str, label: str, icon: str, act: Callable[..., None], *args: Any, off: bool = False,
            quiet: bool = False, main: bool = False, help: str | None = None) -> None:
    kind = "tertiary" if quiet else "primary" if main else "secondary"
    st.button(label, icon=f":material/{icon}:", type=kind, key=key, on_click=act, args=args, disabled=off, help=help)


def status_line(look: Any, seconds: float) -> str:
    """Where the run stands, in markdown."""
    word = WORDS[look.status].format(position=look.position)
    after = f"{word} after update" if look.status != "running" else "training, update"
    return f":gray[{after}] **{look.update:,}** :gray[of {look.target:,} · {seconds:.0f} s]"


def remarks(look: Any) -> None:
    """Why a run rests or ended, and what the store says, one sentence each."""
    for sentence in filter(None, (look.reason, look.notice, look.trouble)):
        st.warning(plain(sentence), icon=":material/info:")


def still_line(run: Any) -> str:
    """Where a run stands that nobody trains here, in markdown."""
    return f":gray[{run.status} after update] **{run.update:,}**" if run.update else ":gray[not trained yet]"


def _trouble() -> None:
    """What went wrong with the last press, once."""
    if (sentence := st.session_state.pop("trouble", None)) is not None:
        st.error(plain(sentence), icon=":material/error:")


def _follow(hand: Hand) -> None:
    """One line that says where a moving run stands; the page is drawn again when there is something new to see."""
    period = polling(hand.owner) if hand.live else None
    shown, rounds = hand.run.update, [0]

    @st.fragment(run_every=period)
    def line() -> None:
        if hand.run_id is None:
            return
        seen = watched(hand.run_id)
        try:
            look = seen.glance()
        except EngineError as error:
            st.warning(plain(error), icon=":material/warning:")
            return
        polling(hand.owner)
        st.container(key="status").markdown(status_line(look, seen.records[-1]["seconds"] if seen.records else 0.0))
        remarks(look)
        rounds[0] += 1
        ended = look.status != hand.look.status
        if hand.live and (ended or hand.moment is None and rounds[0] % FOLLOW == 0 and look.kept > shown):
            st.rerun()

    line()
