"""What if? A section in which a visitor holds a gate, clamps a unit or overwrites something, and sees what it does."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.theme import mode
from pages.shared.views import chosen_row
from pages.shared.words import note, plain, say, table_twin
from rnn_core.figures.hidden_states import NAMES
from rnn_core.records.intervention import KINDS, TIMED
from rnn_core.records.trees import paths

SLOT = "interventions"


class Parts(NamedTuple):
    """What can be touched: for each pass its probes and states with their sizes; weights; columns of x; steps."""

    passes: list[tuple[str, dict[str, int], dict[str, int]]]
    weights: dict[str, int]
    columns: int
    steps: int


@st.cache_resource(max_entries=64, show_spinner=False)
def _parts(key: str, _run: rc.Run) -> Parts:
    """What this network has; of its probes those that one step shows can be held."""
    batch = _run.held_out.rows(slice(0, 1))
    steps = batch.x.shape[1]
    short = rc.Batch(batch.x[:, :1], batch.target[:, :1])
    passes = []
    for which, one in enumerate(_run.network.trace(short.x).passes):
        probes = {name: value[0, 0].numel() for name, value in one.probes.items()}
        states = {name: value[0, 0].numel() for name, value in paths(one.states)}
        passes.append((one.name, {n: k for n, k in probes.items() if _holds(_run.network, short, n, which)}, states))
    weights = {n: v.numel() for n, v in _run.network.state_dict().items() if v.is_floating_point()}
    return Parts(passes, weights, batch.x.shape[-1], steps)


def _holds(network: Any, batch: rc.Batch, name: str, which: int) -> bool:
    """Whether a probe is computed inside the step, so that it can be held."""
    try:
        rc.intervene(
            network, batch, lambda y, _: y.sum(), [rc.Intervention(kind="hold", name=name, value=0.0, which=which)]
        )
    except ValueError:
        return False
    return True


@st.cache_resource(max_entries=64, show_spinner=False)
def _result(key: str, row: int, done: tuple[str, ...], _run: rc.Run) -> rc.Result:
    """The run of one held-out sequence, untouched and touched."""
    batch = _run.held_out.rows(slice(row, row + 1))
    return rc.intervene(_run.network, batch, _run.task.loss, [rc.Intervention.model_validate_json(one) for one in done])


def what_if(hand: Hand) -> None:
    """The section: a picture of what is done now, with the controls beside it and the list of what is kept."""
    kept = _kept(hand)
    picture, controls = st.columns([3, 1], gap="large")
    parts = _parts(hand.key, hand.then)
    with controls:
        draft = _draft(hand, parts)
        _list(kept, draft)
    with picture:
        _picture(hand, chosen_row(hand), kept, draft)


def _picture(hand: Hand, row: int, kept: list[str], draft: rc.Intervention | str) -> None:
    """The touched run beside the untouched one; what does not fit is said, and left out."""
    done = tuple(kept) if isinstance(draft, str) else tuple(dict.fromkeys([*kept, draft.model_dump_json()]))
    try:
        if isinstance(draft, str):
            raise ValueError(draft)
        result = _result(hand.key, row, done, hand.then)
    except ValueError as error:
        st.info(plain(error), icon=":material/info:")
        result = _result(hand.key, row, tuple(kept), hand.then)
    which = 0 if isinstance(draft, str) else draft.which
    figure = rc.figures.intervene(result, which=which, theme=mode())
    show(figure, key="whatif")
    story, touched = (hand.then.task.story(result.batch, 0, t.outputs) for t in (result.before, result.after))
    note(
        f"Held-out sequence {row}, as chosen above: right is {plain(_short(story.expected))}; untouched it says "
        f"{plain(_short(story.said))}, touched {plain(_short(touched.said))}. Below: every unit's state, touched minus "
        "untouched, ochre below 0 and blue above; beyond ±1 the colour of the end. Faint: where something is done."
    )
    say(result.says, result.says_not)

    def table() -> pd.DataFrame:
        both = {
            f"{name} {word}": trace.outputs[0, :, k]
            for word, trace in (("untouched", result.before), ("touched", result.after))
            for k, name in enumerate(_outputs(result))
        }
        return result.frame().drop(columns="sequence").assign(**both)

    table_twin(table, "What it does as a table")


def _outputs(result: rc.Result) -> list[str]:
    """A name for every output."""
    count = result.before.outputs.shape[-1]
    return ["ŷ"] if count == 1 else [f"ŷ[{k}]" for k in range(count)]


def _draft(hand: Hand, parts: Parts) -> rc.Intervention | str:
    """The intervention that the controls describe, or a sentence about why there is none."""
    slot = f"whatif_{_network(hand)}"
    kind = st.selectbox("What to do", list(KINDS), format_func=KINDS.get, key=f"{slot}_kind")
    which, name = 0, ""
    if len(parts.passes) > 1 and kind in ("hold", "clamp", "start"):
        names = [plain(one[0]) for one in parts.passes]
        which = st.selectbox("Pass", range(len(names)), format_func=names.__getitem__, key=f"{slot}_pass")
    _, probes, states = parts.passes[which]
    offered = {"hold": probes, "clamp": states, "start": states, "weight": parts.weights}.get(kind, {"": parts.columns})
    if not offered:
        return "No quantity of this network is computed inside its step, so none can be held."
    if kind != "input":
        names = _ordered(hand, offered)
        name = st.selectbox(
            "Of what",
            names,
            format_func=lambda n: _meaning(hand, n),
            key=f"{slot}_{kind}_{which}_name",
            help="As the equations name it.",
        )
    word = "Column" if kind == "input" else "Number" if kind == "weight" else "Unit"
    unit = st.number_input(
        f"{word} (empty: all)",
        0,
        offered[name] - 1,
        None,
        placeholder="all",
        key=f"{slot}_{kind}_{which}_{name}_unit",
        help=f"Counted from 0 to {offered[name] - 1}.",
    )
    first, last = 0, None
    if kind in TIMED:
        span = (parts.steps // 3, parts.steps // 2)
        first, last = st.slider("Steps", 0, max(parts.steps - 1, 1), span, key=f"{slot}_steps")
        last = min(last, parts.steps - 1)
    value = st.number_input("Value", None, None, 0.0, 0.1, format="%.3g", key=f"{slot}_{kind}_value")
    try:
        return rc.Intervention(
            kind=kind, name=name, unit=unit, first=min(first, parts.steps - 1), last=last, value=value, which=which
        )
    except ValueError as error:
        return str(error)


def _ordered(hand: Hand, names: dict[str, int]) -> list[str]:
    """Gates first: keep, write, read; then the rest in the order of the equations."""
    symbols = hand.then.network.cells[0].card.symbols
    gates = ["forget", "write", "read"]
    return sorted(names, key=lambda n: gates.index(symbols[n]) if symbols.get(n) in gates else len(gates))


def _meaning(hand: Hand, name: str) -> str:
    """A name with what it stands for, where the card knows it."""
    meaning = NAMES.get(hand.then.network.cells[0].card.symbols.get(name, ""), "")
    return f"{name}, {meaning}" if meaning else name


def _list(kept: list[str], draft: rc.Intervention | str) -> None:
    """The button that keeps the draft, and a button for each that is kept, which takes it away."""
    mine = "" if isinstance(draft, str) else draft.model_dump_json()
    st.button(
        "Keep it, add another",
        icon=":material/add:",
        key="whatif_keep",
        on_click=_keep,
        args=(mine,),
        disabled=not mine or mine in kept,
        width="stretch",
    )
    for k, one in enumerate(kept):
        words = plain(rc.Intervention.model_validate_json(one).words)
        st.button(
            f":small[{words[0].upper() + words[1:]}]",
            icon=":material/close:",
            type="tertiary",
            key=f"whatif_drop_{k}",
            help="Take it away.",
            on_click=_drop,
            args=(k,),
        )


def _keep(one: str) -> None:
    st.session_state[SLOT]["kept"].append(one)


def _drop(k: int) -> None:
    del st.session_state[SLOT]["kept"][k]


def _kept(hand: Hand) -> list[str]:
    """The interventions that were kept for this kind of network; those of another are dropped with a sentence."""
    now = _network(hand)
    held = st.session_state.setdefault(SLOT, {"of": now, "kept": []})
    if held["of"] != now:
        count = len(held["kept"])
        if count:
            those = "One intervention" if count == 1 else f"{count} interventions"
            st.info(f"{those} belonged to another network and no longer apply.", icon=":material/info:")
        held["of"], held["kept"] = now, []
    return held["kept"]


def _network(hand: Hand) -> str:
    """A short name for what the interventions depend on: the shapes of the network and of what it reads."""
    spec = hand.spec
    said = [spec.architecture, spec.wiring, spec.task]
    said += [s.model_dump_json() for s in (spec.cell_settings, spec.wiring_settings, spec.task_settings)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]


def _short(text: str | None) -> str:
    """A whole answer in one line."""
    text = text or "nothing"
    return text if len(text) <= 40 else text[:19] + " … " + text[-18:]
