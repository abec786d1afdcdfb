"""What is wrong with it? Seven checks with their evidence, and for each a picture that shows it and one thing to try.

Every check measures one number on sequences that were never trained on, or on the curve of training, and holds it
against one threshold. A check that finds nothing keeps its number, so that its silence can be judged too.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.gradient_norms import FLOOR, gradient_norms
from rnn_core.records import Batch, Card, NetworkTrace, Result
from rnn_core.records.trees import paths

CARD = Card(title="Diagnosis", row="D2", year=2012,
            reference="Bengio, Practical recommendations for gradient-based training of deep architectures, 2012",
            summary="Seven ways in which training goes wrong, each with its evidence and one thing to try.")

#: A calibrated answer varies as much as it explains: below a fifth of the target's deviation it explains under 4 %.
SAME = 0.2
#: Above nine tenths of the baseline's loss, what was learnt is not worth the name.
NEAR = 0.9
#: σ'(a) and 1 − tanh²(a) are under 6 % of the input there (3 % · 97 %, and 1 − .97²): little error passes.
EDGE = 0.97
#: Where more than half of the values stand at the edge, most of the error is stopped on its way.
SATURATED = 0.5
#: A reader with weights of order 1 cannot tell a unit that moves by less than a thousandth from a constant.
STILL = 1e-3
#: One dead unit in ten is an accident of the start; more cost capacity.
DEAD = 0.1
#: An error below the floor is only lost if it also faded: a network without error has small gradients everywhere.
FADED = 1e-3
#: Three times the loss of the fresh network: it knows less than nothing.
RUNAWAY = 3.0
#: Held-out loss a tenth above its best is more than the measurements scatter on always the same sequences.
WORSE = 1.1
#: How many of the last updates' training losses are taken together, since each comes from another batch.
RECENT = 20

BOUNDED = {"σ": (0.0, 1.0), "tanh": (-1.0, 1.0)}
UNITS = ("Hidden states", "How long does it remember?")
SHOWN = {"constant": ("Train", ""), "saturated": UNITS, "dead": UNITS,
         "vanishing": ("Gradients", ""), "diverging": ("Train", ""), "overfitting": ("Train", ""),
         "untrained": ("Train", "")}


@dataclass(frozen=True)
class Finding:
    """One check: ``found`` or not, the ``measured`` number and the ``limit`` it was held against, and a sentence.

    ``severity`` is problem, warning or note. ``page`` and ``section`` name the picture that shows it; ``change`` holds
    settings to try instead, and ``advice`` says what is to be tried, in words.
    """

    name: str
    found: bool
    measured: float
    limit: float
    sentence: str
    severity: str = "note"
    advice: str = ""
    change: dict[str, Any] = field(default_factory=dict)

    @property
    def page(self) -> str:
        """The page whose picture shows it."""
        return SHOWN[self.name][0]

    @property
    def section(self) -> str:
        """The section of that page, "" for its first picture."""
        return SHOWN[self.name][1]


@dataclass(frozen=True, eq=False)
class Diagnosis(Result):
    """``checks``: every check, the findings first, the gravest on top."""

    checks: tuple[Finding, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The checks that found something."""
        return tuple(one for one in self.checks if one.found)

    def frame(self) -> pd.DataFrame:
        """One row a check."""
        return pd.DataFrame([{"check": one.name, "found": one.found, "measured": one.measured, "limit": one.limit,
                              "in words": one.sentence, "to try": one.advice} for one in self.checks])

    @property
    def says(self) -> str:
        if not self.findings:
            return f"none of {len(self.checks)} checks found anything wrong on these sequences."
        return " ".join(one.sentence if k == 0 else one.sentence[0].upper() + one.sentence[1:]
                        for k, one in enumerate(self.findings))

    @property
    def says_not(self) -> str:
        return ("that nothing else is wrong, nor that the thing to try will help: each check sees one kind of trouble, "
                "and only where it passes its threshold.")


