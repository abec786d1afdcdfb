"""The unrolled graph of the run in hand: its numbers, what a visitor edited, and the next update rehearsed."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.hand import Hand
from rnn_core.analysis.intervene import changed_input, edited
from rnn_core.records.intervention import Intervention
from rnn_core.rehearsal import rehearse

SLOT, MOST_EDITS, MOST_WORK = "graph_edits", 32, 10**9
RULES = {"adam": "Adam", "sgd": "SGD", "momentum": "momentum", "rmsprop": "RMSProp"}


@dataclass(frozen=True, eq=False)
class Picture:
    """The viewer's payload, the step's graph, and what each step asks of the shared weights (None: too large)."""

    payload: bytes
    graph: rc.Result
    asked: rc.Result | None


@dataclass(frozen=True)
class Edit:
    """One number that a visitor set: in the graph's words, and as an intervention. ``row``: of an input's sequence."""

    node: str
    unit: int
    t: int | None
    row: int
    which: int
    done: Intervention


def take(hand: Hand, row: int, which: int, pick: Any) -> str:
    """Obey what a pick of the graph asks for, an edit or an undo; returns what was wrong with it, in one sentence."""
    kept, asked = edits(hand)[0], pick if isinstance(pick, dict) else {}
    if "undo" in asked:
        _keep(hand, kept[:-1] if asked["undo"] == "last" else [])
    if not isinstance(asked.get("edit"), dict):
        return ""
    if len(kept) >= MOST_EDITS:
        return f"There are {MOST_EDITS} edits already: undo some before the next."
    try:
        new = _edit(hand, row, which, **asked["edit"])
        _applied(hand.then, row, (new,))
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        return str(error) if type(error) is ValueError else "This edit does not name one number of this graph."
    place = (new.node, new.unit, new.t, new.which, new.t is not None and new.row)
    _keep(hand, [e for e in kept if (e.node, e.unit, e.t, e.which, e.t is not None and e.row) != place] + [new])
    return ""


def edits(hand: Hand) -> tuple[list[Edit], str]:
    """The edits of the moment in hand; those of another moment are put away, which is said in one sentence."""
    key, kept = st.session_state.get(SLOT, (hand.key, []))
    if key == hand.key:
        return kept, ""
    _keep(hand, [])
    count = "edit" if len(kept) == 1 else f"{len(kept)} edits"
    return [], f"Your {count} belonged to other weights than those shown now and were put away." if kept else ""


def picture_of(hand: Hand, row: int, which: int) -> Picture:
    """One pass of the network on one held-out sequence, with the visitor's edits."""
    mine = tuple(e for e in edits(hand)[0] if e.t is None or e.row == row)
    plan = {"why": "The tape keeps weights, not the learner's own memory: only the newest moment has a next update."}
    if mine:
        plan = {"why": "The next update belongs to the network as it is: undo your edits to see it rehearsed."}
    elif hand.moment is None:
        plan = _plan(hand.key, hand.run)
    return _picture(hand.key, row, which, mine, hand.then, plan)


def _edit(hand: Hand, row: int, which: int, *, node: str, unit: int, t: int | None, value: float) -> Edit:
    if type(unit) is not int or type(value) not in (int, float) or not isinstance(node, str):
        raise TypeError("An edit names one number.")
    what = {"unit": unit, "value": float(value)}
    if t is None:
        return Edit(node, unit, t, row, which, Intervention(kind="weight", name=_full(hand.then, which, node), **what))
    if node != "x" or which > 1:
        raise ValueError("Only inputs and weights can be set here: all else follows from them.")
    return Edit(node, unit, t, row, which, Intervention(kind="input", name="x", first=t, last=t, **what))


def _keep(hand: Hand, kept: list[Edit]) -> None:
    st.session_state[SLOT] = (hand.key, kept)


def _full(run: rc.Run, which: int, node: str) -> str:
    own = f"cells.{which}.{node}"
    return own if own in dict(run.network.named_parameters()) else f"readout.{node}"


def _applied(run: rc.Run, row: int, mine: tuple[Edit, ...]) -> tuple[Any, rc.Batch]:
    """The network and the sequence with these edits; ValueError for one that does not fit."""
    batch, done = run.held_out.rows(slice(row, row + 1)), [e.done for e in mine]
    return edited(run.network, done), batch._replace(x=changed_input(batch.x, done)) if done else batch


