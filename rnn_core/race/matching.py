"""Equal numbers of weights: how many units an architecture gets for a budget."""
from __future__ import annotations

from functools import cache
from typing import Any

from rnn_core import catalogue
from rnn_core.cells.base import Cell
from rnn_core.experiment import Experiment

TOLERANCE = 0.1


def match_parameters(spec: Experiment, budget: int) -> Experiment:
    """The same experiment with the ``hidden_size`` that brings its number of weights nearest to the budget.

    ``weights_of`` says how near that is. The count includes the readout and must grow with the units. Raises
    ValueError, in one sentence, when the nearest is more than 10 % away or there are no units to choose.
    """
    title = catalogue.cell_classes()[spec.architecture].card.title
    limits = _limits(spec)
    if limits is None:
        raise ValueError(f"{title} has no number of units to choose, so its weights cannot be matched.")
    low, high = limits
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _count(spec, middle) <= budget else (low, middle)
    units = min((low, high), key=lambda n: (abs(_count(spec, n) - budget), n))
    got = _count(spec, units)
    if abs(got - budget) > TOLERANCE * budget:
        raise ValueError(f"{title} cannot come within 10 % of {budget:,} weights here: its nearest has {got:,}.")
    return spec.with_(hidden_size=units)


def weights_of(spec: Experiment) -> int:
    """How many numbers training may set, readout included."""
    return _count(spec, spec.hidden_size)


def _limits(spec: Experiment) -> tuple[int, int] | None:
    """The least and the greatest number of units."""
    field = type(spec.cell_settings).model_fields.get("hidden_size")
    if field is None:
        return None
    bounds = {key: getattr(rule, key) for rule in field.metadata for key in ("ge", "le") if hasattr(rule, key)}
    return int(bounds["ge"]), int(bounds["le"])


def _count(spec: Experiment, units: int) -> int:
    """Weights of the untouched network, without drawing fresh values for them."""
    return _counted(spec.with_(hidden_size=units, seed=0).to_json())


@cache
def _counted(record: str) -> int:
    spec = Experiment.from_json(record)
    task, kind = spec.make_task(), catalogue.cell_classes()[spec.architecture]

    def make(input_size: int, output_size: int) -> Cell:
        return kind(input_size, spec.cell_settings, output_size)

    wiring: Any = catalogue.network_classes()[spec.wiring]
    network = wiring.build(make, task.input_size, task.output_size, spec.wiring_settings)
    return network.parameter_count
