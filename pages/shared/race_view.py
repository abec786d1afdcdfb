"""A race on the page: where it stands, its picture, and what it lets one say."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.engine import engine, polling
from pages.shared.hand import hold, set_off
from pages.shared.race_draft import in_notebook, sizes
from pages.shared.theme import mode
from pages.shared.transport import WORDS, remarks
from pages.shared.watched import watched
from pages.shared.words import note, plain, say, table_twin
from rnn_core.jobs import EngineError
from rnn_core.race import Verdict, verdict
from rnn_core.race.shipped import made_with, shipped_race

ACTIVE = ("queued", "running")
OVER = {"updates": "Updates", "seconds": "Seconds", "examples": "Examples seen"}
SLOWER, HEIGHT, NEWS = 4, 340, 10.0


def found(race_id: str | None) -> rc.Race | None:
    """The race that a link names, None when it names none; raises EngineError, in one sentence, for any other name."""
    if not race_id:
        return None
    record = engine().spec(race_id)
    if not isinstance(record, rc.Race):
        raise EngineError("This link names a single run and not a race.")
    return record


def show_shipped() -> None:
    """The race that ships with the explorer."""
    result = shipped_race()
    over = _over()
    _picture(result, over, "shipped")
    note(
        f"This race ships with the explorer; it was run by the same code, with {plain(made_with())}. "
        f"{_caption(result)}"
    )
    _verdict(result, "shipped")


def show_race(race: rc.Race, race_id: str, owner: str) -> None:
    """A race in the engine, drawn again while it moves; when it ends the whole page is drawn once more."""
    look = watched(race_id).glance(age=0.0)
    period = polling(owner) if _moves(look) else None
    _bar(race_id, look, owner)
    over = _over()

    @st.fragment(run_every=period)
    def moving() -> None:
        seen = watched(race_id)
        now = seen.glance()
        polling(owner)
        _stand(race, now)
        result = _result(race, seen)
        if result is None:
            sizes(race)
            note("The picture begins when every architecture has found its learning rate.")
            st.skeleton(height=HEIGHT)
        else:
            figure = seen.picture(("race", over, mode()), lambda: rc.figures.race(result, over=over, theme=mode()))
            show(figure, key="race")
            note(_caption(result))
        if now.status != look.status or period is not None and not _moves(now):
            st.rerun()

    @st.fragment(run_every=None if period is None else SLOWER * period)
    def verdicts() -> None:
        result = _result(race, watched(race_id))
        if result is not None:
            _verdict(result, race_id)

    moving()
    verdicts()


def _result(race: rc.Race, seen: Any) -> Verdict | None:
    return verdict(race, list(seen.records)) if seen.records else None


def _over() -> str:
    """What the horizontal axis shows."""
    chosen = st.segmented_control(
        "Over", list(OVER), default="updates", format_func=OVER.get, required=True, key="race_over"
    )
    return chosen or "updates"


def _bar(race_id: str, look: Any, owner: str) -> None:
    """Pause, resume, stop, and back to the race that ships."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="racebar"):
        if look.status in ACTIVE:
            act, label, icon = "pause", "Pause", ":material/pause:"
        else:
            act, label, icon = "resume", "Go on", ":material/play_arrow:"
        st.button(label, icon=icon, key="race_go", on_click=_command, args=(race_id, act, owner), disabled=look.ended,
                  type="primary")
        st.button("Stop", icon=":material/stop:", key="race_stop", on_click=_command, args=(race_id, "stop", owner),
                  disabled=look.ended)
        st.button("The race that ships", icon=":material/undo:", key="race_back", type="tertiary", on_click=_leave)


def _moves(look: Any) -> bool:
    """Whether there may be news: it runs, a command has not acted yet, or one was given a moment ago."""
    asked = time.monotonic() - st.session_state.get("race_asked", float("-inf")) < NEWS
    return look.status in ACTIVE or look.waiting > 0 or asked and not look.ended


def _command(race_id: str, name: str, owner: str) -> None:
    st.session_state["race_asked"] = time.monotonic()
    try:
        st.session_state["race"] = engine().command(race_id, name, owner=owner)
    except (EngineError, ValueError) as error:
        st.session_state["race_trouble"] = str(error)


def _leave() -> None:
    st.session_state["race"] = None


def _stand(race: rc.Race, look: Any) -> None:
    """Where the race stands, as a bar and in words."""
    place = race.place(min(look.update, race.updates - 1))
    of = race.tuning_updates if place.stage == "tuning" else race.race_updates
    stage = "finding learning rates" if place.stage == "tuning" else "the race"
    word = WORDS[look.status].format(position=look.position)
    words = (
        f"{word}, all {race.race_updates:,} updates"
        if look.update >= race.updates
        else f"{word} · {stage}, update {place.round:,} of {of:,}, {plain(race.name(place.lane))} next"
    )
    st.progress(min(1.0, look.update / look.target), text=words)
    remarks(look)


def _caption(result: Verdict) -> str:
    race = result.race
    task = plain(rc.tasks()[race.base.task].title)
    return (
        f"Line: median of {race.seeds} seeds on {task}, on sequences that were never trained on; area: "
        f"{result.band_name}. Dotted: what can be had without memory."
    )


def _picture(result: Verdict, over: str, key: str) -> None:
    figure = _drawn(key, over, mode(), result)
    show(figure, key="race")


@st.cache_resource(max_entries=32, show_spinner=False)
def _drawn(key: str, over: str, theme: str, _result: Verdict) -> Any:
    return rc.figures.race(_result, over=over, theme=theme)


def _verdict(result: Verdict, key: str) -> None:
    """What it lets one say, seed by seed, and all that was given to each."""
    st.markdown(f"**{plain(result.headline)}**")
    say(result.evidence, result.says_not)
    st.dataframe(result.summary(), hide_index=True, width="stretch")
    note(f"What each was given. {' '.join(dict.fromkeys(map(plain, result.records[0]['why'])))}")
    left, right = st.columns(2, gap="large")
    with left:
        figure = rc.figures.race_seeds(result, theme=mode())
        show(figure, key="race_seeds")
        note("One mark a network, a bar at the median. The same place in each group: the same seed, the same data.")
    with right:
        st.dataframe(result.tuning(), hide_index=True, width="stretch")
        note("Tuning: the rate with the lowest median held-out loss races. Tuning seeds do not race.")
    _take(result)
    table_twin(result.frame, "The race as a table")
    with st.expander("The same race in a notebook", icon=":material/code:"):
        st.code(in_notebook(result.race), language="python", wrap_lines=True)


def _take(result: Verdict) -> None:
    """Buttons that put a lane's experiment in the visitor's hand, to train it and look into it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="racetake"):
        note("Look into one of them:")
        for lane, name in enumerate(result.names):
            label = f"Train the {plain(name)}"
            if st.button(label, icon=":material/back_hand:", type="tertiary", key=f"race_take_{lane}"):
                hold(result.race.racing(lane, result.chosen[lane])[0], None)
                set_off("pages/1_Train.py")