def diagnosis(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor], task: Any, history: pd.DataFrame,
              status: str = "", reason: str = "") -> Diagnosis:
    """All checks of a network on sequences it was not trained on; ``status`` and ``reason`` are the run's own."""
    with torch.no_grad():
        trace = network.trace(batch.x, mask=batch.mask)
    trained = len(history) > 0 and int(history["update"].max()) > 0
    tips = _Tips(network, task, history)
    checks = [_untrained(trained), _diverging(trace, history, task, status, reason, tips), _saturated(trace, tips),
              _dead(trace, tips), _vanishing(network, batch, loss, task, tips), _overfitting(history, tips),
              _constant(trace, batch, loss, task, tips, trained)]
    gravity = {"problem": 0, "warning": 1, "note": 2}
    return Diagnosis(tuple(sorted(checks, key=lambda one: (not one.found, gravity[one.severity]))))


class _Tips:
    """What could be tried, read off the settings at hand: sentences, and settings that exist here."""

    def __init__(self, network: Any, task: Any, history: pd.DataFrame) -> None:
        self.cell, self.task = network.cells[0], task
        self.settings = dict(self.cell.settings.model_dump())
        rates = history["learning_rate"].dropna() if len(history) else []
        self.rate = float(rates.iloc[-1]) if len(rates) else None
        self.gated = "forget" in self.cell.card.symbols.values()

    def slower(self, by: float) -> tuple[str, dict[str, Any]]:
        """Smaller steps of learning."""
        if self.rate is None:
            return "Train with smaller steps.", {}
        rate = max(float(f"{self.rate / by:.2g}"), 1e-6)
        return f"Try a learning rate of {rate:g} in place of {self.rate:g}.", {"learning_rate": rate}

    def shorter(self) -> tuple[str, dict[str, Any]]:
        """A gated cell; where there is one, less to remember."""
        if not self.gated:
            return "Try an LSTM, which can keep an error alive over many steps.", {"architecture": "lstm"}
        for name in ("length", "lag"):
            now = getattr(self.task.settings, name, 0)
            if now > 8:
                return f"Try sequences half as long: {now // 2} in place of {now}.", {name: now // 2}
        return "Train it for longer, or start from another seed.", {}


def _untrained(trained: bool) -> Finding:
    if trained:
        return Finding("untrained", False, 1.0, 1.0, "it has been trained.")
    return Finding("untrained", True, 0.0, 1.0, "it has not been trained yet: all it says comes from random weights.",
                   "note", "Press Play on the page Train.")


def _constant(trace: NetworkTrace, batch: Batch, loss: Callable[[Tensor, Batch], Tensor], task: Any,
              tips: _Tips, trained: bool) -> Finding:
    """Does it say the same whatever it reads? Of random weights that is no finding."""
    classes = batch.target.dim() == 2
    said = trace.outputs.softmax(-1) if classes else trace.outputs
    right = torch.nn.functional.one_hot(batch.target.clamp(min=0), said.shape[-1]) if classes else batch.target
    spread, wanted = _between(said, batch), _between(right.to(said.dtype), batch)
    share = math.sqrt(spread / wanted) if wanted > 0 else math.nan
    now, base = float(loss(trace.outputs, batch)), task.baseline().loss
    found = trained and share < SAME and now > NEAR * base
    words = (f"its answers differ between sequences by {share:.1%} of what the right answers do, and its loss, "
             f"{now:.3g}, is compared with {base:.3g} without any memory")
    if not found:
        return Finding("constant", False, share, SAME, words + ".")
    return Finding("constant", True, share, SAME, f"it says the same whatever it reads: {words}.", "problem",
                   *tips.shorter())


def _between(values: Tensor, batch: Batch) -> float:
    """Variance between sequences of values (b, t, o) at the same distance from the end, over the steps that count."""
    counted = batch.counted
    lengths = torch.full_like(counted[:, 0], counted.shape[1], dtype=torch.long)
    lengths = lengths if batch.mask is None else batch.mask.sum(1)
    place = (lengths.unsqueeze(1) - 1 - torch.arange(counted.shape[1], device=counted.device))[counted].clamp(min=0)
    v = values[counted].double()
    number = torch.zeros(counted.shape[1], dtype=v.dtype, device=v.device).index_add(0, place, torch.ones_like(v[:, 0]))
    mean = torch.zeros(len(number), v.shape[1], dtype=v.dtype, device=v.device).index_add(0, place, v)
    mean = mean / number.clamp(min=1).unsqueeze(1)
    return float((v - mean[place]).pow(2).sum(-1).mean())


def _range(cell: Any, name: str) -> tuple[float, float] | None:
    """Between what a probe is squeezed by its equation: (0, 1), (−1, 1), or None."""
    outer = cell.card.equations.get(name, "").split("=", 1)[-1].strip().split("(")[0]
    if outer == "φ":
        outer = {"sigmoid": "σ"}.get(cell.settings.activation, cell.settings.activation)
    return BOUNDED.get(outer)


def _saturated(trace: NetworkTrace, tips: _Tips) -> Finding:
    """Do squeezed quantities stand at their ends? A keep gate that is open does its work and is not counted."""
    worst, share = "", 0.0
    for one in trace.passes:
        for name, value in one.probes.items():
            limits = _range(one.cell, name)
            if limits is None:
                continue
            v = value[~value.isnan()]
            part = (v - limits[0]) / (limits[1] - limits[0])
            margin = (1 - EDGE) / (limits[1] - limits[0])
            at_edge = part < margin
            if one.cell.card.symbols.get(name) != "forget":
                at_edge |= part > 1 - margin
            now = float(at_edge.double().mean()) if len(v) else 0.0
            if now > share:
                worst, share = name, now
    if share <= SATURATED:
        return Finding("saturated", False, share, SATURATED, f"at most {share:.0%} of the values of a squeezed "
                       "quantity stand at the end of its range.")
    sentence = (f"{share:.0%} of all values of {worst} stand at the end of its range, where a change of its input is "
                "hardly felt and little error passes.")
    if tips.settings.get("gain", 0) > 1:
        tip = f"Try fresh recurrent weights of gain 1 in place of {tips.settings['gain']:g}.", {"gain": 1.0}
    else:
        tip = tips.slower(3)
    return Finding("saturated", True, share, SATURATED, sentence, "warning", *tip)


def _dead(trace: NetworkTrace, tips: _Tips) -> Finding:
    """Are there units that never move?"""
    worst, share, count, still = "", 0.0, 0, 0
    for one in trace.passes:
        for name, value in paths(one.states):
            if not value.is_floating_point():
                continue
            v = value.flatten(2)
            v = v.flatten(0, 1) if one.mask is None else v[one.mask]
            dead = v.std(0, unbiased=False) < STILL
            if float(dead.double().mean()) > share:
                worst, share, count, still = name, float(dead.double().mean()), len(dead), int(dead.sum())
    if share <= DEAD:
        return Finding("dead", False, share, DEAD, f"{share:.0%} of the units never move.")
    tip = ("Start from another seed.", {})
    if tips.settings.get("activation") == "relu":
        tip = ("Try tanh, which lets some error through at every value.", {"activation": "tanh"})
    elif tips.settings.get("gain", 1) < 1:
        tip = ("Try fresh recurrent weights of gain 1.", {"gain": 1.0})
    return Finding("dead", True, share, DEAD, f"{still} of {count} units of {worst} have the same value on every "
                   "sequence at every step: nothing that is read reaches them.", "warning", *tip)


def _vanishing(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor], task: Any, tips: _Tips) -> Finding:
    """Does the error reach back to the first input that matters?"""
    median = gradient_norms(network, batch, loss).median
    known = torch.nan_to_num(median, nan=0.0)
    top = float(known.max())
    lost = (known < FLOOR) & (known < FADED * top) if math.isfinite(top) else torch.zeros_like(known, dtype=torch.bool)
    heard = (~lost).nonzero().flatten()
    horizon = int(heard[0]) - 1 if len(heard) else len(known) - 1
    firsts = sorted(task.story(batch, row).marks[0] for row in range(len(batch.target)))
    needed = firsts[len(firsts) // 2] if firsts else 0
    least, limit = float(known[min(needed, len(known) - 1)]), FLOOR
    if horizon < needed:
        return Finding("vanishing", False, least, limit, f"at step {needed}, where the first thing to remember "
                       f"stands, the error has size {least:.1e}; its largest is {top:.1e}.")
    return Finding("vanishing", True, least, limit, f"nothing up to step {horizon} hears the error, and the first "
                   f"thing to remember stands at step {needed}: {least:.1e} arrives there of {top:.1e} at its largest.",
                   "problem", *tips.shorter())


def _diverging(trace: NetworkTrace, history: pd.DataFrame, task: Any, status: str, reason: str,
               tips: _Tips) -> Finding:
    """Is it worse than it was?"""
    held = history["held_out"].dropna() if len(history) else []
    if status == "diverged":
        return Finding("diverging", True, math.nan, RUNAWAY, reason or "the run diverged.", "problem", *tips.slower(5))
    if not bool(trace.outputs.isfinite().all()):
        return Finding("diverging", True, math.nan, RUNAWAY, "some of its answers are not finite numbers.", "problem",
                       *tips.slower(5))
    if len(held) < 2:
        return Finding("diverging", False, 1.0, RUNAWAY, "there is no curve yet that could rise.")
    first, last, best, base = float(held.iloc[0]), float(held.iloc[-1]), float(held.min()), task.baseline().loss
    ratio = last / first if first > 0 else math.nan
    if last > RUNAWAY * first:
        return Finding("diverging", True, ratio, RUNAWAY, f"its held-out loss is {last:.3g}, {ratio:.1f} times that of "
                       "the fresh network.", "problem", *tips.slower(5))
    if best < base / 2 and last > base:
        return Finding("diverging", True, ratio, RUNAWAY, f"it had learnt, and lost it again: its held-out loss was "
                       f"{best:.3g} and is {last:.3g}, above the {base:.3g} of no memory.", "problem", *tips.slower(5))
    return Finding("diverging", False, ratio, RUNAWAY, f"its held-out loss went from {first:.3g} to {last:.3g}.")


def _overfitting(history: pd.DataFrame, tips: _Tips) -> Finding:
    """Does the training loss fall while the held-out loss rises?"""
    held = history[["update", "held_out"]].dropna() if len(history) else history
    losses = history[["update", "loss"]].dropna() if len(history) else history
    if len(held) < 3 or len(losses) < 2 * RECENT:
        return Finding("overfitting", False, 1.0, WORSE, "there are too few updates to compare.")
    best = held.loc[held["held_out"].idxmin()]
    ratio = float(held["held_out"].iloc[-1] / best["held_out"]) if best["held_out"] > 0 else 1.0
    around = losses[(losses["update"] - best["update"]).abs() <= RECENT]["loss"].median()
    now = losses["loss"].iloc[-RECENT:].median()
    words = (f"the held-out loss is {held['held_out'].iloc[-1]:.3g} and was {best['held_out']:.3g} at its best, at "
             f"update {int(best['update']):,}, while the training loss went from {around:.3g} to {now:.3g}")
    if not (ratio > WORSE and now < around / WORSE):
        return Finding("overfitting", False, ratio, WORSE, words + ".")
    size = tips.settings.get("hidden_size", 0)
    tip = ("Stop earlier, or give it more to learn from.", {})
    if size > 4:
        tip = (f"Try half as many units, {size // 2}, or stop at update {int(best['update']):,}.",
               {"hidden_size": size // 2})
    return Finding("overfitting", True, ratio, WORSE, f"it learns its examples by heart: {words}.", "warning", *tip)
