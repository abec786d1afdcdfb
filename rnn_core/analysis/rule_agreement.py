"""Do learning rules agree on which way is down?

    cosine = ⟨g, g*⟩ / (‖g‖ ‖g*‖)        error = ‖g − g*‖ / ‖g*‖

g is a rule's gradient of one batch, g* that of backpropagation through time, on the same weights, in float64. Where
‖g*‖ = 0 there is no direction, and both are unknown.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Batch, Card, Result, Rule
from rnn_core.records.trees import tmap

CARD = Card(title="Agreement of learning rules", row="B9", year=2020,
            reference="Marschall, Cho & Savin, A unified framework of online learning algorithms for training "
                      "recurrent neural networks, 2020",
            summary="The gradients of several rules on the same weights and sequences: their angle and distance.",
            equations={"cosine": "⟨g, g*⟩ / (‖g‖ ‖g*‖)", "error": "‖g − g*‖ / ‖g*‖"}, symbols={"g": "gradient"})
EXACT = "bptt"
SAME = 1e-9


@dataclass(frozen=True, eq=False)
class RuleAgreement(Result):
    """By rule's name: ``gradients``, by weight's name; ``titles``; ``losses``. ``refused`` says why a rule has none.

    ``reach`` holds, for truncated BPTT, (k2, cosine, error) of the whole gradient at growing horizons.
    """

    gradients: dict[str, dict[str, Tensor]] = field(repr=False)
    titles: dict[str, str]
    losses: dict[str, float]
    refused: dict[str, str]
    reach: tuple[tuple[int, float, float], ...] = ()

    def frame(self) -> pd.DataFrame:
        """One row a rule and weight, "all" for the whole gradient."""
        rows = []
        for rule, found in self.gradients.items():
            exact = self.gradients[EXACT]
            for name in (*found, "all"):
                g, best = (flat(v) if name == "all" else v[name].flatten() for v in (found, exact))
                rows.append({"rule": rule, "weight": name, "norm": float(g.norm()), "cosine": cosine(g, best),
                             "relative error": distance(g, best)})
        return pd.DataFrame(rows)

    @property
    def whole(self) -> dict[str, tuple[float, float]]:
        """Rule → cosine and relative error of the whole gradient."""
        exact = flat(self.gradients[EXACT])
        return {rule: (cosine(flat(g), exact), distance(flat(g), exact)) for rule, g in self.gradients.items()}

    @property
    def says(self) -> str:
        exact = [self.titles[k] for k, (_, e) in self.whole.items() if k != EXACT and e <= SAME]
        off = [f"{self.titles[k]} points {c:.3f} of its way and is off by {e:.1%}"
               for k, (c, e) in self.whole.items() if not e <= SAME]
        give = "give" if len(exact) > 1 else "gives"
        said = [f"{' and '.join(exact)} {give} the gradient of backpropagation, to rounding"] if exact else []
        return f"on these sequences {'; '.join(said + off) or 'only backpropagation has a gradient here'}."

    @property
    def says_not(self) -> str:
        return ("that the rules learn equally well: an optimiser rescales what it is given, and a rule that steps "
                "while the sequence runs follows other gradients.")


def rule_agreement(rules: Mapping[str, Rule], batch: Batch, *, horizons: Iterable[int] = (1, 2, 5, 10, 20, 50),
                   settings: Mapping[str, Mapping[str, Any]] | None = None) -> RuleAgreement:
    """Every rule's gradient of a batch beside BPTT's; ``settings`` may change those of a rule, by its name.

    Truncated BPTT is also tried with every horizon of ``horizons`` that is shorter than the sequences, stepping each.
    """
    batch = precise(batch)
    found, losses, refused = {}, {}, {}
    for name, rule in rules.items():
        if not rule.descends:
            refused[name] = f"{rule.title} follows no gradient, so it makes no angle with that of backpropagation."
            continue
        try:
            losses[name], found[name] = rule.gradient(batch, **(settings or {}).get(name, {}))
        except MemoryError as error:
            refused[name] = f"{rule.title}: {error}."
    reach, exact = [], flat(found[EXACT])
    for k2 in horizons if "truncated_bptt" in rules else ():
        if k2 < batch.target.shape[1]:
            g = flat(rules["truncated_bptt"].gradient(batch, window_every=1, window_back=k2)[1])
            reach.append((k2, cosine(g, exact), distance(g, exact)))
    return RuleAgreement(found, {name: rules[name].title for name in found}, losses, refused, tuple(reach))


def precise(batch: Batch) -> Batch:
    """A batch in float64."""
    return Batch(*tmap(lambda v: v.double() if v.is_floating_point() else v, tuple(batch)))


def flat(gradient: Mapping[str, Tensor]) -> Tensor:
    """A whole gradient as one vector."""
    return torch.cat([v.flatten() for v in gradient.values()])


def cosine(g: Tensor, exact: Tensor) -> float:
    """The cosine of the angle between two vectors; NaN where one is 0."""
    size = float(g.norm() * exact.norm())
    return max(-1.0, min(1.0, float(g @ exact) / size)) if size else float("nan")


def distance(g: Tensor, exact: Tensor) -> float:
    """‖g − g*‖ / ‖g*‖; NaN where g* is 0."""
    size = float(exact.norm())
    return float((g - exact).norm()) / size if size else float("nan")
