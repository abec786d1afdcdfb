"""What the optimiser makes of it: one update of the same weights by four rules."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.passes import chosen_pass
from pages.shared.theme import mode
from pages.shared.words import note, plain, say, table_twin

SEQUENCES, RATE, GAIN = 16, 0.005, 0.5
RULES = ("SGD", "momentum", "RMSProp", "Adam")
MINE, FRESH = "In hand", "A fresh, forgetful Elman net"


@st.cache_resource(max_entries=64, show_spinner=False)
def _steps(key: str, which: int, rate: float, _run: rc.Run) -> rc.Result:
    return rc.optimiser_steps(_run, which=which, rate=rate, rows=SEQUENCES)


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs={rc.Experiment: lambda spec: spec.id})
def _fresh(spec: rc.Experiment, rate: float) -> rc.Result:
    return rc.optimiser_steps(spec, rate=rate, rows=SEQUENCES)


def _forgetful(spec: rc.Experiment) -> rc.Experiment | None:
    """A fresh plain net on the same task that vanishes quickly; None where it cannot be."""
    try:
        return spec.with_(architecture="elman", wiring="single", learner="bptt", gain=GAIN)
    except ValueError:
        return None


def what_the_optimiser_makes(hand: Hand) -> None:
    """The section: the size of each gradient beside the step it becomes, and which step of the sequence owns it."""
    st.markdown(
        "The same weights, the same sequences, the same gradient; **one update** by a fresh optimiser. SGD goes as far "
        "as the gradient says, so what has vanished does not move. Adam goes equally far everywhere and hides it."
    )
    other = _forgetful(hand.spec)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        rule = st.segmented_control("Optimiser", RULES, default="Adam", required=True, key="optimiser_rule")
        shown = MINE
        if other is not None:
            shown = st.segmented_control("Network", (MINE, FRESH), default=MINE, required=True, key="optimiser_network")
    rate = float(getattr(hand.spec, "learning_rate", RATE))
    if shown == MINE:
        found = _steps(hand.key, chosen_pass(hand, "optimiser"), rate, hand.then)
    else:
        found = _fresh(other, rate)
    left, right = st.columns(2, gap="large")
    with left:
        figure = rc.figures.optimiser_steps(found, rule=rule, theme=mode())
        show(figure, key="optimiser_steps")
        note("A dot is a recurrent weight: to the right a large gradient, upwards a large step. Dashed: what SGD does.")
    with right:
        figure = rc.figures.optimiser_shares(found, rule=rule, theme=mode())
        show(figure, key="optimiser_shares")
        note(
            "The part of the update that each step of the sequence owns. A rule can lift the whole curve; within one "
            "weight it cannot give an early step more say than its share of the gradient. Parts may be longer than the "
            "whole where they cancel."
        )
    note(
        f"Learning rate η = {plain(f'{rate:g}')}, {SEQUENCES} held-out sequences, no clipping. In a first update "
        "momentum is SGD, and RMSProp goes ten times as far as Adam; later ones remember the gradients before."
    )
    say(found.says, found.says_not)
    table_twin(found.frame, "What each step of the sequence owns, as a table")
