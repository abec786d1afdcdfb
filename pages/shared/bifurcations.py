"""Bifurcation and cobweb: how rests come and go as one number changes, and how a single unit steps towards them."""

from __future__ import annotations

from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.asked import ask, draw, found
from pages.shared.hand import Hand
from pages.shared.words import note, plain
from rnn_core.analysis.bifurcation import entries
from rnn_core.analysis.cobweb import unit_example

SEQUENCES, POINTS, GAIN = 16, 40, "gain"
OWN, UNIT = "a unit of this network", "an Elman unit of your own"


def bifurcation(hand: Hand) -> None:
    """The section: rests and cycles over the gain or one weight."""
    known = entries(hand.then.network.cells[0])
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        name = st.selectbox("Change", list(known), key=f"sweep_{hand.spec.architecture}", width=150)
        sweep, now = GAIN, 1.0
        if name != GAIN:
            index = [
                st.number_input(f"Index {k + 1}", 0, size - 1, 0, width=110, key=f"sweep_{name}_{k}_{size}")
                for k, size in enumerate(known[name])
            ]
            sweep = f"{name}[{','.join(str(int(k)) for k in index)}]"
            now = found_weight(hand, name, tuple(int(k) for k in index))
        low, high = (0.0, 2.0) if name == GAIN else (round(now - 2, 2), round(now + 2, 2))
        low = st.number_input("From", value=low, step=0.1, width=120, key=f"sweep_low_{sweep}_{low}")
        high = st.number_input("To", value=high, step=0.1, width=120, key=f"sweep_high_{sweep}_{high}")
        count = st.select_slider("Values", [20, 40, 60, 80], POINTS, width=160, key="sweep_values")
    if not low < high:
        st.info("The sweep must end at a larger number than it begins with.", icon=":material/info:")
        return
    values = tuple(low + (high - low) * k / (count - 1) for k in range(count))
    here = f"In this network {plain(sweep)} is {now:.4g}"
    if name == GAIN:
        here = "The gain is a factor on all recurrent weights, 1 is this network"
    with st.spinner(f"Following rests over {count} values at once …"):
        ask(
            hand,
            "bifurcation",
            f"The input is held at zero. {here}; dotted lines mark where rests appear, vanish or "
            "change. Unstable rests are found by Newton’s method.",
            "Changes, rests and cycles as a table",
            sweep=sweep,
            values=values,
            rows=SEQUENCES,
        )


def found_weight(hand: Hand, name: str, index: tuple[int, ...]) -> float:
    """What one entry of a weight of the network's first cell is."""
    return float(hand.then.network.cells[0].state_dict()[name][index])


def cobweb(hand: Hand) -> None:
    """The section: the staircase of one unit."""
    names = found(hand, "fixed_points", rows=SEQUENCES).names
    if len(names) == 1:
        note("The whole state of this network is one number: this is the whole truth.")
    whose = st.segmented_control(
        "Whose steps",
        [OWN, UNIT],
        default=OWN if len(names) == 1 else UNIT,
        required=True,
        key=f"cobweb_whose_{len(names) == 1}",
        help="Of a larger network one unit is followed, with all else frozen at the last step of a held-out sequence.",
    )
    start = {"start": st.slider("Start", -1.0, 1.0, 0.1, 0.05, key="cobweb_start")}
    if whose == UNIT:
        _own_unit(start)
        return
    unit = st.selectbox("Unit", names, key=f"cobweb_unit_{len(names)}_{names[0]}", width=160)
    ask(
        hand,
        "cobweb",
        f"Up or down to the curve is one step of {plain(unit)}; across to the dashed diagonal makes it the next start. "
        "The input is held as it is at the last step.",
        "Rests and steps as a table",
        unit=unit,
        rows=SEQUENCES,
        **start,
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def _unit(weight: float, bias: float, start: float) -> rc.Result:
    return unit_example(rc.make_cell("elman", 1, hidden_size=1), weight, bias, start=start)


def _own_unit(options: dict[str, Any]) -> None:
    """An Elman unit with a weight and a bias to choose."""
    with st.container(horizontal=True, gap="medium"):
        weight = st.slider("Weight (w)", -4.0, 4.0, 1.5, 0.05, key="cobweb_weight")
        bias = st.slider("Bias (b)", -2.0, 2.0, 0.0, 0.02, key="cobweb_bias")
    draw(
        _unit(weight, bias, options["start"]),
        "cobweb",
        "h ← tanh(w h + b). Up or down to the curve is one step; across to the dashed diagonal makes it the next "
        "start. Try w across 1, then w = 2 and b across 0.53.",
        "Rests and steps as a table",
    )
