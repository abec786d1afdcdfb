"""What would have kept it? Interventions that could have saved one forgotten input, tried one after the other.

A keep gate is held open, a write gate closed between the events, a unit clamped where the input had put it. The best is
then done alike to other sequences, each with its own events: what repairs one by chance spoils the others. Meyes et
al., *Ablation studies in artificial neural networks*, 2019.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.forgetting import Forgetting, forgetting, in_words
from rnn_core.analysis.intervene import Intervened, intervene
from rnn_core.records import Batch, Card, Intervention, Result
from rnn_core.records.trees import paths

CARD = Card(title="What would have kept it?", row="D2", year=2019,
            reference="Meyes et al., Ablation studies in artificial neural networks, 2019",
            summary="Interventions that could have saved one forgotten input, and what the best does to others.")

#: An intervention that leaves more than half of the error repairs nothing.
REPAIRED = 0.5
#: An error below a twentieth of the loss without memory, or a right class held for 90 % certain, needs no repair.
SMALL, CERTAIN = 0.05, 0.9
#: On how many other sequences the best intervention is tried.
OTHERS = 4


@dataclass(frozen=True, eq=False)
class Repair(Result):
    """``tried``: (what was done, loss of the answer), the untouched run first; ``best`` the run with the smallest loss.

    ``said``, ``repaired`` and ``expected`` are the answer untouched, under the best, and the right one, in words.
    ``enough`` is the error that needs no repair; ``others`` counts the other sequences, ``others_before`` and
    ``others_after`` are their mean losses.
    """

    tried: tuple[tuple[str, float], ...]
    best: Intervened | None
    said: str
    repaired: str
    expected: str
    enough: float
    others: int
    others_before: float
    others_after: float

    @property
    def helps(self) -> bool:
        """Whether there was an error worth the name and an intervention halves it at least."""
        error = self.tried[0][1]
        return self.best is not None and error > self.enough and self.best.loss_after < REPAIRED * error

    def frame(self) -> pd.DataFrame:
        """One row an intervention; the first is the untouched run."""
        return pd.DataFrame(self.tried, columns=["what was done", "error of this answer"])

    @property
    def says(self) -> str:
        error = self.tried[0][1]
        if error <= self.enough:
            return f"there is nothing to repair: the error of this answer is {error:.2g}."
        if self.best is None:
            return "there was nothing to try that this network allows."
        name, after = min(self.tried[1:], key=lambda one: one[1])
        if not self.helps:
            several = len(self.tried) > 2
            none = f"none of {len(self.tried) - 1} interventions" if several else "nothing that could be tried"
            return (f"{none} repairs this answer: the best, to {name}, takes its error from {error:.3g} to "
                    f"{after:.3g}.")
        alike = ""
        if self.others:
            chance = "; here it came right by chance" if self.others_after >= self.others_before else ""
            alike = (f" Done alike to {self.others} other sequences, it takes their mean error from "
                     f"{self.others_before:.3g} to {self.others_after:.3g}{chance}.")
        return (f"to {name} repairs it: it says {self.repaired} in place of {self.said}, where {self.expected} is "
                f"right, and its error goes from {error:.3g} to {after:.3g}.{alike}")

    @property
    def says_not(self) -> str:
        return ("that the network should be built so: the rest of it never learnt to live with a held value, and of "
                "several attempts one may come right by chance.")


def repair(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor], task: Any, row: int = 0) -> Repair:
    """Try to repair the answer of sequence ``row`` that ``forgetting`` follows back, and the best of it on others.

    Raises what ``forgetting`` raises.
    """
    here = forgetting(network, batch, loss, task, row)
    found = {key: (words, run) for key, words, run in _runs(network, loss, here)}
    untouched = intervene(network, here.asked, loss)
    tried = [("leave it as it was", untouched.loss_before)]
    tried += [(words, run.loss_after) for words, run in found.values()]
    finite = [key for key, (_, run) in found.items() if run.loss_after == run.loss_after]
    key = min(finite, key=lambda k: found[k][1].loss_after, default=None)
    best = None if key is None else found[key][1]
    losses = [] if best is None else _elsewhere(network, batch, loss, task, row, key)
    means = [sum(column) / len(losses) for column in zip(*losses)] if losses else [0.0, 0.0]
    classes = here.asked.target.dim() == 2
    said = "" if best is None else in_words(task, best.after.outputs[0, here.answer], classes)
    enough = -math.log(CERTAIN) if classes else SMALL * task.baseline().loss
    return Repair(tuple(tried), best, here.said, said, here.expected, enough, len(losses), *means)


def _elsewhere(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor], task: Any, row: int,
               key: str) -> list[tuple[float, float]]:
    """Loss before and after of other sequences to which the same is done, each with its own events."""
    losses = []
    for other in [k for k in range(len(batch.target)) if k != row][:OTHERS]:
        try:
            there = forgetting(network, batch, loss, task, other)
        except ValueError:
            continue
        losses += [(run.loss_before, run.loss_after) for _, _, run in _runs(network, loss, there, key)]
    return losses


def _runs(network: Any, loss: Callable[[Tensor, Batch], Tensor], here: Forgetting,
          only: str | None = None) -> Iterator[tuple[str, str, Intervened]]:
    """(key, words, run) of every candidate that this network allows, or of the one with this key."""
    for key, words, done in _candidates(here):
        if only in (None, key):
            try:
                yield key, words, intervene(network, here.asked, loss, done)
            except ValueError:
                continue


def _candidates(here: Forgetting) -> Iterator[tuple[str, str, list[Intervention]]]:
    """(key, words, interventions): gates held between the events, and units held where the input had put them."""
    trace = here.trace.main
    symbols, start, end = trace.cell.card.symbols, here.needed + 1, here.answer
    keep, write = ([n for n in trace.probes if symbols.get(n) == tone] for tone in ("forget", "write"))
    edges = [here.needed, *(t for t in here.events if t > here.needed), end]
    gaps = [(a + 1, b - 1) for a, b in zip(edges, edges[1:]) if b - a > 1]

    def hold(names: list[str], value: float, spans: list[tuple[int, int]]) -> list[Intervention]:
        return [Intervention(kind="hold", name=n, value=value, first=a, last=b) for n in names for a, b in spans]

    if keep:
        yield "open", f"hold the keep gate open from step {start} to {end}", hold(keep, 1.0, [(start, end)])
        if here.lost is not None:
            yield "once", f"hold the keep gate open in step {here.lost} alone", hold(keep, 1.0, [(here.lost,) * 2])
    if write and gaps:
        yield "closed", "hold the write gate closed between the events", hold(write, 0.0, gaps)
    if keep and gaps:
        closed = " and the write gate closed" if write else ""
        yield "both", f"hold the keep gate open{closed} between the events", [*hold(write, 0.0, gaps),
                                                                                *hold(keep, 1.0, gaps)]
    order = torch.argsort(here.units, descending=True).tolist()
    for count, words in ((1, "one unit"), (3, "three units")):
        if count <= len(order):
            what = f"clamp the {words} with most of the input where step {here.needed} had put them"
            yield words, what.replace("put them", "put it") if count == 1 else what, [
                _clamped(here, k) for k in order[:count]]


def _clamped(here: Forgetting, entry: int) -> Intervention:
    """One entry of the flattened state, held at the value that it had after the input."""
    for field, value in paths(here.trace.main.states):
        size = value[0, 0].numel() if value.is_floating_point() else 0
        if entry < size:
            at = float(value[0, here.needed].flatten()[entry])
            return Intervention(kind="clamp", name=field, unit=entry, first=here.needed + 1, last=here.answer, value=at)
        entry -= size
    raise IndexError("The state has no such entry.")
