"""What if? The same network on the same sequences, untouched and touched: what an intervention changes, and when.

An overwritten state, input or weight is simply run again. A *held* quantity is exchanged inside the step: the place of
the call that computes it is learnt from one observed step, and from then on a ``TorchFunctionMode`` puts the held value
in place of what that call gives, so that all that is computed from it follows. Meyes et al., *Ablation studies in
artificial neural networks*, 2019; Pearl, *Causality*, 2000, calls it do(f = 1).
"""
from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Batch, Card, NetworkTrace, Result
from rnn_core.records.holding import hold_cells
from rnn_core.records.intervention import Intervention
from rnn_core.records.trees import paths, rows, tmap

CARD = Card(title="Interventions", row="D1", year=2000, reference="Pearl, Causality, 2000, on interventions: do(f = 1)",
            summary="A gate is held, a unit clamped, an input or a weight overwritten; the difference is what it did.",
            equations={"Δ": "Δ_t = s_t(touched) − s_t(untouched)"})
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Intervened(Result):
    """``before`` and ``after``: the traces of the untouched and of the touched run, with the held probes in the latter.

    ``loss_before`` and ``loss_after`` are those of the whole ``batch``, the untouched sequences with their targets.
    """

    before: NetworkTrace
    after: NetworkTrace
    loss_before: float
    loss_after: float
    batch: Batch
    interventions: tuple[Intervention, ...] = ()

    @property
    def outputs(self) -> Tensor:
        """(b, t, o): touched minus untouched outputs."""
        return self.after.outputs - self.before.outputs

    def states(self, which: int = 0) -> dict[str, Tensor]:
        """Touched minus untouched state after each step of one pass: each field (b, t, …), NaN where no step is."""
        one = self.before.passes[which]
        found = {}
        for (name, old), (_, new) in zip(paths(one.states), paths(self.after.passes[which].states)):
            gap = new.to(self.outputs.dtype) - old.to(self.outputs.dtype)
            found[name] = gap if one.mask is None else torch.where(_over(one.mask, gap), gap, torch.nan)
        return found

    @property
    def size(self) -> Tensor:
        """(b, t) norm of the difference of all states of all passes; NaN where no step is."""
        every = [gap.flatten(2) for which in range(len(self.before.passes)) for gap in self.states(which).values()]
        return torch.cat(every, -1).norm(dim=-1)

    def frame(self) -> pd.DataFrame:
        """One row a sequence and step: norm of the difference of the states, and of the outputs."""
        b, t = self.outputs.shape[:2]
        return pd.DataFrame({"sequence": torch.arange(b).repeat_interleave(t), "t": torch.arange(t).repeat(b),
                             "states": self.size.flatten().cpu(),
                             "outputs": self.outputs.norm(dim=-1).flatten().cpu()})

    @property
    def says(self) -> str:
        if not self.interventions:
            return "nothing was done to this network, so the two runs are one."
        done = " and ".join(one.doing for one in self.interventions[:3])
        done += f" and {len(self.interventions) - 3} more" if len(self.interventions) > 3 else ""
        b = len(self.outputs)
        where = "on this sequence" if b == 1 else f"over these {b} sequences"
        if not any(bool((gap.nan_to_num(0).abs() > ROUNDING).any()) for gap in (self.size, self.outputs)):
            return f"{done} changes nothing {where}, to rounding."
        return f"{done} takes the loss {where} from {self.loss_before:.4g} to {self.loss_after:.4g}."

    @property
    def says_not(self) -> str:
        return ("that this is what the part is for: the rest of the network was trained with it as it was, and meets "
                "values here that it may never have met.")


def intervene(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor],
              interventions: Sequence[Intervention] = ()) -> Intervened:
    """Run a network on a batch, untouched and touched by all ``interventions`` at once.

    Raises ValueError, in one sentence, for one that does not fit this network or these sequences: an unknown name, a
    unit or a step that is not there, a probe that is not computed by a call inside the step.
    """
    with torch.no_grad():
        before = network.trace(batch.x, mask=batch.mask)
        for one in interventions:
            _fits(one, network, before)
        if interventions:
            after = _touched(edited(network, interventions), batch._replace(x=changed_input(batch.x, interventions)),
                             before, interventions)
        else:
            after = before
        losses = [float(loss(trace.outputs, batch)) for trace in (before, after)]
    return Intervened(before, after, *losses, batch, tuple(interventions))


