"""When does this pattern come again? Units that are on throughout a span of steps and off around it, found elsewhere.

    S = {n : h_t[n] ≥ ℓ for all t in first…last, and h_t[n] < ℓ just before and just after}

Every span of that length in the other sequences is compared: how many units of S are on throughout it, how many others
switch in the same way, how far its states are. Strobelt, Gehrmann, Pfister & Rush, LSTMVis, 2018.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import max_pool1d, pad

from rnn_core.analysis.memory_span import existing, kept_fields
from rnn_core.records import Batch, Card, Result, Trace
from rnn_core.records.trees import paths

CARD = Card(title="Select and match", row="D1", year=2018,
            reference="Strobelt, Gehrmann, Pfister & Rush, LSTMVis, IEEE Transactions on Visualization, 2018",
            summary="Units that switch on for a chosen span of steps, and the closest spans in other sequences.",
            equations={"S": "S = units that are on throughout the span and off around it"}, symbols={"S": "hidden"})
CONTEXT, SPAN, CLEAR = 3, 3, 0.05


@dataclass(frozen=True)
class Match:
    """One span, ``first`` to ``last``, of one ``sequence``: ``shared`` of the units are on throughout it.

    ``extra`` other units switch in the same way there; ``distance`` is the root of the mean square between its states
    and the chosen ones. ``reads`` are the inputs from ``CONTEXT`` steps before to as many after, by ``at`` their steps.
    """

    sequence: int
    first: int
    last: int
    shared: int
    extra: int
    distance: float
    at: tuple[int, ...] = ()
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Matches(Result):
    """``units`` switch with the ``chosen`` span; ``matches`` are the closest spans of other sequences, best first.

    ``values`` (b, t, n) is what was compared, NaN where no step is, ``name`` its name, ``threshold`` the level ℓ at
    which a unit counts as on. ``best`` is the level that most units would pass clearly, None where none ever does.
    """

    chosen: Match
    units: tuple[int, ...]
    matches: tuple[Match, ...]
    values: Tensor
    name: str
    threshold: float
    best: float | None

    def frame(self) -> pd.DataFrame:
        """One row a span: first the chosen one, then its matches."""
        rows = [("chosen", self.chosen), *((str(k), m) for k, m in enumerate(self.matches, 1))]
        return pd.DataFrame([{
            "rank": rank, "sequence": m.sequence, "first": m.first, "last": m.last, "units on": m.shared,
            "others that switch": m.extra, "distance": m.distance, "reads": in_words(m)} for rank, m in rows])

    @property
    def says(self) -> str:
        span = f"steps {self.chosen.first} to {self.chosen.last} of sequence {self.chosen.sequence}"
        if not self.units:
            advice = "no level would do" if self.best is None else f"at {self.best:.2f} some would"
            return f"no unit is on throughout {span} and off around it at the level {self.threshold:.2f}; {advice}."
        count = f"{len(self.units)} unit{'s' * (len(self.units) > 1)}"
        if not self.matches:
            return (f"{count} of {self.values.shape[-1]} switched on for {span}; in no other sequence is any of them "
                    "on throughout as many steps.")
        full = sum(m.shared == len(self.units) for m in self.matches)
        return (f"{count} of {self.values.shape[-1]} switched on for {span}; in {full} of the {len(self.matches)} "
                f"closest other sequences all of them are on together again.")

    @property
    def says_not(self) -> str:
        return ("that these units detect what the matches have in common: another level, or a rotation of the units, "
                "selects others, and spans that do not match were not looked at.")


def in_words(match: Match) -> str:
    """What is read there, the span itself in brackets."""
    inside = [f"[{word}]" if match.first <= t <= match.last else word for t, word in zip(match.at, match.reads)]
    return " ".join(inside)


def select_and_match(trace: Trace, batch: Batch | None = None, task: Any = None, *, sequence: int = 0,
                     first: int | None = None, last: int | None = None, threshold: float | None = None,
                     before: int = 1, after: int = 1, probe: str | None = None, most: int = 10) -> Matches:
    """Select the units that switch with steps ``first`` to ``last`` of one sequence; find the closest other spans.

    Without ``first`` the three steps are taken for which most units switch clearly.
    ``before`` and ``after`` tell for how many steps around the span a unit must be off, 0 for not at all; where the
    sequence has no such steps nothing is asked. ``threshold`` None is the level that most units pass clearly. ``probe``
    is the quantity that is compared, by default what the pass calls its hidden state. With ``batch`` and ``task`` the
    matches can be read. Raises ValueError, in one sentence, for a span, sequence or quantity that is not there.
    """
    name, values = _values(trace, probe)
    b, t, n = values.shape
    if not 0 <= sequence < b:
        raise ValueError(f"There are sequences 0 to {b - 1}; {sequence} is not among them.")
    there = existing(trace)
    length = int(there[sequence].nonzero()[-1]) + 1 if there[sequence].any() else 0
    if first is None:
        first = _liveliest(values[sequence:sequence + 1], min(SPAN, max(length, 1)), before, after)
    last = min(length - 1, first + SPAN - 1) if last is None else last
    if not (0 <= first <= last < length and there[sequence, first:last + 1].all()):
        raise ValueError(f"Sequence {sequence} has steps 0 to {length - 1}: no span from {first} to {last}.")
    low, around = _extremes(values, last - first + 1, before, after)                       # (b, w, n) each
    inside, outside = low[sequence, first], around[sequence, first]
    best = _best_level(inside, outside)
    level = threshold if threshold is not None else 0.0 if best is None else best
    on, switches = low >= level, (low >= level) & (around < level)
    chosen = switches[sequence, first]
    shared, extra = (on & chosen).sum(-1), (switches & ~chosen).sum(-1)                    # (b, w)
    distance = _distance(values, sequence, first, last)

    def span(k: int, w: int) -> Match:
        at, reads = _reads(batch, task, k, w, w + last - first, there)
        return Match(k, w, w + last - first, int(shared[k, w]), int(extra[k, w]), float(distance[k, w]), at, reads)

    found = _closest(shared, extra, distance, sequence, most) if chosen.any() else []
    return Matches(span(sequence, first), tuple(chosen.nonzero().flatten().tolist()), tuple(span(*at) for at in found),
                   values, name, float(level), best)


def _values(trace: Trace, probe: str | None) -> tuple[str, Tensor]:
    """The quantity (b, t, n) that is compared, with its name; NaN where no step is."""
    symbols = trace.cell.card.symbols
    offers = {k: v for k, v in (*trace.probes.items(), *paths(trace.states)) if v.is_floating_point()}
    if probe is None:
        hidden = [name for name, _ in paths(trace.states) if symbols.get(name) == "hidden" and name in offers]
        probe = hidden[-1] if hidden else kept_fields(trace)[-1][0]
    if probe not in offers:
        raise ValueError(f"This pass has no quantity “{probe}”; it has {', '.join(offers)}.")
    values = offers[probe].detach().flatten(2)
    there = existing(trace).unsqueeze(-1)
    return probe, torch.where(there, values, torch.full_like(values, torch.nan))


def _extremes(values: Tensor, width: int, before: int, after: int) -> tuple[Tensor, Tensor]:
    """For every span of ``width`` steps: the least value inside it, and the greatest just around it, (b, w, n).

    A span with a step that does not exist has −∞ inside; what is not finite is never on.
    """
    known = torch.where(values.isfinite(), values, torch.full_like(values, -torch.inf)).transpose(1, 2)   # (b, n, t)
    spans = known.shape[-1] - width + 1

    def greatest(v: Tensor, size: int) -> Tensor:
        return max_pool1d(v, size, 1)

    inside = -greatest(-known, width)
    around = torch.full_like(inside, -torch.inf)
    if before:
        around = greatest(pad(known, (before, 0), value=-torch.inf), before)[..., :spans]
    if after:
        following = pad(known[..., width:], (0, after), value=-torch.inf)
        around = torch.maximum(around, greatest(following, after)[..., :spans])
    return inside.transpose(1, 2), around.transpose(1, 2)


def _liveliest(values: Tensor, width: int, before: int, after: int) -> int:
    """The first step of the span for which most units switch clearly; of several the earliest.

    Spans with steps on both asked sides come before those at an end.
    """
    inside, around = (v[0] for v in _extremes(values, width, before, after))               # (w, n)
    clear = torch.where(inside.isfinite(), inside - _raised(inside, around), torch.zeros_like(inside))
    spans = torch.arange(len(clear), device=clear.device)
    inner = (spans >= before) & (spans < len(clear) - after)
    return int((clear.clamp(0, 2 * CLEAR).sum(-1) + inner).mul(inner).argmax())


def _raised(inside: Tensor, outside: Tensor) -> Tensor:
    """Where levels may begin: just above ``outside``, and above 0 if any unit passes such a level; never at −∞."""
    above = outside.clamp(min=0.0)
    floor = above if bool((inside.isfinite() & (inside > above)).any()) else outside
    return torch.where(floor.isfinite(), floor, inside - 1)


def _best_level(inside: Tensor, outside: Tensor) -> float | None:
    """The level ℓ, outside < ℓ ≤ inside, that most units pass clearly, on both sides; None where none can."""
    low = _raised(inside, outside)
    passes = inside.isfinite() & (inside > low)
    low, high = low[passes], inside[passes]
    levels = ((low + high) / 2).unsqueeze(-1)
    if not len(levels):
        return None
    return float(levels[torch.minimum(high - levels, levels - low).clamp(0, CLEAR).sum(-1).argmax(), 0])


def _distance(values: Tensor, sequence: int, first: int, last: int) -> Tensor:
    """(b, w) root of the mean square between every span's states and the chosen ones; NaN where it has no such step."""
    spans = values.shape[1] - (last - first)
    total = sum((values[:, k:k + spans] - values[sequence, first + k]).square().mean(-1)
                for k in range(last - first + 1))
    return (total / (last - first + 1)).sqrt()


