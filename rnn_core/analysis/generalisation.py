"""Does it hold beyond what was trained? The metric on fresh sequences, and on longer or deeper ones of the same task.

    for every version v of the task:  metric(network, v) beside baseline(v)

The first version has the settings of training, the others are those that the task names itself: twice and ten times
the length, the lag or the depth, as far as its range goes. All sequences are held out, and other ones for each version.
Each version's baseline is computed anew, for a longer task may be easier or harder to guess. A metric's standard error
is that of its mean over ten groups of sequences; only what is three of them better than the baseline is called ahead.
Gers & Schmidhuber, *LSTM recurrent networks learn simple context-free and context-sensitive languages*, 2001.
"""
from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch

from rnn_core.records import Card, Result

CARD = Card(title="Beyond what was trained", row="C25", year=2001,
            reference="Gers & Schmidhuber, LSTM recurrent networks learn simple context-free and context-sensitive "
                      "languages, 2001",
            summary="The metric on fresh sequences, and on longer or deeper ones than training ever saw, each beside "
                    "what can be had without memory.")
SAME, GROUPS = "as trained", 10


@dataclass(frozen=True, eq=False)
class Generalisation(Result):
    """``values`` and ``baselines`` of the metric for every version in ``versions``, the one of training first.

    A value is NaN where an answer that counts is not finite; ``errors`` are the standard errors of the values, NaN for
    a single sequence. ``guesses`` say what each baseline does; ``metric`` is the metric's name, ``better`` "lower" or
    "higher", ``sequences`` how many were read of each version.
    """

    versions: tuple[str, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...]
    baselines: tuple[float, ...]
    guesses: tuple[str, ...]
    metric: str
    better: str
    sequences: int

    @property
    def ahead(self) -> tuple[bool, ...]:
        """Whether each version is answered better than its baseline, by more than three standard errors."""
        sign = 1 if self.better == "higher" else -1
        return tuple(sign * (v - b) > 3 * e for v, e, b in zip(self.values, self.errors, self.baselines))

    def frame(self) -> pd.DataFrame:
        """One row a version of the task."""
        return pd.DataFrame({"version": self.versions, self.metric: self.values, "standard error": self.errors,
                             "baseline": self.baselines, "baseline's guess": self.guesses,
                             "better than the baseline": self.ahead, "sequences": self.sequences})

    @property
    def says(self) -> str:
        if any(v != v for v in self.values):
            return "on some of these sequences the network has left the finite numbers, so there is nothing to compare."
        told = "; ".join(f"{name}: {v:.3g} (baseline {b:.3g})" for name, v, b in
                         zip(self.versions, self.values, self.baselines))
        start = f"{self.metric}, {self.better} is better, on {self.sequences} fresh sequences each: {told}"
        if len(self.versions) == 1:
            return f"{start}; this task knows no longer or deeper version of itself."
        if not self.ahead[0]:
            return f"{start}; no better than the baseline on the task itself, so there is nothing to carry further."
        lost = [name for name, ahead in zip(self.versions, self.ahead) if not ahead]
        return f"{start}; " + (f"no better than the baseline: {', '.join(lost)}." if lost else
                               "it is better than the baseline in every one.")

    @property
    def says_not(self) -> str:
        return ("that the rule behind the task was found: a network may be ahead of the baseline and far from right, "
                "may hold up further than was looked at, or fail on what is harder in another way.")


@torch.no_grad()
def generalisation(network: Any, task: Any, *, sequences: int = 200, seed: int = 0) -> Generalisation:
    """The metric of a network on held-out sequences of its task, and of every harder version that the task knows.

    A version for which there is not enough data is left out. Raises ValueError, in one sentence, for fewer than one
    sequence.
    """
    if sequences < 1:
        raise ValueError(f"At least one sequence is needed; {sequences} were asked for.")
    versions = {SAME: task, **_harder(task)}
    generator = torch.Generator().manual_seed(seed)
    values, errors = zip(*(_measured(network, version, sequences, generator) for version in versions.values()))
    guesses = [version.baseline() for version in versions.values()]
    return Generalisation(tuple(versions), values, errors, tuple(float(g.value) for g in guesses),
                          tuple(g.sentence for g in guesses), task.metric_name, task.metric_better, sequences)


def _harder(task: Any) -> dict[str, Any]:
    """The harder versions of a task, about the same data where it takes any."""
    found = {}
    for name, settings in task.further().items():
        try:
            found[name] = type(task)(settings, task.data_hash) if task.takes_data else type(task)(settings)
        except ValueError:
            continue
    return found


def _measured(network: Any, task: Any, sequences: int, generator: torch.Generator) -> tuple[float, float]:
    """The metric on held-out sequences and its standard error; NaN where an answer that counts is not finite."""
    like = next(network.parameters())
    batch = task.held_out(sequences, generator).to(like.device)
    batch = batch._replace(x=batch.x.to(like.dtype))
    y = network(batch.x, mask=batch.mask)
    if not bool(y[batch.counted].isfinite().all()):
        return math.nan, math.nan
    rows = torch.arange(sequences, device=y.device).chunk(min(GROUPS, sequences))
    if task.plays:
        whole, parts = task.measured(network, batch)[1], [task.measured(network, batch.rows(k))[1] for k in rows]
    else:
        whole, parts = task.metric(y, batch), [task.metric(y[k], batch.rows(k)) for k in rows]
    error = statistics.stdev(parts) / math.sqrt(len(parts)) if len(parts) > 1 else math.nan
    return whole, error
