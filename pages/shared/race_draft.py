"""The race that a visitor is putting together: controls, and the record that they make."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.controls import control, settings_form
from pages.shared.words import note, plain
from rnn_core.catalogue import learner_classes, task_classes
from rnn_core.race import Lane
from rnn_core.race.record import FOUND

FIRST = ("elman", "gru", "lstm")
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
LEARNER = "bptt"
RACE, KEPT = "pages/6_Race.py", ("race", "reach")


def fitting(task: str) -> dict[str, str]:
    """Name → title of every architecture that runs this task and has units to choose, oldest first."""
    found = {}
    for name, card in sorted(rc.architectures().items(), key=lambda item: (item[1].year, item[0])):
        try:
            if hasattr(rc.Experiment.of(name, task), "hidden_size"):
                found[name] = card.title
        except ValueError:
            continue
    return found


def propose(spec: rc.Experiment, lanes: Sequence[str]) -> None:
    """Let the next draft begin with an experiment's task and these architectures."""
    mains = [info.name for info in rc.describe_settings(type(spec.task_settings)) if info.main]
    turn = st.session_state.get("proposal", {}).get("turn", 0) + 1
    settings = {name: getattr(spec, name) for name in mains}
    st.session_state["proposal"] = {"turn": turn, "task": spec.task, "lanes": list(lanes), "settings": settings}


def draft() -> rc.Race | str:
    """Draw the controls; the race that they make, or one sentence about what is wrong."""
    tasks = rc.tasks()
    proposal = st.session_state.get("proposal", {})
    turn = f"_{proposal['turn']}" if proposal else ""
    task = st.selectbox(
        "Task",
        list(tasks),
        index=list(tasks).index(proposal.get("task", next(iter(tasks)))),
        format_func=lambda name: tasks[name].title,
        key=f"draft_task{turn}",
        help="All architectures get the same sequences.",
    )
    options = fitting(task)
    lanes = st.multiselect(
        "Architectures",
        list(options),
        [name for name in proposal.get("lanes", FIRST) if name in options],
        format_func=options.get,
        max_selections=4,
        key=f"draft_lanes_{task}{turn}",
        help="Two to four; those that cannot run this task are not offered.",
    )
    first = proposal["settings"] if proposal.get("task") == task else _shorter(task)
    settings = first | settings_form(task_classes()[task].Settings(**first), f"draft_{task}", only_main=True)
    budget = st.number_input(
        "Weights for each",
        10,
        1_000_000,
        _budget(task),
        100,
        key=f"draft_budget_{task}",
        help="Units are chosen so that all come near.",
    )
    seeds = st.slider("Seeds", 3, 16, 5, key="draft_seeds", help="Each architecture is trained once a seed.")
    updates = st.number_input("Updates", 1, 100_000, 800, 100, key="draft_updates", help="What every network is given.")
    chosen: dict[str, Any] = {"budget": int(budget), "seeds": int(seeds), "race_updates": int(updates)}
    with st.expander("Tuning and all settings", icon=":material/tune:"):
        more, wiring = _more(task)
    try:
        return rc.Race.of(
            [Lane(architecture=name, wiring=wiring) for name in lanes], task, LEARNER, **chosen, **(more | settings)
        )
    except ValueError as error:
        return str(error)


def _shorter(task: str) -> dict[str, int]:
    """A length that a race finishes soon, for tasks that have one."""
    return {"length": 20} if "length" in task_classes()[task].Settings.model_fields else {}


def _budget(task: str) -> int:
    """So many weights that every architecture can come near: a unit costs more where inputs and outputs are many."""
    one = task_classes()[task]()
    return max(1000, 1000 * math.ceil(40 * (one.input_size + one.output_size) / 1000))


def _more(task: str) -> tuple[dict[str, Any], str]:
    """What is rarely changed: the tuning, the wiring, and the remaining settings of task and learner."""
    wirings = rc.wirings()
    chosen: dict[str, Any] = {
        "rates": st.multiselect(
            "Learning rates to try", RATES, [0.003, 0.01, 0.03], format_func="{:g}".format, key="draft_rates"
        ),
        "tuning_updates": int(st.number_input("Updates for each try", 1, 100_000, 200, 50, key="draft_tuning")),
        "tuning_seeds": int(st.slider("Seeds for each try", 1, 8, 3, key="draft_tuning_seeds")),
        "seed": int(st.number_input("First seed", 0, 2**31 - 100, 0, key="draft_seed")),
    }
    names = sorted(wirings, key=lambda name: name != "single")
    wiring = st.selectbox("Wiring", names, format_func=lambda name: wirings[name].title, key="draft_wiring")
    chosen |= settings_form(task_classes()[task].Settings(), f"draft_{task}", only_main=False)
    defaults = learner_classes()[LEARNER].Settings()
    for info in rc.describe_settings(type(defaults)):
        if info.name not in FOUND:
            value = control(info, getattr(defaults, info.name), f"draft_{info.name}")
            if value != getattr(defaults, info.name):
                chosen[info.name] = value
    return chosen, wiring


def sizes(race: rc.Race) -> None:
    """How many units and weights each gets, in one line."""
    lanes = zip(range(len(race.lanes)), race.matched, race.weights, strict=True)
    got = " · ".join(f"{plain(race.name(k))} {spec.hidden_size} units, **{n:,}** weights" for k, spec, n in lanes)
    note(got)


def in_notebook(race: rc.Race) -> str:
    """The same race as Python."""
    facts = {"seed": race.base.seed, "budget": race.budget, "seeds": race.seeds, "rates": race.rates}
    facts |= {"tuning_seeds": race.tuning_seeds, "tuning_updates": race.tuning_updates}
    facts |= {"race_updates": race.race_updates, **race.base.task_settings.model_dump()}
    facts |= {k: v for k, v in race.base.learner_settings.model_dump().items() if k not in FOUND}
    wired = any(lane.wiring != "single" for lane in race.lanes)
    lanes = [lane.model_dump() if wired else lane.architecture for lane in race.lanes]
    words = ", ".join(f"{k}={v!r}" for k, v in facts.items())
    return (
        f"import rnn_core as rc\nspec = rc.Race.of({lanes!r}, {race.base.task!r}, {race.base.learner!r}, {words})\n"
        "run = rc.race(spec)\nrc.figures.race(run.verdict)"
    )
