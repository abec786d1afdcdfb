"""The onset of chaos: theory at known gains, silence below 1, sizes, refusals."""

from __future__ import annotations

import math

import pytest

import rnn_core as rc
from rnn_core.analysis.chaos_transition import mean_field
from tests.cells.cases import one_sentence


def test_theory_at_known_gains():
    assert mean_field(3.0) == pytest.approx((6.3054, 0.3102), abs=1e-4)
    assert mean_field(0.5) == (0.0, pytest.approx(math.log(0.5)))


def test_silence_and_chaos():
    found = rc.chaos_transition(80, (0.5, 3.0), seeds=3, steps=300)
    assert (found.measured[0] < 0).all() and (found.measured[1] > 0).all()
    assert found.size == 80 and len(found.frame()) == 6 and "from gain 3 on" in found.says


def test_as_large_as_the_network_in_hand():
    assert rc.chaos_transition(rc.Experiment.of("lstm", "adding", hidden_size=5), steps=5).size == 10


@pytest.mark.parametrize("wrong", [{"gains": ()}, {"gains": (0.0,)}, {"seeds": 0}, {"steps": 0}])
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError) as caught:
        rc.chaos_transition(4, **wrong)
    one_sentence(str(caught.value))
