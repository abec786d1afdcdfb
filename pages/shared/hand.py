"""The experiment in hand: it follows the visitor from page to page, and the page's address is its record."""

from __future__ import annotations

import hashlib
import itertools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

import streamlit as st

import rnn_core as rc
from pages.shared.engine import engine
from pages.shared.watched import watched
from pages.shared.words import plain
from rnn_core.jobs import EngineError, UnknownRun
from rnn_core.records import Baseline
from rnn_core.shipped import shipped, shipped_spec

ACTIVE = ("queued", "running")


@dataclass
class Hand:
    """One experiment, and the run of it that is looked at: ``run_id`` names it in the engine, None if nobody ran it.

    ``moment`` is where its tape of training stands, an update; None at its newest end, which moves while it trains.
    """

    spec: rc.Experiment
    run_id: str | None
    owner: str
    moment: int | None = None

    @cached_property
    def look(self) -> Any:
        """How the engine sees the run now, or None."""
        return None if self.run_id is None else watched(self.run_id).glance(age=0.0)

    @property
    def live(self) -> bool:
        """Whether it moves: it is being trained, or a command has not acted yet."""
        return self.look is not None and (self.look.status in ACTIVE or self.look.waiting > 0)

    @cached_property
    def run(self) -> rc.Run:
        """The run as far as it got; a fresh one, with untrained weights, when nobody trained it."""
        if self.run_id is not None:
            return watched(self.run_id).run()
        if self.spec == shipped_spec() and not st.session_state.get("fresh"):
            return shipped()
        return _fresh(self.spec)

    @cached_property
    def then(self) -> rc.Run:
        """The run as it stood where its tape stands: what every picture shows."""
        return self.run if self.moment is None else self.run.then(self.moment)

    @property
    def moments(self) -> list[int]:
        """The updates on the tape, its newest end among them."""
        return sorted({*self.run.tape, self.run.update})

    @property
    def key(self) -> str:
        """What the numbers on screen depend on: the run, and its update or where its tape stands."""
        name = self.run_id or self.spec.id
        return f"{name}:{self.run.update}" if self.moment is None else f"{name}@{self.moment}"

    def seek(self, moment: int) -> str:
        """Let the tape stand at a recorded moment, or the last before it; returns a sentence where it had to give way.

        At the newest end it follows the training from then on.
        """
        moments = self.moments
        there = max((m for m in moments if m <= moment), default=moments[0])
        st.session_state["moment"] = self.moment = None if there == moments[-1] else there
        self.__dict__.pop("then", None)
        if there == moment:
            return ""
        return f"The tape has no update {moment:,}, so the one before it is shown: {there:,}."

    @property
    def baseline(self) -> Baseline:
        """What can be had without memory, computed once a task."""
        settings = f"{self.spec.task_settings.model_dump_json()} {self.spec.data}"
        return _baseline(self.spec.task, settings, self.run.task)

    def fits(self, **changes: Any) -> bool:
        """Whether a change, such as ``architecture="gru"``, can be made to this experiment."""
        try:
            self.spec.with_(**changes)
        except ValueError:
            return False
        return True

    def passes(self) -> list[str]:
        """The names of the network's passes: one, or two for every layer that reads from both ends."""
        batch = self.run.held_out.rows(slice(0, 1))
        return [one.name for one in self.run.network.trace(batch.x, mask=batch.mask).passes]

    def change(self, **changes: Any) -> None:
        """Put a changed experiment in hand and draw the page again; what cannot be is said in one sentence."""
        try:
            spec = self.spec.with_(**changes)
            spec.make_network()
        except ValueError as error:
            st.error(plain(error), icon=":material/error:")
            return
        hold(spec, None)
        st.rerun()


@st.cache_resource(max_entries=64, show_spinner=False, hash_funcs={rc.Experiment: lambda spec: spec.id})
def _fresh(spec: rc.Experiment) -> rc.Run:
    run = rc.Run(spec)
    next(run.training())
    return run


@st.cache_data(max_entries=256, show_spinner=False)
def _baseline(task: str, settings: str, _task: Any) -> Baseline:
    return _task.baseline()


