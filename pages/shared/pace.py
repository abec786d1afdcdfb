"""How fast a run goes, how far, and what may be changed while it goes."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.commands import command, now
from pages.shared.controls import control, steady_slider
from pages.shared.hand import Hand
from pages.shared.words import plain

SPEEDS = {1.0: "1 a second", 5.0: "5 a second", 25.0: "25 a second", 100.0: "100 a second", 0.0: "full speed"}
RULES = {
    "stop_never": "never by itself",
    "stop_update": "at an update",
    "stop_metric": "when good enough",
    "stop_plateau": "when it gets no better",
}


def speed(hand: Hand) -> None:
    """Updates a second, for watching closely or for getting on."""
    wished = st.session_state.get("speed", 0.0)
    asked = wished if hand.look is None or hand.look.waiting else hand.look.speed
    value = min(SPEEDS, key=lambda s: abs(s - asked))
    how = {"format_func": SPEEDS.get, "width": 170, "help": "Updates a second."}
    chosen = steady_slider("Speed", list(SPEEDS), value, f"speed_{hand.run_id}", **how)
    if chosen != value:
        st.session_state["speed"] = chosen
        if hand.run_id is not None:
            command(hand, "speed", chosen)
        st.rerun()


def stop_at(hand: Hand) -> None:
    """When the run is to pause by itself."""
    standing = hand.look.stop if hand.look else ""
    with st.popover("Stop at" if not standing else "Stop at …", icon=":material/flag:", disabled=hand.run_id is None):
        if hand.run_id is None:
            return
        task = hand.run.task
        st.markdown(f"It pauses by itself: **{plain(standing or 'never')}**.")
        rule = st.radio("Pause", list(RULES), format_func=RULES.get, key="stop_rule")
        value: float | None = None
        if rule == "stop_update":
            goal = st.session_state.setdefault(f"goal:{hand.run_id}", 100 * (hand.look.update // 100 + 1))
            value = st.number_input("Update", 1, 10**6, goal, key=f"stop_update_{hand.run_id}")
        elif rule == "stop_metric":
            word = "at most" if task.metric_better == "lower" else "at least"
            value = st.number_input(
                f"Held-out {task.metric_name} {word}", value=_good(hand), format="%g", key="stop_metric"
            )
        elif rule == "stop_plateau":
            value = st.number_input("Measurements without improvement", 2, 1000, 10, key="stop_plateau")
        if st.button("Set", type="primary", key="stop_set"):
            command(hand, rule, None if value is None else float(value))
            st.rerun()


def _good(hand: Hand) -> float:
    """A goal to propose: half of what can be had without memory, or halfway up to perfect."""
    base, task = hand.baseline.value, hand.run.task
    return float(f"{base / 2 if task.metric_better == 'lower' else (base + task.metric_best) / 2:.2g}")


def change_now(hand: Hand) -> None:
    """The settings of the learner that act in mid-run."""
    learner, standing = hand.run.learner, hand.run.learner.settings
    st.markdown("These act on the run itself and are marked on its curve.")
    chosen = {}
    for info in rc.describe_settings(type(standing)):
        if info.name in learner.commands and (info.name != "teacher_forcing" or hand.run.network.feeds_back):
            old = getattr(standing, info.name)
            new = control(info, old, f"now_{info.name}_{hand.run_id}_{old}")
            if new != old:
                chosen[info.name] = float(new)
    if st.button("Apply", key="apply", type="primary", disabled=not chosen):
        for name, value in chosen.items():
            command(now(hand), name, value)
        st.rerun()
