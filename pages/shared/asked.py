"""One question to the run in hand: an analysis, its picture, what may be said, and its numbers."""

from __future__ import annotations

from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.theme import mode
from pages.shared.words import note, plain, say, table_twin


@st.cache_resource(max_entries=128, show_spinner=False)
def _found(name: str, key: str, options: tuple[tuple[str, Any], ...], _run: rc.Run) -> rc.Result:
    """An analysis of a run, with its options."""
    return getattr(rc, name)(_run, **dict(options))


def found(hand: Hand, name: str, **options: Any) -> rc.Result:
    """An analysis of the run in hand where its tape stands."""
    return _found(name, hand.key, tuple(sorted(options.items())), hand.then)


def draw(result: rc.Result, name: str, remark: str, table: str) -> None:
    """A picture with its remark, what it lets one say, and its numbers."""
    figure = getattr(rc.figures, name)(result, theme=mode())
    show(figure, key=f"part_{name}")
    note(remark)
    say(result.says, result.says_not)
    table_twin(result.frame, table)


def ask(hand: Hand, name: str, remark: str, table: str, **options: Any) -> None:
    """Ask and draw; where there is no answer for this run, one sentence says why."""
    try:
        result = found(hand, name, **options)
    except (MemoryError, ValueError) as error:
        st.info(plain(error), icon=":material/info:")
    else:
        draw(result, name, remark, table)
