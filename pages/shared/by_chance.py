"""A small memory that moves by chance: how often it is in each of its states, and what Boltzmann's law says."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.theme import mode
from pages.shared.words import note, say, table_twin

UNITS = 3


@st.cache_resource(max_entries=128, show_spinner=False)
def _visited(beta: float, regimes: int, persistence: float, seed: int) -> rc.Result:
    cell = rc.make_cell(
        "stochastic_bam", UNITS, hidden_size=UNITS, beta=beta, regimes=regimes, persistence=persistence, seed=seed
    )
    return rc.occupancy(cell, seed=seed)


def by_chance() -> None:
    """The section: visits beside the exact law, with the cold and the number of matrices to choose."""
    picture = st.container()
    left, middle, right = st.columns(3, gap="medium")
    beta = left.slider(
        "Inverse temperature (β)", 0.0, 2.0, 0.25, 0.05, key="beta", help="0 is pure chance; the larger, the colder."
    )
    regimes = middle.segmented_control(
        "Matrices that take turns", [1, 2, 3], default=1, required=True, key="regimes", help="A Markov chain picks one."
    )
    persistence = middle.slider(
        "Chance that a matrix stays", 0.0, 1.0, 0.9, 0.05, key="persistence", disabled=regimes == 1
    )
    seed = int(right.number_input("Draw", 0, 999, 0, key="chance_draw", help="Stored pairs, and all chance."))
    result = _visited(beta, regimes, persistence if regimes > 1 else 0.9, seed)
    with picture:
        show(rc.figures.occupancy(result, theme=mode()), key="occupancy")
        note(f"{UNITS} and {UNITS} units have {len(result.states)} states; three random pairs are stored.")
        say(result.says, result.says_not)
    table_twin(result.frame, "The states as a table")
