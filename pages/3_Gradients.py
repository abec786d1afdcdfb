"""Gradients: why does it forget?"""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.frame import frame
from pages.shared.theme import mode
from pages.shared.words import note, plain, say, table_twin

SEQUENCES, SAMPLE, LONGEST, WIDEST = 16, 3, 200, 24


@st.cache_resource(max_entries=64, show_spinner=False)
def _norms(key: str, which: int, _run: rc.Run) -> tuple[rc.Result | None, rc.Result]:
    """Size of the error signal of one pass: at the first moment of the tape, if it was trained since, and now."""
    now = rc.gradient_norms(_run, which=which, rows=SEQUENCES)
    before = rc.gradient_norms(_run, which=which, rows=SEQUENCES, update=0) if _run.update and 0 in _run.tape else None
    return before, now


@st.cache_data(max_entries=64, show_spinner=False)
def _passes(key: str, _run: rc.Run) -> list[str]:
    """The names of the network's passes."""
    batch = _run.held_out.rows(slice(0, 1))
    return [one.name for one in _run.network.trace(batch.x, mask=batch.mask).passes]


@st.cache_resource(max_entries=64, show_spinner=False)
def _steps(key: str, _run: rc.Run) -> tuple[rc.Result, rc.Result]:
    """What single steps of the run do, and what they do together."""
    return rc.step_jacobians(_run, rows=SAMPLE), rc.jacobian_products(_run, rows=SAMPLE)


@st.cache_resource(max_entries=256, show_spinner=False, hash_funcs={rc.Experiment: lambda spec: spec.id})
def _fresh(spec: rc.Experiment) -> rc.Result:
    """What a fresh network of this kind still feels of its early states at the end."""
    return rc.jacobian_products(spec, rows=SAMPLE)


def _pictured(figure, key: str) -> None:
    show(figure, key=key, alt=rc.figures.alt(figure))


def _lab_specs(spec: rc.Experiment) -> dict[str, rc.Experiment]:
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


def run_in_hand(hand) -> None:
    """The error signal of the run in hand, before training and now."""
    which, names = 0, _passes(hand.key, hand.run) if len(hand.run.network.cells) > 1 else []
    if names:
        chosen = st.segmented_control(
            "Pass",
            range(len(names)),
            default=0,
            format_func=lambda k: plain(names[k]),
            required=True,
            key="pass",
            help="This network runs along the sequence more than once; each pass has states of its own.",
        )
        which = chosen or 0
    before, now = _norms(hand.key, which, hand.run)
    _pictured(rc.figures.gradient_norms(before=before, after=now, theme=mode()), key="norms")
    many = len(now.norms)
    trained = "These are fresh weights. " if before is None else "Dashed: the same network before training. "
    note(
        f"Thick: the median of {many} sequences that were never trained on; thin: some of them. {trained}"
        "The state *s*ₜ is all that the net carries from one step to the next."
    )
    say(now.says, now.says_not)

    def table():
        found = now.frame()
        if before is None:
            return found
        return found.rename(columns={"norm": "now"}).assign(**{"before training": before.frame()["norm"]})

    table_twin(table, "The error signal as a table")


def single_steps(hand) -> None:
    """Where it comes from: what each step does to a change, and what all of them do together."""
    st.subheader("Every step passes the error on, and changes its size", anchor=False)
    try:
        step, product = _steps(hand.key, hand.run)
    except MemoryError as error:
        st.info(f"This network is too large for this picture. {plain(error)}", icon=":material/memory:")
        return
    left, right = st.columns(2, gap="large")
    with left:
        _pictured(rc.figures.step_jacobians(step, theme=mode()), key="steps")
        note("One step alone: how much it stretches the change that it stretches most, and its largest eigenvalue.")
    with right:
        _pictured(rc.figures.jacobian_products(product, theme=mode(), height=300), key="product")
        note("All steps from *t* to the end together. Theory multiplies the stretchings; the truth lies below.")
    say(step.says, step.says_not)
    table_twin(lambda: step.frame().merge(product.frame(), on=["sequence", "t"]), "The steps as a table")


@st.fragment
def lab(hand) -> None:
    """A fresh network of any gain, length and size."""
    st.subheader("The lab: why must it forget?", anchor=False)
    st.markdown(
        "Fresh weights, nothing learnt: the recurrent matrix is **gain** times a random rotation. Below 1 an Elman "
        "net has to forget; above 1 it could keep, or explode, but units that saturate damp it again."
    )
    specs = _lab_specs(hand.spec)
    picture, controls = st.columns([3, 1], gap="large")
    with controls:
        cards = rc.architectures()
        first = list(specs).index("elman") if "elman" in specs else 0
        name = st.selectbox(
            "Architecture", list(specs), index=first, format_func=lambda n: cards[n].title, key="lab_architecture"
        )
        gain = st.slider("Gain (g)", 0.0, 3.0, 0.9, 0.05, key="lab_gain", help="Scale of the fresh recurrent weights.")
        length = st.slider("Length (T)", 5, LONGEST, 50, 5, key="lab_length", help="Steps from the first to the last.")
        size = st.slider("Hidden units (H)", 2, WIDEST, 12, 2, key="lab_size")
    try:
        result = _fresh(specs[name].with_(gain=gain, length=length, hidden_size=size))
    except (ValueError, MemoryError) as error:
        picture.info(plain(error), icon=":material/info:")
        return
    with picture:
        _pictured(rc.figures.jacobian_products(result, theme=mode()), key="lab")
        if not hasattr(hand.spec, "length"):
            mine, other = (plain(rc.tasks()[task].title) for task in (hand.spec.task, "adding"))
            note(f"{mine} has no length to choose, so the lab reads the sequences of {other}.")
    say(result.says, result.says_not)
    table_twin(result.frame, "The lab as a table")


hand = frame(
    "Gradients",
    "Why does it forget?",
    "Error flows backward, right to left. Below the **floor line** an early step no longer hears it.",
)
run_in_hand(hand)
st.space("small")
single_steps(hand)
st.space("small")
lab(hand)
