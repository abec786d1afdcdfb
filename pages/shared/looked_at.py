"""What did it look at? Which inputs move an answer, and whether their order matters."""

from __future__ import annotations

import pandas as pd
import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.theme import mode
from pages.shared.views import chosen_row
from pages.shared.words import note, plain, say, table_twin

SEQUENCES = 16


@st.cache_resource(max_entries=256, show_spinner=False)
def _saliency(key: str, row: int, step: int | None, output: int | None, _run: rc.Run) -> rc.Result:
    return rc.saliency(_run.network, _run.held_out.rows(slice(row, row + 1)), step=step, output=output)


@st.cache_resource(max_entries=64, show_spinner=False)
def _order(key: str, _run: rc.Run) -> rc.Result:
    return rc.order_sensitivity(_run, rows=SEQUENCES)


def what_counted(hand: Hand) -> None:
    """The section: saliency of one answer of the sequence that is looked at, and sensitivity to order."""
    row, run = chosen_row(hand), hand.then
    story = run.task.story(run.held_out, row)
    try:
        final = _saliency(hand.key, row, None, None, run)
    except ValueError as error:
        st.info(plain(error), icon=":material/info:")
    else:
        _inputs(hand, row, story, final)
    st.subheader("Does their order matter?", anchor=False)
    order = _order(hand.key, run)
    figure = rc.figures.order_sensitivity(order, theme=mode())
    show(figure, key="order")
    unit = "the share of its belief that moves" if order.classes else "how far it moves, in the target’s unit"
    note(
        f"{len(order.steps)} held-out sequences. The step of the final answer stays where it is; the steps before it "
        f"change places, two neighbours (bars: median, dots: single sequences) or all at random. Change of the answer: "
        f"{unit}, on a logarithmic scale."
    )
    say(order.says, order.says_not)
    table_twin(order.frame, "Every order as a table")


def _inputs(hand: Hand, row: int, story: rc.Story, final: rc.Result) -> None:
    """The derivative of one answer with respect to every input, with the controls that choose the answer."""
    run, words, steps, outputs = hand.then, hand.then.task.words, len(story.inputs), hand.then.task.output_size
    name, step, output = f"{hand.spec.id}_{row}", int(final.steps[0]), None
    if steps > 1:
        step = st.slider("The answer of step", 0, steps - 1, step, key=f"asked_{name}", width=420)
    if outputs > 1:
        said = ["what it says there", *(plain(words[k]) if words else f"output {k}" for k in range(outputs))]
        chosen = st.selectbox(
            "Which answer", range(outputs + 1), format_func=said.__getitem__, key=f"output_{name}", width=420
        )
        output = None if chosen == 0 else chosen - 1
    result = _saliency(hand.key, row, step, output, run)
    marks = [m for m in story.marks if m < steps]
    figure = rc.figures.saliency(result, labels=story.inputs, marks=marks, theme=mode())
    show(figure, key="saliency")
    many = " Below, for each step, the derivative for what was read there." if run.task.input_size > 8 else ""
    note(
        f"Held-out sequence {row}. Each bar: how much output {int(result.outputs[0])} at step {step} would change, per "
        f"unit of change of that step’s input, on a fixed logarithmic scale; faint bands are steps where something "
        f"happens.{many}"
    )
    say(result.says, result.says_not)

    def table() -> pd.DataFrame:
        found = result.frame().drop(columns="sequence").head(steps)
        return found.assign(reads=story.inputs)

    table_twin(table, "Every input’s pull as a table")
