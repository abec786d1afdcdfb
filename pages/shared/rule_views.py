"""Learning rules on the run in hand: how their gradients agree, and what one of them costs."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.asked import draw
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.theme import mode
from pages.shared.words import note, plain, say, table_twin

AGREEMENT = "Which way is down"
INFLUENCE = (
    "The first held-out sequence. Each row of the map is one row of a weight, that is what one unit reads; its colour "
    "is how far small changes of it would have moved the state by then. Nothing is sent back: the map grows to the "
    "right, and only its newest column is ever kept."
)
LEDGER = (
    "A short green bar needs a single step, a half bar a window, a full bar the whole sequence. Below each, measured "
    "on a small network of this kind: steps waited for the first gradient; how many times more numbers are kept when "
    "the sequence, or the window, is twice as long; steps back that blame reaches; numbers kept for each weight when "
    "there are twice as many units."
)
SEQUENCES = 8
LENGTHS, UNITS, STEPS = (16, 32, 64, 128), (4, 8, 16), 16
COUNTS = {"multiplications": "Multiplications", "numbers kept": "Numbers kept", "seconds": "Seconds"}


@st.cache_resource(max_entries=128, show_spinner=False)
def _agreement(key: str, k1: int, k2: int, block: int, _run: rc.Run) -> rc.Result:
    settings = {"truncated_bptt": {"window_every": k1, "window_back": k2}, "hybrid": {"block": block}}
    return rc.rule_agreement(_run, settings=settings, rows=SEQUENCES)


def agreement(hand: Hand) -> None:
    """The section: every rule's gradient on the same weights and sequences, beside backpropagation's."""
    steps = hand.then.held_out.target.shape[1]
    with st.container(horizontal=True, gap="small"):
        chosen = [
            int(st.number_input(label, 1, steps, min(first, steps), key=f"agree_{key}_{steps}", width=230))
            for key, label, first in (
                ("k1", "Steps between ways back (k1)", 5),
                ("k2", "Steps sent back (k2)", 10),
                ("n", "Block of the hybrid (n)", 16),
            )
        ]
    result = _agreement(hand.key, *chosen, hand.then)
    draw(
        result,
        "rule_agreement",
        f"{SEQUENCES} held-out sequences, the weights where the tape stands, in double precision. One mark a rule and "
        "weight; “all” is the whole gradient. Short lines of ink at the right: truncated with k1 = 1 and growing k2.",
        "Every gradient as a table",
    )
    for sentence in result.refused.values():
        note(plain(sentence))


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={rc.Experiment: lambda spec: spec.id})
def _costs(spec: rc.Experiment) -> rc.Result:
    bar = st.progress(0.0, text="Counting one gradient of every rule …")
    found = rc.rule_costs(spec, lengths=LENGTHS, units=UNITS, steps=STEPS, clock=True,
                          tell=lambda part: bar.progress(part, text="Counting one gradient of every rule …"))
    bar.empty()
    return found


def costs(hand: Hand) -> None:
    """The section: multiplications, numbers kept and seconds, against the length and the number of units."""
    slot = f"costs:{hand.spec.id}"
    if not st.session_state.get(slot):
        note("Counts every product and every number kept while each rule works out one gradient of one sequence, up "
             f"to {LENGTHS[-1]} steps and {UNITS[-1]} units. It takes some ten seconds.")
        if st.button("Count", icon=":material/calculate:", key="rule_count", type="primary"):
            st.session_state[slot] = True
            st.rerun(scope="fragment")
        return
    result = _costs(hand.spec)
    chosen = st.segmented_control("Shown", list(COUNTS), format_func=COUNTS.get, default="multiplications",
                                  required=True, key="rule_cost", label_visibility="collapsed") or "multiplications"
    for column, grows in zip(st.columns(2, gap="large"), ("length", "units")):
        with column:
            figure = rc.figures.rule_costs(result, grows=grows, count=chosen, theme=mode())
            show(figure, key=f"rule_costs_{grows}")
    note("Both axes are logarithmic, so a straight line is a power; its exponent stands behind each name. Left: this "
         f"network. Right: fresh ones with other numbers of units, {STEPS} steps under way; the hybrid’s blocks have "
         "as many steps as there are units, and its last block refreshes nothing. Theory for dense networks: BPTT T·H² "
         "products and T·H numbers, RTRL T·H⁴ and H³, the hybrid T·H³ and H³, Kalman T·H⁴ and H⁴. Seconds are those of "
         "this machine, now.")
    say(result.says, result.says_not)
    for sentence in result.refused:
        note(plain(sentence))
    table_twin(result.frame, "All counts as a table")
    table_twin(result.exponents, "The exponents as a table")
