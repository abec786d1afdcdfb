"""The vanishing lab: a fresh network of any gain, length and size, beside what theory says of it."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.theme import mode
from pages.shared.words import note, plain, say, table_twin
from rnn_core.analysis.vanishing import warning_example

SAMPLE, LONGEST, WIDEST = 3, 200, 24


@st.cache_resource(max_entries=256, show_spinner=False, hash_funcs={rc.Experiment: lambda spec: spec.id})
def _fresh(spec: rc.Experiment) -> rc.Result:
    """What a fresh network of this kind still feels of its early states at the end."""
    return rc.vanishing(spec, rows=SAMPLE)


@st.cache_resource(max_entries=64, show_spinner=False)
def _warning(length: int) -> rc.Result:
    return warning_example(rc.make_cell("elman", 1, hidden_size=2, activation="linear"), length)


def lab_specs(spec: rc.Experiment) -> dict[str, rc.Experiment]:
    """Architecture → the lab's experiment, for all that have a gain and a size and can read this task's sequences."""
    task = {} if hasattr(spec, "length") else {"task": "adding"}
    found = {}
    for name in rc.architectures():
        try:
            one = spec.with_(architecture=name, wiring="single", learner="bptt", **task)
        except ValueError:
            continue
        if hasattr(one, "gain") and hasattr(one, "hidden_size"):
            found[name] = one
    return found


def choose(specs: dict[str, rc.Experiment], key: str) -> rc.Experiment:
    """A control for the architecture, the plain net first; the experiment that goes with it."""
    cards, first = rc.architectures(), list(specs).index("elman") if "elman" in specs else 0
    name = st.selectbox("Architecture", list(specs), index=first, format_func=lambda n: cards[n].title, key=key)
    return specs[name]


def lent(hand: Hand) -> None:
    """Where the run's task has no length to choose: whose sequences are read instead."""
    if not hasattr(hand.spec, "length"):
        mine, other = (plain(rc.tasks()[task].title) for task in (hand.spec.task, "adding"))
        note(f"{mine} has no length to choose, so these networks read the sequences of {other}.")


def lab(hand: Hand) -> None:
    """The section: what is left of a change after k steps, measured, beside the powers that bound it."""
    st.markdown(
        "Fresh weights, nothing learnt: the recurrent matrix is **gain** times a random rotation. Below 1 an Elman "
        "net has to forget; above 1 it could keep, or explode, but units that saturate damp it again."
    )
    picture, controls = st.columns([3, 1], gap="large")
    with controls:
        result, warned = _controlled(hand)
    if result is None:
        picture.info(plain(warned), icon=":material/info:")
        return
    with picture:
        figure = rc.figures.vanishing(result, theme=mode())
        show(figure, key="lab")
        note(_caption(result, bool(warned)))
        lent(hand)
    say(result.says, result.says_not)
    table_twin(result.frame, "The lab as a table")


def _controlled(hand: Hand) -> tuple[rc.Result | None, str]:
    """What the controls ask for, and the words of the warning where that is shown; or None and why there is nothing."""
    warn = st.toggle(
        "Show the warning",
        key="lab_warning",
        help="A spectral radius below 1, and it grows: two linear units with R = [[0.5, 5], [0, 0.5]].",
    )
    specs = lab_specs(hand.spec)
    spec = choose(specs, "lab_architecture")
    functions = next((i for i in rc.describe_settings(type(spec.cell_settings)) if i.name == "activation"), None)
    changes = {}
    if functions is not None:
        changes["activation"] = st.selectbox(
            functions.label, functions.choices, key="lab_activation", help=functions.help, disabled=warn
        )
    changes["gain"] = st.slider(
        "Gain (g)", 0.0, 3.0, 0.9, 0.05, key="lab_gain", help="Scale of the fresh recurrent weights.", disabled=warn
    )
    length = st.slider("Length (T)", 5, LONGEST, 50, 5, key="lab_length", help="Steps from the first to the last.")
    changes["hidden_size"] = st.slider("Hidden units (H)", 2, WIDEST, 12, 2, key="lab_size", disabled=warn)
    if warn:
        return _warning(length), "warning"
    try:
        return _fresh(spec.with_(**changes, length=length)), ""
    except (ValueError, MemoryError) as error:
        return None, str(error)


def _caption(result: rc.Result, warned: bool) -> str:
    if warned:
        return (
            "Two linear units, no input, R = [[0.5, 5], [0, 0.5]]. Both eigenvalues are 0.5, so (γρ)ᵏ promises decay "
            "from the first step on; the norms are 5.05, 5.01, 3.75 and only then fall. Only σ bounds them."
        )
    if result.stretch is None:
        return (
            "Solid: measured, median of three sequences. Dotted: the product of what each measured step stretches at "
            "most, above which no norm can lie. For a cell with gates nothing so simple is known beforehand."
        )
    return (
        f"Solid: measured, median of three sequences. Dashed: Pascanu’s bound (γσ)ᵏ from the weights alone, here "
        f"γσ = {plain(f'{result.stretch:.3g}')} and γρ = {plain(f'{result.radius:.3g}')}; γ is the steepest slope of "
        "φ. For gain times a rotation the two are one number, so ρ seems to rule; try the warning."
    )
