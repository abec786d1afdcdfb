"""Bifurcation and cobweb: how rests come and go as one number changes, and how a single unit steps towards them."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.asked import ask, draw, found
from pages.shared.hand import Hand
from pages.shared.words import note, plain
from rnn_core.analysis.bifurcation import entries
from rnn_core.analysis.cobweb import unit_example

SEQUENCES, POINTS, GAIN = 16, 40, "gain"
MAIN = "the main axis of the rests"
OWN, UNIT = "a unit of this network", "an Elman unit of your own"
STEP = "Up or down to the curve is one step; across to the dashed diagonal makes it the next start."
TRY = "Try w across 1, then w = 2 and b across 0.53."
TABLE = "Rests and steps as a table"


def bifurcation(hand: Hand) -> None:
    """The section: rests and cycles over the gain or one weight."""
    picture, controls = st.columns([3, 1], gap="large")
    with controls:
        sweep, now = _swept(hand)
        low, high = (0.0, 2.0) if sweep == GAIN else (round(now - 2, 2), round(now + 2, 2))
        low = st.number_input("From", value=low, step=0.1, key=f"sweep_low_{sweep}_{low}")
        high = st.number_input("To", value=high, step=0.1, key=f"sweep_high_{sweep}_{high}")
        count = st.select_slider("Values", [20, 40, 60, 80], POINTS, key="sweep_values")
        names = found(hand, "fixed_points", rows=SEQUENCES).names
        shown = MAIN
        if len(names) > 1:
            shown = st.selectbox("Show", [MAIN, *names], key=f"sweep_shown_{len(names)}_{names[0]}")
    with picture:
        if not low < high:
            st.info("The sweep must end at a larger number than it begins with.", icon=":material/info:")
            return
        here = f"In this network {plain(sweep)} is {now:.4g}"
        if sweep == GAIN:
            here = "The gain is a factor on all recurrent weights, 1 is this network"
        with st.spinner(f"Following rests over {count} values at once …"):
            ask(
                hand,
                "bifurcation",
                f"The input is held at zero. {here}; dotted lines mark where rests appear, vanish or change. Unstable "
                "rests are found by Newton’s method.",
                "Changes, rests and cycles as a table",
                sweep=sweep,
                values=tuple(low + (high - low) * k / (count - 1) for k in range(count)),
                unit=None if shown == MAIN else shown,
                rows=SEQUENCES,
            )


def _swept(hand: Hand) -> tuple[str, float]:
    """What the visitor sweeps, and what it is in the network in hand."""
    known = entries(hand.then.network.cells[0])
    name = st.selectbox("Change", list(known), key=f"sweep_{hand.spec.architecture}")
    if name == GAIN:
        return GAIN, 1.0
    index = tuple(
        int(st.number_input(f"Index {k + 1}", 0, size - 1, 0, key=f"sweep_{name}_{k}_{size}"))
        for k, size in enumerate(known[name])
    )
    now = float(hand.then.network.cells[0].state_dict()[name][index])
    return f"{name}[{','.join(map(str, index))}]", now


def cobweb(hand: Hand) -> None:
    """The section: the staircase of one unit."""
    names = found(hand, "fixed_points", rows=SEQUENCES).names
    if len(names) == 1:
        note("The whole state of this network is one number: this is the whole truth.")
    picture, controls = st.columns([3, 1], gap="large")
    with controls:
        whose = st.segmented_control(
            "Whose steps",
            [OWN, UNIT],
            default=OWN if len(names) == 1 else UNIT,
            required=True,
            key=f"cobweb_whose_{len(names) == 1}",
            help="Of a larger network one unit is followed, all else frozen at the last step of a held-out sequence.",
        )
        start = st.slider("Start", -1.0, 1.0, 0.1, 0.05, key="cobweb_start")
        if whose == UNIT:
            weight = st.slider("Weight (w)", -4.0, 4.0, 1.5, 0.05, key="cobweb_weight")
            bias = st.slider("Bias (b)", -2.0, 2.0, 0.0, 0.02, key="cobweb_bias")
        else:
            unit = st.selectbox("Unit", names, key=f"cobweb_unit_{len(names)}_{names[0]}")
    with picture:
        if whose == UNIT:
            draw(_unit(weight, bias, start), "cobweb", f"h ← tanh(w h + b). {STEP} {TRY}", TABLE)
        else:
            remark = f"One step of {plain(unit)}. {STEP} The input is held as it is at the last step."
            ask(hand, "cobweb", remark, TABLE, unit=unit, start=start, rows=SEQUENCES)


@st.cache_resource(max_entries=64, show_spinner=False)
def _unit(weight: float, bias: float, start: float) -> rc.Result:
    return unit_example(rc.make_cell("elman", 1, hidden_size=1), weight, bias, start=start)
