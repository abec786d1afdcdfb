"""As many units as bring the weights nearest to the budget."""

from __future__ import annotations

import pytest

import rnn_core as rc
from rnn_core.race import match_parameters, weights_of
from tests.cells.cases import one_sentence


@pytest.mark.parametrize("wiring", rc.wirings())
@pytest.mark.parametrize("architecture", ["elman", "gru", "lstm"])
@pytest.mark.parametrize("budget", [700, 1500, 5003])
def test_no_other_number_of_units_is_nearer(architecture, wiring, budget):
    spec = rc.Experiment.of(architecture, "delayed_recall", wiring=wiring)
    found = match_parameters(spec, budget)

    def count(units: int) -> int:
        return spec.with_(hidden_size=units).make_network().parameter_count

    distances = {n: abs(count(n) - budget) for n in range(max(1, found.hidden_size - 3), found.hidden_size + 4)}
    assert distances[found.hidden_size] == min(distances.values())
    assert weights_of(found) == count(found.hidden_size) and distances[found.hidden_size] <= 0.1 * budget
    assert found == spec.with_(hidden_size=found.hidden_size)


def test_the_count_is_the_cards_formula():
    for name in ("elman", "gru", "lstm"):
        spec = match_parameters(rc.Experiment.of(name, "adding"), 2000)
        h, o = spec.hidden_size, 1
        blocks = {"elman": 1, "gru": 3, "lstm": 4}[name]
        assert weights_of(spec) == blocks * h * (2 + h + 1) + (h if name == "gru" else 0) + o * (h + 1)


@pytest.mark.parametrize(("architecture", "budget"), [("lstm", 25), ("elman", 10_000_000)])
def test_what_cannot_come_near_is_refused(architecture, budget):
    with pytest.raises(ValueError, match="cannot come within 10 %") as caught:
        match_parameters(rc.Experiment.of(architecture, "adding"), budget)
    one_sentence(str(caught.value))
