"""The live half of Train: curves, numbers and samples of the run in hand, refreshed while it moves."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

import rnn_core as rc
from pages.shared.charts import live
from pages.shared.diagnosis import diagnose
from pages.shared.engine import polling
from pages.shared.hand import Hand
from pages.shared.theme import mode
from pages.shared.transport import remarks, status_line, still_line
from pages.shared.viewer import viewer
from pages.shared.views import chosen_row, now_of, stories
from pages.shared.watched import watched
from pages.shared.words import note, say, table_twin
from rnn_core.records import Baseline
from rnn_core.records.progress import COLUMNS

SAMPLES = 5
WRITTEN = 240
SLOWER = 12
MOST = 4000
FIRST = 500


def watch(hand: Hand) -> None:
    """Draw the run, and go on drawing it while it moves; when it ends the whole page is drawn once more.

    First the curves, then what is wrong with it, then numbers, one sequence and samples.
    """
    period = polling(hand.owner) if hand.live else None
    base = hand.baseline

    @st.fragment(run_every=period)
    def curves() -> None:
        look = None if hand.run_id is None else watched(hand.run_id).glance()
        polling(hand.owner)
        _curves(hand, look, base)
        if look is not None and look.status != hand.look.status:
            st.rerun()

    @st.fragment(run_every=None if period is None else SLOWER * period)
    def words() -> None:
        still = hand.run_id is None or hand.moment is not None
        _words(hand, hand.then if still else watched(hand.run_id).run(), base)

    curves()
    diagnose(hand)
    words()


def _curves(hand: Hand, look: Any, base: Baseline) -> None:
    """The light half, often and for many: one line and the curves."""
    task, theme = hand.run.task, mode()
    if look is None:
        records, line, log = hand.run.records, still_line(hand.run), hand.run.log
        target = hand.run.update or hand.run.learner.settings.updates
        option = _options(_comparable(hand, records), base, log, task, theme, target)
    else:
        seen = watched(hand.run_id)
        records, line = seen.records, status_line(look, seen.records[-1]["seconds"] if seen.records else 0.0)
        option = seen.picture(
            ("curve", theme), lambda: _options(_comparable(hand, records), base, look.log, task, theme, look.target)
        )
        remarks(look)
    st.container(key="status").markdown(line + _verdict(task, base, _measured(records)))
    live(rc.figures.tape_mark(option[0], hand.moment, theme), key="curve")
    if option[1] is not None:
        live(rc.figures.tape_mark(option[1], hand.moment, theme), key="metric", height=220)


def _comparable(hand: Hand, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records, without what a rule by score hears where the task is played: returns, which are no loss."""
    if hand.run.task.plays and hand.run.learner.any_score:
        return [{**r, "loss": None} for r in records]
    return records


def _options(records: list[dict[str, Any]], base: Any, log: Any, task: Any, theme: str, target: int) -> tuple[Any, Any]:
    """The curves of loss and metric, None for a metric that is the loss; the axis doubles, up to the target."""
    every = max(1, len(records) // MOST)
    drawn = [r for k, r in enumerate(records) if k % every == 0 or r["metric"] is not None or k == len(records) - 1]
    history = pd.DataFrame(drawn, columns=list(COLUMNS))
    now = max(len(records), FIRST)
    how = {"theme": theme, "until": min(target, FIRST * 2 ** math.ceil(math.log2(now / FIRST)))}
    second = (
        None
        if task.metric_name == task.loss_name
        else rc.figures.metric_curve(history, base, log, name=task.metric_name, **how)
    )
    return rc.figures.live_curve(history, base, log, name=task.loss_name, **how), second


def _measured(records: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The last record with a held-out measurement."""
    return next((r for r in reversed(records) if r["metric"] is not None), None)


def _verdict(task: Any, base: Any, last: dict[str, Any] | None) -> str:
    """How it does beside the baseline, in markdown."""
    if last is None:
        return ""
    value = last["metric"]
    lower = task.metric_better == "lower"
    better = value < base.value if lower else value > base.value
    clear = value < 0.5 * base.value if lower else value > 0.5 * (base.value + task.metric_best)
    if last["update"] == 0:
        word = ":gray-badge[:material/hourglass_empty: fresh weights]"
    elif clear:
        word = ":green-badge[:material/check_circle: learned]"
    else:
        word = (
            ":blue-badge[:material/trending_up: better than without memory]"
            if better
            else ":gray-badge[:material/horizontal_rule: no better than without memory yet]"
        )
    return f" :gray[· held out] **{value:.3g}** {word}"


def _words(hand: Hand, run: rc.Run, base: Baseline) -> None:
    """The heavier half, more rarely: numbers, verdict, samples, the table, all where the tape stands."""
    task, last = run.task, _measured(run.records)
    note("Thick: held-out sequences. Thin: the training batch. Dashed: what a net without memory can reach.")
    if last is not None:
        left, middle, right = st.columns(3)
        left.metric(f"Held-out {task.metric_name}", f"{last['metric']:.3g}")
        middle.metric("Without memory", f"{base.value:.3g}", help=base.sentence)
        right.metric("Measured after update", f"{last['update']:,}")
        say(
            f"this net, from this seed, scored {last['metric']:.3g} after update {last['update']:,}, where a net "
            f"without memory scores {base.value:.3g}.",
            "that this architecture is better or worse than another: that takes several seeds and equal effort.",
        )
    key = f"{hand.run_id or hand.spec.id}:{run.update}"
    st.subheader("What it does with one sequence", anchor=False)
    viewer(now_of(key, chosen_row(hand), run), key="train_states")
    note(f"A held-out sequence, read by the network as it stands after update {run.update:,}.")
    _samples(key, run)
    table_twin(lambda: pd.DataFrame(run.records[-500:]), "The curve as a table (last 500 updates)")


def _samples(key: str, run: rc.Run) -> None:
    st.subheader("In its own words", anchor=False)
    rows = [
        {"it read": _short(s.inputs), "right answer": s.expected, "it said": s.said, "": "✓" if s.right else "✗"}
        for s in stories(key, SAMPLES, run)
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
    if run.task.writes and len(run.network.cells) == 1:
        st.text(_written(key, run))
        note("What it writes when it hears itself, one character after the other; the first word is given.")


@st.cache_data(max_entries=64, show_spinner=False)
def _written(key: str, _run: rc.Run) -> str:
    return _run.written(WRITTEN)


def _short(words: list[str]) -> str:
    text = (" " if any(len(w) > 1 for w in words) else "").join(words)
    return text if len(text) <= 90 else text[:44] + " … " + text[-44:]
