"""The live half of Train: curves, numbers and samples of the run in hand, refreshed while it moves."""
from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

import rnn_core as rc
from pages.shared.charts import live
from pages.shared.engine import polling
from pages.shared.hand import Hand
from pages.shared.theme import mode
from pages.shared.transport import status_line
from pages.shared.views import stories
from pages.shared.watched import watched
from pages.shared.words import note, plain, say, table_twin
from rnn_core.records.progress import COLUMNS

SAMPLES = 5
WRITTEN = 240
SLOWER = 4
FIRST = 500


def watch(hand: Hand) -> None:
    """Draw the run, and go on drawing it while it moves; when it ends the whole page is drawn once more."""
    period = polling(hand.owner) if hand.live else None

    @st.fragment(run_every=period)
    def curves() -> None:
        look = None if hand.run_id is None else watched(hand.run_id).glance()
        polling(hand.owner)
        _curves(hand, look)
        if look is not None and look.status != hand.look.status:
            st.rerun()

    @st.fragment(run_every=None if period is None else SLOWER * period)
    def words() -> None:
        _words(Hand(hand.spec, hand.run_id, hand.owner))

    curves()
    words()


def _curves(hand: Hand, look: Any) -> None:
    """The light half, often: one line of state, the curves, the numbers."""
    task, base, theme = hand.run.task, hand.baseline, mode()
    if look is None:
        records, state = hand.run.records, "not trained yet" if hand.run.update == 0 else f"{hand.run.status} after update"
        st.markdown(f":gray[{state}]" + (f" **{hand.run.update:,}**" if hand.run.update else ""))
        option = _options(records, base, hand.run.log, task, theme, 0)
    else:
        seen = watched(hand.run_id)
        records = seen.records
        st.container(key="status").markdown(status_line(look, records[-1]["seconds"] if records else 0.0))
        for sentence in filter(None, (look.reason, look.notice, look.trouble)):
            st.warning(plain(sentence), icon=":material/warning:")
        option = seen.picture(("curve", theme), lambda: _options(records, base, look.log, task, theme, look.target))
    live(option[0], key="curve")
    if option[1] is not None:
        live(option[1], key="metric", height=220)
    measured = next((r for r in reversed(records) if r["metric"] is not None), None)
    if measured is not None:
        _numbers(task, base, measured)


def _options(records: list[dict[str, Any]], base: Any, log: Any, task: Any, theme: str, target: int) -> tuple[Any, Any]:
    """The curves of loss and metric, None for a metric that is the loss; the axis grows by doubling, up to the target."""
    history = pd.DataFrame(records, columns=list(COLUMNS))
    now = max(len(records), FIRST)
    how = {"theme": theme, "until": min(target, FIRST * 2 ** math.ceil(math.log2(now / FIRST)))}
    second = None if task.metric_name == task.loss_name else rc.figures.metric_curve(history, base, log, name=task.metric_name, **how)
    return rc.figures.live_curve(history, base, log, name=task.loss_name, **how), second


def _words(hand: Hand) -> None:
    """The heavier half, more rarely: verdict, samples, the table."""
    note("Thick: held-out sequences. Thin: the training batch. Dashed: what a net without memory can reach.")
    measured = next((r for r in reversed(hand.run.records) if r["metric"] is not None), None)
    if measured is not None and hand.run.update:
        say(f"this net, from this seed, scored {measured['metric']:.3g} after update {measured['update']:,}, where a net "
            f"without memory scores {hand.baseline.value:.3g}.",
            "that this architecture is better or worse than another: that takes several seeds and the same effort for each.")
    _samples(hand)
    table_twin(pd.DataFrame(hand.run.records[-500:]), "The curve as a table (last 500 updates)")


def _numbers(task: Any, base: Any, last: dict[str, Any]) -> None:
    value, update = last["metric"], last["update"]
    left, middle, right = st.columns(3)
    left.metric(f"Held-out {task.metric_name}", f"{value:.3g}")
    middle.metric("Without memory", f"{base.value:.3g}", help=base.sentence)
    right.metric("Measured after update", f"{update:,}")
    better = value < base.value if task.metric_better == "lower" else value > base.value
    clear = value < 0.5 * base.value if task.metric_better == "lower" else value > 0.5 * (base.value + 1)
    if update == 0:
        st.badge("fresh weights", icon=":material/hourglass_empty:", color="gray")
    elif clear:
        st.badge("learned", icon=":material/check_circle:", color="green")
    elif better:
        st.badge("better than without memory", icon=":material/trending_up:", color="blue")
    else:
        st.badge("no better than without memory yet", icon=":material/horizontal_rule:", color="gray")


def _samples(hand: Hand) -> None:
    st.subheader("In its own words", anchor=False)
    rows = [{"it read": _short(s.inputs), "right answer": s.expected, "it said": s.said,
             "": "✓" if s.right else "✗"} for s in stories(hand.key, SAMPLES, hand.run)]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
    if hand.run.task.writes and len(hand.run.network.cells) == 1:
        st.text(_written(hand.key, hand.run))
        note("What it writes when it hears itself, one character after the other; the first word is given.")


@st.cache_data(max_entries=64, show_spinner=False)
def _written(key: str, _run: rc.Run) -> str:
    return _run.written(WRITTEN)


def _short(words: list[str]) -> str:
    text = (" " if any(len(w) > 1 for w in words) else "").join(words)
    return text if len(text) <= 90 else text[:44] + " … " + text[-44:]