def hold(spec: rc.Experiment, run_id: str | None, fresh: bool = False) -> None:
    """Put an experiment, and a run of it, in the visitor's hand; ``fresh`` asks for untrained weights."""
    if (spec.id, run_id) != (getattr(st.session_state.get("spec"), "id", None), st.session_state.get("run_id")):
        st.session_state["moment"] = None
    st.session_state["spec"], st.session_state["run_id"], st.session_state["fresh"] = spec, run_id, fresh


def visitor() -> str:
    """A token for one browser, the same in all its tabs and after a reload; for one session where there is no cookie.

    It is a hash of the token behind Streamlit's own cookie against forged requests, which is masked anew at each visit:
    ``2|mask|masked token|time``, in hex.
    """
    try:
        _, mask, masked, _ = st.context.cookies.get("_streamlit_xsrf", "").split("|")
        token = bytes(c ^ m for c, m in zip(bytes.fromhex(masked), itertools.cycle(bytes.fromhex(mask))))
    except ValueError:
        return secrets.token_hex(16)
    return hashlib.sha256(token).hexdigest()[:32]


def arrive(keep: Sequence[str] = ()) -> tuple[Hand, list[str]]:
    """What the visitor holds: read from the address on arrival, kept in the session, written back to the address.

    ``keep`` names values of the session that this page's address carries too.
    """
    state = st.session_state
    owner = state.setdefault("owner", visitor())
    query, notices = dict(st.query_params), []
    if query and query != state.get("written"):
        state.update({name: query.pop(name) for name in keep if name in query})
        notices = _read(query)
    elif "spec" not in state:
        hold(shipped_spec(), None)
    hand = Hand(state["spec"], state["run_id"], owner)
    try:
        if hand.look is not None and hand.look.run_id != hand.run_id:
            hand = Hand(hand.spec, hand.look.run_id, owner)
    except EngineError as error:
        notices.append(str(error))
        hand = Hand(hand.spec, None, owner)
    if hand.run_id != state["run_id"]:
        hold(hand.spec, hand.run_id)
    if state.get("moment") is not None and (sentence := hand.seek(state["moment"])):
        notices.append(sentence)
    written = _address(hand, keep)
    if written != dict(st.query_params):
        st.query_params.from_dict(written)
    state["written"] = written
    return hand, notices


def set_off(page: str, keep: Sequence[str] = ()) -> NoReturn:
    """Open another page, such as ``pages/3_Gradients.py``, with what is in hand in its address from the first.

    ``keep`` as that page's ``arrive`` has it.
    """
    state = st.session_state
    state["written"] = _address(Hand(state["spec"], state["run_id"], state["owner"], state["moment"]), keep)
    st.switch_page(page, query_params=state["written"])


def _address(hand: Hand, keep: Sequence[str]) -> dict[str, str]:
    written = hand.spec.to_query() | ({"run": hand.run_id} if hand.run_id else {})
    written |= {} if hand.moment is None else {"moment": str(hand.moment)}
    return written | {name: str(st.session_state[name]) for name in keep if st.session_state.get(name)}


def _take(run_id: str, notices: list[str]) -> None:
    """Put the run that a link names in hand; of a race, whose place is another page, a sentence says so."""
    record = engine().spec(run_id)
    if isinstance(record, rc.Experiment):
        hold(record, run_id)
    else:
        notices.append("The run of this link is a race of several networks: it can be seen on the page Race.")


def _read(query: dict[str, str]) -> list[str]:
    """Take what a link names; returns what had to be mended. A run's own record wins over what stands beside it."""
    run_id, moment = query.pop("run", None), query.pop("moment", None)
    spec, notices = rc.Experiment.mend(query) if query else (shipped_spec(), [])
    hold(spec, None)
    try:
        if run_id is not None:
            _take(run_id, notices)
        elif spec != shipped_spec():
            engine().look(spec.id)
            hold(spec, spec.id)
    except UnknownRun:
        if run_id is not None:
            notices.append(
                "The run of this link is not known here, so its experiment is shown as far as the link tells it."
            )
    except EngineError as error:
        notices.append(str(error))
    if moment is not None:
        st.session_state["moment"] = int(moment) if moment.isdecimal() and len(moment) < 10 else None
        if st.session_state["moment"] is None:
            notices.append("The tape's moment must be a whole number of updates, so its newest end is shown.")
    return notices