def edited(network: Any, interventions: Sequence[Intervention]) -> Any:
    """A copy of a network with every ``weight`` of the interventions overwritten; the others are left to ``intervene``.

    Raises ValueError, in one sentence, for a weight that is not there.
    """
    network = copy.deepcopy(network)
    arrays = network.state_dict(keep_vars=True)
    for one in interventions:
        if one.kind == "weight":
            array = arrays[_weight(one, arrays)]
            with torch.no_grad():
                array[...] = _written(array, one.places(array.shape), one.value)
    return network


def changed_input(x: Tensor, interventions: Sequence[Intervention]) -> Tensor:
    """x (b, t, i) with every ``input`` of the interventions overwritten; ValueError, in one sentence, if it cannot."""
    wanted = [one for one in interventions if one.kind == "input"]
    if wanted and not (isinstance(x, Tensor) and x.dim() == 3 and x.is_floating_point()):
        raise ValueError("Only an input of numbers, (b, t, i), can be overwritten; this network reads something else.")
    for one in wanted:
        x = x.clone()
        last = one.until(x.shape[1])
        picked = one.places(x.shape[2:])
        x[:, one.first:last + 1] = _written(x[:, one.first:last + 1], picked, one.value)
    return x


def _touched(network: Any, batch: Batch, before: NetworkTrace, interventions: Sequence[Intervention]) -> NetworkTrace:
    """The trace of a network under the interventions that act while it runs: held probes and overwritten states."""
    length = before.outputs.shape[1]
    holds = [[one for one in interventions if one.kind == "hold" and one.which == k]
             for k in range(len(before.passes))]
    runner, cells = hold_cells(network, holds, length)
    visits = 0

    def force(t: int, state: Any) -> Any:
        nonlocal visits
        which, place = divmod(visits, length)
        visits += 1
        if holds[which]:
            cells[which].now = t
        there = None if batch.mask is None else batch.mask[:, t]
        for one in interventions:
            if one.which == which and one.kind == "start" and place == 0:
                state = _overwritten(state, one, None)
            if one.which == which and one.kind == "clamp" and one.first <= t <= one.until(length):
                state = _overwritten(state, one, there)
        return state

    trace = runner.trace(batch.x, mask=batch.mask, force=force)
    for cell, some in zip(cells, holds):
        if some:
            cell.now = None
    return trace


def _overwritten(state: Any, one: Intervention, there: Tensor | None) -> Any:
    """A state with one field overwritten, in the rows (b,) that have this step."""
    field = dict(paths(state))[one.name]
    new = _written(field, one.places(field.shape[1:]), one.value)
    if there is not None:
        new = torch.where(rows(there, field), new, field)
    return tmap(lambda v: new if v is field else v, state)


def _written(old: Tensor, picked: Tensor, value: float) -> Tensor:
    """``old`` (…, *shape) with ``value`` at the picked places of its last dimensions (shape)."""
    return torch.where(picked.to(old.device), torch.full_like(old, value), old)


def _weight(one: Intervention, arrays: dict[str, Tensor]) -> str:
    """The full name of a weight array, which may be given for short."""
    for name in (one.name, f"cells.{one.which}.{one.name}", f"readout.{one.name}"):
        if name in arrays and arrays[name].is_floating_point():
            return name
    raise ValueError(f"This network has no weights “{one.name}”: it has {', '.join(list(arrays)[:8])}.")


def _fits(one: Intervention, network: Any, before: NetworkTrace) -> None:
    """Raise ValueError, in one sentence, for an intervention that cannot act here."""
    if one.which >= len(before.passes):
        raise ValueError(f"This network's passes are counted from 0 to {len(before.passes) - 1}: there is no pass "
                         f"{one.which}.")
    trace = before.passes[one.which]
    if one.kind == "weight":
        arrays = network.state_dict()
        one.places(arrays[_weight(one, arrays)].shape)
    elif one.kind != "input":
        one.until(trace.length)
        known = trace.probes if one.kind == "hold" else dict(paths(trace.entering))
        if one.name not in known:
            word = "probe" if one.kind == "hold" else "state"
            raise ValueError(f"This network has no {word} “{one.name}”: it has {', '.join(known)}.")
        field = known[one.name]
        one.places(field.shape[2:])
        if not field.is_floating_point() and not (one.value.is_integer() and abs(one.value) < 2**31):
            raise ValueError(f"“{one.name}” counts in whole numbers below 2³¹, so it cannot be {one.value:g}.")


def _over(mask: Tensor, like: Tensor) -> Tensor:
    """A mask (b, t) that broadcasts over a field (b, t, …)."""
    return mask.reshape(*mask.shape, *[1] * (like.dim() - 2))
