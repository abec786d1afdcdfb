"""Every step: what each does to a change, its spectrum, and what all of them do together."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.passes import chosen_pass, traced
from pages.shared.theme import mode
from pages.shared.words import note, plain, say, table_twin

SAMPLE = 3


@st.cache_resource(max_entries=64, show_spinner=False)
def _steps(key: str, which: int, _run: rc.Run) -> tuple[rc.Result, rc.Result]:
    """What single steps of a pass do, and what they do together."""
    one = traced(key, SAMPLE, _run).passes[which]
    return rc.step_jacobians(one), rc.jacobian_products(one)


@st.cache_resource(max_entries=64, show_spinner=False)
def _spectrum(key: str, which: int, _run: rc.Run) -> rc.Result:
    return rc.jacobian_spectrum(traced(key, SAMPLE, _run).passes[which].row(0))


def every_step(hand: Hand) -> None:
    """The section: stretchings and products over time, and the eigenvalues of each step on the complex plane."""
    which = chosen_pass(hand, "steps")
    try:
        step, product = _steps(hand.key, which, hand.then)
        spectrum = _spectrum(hand.key, which, hand.then)
    except MemoryError as error:
        st.info(f"This network is too large for this picture. {plain(error)}", icon=":material/memory:")
        return
    left, right = st.columns(2, gap="large")
    with left:
        figure = rc.figures.jacobian_spectrum(spectrum, theme=mode())
        show(figure, key="spectrum")
        note(
            "One held-out sequence. Drag the slider or press play: every step of it has its own dots. Dashed is the "
            "ring that these singular values would fill if their directions were random; for Gaussian weights it is "
            "the disc of the circular law."
        )
    with right:
        figure = rc.figures.step_jacobians(step, theme=mode(), height=270)
        show(figure, key="steps")
        note("One step alone: how much it stretches the change that it stretches most, and its largest eigenvalue.")
        figure = rc.figures.jacobian_products(product, theme=mode(), height=270)
        show(figure, key="product")
        note("All steps from *t* to the end together. Theory multiplies the stretchings; the truth lies below.")
    say(spectrum.says, spectrum.says_not)
    say(step.says, step.says_not)
    table_twin(lambda: step.frame().merge(product.frame(), on=["sequence", "t"]), "The steps as a table")
    table_twin(spectrum.frame, "The spectra as a table")
