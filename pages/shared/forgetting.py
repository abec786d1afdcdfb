"""Why did it forget this? A section in which a wrong answer is followed back to where it was lost."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.theme import mode
from pages.shared.views import stories
from pages.shared.words import note, plain, say, table_twin

LOOKED = 32
LISTED = 8


@st.cache_resource(max_entries=64, show_spinner=False)
def _followed(key: str, row: int, _run: rc.Run) -> rc.Result:
    return rc.forgetting(_run, row=row, rows=LOOKED)


@st.cache_resource(max_entries=64, show_spinner=False)
def _repaired(key: str, row: int, _run: rc.Run) -> rc.Result:
    return rc.repair(_run, row=row, rows=LOOKED)


def why_forgotten(hand: Hand) -> None:
    """The section: wrong answers to choose from, the way back from the chosen one, and what would have kept it."""
    row = _chosen(hand)
    if row is None:
        return
    try:
        found = _followed(hand.key, row, hand.then)
    except (ValueError, MemoryError) as error:
        st.info(plain(error), icon=":material/info:")
        return
    figure = rc.figures.forgetting(found, theme=mode())
    show(figure, key="forgetting")
    gate = "The keep gate; how" if found.gate_name else "This cell has no keep gate. How"
    note(
        f"{gate} much of the input of step {found.needed} is left in the state (solid), how much of the state still "
        "reaches the answer (dashed), and the answer's error on its way back, for held-out sequence "
        f"{row}. The line: where most is lost at once. A straight fall means that a little is lost at every step."
    )
    say(found.says, found.says_not)
    table_twin(found.frame, "The way back as a table")
    st.subheader("What would have kept it?", anchor=False)
    with st.spinner("Trying interventions …"):
        best = _repaired(hand.key, row, hand.then)
    if best.best is not None:
        figure = rc.figures.intervene(best.best, theme=mode())
        show(figure, key="repair")
        note(f"The best of {len(best.tried) - 1} interventions, and what it changes in this sequence.")
    say(best.says, best.says_not)
    table_twin(best.frame, "All that was tried, as a table")


def _chosen(hand: Hand) -> int | None:
    """The sequence that is asked about: one of the wrong ones, or, where there is none, any."""
    told = stories(hand.key, LOOKED, hand.then)
    wrong = [k for k, one in enumerate(told) if one.right is False]
    if hand.then.update == 0:
        note("These are fresh, untrained weights: most answers are wrong because nothing has been learnt yet.")
    if wrong:
        shown = wrong[:LISTED]
        note(f"{len(wrong)} of the first {len(told)} held-out sequences are answered wrongly. Choose one:")
    else:
        shown = list(range(min(LISTED, len(told))))
        note(f"All of the first {len(told)} held-out sequences are answered rightly. Choose any of them:")

    def name(k: int) -> str:
        return plain(
            f"{k}: {_short(told[k].said)}, not {_answer(told[k].expected)}"
            if k in wrong
            else f"{k}: {_short(told[k].said)}"
        )

    return st.pills(
        "Held-out sequence",
        shown,
        default=shown[0],
        required=True,
        format_func=name,
        key=f"forgotten_{hand.spec.id}_{'wrong' if wrong else 'right'}_{shown[0]}_{len(shown)}",
        label_visibility="collapsed",
    )


def _answer(expected: str) -> str:
    """The answer itself, of “0.31 + 0.52 = 0.83” the last part."""
    return _short(expected.rpartition("= ")[2])


def _short(text: str | None) -> str:
    text = text or "nothing"
    return text if len(text) <= 16 else text[:7] + " … " + text[-6:]
