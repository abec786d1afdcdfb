"""Gain × length: a thousand fresh networks at once, and how much each still feels of its beginning."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.lab import choose, lab_specs, lent
from pages.shared.theme import mode
from pages.shared.words import note, plain, say, table_twin

LENGTHS, SIZES = (50, 100, 200), (4, 8, 12, 16)


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs={rc.Experiment: lambda spec: spec.id})
def _diagram(spec: rc.Experiment, seed: int) -> rc.Result:
    return rc.phase_diagram(spec, seed=seed)


def gain_and_length(hand: Hand) -> None:
    """The section: the phase diagram of one architecture, swept in one go."""
    st.markdown(
        "Every cell is a **network of its own**, with fresh weights of its own seed: 32 gains, 32 lengths. Ochre has "
        "forgotten its first state by the end, blue feels it many times over, and only in between is the beginning "
        "still there to learn from, no smaller and no larger."
    )
    specs = lab_specs(hand.spec)
    picture, controls = st.columns([3, 1], gap="large")
    with controls:
        spec = choose(specs, "phase_architecture")
        longest = st.select_slider("Longest (T)", LENGTHS, 200, key="phase_length")
        size = st.select_slider("Hidden units (H)", SIZES, 8, key="phase_size")
        draw = st.number_input("Draw", 1, 1000, 1, key="phase_draw", help="Another thousand networks for each number.")
    with picture:
        try:
            with st.spinner("Running 1,024 networks at once …"):
                result = _diagram(spec.with_(length=longest, hidden_size=size, seed=0), 10_000 * (int(draw) - 1))
        except (MemoryError, ValueError) as error:
            st.info(plain(error), icon=":material/info:")
            return
        figure = rc.figures.phase_diagram(result, theme=mode())
        show(figure, key="phases")
        theory = (
            "Dashed: left of this gain theory forbids that a millionth survives, (γσ)ᵀ below 10⁻⁶. "
            if result.stretch
            else "For cells with gates no such line is known beforehand. "
        )
        note(f"{theory}Point at a cell for its number and its seed. Colours end at 10⁻¹² and 10¹².")
        lent(hand)
    say(result.says, result.says_not)
    table_twin(result.frame, "All networks as a table")