@st.cache_resource(max_entries=32, show_spinner=False)
def _picture(key: str, row: int, which: int, mine: tuple[Edit, ...], _run: rc.Run, _update: dict[str, Any]) -> Picture:
    plain = _run.held_out.rows(slice(row, row + 1))
    network, batch = _applied(_run, row, mine) if mine else (_run.network, plain)
    untouched = _untouched(key, row, which, _run)
    before = untouched[0] if mine else None
    drawn, one, readout = _drawn(network, batch, which, _run.task.loss) if mine else untouched
    asked = _asked(network, batch, _run.task.loss)
    names = {n.id: _full(_run, which, n.id) for n in drawn.nodes if n.kind == "parameter"}
    plan = dict(_update)
    if "weights" in plan:
        plan["weights"] = {id: plan["weights"][name] for id, name in names.items() if name in plan["weights"]}
    shown = {}
    for id, name in names.items():
        if asked is not None and name in asked.norms:
            sizes = {"sum": asked.sums[name].norm(), "total": asked.totals[name].norm()}
            shown[id] = {"norms": asked.norms[name].cpu().numpy(), **sizes}
    weights = dict(_run.network.named_parameters())
    inputs = [n.id for n in drawn.nodes if n.kind == "input" and n.value.is_floating_point() and n.value.shape[2:]]
    first = which < 2 and hasattr(batch.x, "shape") and hasattr(one.x, "shape")
    payload = rc.viewer.graph(
        drawn,
        key=f"{key}:{row}:{which}",
        labels=_run.task.story(batch, 0).inputs,
        sums=rc.unit_sums(one, readout),
        asked=shown,
        losses=_losses(network, batch, _run.task.loss),
        update=plan,
        before=before,
        edits=[_said(e, plain, weights) for e in mine],
        editable=[id for id, name in names.items() if name in weights] + (inputs if first else []),
        reverse=one.reverse,
    )
    return Picture(payload, drawn, asked)


@st.cache_resource(max_entries=16, show_spinner=False)
def _untouched(key: str, row: int, which: int, _run: rc.Run) -> tuple[Any, rc.Trace, Any]:
    return _drawn(_run.network, _run.held_out.rows(slice(row, row + 1)), which, _run.task.loss)


def _drawn(network: Any, batch: rc.Batch, which: int, loss: Any) -> tuple[Any, rc.Trace, Any]:
    found = rc.costates(network, batch, loss)
    one, alone = found.trace.passes[which], len(found.trace.passes) == 1
    readout = network.readout if alone and not network.cells[0].speaks else None
    return rc.step_graph(one, readout, found.passes[which], found.outputs if alone else None), one, readout


def _asked(network: Any, batch: rc.Batch, loss: Any) -> rc.Result | None:
    try:
        return rc.shared_gradients(network, batch, loss)
    except MemoryError:
        return None


def _losses(network: Any, batch: rc.Batch, loss: Any) -> Any:
    """What each step adds to the loss of this sequence; None for a loss that has no parts."""
    try:
        return rc.step_losses(network, batch, loss).parts.cpu().numpy()
    except ValueError:
        return None


def _said(edit: Edit, plain: rc.Batch, weights: dict[str, Any]) -> dict[str, Any]:
    """An edit in the viewer's words."""
    value, name = edit.done.value, edit.node.rpartition(".")[2]
    if edit.t is None:
        array = weights[edit.done.name].detach()
        was, wide = float(array.flatten()[edit.unit]), array.shape[-1]
        place = f"{name}[{edit.unit}]" if array.dim() < 2 else f"{name}[{edit.unit // wide}, {edit.unit % wide}]"
    else:
        was, place = float(plain.x[0, edit.t, edit.unit]), f"{name}[{edit.unit}] at t = {edit.t}"
    say = f"{place} from {was:.4g} to {value:.4g}".replace("-", "−")
    return {"node": edit.node, "unit": edit.unit, "t": edit.t, "value": value, "was": was, "say": say}


@st.cache_data(max_entries=64, show_spinner=False)
def _plan(key: str, _run: rc.Run) -> dict[str, Any]:
    """What the next update does, as the viewer tells it."""
    settings, steps = _run.learner.settings, _run.held_out.target.shape[1]
    if settings.batch_size * steps * _run.network.parameter_count > MOST_WORK:
        return {"why": "The next update of a network of this size takes too long to be rehearsed on a page."}
    try:
        plan = rehearse(_run)
    except ValueError as error:
        return {"why": str(error)}
    kind = getattr(settings, "optimiser", "")
    rate = f", η = {settings.learning_rate:g}" if hasattr(settings, "learning_rate") else ""
    if not all(map(isfinite, (plan.loss_before, plan.loss_after, plan.norm))):
        return {"why": "The next update leads out of the finite numbers."}
    weights = {}
    for name in plan.changes:
        moved = plan.moved(name)
        weights[name] = {"moved": moved if isfinite(moved) else None}
        if name in plan.gradients:
            weights[name]["gradient"] = float(plan.gradients[name].norm())
    return {
        "weights": weights,
        "before": plan.loss_before,
        "after": plan.loss_after,
        "norm": plan.norm,
        "clipped": plan.clipped,
        "number": plan.update + 1,
        "rows": len(plan.batch.target),
        "rule": RULES.get(kind, rc.learners()[_run.spec.learner].title) + rate,
    }
