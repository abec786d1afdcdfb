"""Reward: the gradient when only right or wrong is told, and its noise."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.theme import mode
from pages.shared.words import note, plain, say, table_twin

EXAMPLE = "t_maze"


@st.cache_resource(max_entries=64, show_spinner=False)
def _noise(key: str, _run: rc.Run) -> rc.Result:
    return rc.reward_gradient(_run)


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs={rc.Experiment: lambda spec: spec.id})
def _example(spec: rc.Experiment) -> rc.Run:
    return rc.Run(spec)


def reward(hand: Hand) -> None:
    """The section: sampled gradients beside the exact one, noise against steps; of the T-maze where the task in hand
    has no right and wrong."""
    run, key = hand.then, hand.key
    if run.held_out.target.is_floating_point():
        try:
            run = _example(hand.spec.with_(task=EXAMPLE, learner="bptt"))
        except ValueError as error:
            st.info(plain(error), icon=":material/info:")
            return
        key = run.spec.id
        note(f"{plain(hand.run.task.card.title)} asks for numbers, which are never simply right or wrong. So here is "
             "a fresh network of this kind in the T-maze.")
        if st.button("Put the T-maze in hand, with REINFORCE", icon=":material/swap_horiz:", key="reward_take",
                     disabled=not hand.fits(task=EXAMPLE, learner="reinforce")):
            hand.change(task=EXAMPLE, learner="reinforce")
    try:
        result = _noise(key, run)
    except (MemoryError, ValueError) as error:
        st.info(plain(error), icon=":material/info:")
        return
    for column, grows in zip(st.columns(2, gap="large"), ("draws", "steps"), strict=True):
        with column:
            show(rc.figures.reward_gradient(result, grows=grows, theme=mode()), key=f"reward_{grows}")
    note("One held-out sequence; an answer is drawn at each of at most sixteen steps that count. Dots: as drawn. "
         "Lines: summed up over all answers, which is exact. Left: 1 for a right answer, 0 for a wrong one. Right: a "
         "single 1 at the end, whatever was said, so that there is nothing to learn and all is noise.")
    say(result.says, result.says_not)
    table_twin(result.frame, "Draws and steps as a table")
