"""Every analysis of the catalogue, on every architecture and wiring: a frozen answer, a table, two honest sentences."""

from __future__ import annotations

import dataclasses
import inspect

import pandas as pd
import pytest

import rnn_core as rc
from rnn_core.catalogue import analysis_functions
from rnn_core.face import SUBJECTS
from rnn_core.records import Result
from tests.covering import architectures_with_wirings, fits

RELAXING = {name for name, function in analysis_functions().items()
            if next(iter(inspect.signature(function).parameters)) not in SUBJECTS}
SPECS = [rc.Experiment.of(a, "adding", wiring=w, hidden_size=3, length=6, ragged=True, batch_size=2)
         for a, w in architectures_with_wirings()]

OWN_TASK = {"read_and_said": "four_shapes", "reward_gradient": "delayed_recall", "episode": "t_maze"}
#: What takes seconds is asked for less, and once.
LESS = {"bifurcation": {"values": (0.5, 1.0, 1.5), "searches": 4},
        "rule_costs": {"lengths": (4, 8), "units": (2, 4), "steps": 4}, "loss_surface": {"grid": 7, "updates": 4},
        "cobweb": {"steps": 8}, "fixed_points": {"searches": 8}, "reward_gradient": {"draws": 8}}
BRED = {"population", "genealogy"}
ONCE = {"reward_gradient", "locality", "bifurcation", "rule_costs", "loss_surface", "cobweb"}
#: What trains a ladder of sizes by every rule is asked of one architecture of each make.
FEW = {"locality", "rule_costs"}
MAKES = {"elman", "lstm", "jordan", "narx", "ctrnn", "second_order", "echo_state", "window_mlp"}


CASES = [(name, spec) for name in rc.analyses() for spec in SPECS if (name not in ONCE or spec.wiring == "single")
         and (name not in FEW or spec.architecture in MAKES)
         and fits(spec.architecture, spec.wiring, OWN_TASK.get(name, ""))]


@pytest.mark.parametrize(("name", "spec"), CASES, ids=[f"{n}-{s.architecture}-{s.wiring}" for n, s in CASES])
def test_an_answer_for_everybody(name, spec):
    spec = spec.with_(task=OWN_TASK[name]) if name in OWN_TASK else spec
    run = rc.Run(spec)
    before = run.digest()
    if name == "phase_diagram" and not any(hasattr(m, "settings") and hasattr(m.settings, "gain")
                                           for m in run.network.modules()):
        with pytest.raises(ValueError, match="has no gain to vary.$"):
            rc.phase_diagram(run)
        return
    if name == "adjoint_ode" and spec.architecture != "ctrnn":
        with pytest.raises(ValueError, match="^Only a single continuous-time network .* has a differential equation"):
            rc.adjoint_ode(run)
        return
    if name in RELAXING:
        with pytest.raises(ValueError, match="about a network that relaxes, not about a run along a sequence.$"):
            getattr(rc, name)(run)
        return
    if name in BRED:
        with pytest.raises(ValueError, match="^There is no population here: .* single network, or has not had .*[.]$"):
            getattr(rc, name)(run)
        run = rc.train(spec.with_(learner="genetic", population=3, elite=1, updates=2), quiet=True)
        spec, before = run, run.digest()
    less = LESS.get(name, {})
    result = getattr(rc, name)(run, rows=4, **less)
    assert isinstance(result, Result) and run.digest() == before
    assert all(p.grad is None for p in run.network.parameters())
    table = result.frame()
    assert isinstance(table, pd.DataFrame) and len(table) and not table.columns.duplicated().any()
    for sentence in (result.says, result.says_not):
        assert sentence.endswith(".") and sentence.isprintable() and not sentence[0].isspace()
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(result, dataclasses.fields(result)[0].name, None)
    if name not in ONCE:
        again = getattr(rc, name)(spec, rows=4, **less).frame()
        pd.testing.assert_frame_equal(again, table)


@pytest.mark.parametrize("name", rc.analyses())
def test_its_card(name):
    card = rc.analyses()[name]
    assert card.title and card.summary.endswith(".") and card.reference and 1900 < card.year < 2100


def test_what_is_no_analysis():
    with pytest.raises(AttributeError, match="rnn_core has no “horoscope”"):
        _ = rc.horoscope