def _closest(shared: Tensor, extra: Tensor, distance: Tensor, sequence: int, most: int) -> list[tuple[int, int]]:
    """(sequence, first) of the best span of each other sequence: most units shared, fewest others, least distance."""
    b, w = shared.shape
    table = pd.DataFrame({"sequence": torch.arange(b).repeat_interleave(w), "first": torch.arange(w).repeat(b),
                          "shared": -shared.flatten().cpu(), "extra": extra.flatten().cpu(),
                          "distance": distance.flatten().cpu()})
    there = table[(table["shared"] < 0) & table["distance"].notna() & (table["sequence"] != sequence)]
    ranked = there.sort_values(["shared", "extra", "distance", "sequence", "first"]).drop_duplicates("sequence")
    return list(ranked[["sequence", "first"]].head(most).itertuples(index=False, name=None))


def _reads(batch: Batch | None, task: Any, k: int, first: int, last: int, there: Tensor) -> tuple[
        tuple[int, ...], tuple[str, ...]]:
    """The steps around a span, and what is read there."""
    if batch is None or task is None:
        return (), ()
    words = task.story(batch, k).inputs
    steps = there[k].nonzero().flatten().tolist()
    named = {t: words[i] for i, t in enumerate(steps) if i < len(words)}
    at = tuple(t for t in range(first - CONTEXT, last + CONTEXT + 1) if t in named)
    return at, tuple(named[t] for t in at)
