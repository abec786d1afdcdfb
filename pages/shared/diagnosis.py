"""Diagnosis on a page: what was found, the picture that shows it, and a button that tries something else."""

from __future__ import annotations

from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.engine import polling
from pages.shared.frame import way
from pages.shared.hand import Hand
from pages.shared.sections import go_to
from pages.shared.watched import watched
from pages.shared.words import note, plain, table_twin

SEQUENCES = 32
RARELY = 12
SIGNS = {
    "problem": ":red[:material/error:]",
    "warning": ":orange[:material/warning:]",
    "note": ":gray[:material/info:]",
}
SETS = {"Hidden states": "states", "Gradients": "gradients"}


@st.cache_resource(max_entries=64, show_spinner=False)
def _diagnosis(key: str, status: str, reason: str, _run: rc.Run) -> rc.Result:
    return rc.diagnosis(_run, status=status, reason=reason, rows=SEQUENCES)


def diagnose(hand: Hand) -> None:
    """A short list of what is wrong with the run where its tape stands, or one line when nothing is.

    It looks again now and then while the run moves.
    """
    follows = hand.live and hand.moment is None

    @st.fragment(run_every=RARELY * polling(hand.owner) if follows else None)
    def drawn() -> None:
        _diagnosed(hand, watched(hand.run_id).run() if follows else hand.then)

    drawn()


def _diagnosed(hand: Hand, run: rc.Run) -> None:
    """The findings about a run as it stands."""
    newest = hand.moment is None
    key = f"{hand.run_id or hand.spec.id}:{run.update}"
    found = _diagnosis(key, run.status if newest else "", run.reason if newest else "", run)
    st.subheader("What is wrong with it?", anchor=False)
    for one in found.findings:
        _finding(hand, one)
    if not found.findings:
        st.markdown(f":green[:material/check:] None of {len(found.checks)} checks found anything wrong.")
    note(
        f"Measured on {SEQUENCES} held-out sequences after update {run.update:,}. That does not mean that nothing else "
        "is wrong, nor that the thing to try will help."
    )
    table_twin(found.frame, "All checks with their numbers, as a table")


def _finding(hand: Hand, one: Any) -> None:
    """One finding: its sentence, its advice, and two ways on."""
    sentence = plain(one.sentence[0].upper() + one.sentence[1:])
    st.markdown(f"{SIGNS[one.severity]} {sentence} :gray[{plain(one.advice)}]")
    with st.container(horizontal=True, gap="small"):
        if one.change and st.button("Try it", icon=":material/science:", key=f"try_{one.name}"):
            hand.change(**one.change)
        if one.page != "Train":
            file = next(file for _, pages in way().items() for file, label, _ in pages if label == one.page)
            go_to("See it", file, SETS[one.page], one.section, slot=one.name)
