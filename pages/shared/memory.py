"""How long does it remember? Each unit's memory, and what can be read off the state, lag by lag."""

from __future__ import annotations

import pandas as pd
import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.passes import chosen_pass, enough, traced
from pages.shared.theme import mode
from pages.shared.views import chosen_row
from pages.shared.words import note, plain, say, table_twin

RIVALS, FIRST = 4, ("elman", "lstm", "gru")


@st.cache_resource(max_entries=64, show_spinner=False)
def _span(key: str, which: int, rows: int, _run: rc.Run) -> rc.Result:
    return rc.memory_span(traced(key, rows, _run).passes[which])


@st.cache_resource(max_entries=64, show_spinner=False)
def _probe(key: str, which: int, rows: int, _run: rc.Run) -> rc.Result:
    return rc.linear_probe(traced(key, rows, _run).passes[which])


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs={rc.Experiment: lambda spec: spec.id})
def _fresh(spec: rc.Experiment, rows: int) -> rc.Result:
    return rc.linear_probe(spec, rows=rows)


@st.cache_data(max_entries=64, show_spinner=False)
def _rivals(spec_id: str, _hand: Hand) -> list[str]:
    """The other architectures that fit this experiment, the best known first."""
    fits = [name for name in rc.architectures() if name != _hand.spec.architecture and _hand.fits(architecture=name)]
    return sorted(fits, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))


def how_long(hand: Hand) -> None:
    """The section: all units sorted by their memory, and R² of reading the past off the state."""
    which, row, rows = chosen_pass(hand, "memory"), chosen_row(hand), enough(hand.then)
    found = _span(hand.key, which, rows, hand.then)
    figure = rc.figures.memory_span(found, row=min(row, rows - 1), theme=mode())
    show(figure, key="memory_span")
    measure = (
        "The bars: −1/ln of the mean keep gate, the number of steps after which 1/e of a value is left, over"
        if found.keep is not None
        else "This cell has no keep gate. The bars: how fast a unit’s values stop resembling themselves, measured on"
    )
    note(
        f"Held-out sequence {min(row, rows - 1)}, one row a unit, longest memory on top; ochre below 0, blue above, "
        f"beyond ±1 the colour of the end. {measure} {rows} sequences that were never trained on."
    )
    say(found.says, found.says_not)
    table_twin(found.frame, "Each unit’s memory as a table")
    st.subheader("What can still be read off the state?", anchor=False)
    _probes(hand, which, rows)


def _probes(hand: Hand, which: int, rows: int) -> None:
    """R² against the lag: the run in hand now and before training, and fresh rivals of the same size."""
    titles = {name: rc.architectures()[name].title for name in _rivals(hand.spec.id, hand)}
    picked = st.multiselect(
        "Beside it, fresh networks of the same size",
        list(titles),
        list(titles)[:2],
        max_selections=RIVALS,
        format_func=titles.get,
        key=f"rivals_{hand.spec.architecture}",
    )
    try:
        now, trained = _probe(hand.key, which, rows, hand.then), hand.then.update > 0 and 0 in hand.then.tape
        before = _probe(f"{hand.run_id or hand.spec.id}@0", which, rows, hand.run.then(0)) if trained else None
        others = {titles[name]: _fresh(hand.spec.with_(architecture=name), rows) for name in picked}
    except ValueError as error:
        st.info(plain(error), icon=":material/info:")
        return
    names = [f"{name}, fresh" for name in others]
    figure = rc.figures.linear_probe(*others.values(), before=before, after=now, names=names, theme=mode())
    show(figure, key="linear_probe")
    note(
        f"A ridge regression for each lag, fitted on three quarters of {rows} held-out sequences and scored on the "
        "rest: 1 is perfect, 0 no better than the mean. It reads the whole state; an LSTM carries two numbers a "
        "unit. Rivals have fresh weights and the same number of units."
    )
    say(now.says, now.says_not)

    def table() -> pd.DataFrame:
        columns = {"before training": before, "now": now, **dict(zip(names, others.values(), strict=True))}
        told = [r.frame().set_index("lag")["R²"].rename(name) for name, r in columns.items() if r is not None]
        return pd.concat(told, axis=1).reset_index()

    table_twin(table, "What can be read at each lag, as a table")
