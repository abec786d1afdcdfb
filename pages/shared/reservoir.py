"""An echo state network to play with: a reservoir that is drawn, not trained, and what a straight line reads off it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.theme import mode
from pages.shared.words import note, plain, say, table_twin

TASKS = {"mackey_glass": "Mackey–Glass", "narma": "NARMA-10", "lorenz": "Lorenz"}
FIRST = {
    "mackey_glass": {"spectral_radius": 0.9, "leak": 0.6, "input_scaling": 0.3, "ridge": 1e-8},
    "narma": {"spectral_radius": 0.8, "leak": 1.0, "input_scaling": 0.3, "ridge": 1e-6},
    "lorenz": {"spectral_radius": 0.4, "leak": 0.6, "input_scaling": 0.3, "ridge": 1e-8},
}
READ = {
    "mackey_glass": {"length": 600, "batch_size": 7},
    "narma": {"length": 500, "batch_size": 8},
    "lorenz": {"length": 600, "batch_size": 7},
}
SIZES, RIDGES = (10, 20, 50, 100, 200, 300, 500, 1000), (0.0, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0, 100.0)
WASHOUT, HEARD, SHOWN, WATCHED, LAGS, SHARED, UNITS = 100, 200, 600, 200, 60, 300, 6
EXPLODED = "the reservoir left the finite numbers"


def reservoir_lab() -> None:
    """The section: sliders for the reservoir, and one of four pictures of it."""
    st.markdown(
        "The recurrent weights are **drawn at random and never trained**; only a linear readout is, in one step of "
        "algebra. What the reservoir is like decides what can be read off it: how lively it is (ρ), how slow (a), how "
        "loud the input (s), how sparse (c)."
    )
    picture, controls = st.columns([3, 1], gap="large")
    with controls:
        settings = _chosen()
    with picture:
        view = st.segmented_control(
            "Show", list(VIEWS), default=next(iter(VIEWS)), key="reservoir_view", required=True,
            label_visibility="collapsed",
        )  # fmt: skip
        why = _refused(settings)
        if why:
            st.info(why, icon=":material/info:")
            return
        try:
            VIEWS[view](rc.Experiment.of("echo_state", learner="ridge", washout=WASHOUT, **settings))
        except (ArithmeticError, MemoryError, ValueError) as error:
            st.info(plain(_sentence(error)), icon=":material/info:")


def _chosen() -> dict[str, Any]:
    """What the visitor asks for; each task has its own first values."""
    task = st.selectbox("Task", list(TASKS), format_func=TASKS.get, key="reservoir_task")
    first = FIRST[task]

    def slide(name: str, label: str, low: float, high: float, start: float, step: float, words: str) -> float:
        return st.slider(label, low, high, start, step, key=f"reservoir_{task}_{name}", help=words)

    return {
        "task": task,
        **READ[task],
        "hidden_size": st.select_slider("Units (N)", SIZES, 200, key="reservoir_size"),
        "spectral_radius": slide("radius", "Spectral radius (ρ)", 0.0, 3.0, first["spectral_radius"], 0.05,
                                 "Size of the largest eigenvalue of the recurrent weights."),
        "leak": slide("leak", "Leak (a)", 0.0, 1.0, first["leak"], 0.05,
                      "How much of a unit is renewed in a step; 1 renews all of it."),
        "input_scaling": slide("scale", "Input scaling (s)", 0.0, 3.0, first["input_scaling"], 0.05,
                               "Largest weight from an input, and from the constant 1."),
        "connectivity": slide("share", "Connectivity (c)", 0.0, 1.0, 0.1, 0.01,
                              "Share of the recurrent weights that are there."),
        "feedback": slide("feedback", "Feedback (s_fb)", 0.0, 2.0, 0.0, 0.05,
                          "Largest weight from what was said; while the readout is found a teacher says it."),
        "ridge": st.select_slider("Ridge (λ)", RIDGES, first["ridge"], format_func="{:g}".format,
                                  key=f"reservoir_{task}_ridge", help="How strongly large readout weights are held "
                                                                      "back."),
        "activation": "linear" if st.toggle("Linear units", key="reservoir_linear") else "tanh",
        "seed": int(st.number_input("Draw", 0, 999, 0, key="reservoir_seed", help="Another reservoir for each "
                                                                                  "number.")),
    }  # fmt: skip


def _refused(settings: dict[str, Any]) -> str:
    """Why there is nothing to see, in one sentence, or nothing."""
    if settings["leak"] == 0:
        return "With a leak of 0 no unit is ever renewed, so the reservoir hears nothing: choose one above 0."
    if settings["connectivity"] == 0:
        return "With a connectivity of 0 no unit hears another, so there is no reservoir: choose a share above 0."
    return ""


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={rc.Experiment: lambda spec: spec.id})
def _fitted(spec: rc.Experiment) -> rc.Run:
    """A reservoir whose readout was found once, in double precision."""
    run = rc.Run(spec)
    run.network.double()
    for _ in run.learner.update():
        pass
    return run


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={rc.Experiment: lambda spec: spec.id})
def _going_on(spec: rc.Experiment) -> rc.Result:
    run = _fitted(spec)
    batch = run.held_out.rows(slice(0, 1))
    batch = rc.Batch(batch.x[:, :SHOWN], batch.target[:, :SHOWN])
    return rc.free_run(run.network, batch, run.task, heard=HEARD)


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={rc.Experiment: lambda spec: spec.id})
def _capacity(spec: rc.Experiment) -> rc.Result:
    run = rc.Run(spec)
    return rc.memory_capacity(run, rows=1, lags=LAGS, steps=200, sequences=32)


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={rc.Experiment: lambda spec: spec.id})
def _watched(spec: rc.Experiment, steps: int) -> rc.Trace:
    """The reservoir along the beginning of a held-out sequence."""
    run = rc.Run(spec)
    return run.network.trace(run.held_out.rows(slice(0, 1)).x[:, :steps]).main


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs={rc.Experiment: lambda spec: spec.id})
def _forgetting(spec: rc.Experiment) -> rc.Result:
    return rc.echo_state_property(_watched(spec, SHARED), spread=1.0)


def goes_on(spec: rc.Experiment) -> None:
    """What it says beside the truth."""
    with st.spinner(f"{spec.hidden_size} units listen …"):
        found = _going_on(spec)
    show(rc.figures.free_run(found, theme=mode(), height=440 if found.said.shape[2] == 1 else 640), key="free_run")
    steps = spec.batch_size * (spec.length - WASHOUT)
    heard = (
        f"It hears {HEARD} values of a held-out sequence and then only itself"
        if found.free
        else f"It hears a held-out drive and says each next value; the first {HEARD} are not drawn"
    )
    pace = (
        f" A Lyapunov time, in which a small error grows by e, is {1 / found.exponent:.0f} steps here, measured on the "
        "equations behind the series."
        if found.exponent
        else ""
    )
    note(f"{heard}. Its readout was found from {steps:,} steps of other sequences. Dashed below: 0.4 deviations.{pace}")
    say(found.says, found.says_not)
    table_twin(found.frame, "What it says as a table")


def holds(spec: rc.Experiment) -> None:
    """The staircase of memory."""
    with st.spinner(f"Reading {LAGS} lags off {spec.hidden_size} units …"):
        found = _capacity(spec)
    show(rc.figures.memory_capacity(found, theme=mode()), key="memory_capacity")
    note("Noise at the first input, the others silent; a straight line reads the input of *k* steps ago off the units. "
         "With linear units theory knows each bar; a row of units that only hand on what they hear would hold exactly "
         "N. No series is needed for this picture, and no readout of the task.")  # fmt: skip
    say(found.says, found.says_not)
    table_twin(found.frame, "The staircase as a table")


def forgets(spec: rc.Experiment) -> None:
    """Several starts under one input."""
    with st.spinner(f"{spec.hidden_size} units listen …"):
        found = _forgetting(spec)
    show(rc.figures.echo_state_property(found, theme=mode()), key="echo_state_property")
    note("Four other starts, drawn far from the first, hear the same sequence of the task. Only where they come "
         "together is the state an echo of the input; a spectral radius below 1 is neither needed nor enough for "
         "that.")  # fmt: skip
    say(found.says, found.says_not)
    table_twin(found.frame, "The distances as a table")


def units(spec: rc.Experiment) -> None:
    """A few units over time."""
    trace = _watched(spec, WATCHED)
    if not bool(trace.states.h.isfinite().all()):
        raise ArithmeticError(f"{EXPLODED}: choose a smaller spectral radius, or tanh units")
    show(rc.figures.unit_lines(trace, units=range(UNITS), theme=mode()), key="unit_lines")
    note(f"The first {min(UNITS, spec.hidden_size)} of {spec.hidden_size} units along a held-out sequence, from rest. "
         "Each bends the past of the input in a way of its own; the readout mixes them.")  # fmt: skip
    states = trace.states.h[0, :, :UNITS]
    table_twin(lambda: pd.DataFrame({f"h {k}": v.tolist() for k, v in enumerate(states.unbind(1))}),
               "These units as a table")  # fmt: skip


VIEWS = {"It goes on": goes_on, "Its units": units, "What it holds": holds, "Two starts": forgets}
