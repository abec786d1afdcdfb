"""What may be changed in mid-run, and what is refused."""

from __future__ import annotations

import math

import pytest

import rnn_core as rc
from rnn_core import catalogue
from tests.cells.cases import one_sentence

SPEC = rc.Experiment.of("elman", "adding", hidden_size=3, length=4, batch_size=2, updates=5)


@pytest.fixture
def run() -> rc.Run:
    """A run that has not begun."""
    return rc.Run(SPEC)


@pytest.mark.parametrize("optimiser", ["adam", "sgd", "momentum", "rmsprop"])
def test_a_new_rate_is_used_at_once_and_keeps_the_moments(optimiser):
    run = rc.Run(SPEC.with_(optimiser=optimiser, updates=3))
    for step in run.training():
        if step.update == 1:
            before = run.learner.tensors()
            run.obey("learning_rate", 1e-6)
            assert all(v is before[k] for k, v in run.learner.tensors().items())
            assert run.learner.optimiser.param_groups[0]["lr"] == 1e-6
    assert run.history.learning_rate.tolist() == [0.005, 0.005, 1e-6, 1e-6]


@pytest.mark.parametrize(("name", "value"), [("learning_rate", 11.0), ("learning_rate", 0.0), ("learning_rate", -1.0),
                                             ("learning_rate", math.nan), ("learning_rate", math.inf), ("clip", -0.1),
                                             ("updates", math.inf), ("updates", math.nan), ("updates", 0.0),
                                             ("updates", 1e300), ("teacher_forcing", 1.01), ("hidden_size", 4.0),
                                             ("optimiser", 1.0), ("batch_size", 4.0), ("", 1.0), ("__class__", 1.0),
                                             ("learning_rate\n", 0.1)])
def test_what_cannot_be_is_refused_and_leaves_no_mark(run, name, value):
    before = run.learner.settings
    with pytest.raises(ValueError) as caught:
        run.obey(name, value)
    assert run.log == [] and run.learner.settings == before and run.obeyed == 0
    if name.isprintable():
        one_sentence(str(caught.value))


@pytest.mark.parametrize("name", catalogue.learner_classes())
def test_every_command_is_a_setting_that_can_be_a_number(name):
    kind = catalogue.learner_classes()[name]
    for command in kind.commands:
        assert kind.Settings.model_fields[command].annotation in (int, float)


def test_a_command_is_a_frozen_record():
    command = rc.Command(update=3, name="clip", value=1)
    assert command.model_dump() == {"update": 3, "name": "clip", "value": 1.0}
    for wrong in ({"update": -1}, {"value": math.inf}, {"value": "much"}, {"extra": 1}):
        with pytest.raises(ValueError):
            rc.Command(**{"update": 3, "name": "clip", "value": 1.0, **wrong})
