"""Designs: exact without learning, in networks of any size that is large enough; others are refused in one sentence."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.designs import lstm_counter, second_order_automaton
from rnn_core.tasks.tomita import LANGUAGES

DESIGNS = [lstm_counter, second_order_automaton]


def made(design, **settings):
    spec = rc.Experiment.of(*design.FITS, **settings)
    return spec.make_network(), spec.make_task()


@pytest.mark.parametrize("letters", ["ab", "abc"])
@pytest.mark.parametrize("spare", [0, 3])
def test_the_counter_is_right_at_every_prefix(letters, spare):
    network, task = made(lstm_counter, letters=letters, hidden_size=2 * len(letters) + spare)
    lstm_counter.wire(network, task)
    for n in (1, 2, 10, 300):
        batch = task.show(torch.tensor([n]))
        assert task.metric(network(batch.x), batch) == 1
        assert task.metric(network.trace(batch.x).outputs, batch) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_automaton_sorts_every_string(language):
    network, task = made(second_order_automaton, language=language, hidden_size=6)
    second_order_automaton.wire(network, task)
    batch = task.held_out(100, torch.Generator().manual_seed(0))
    assert task.metric(network(batch.x, mask=batch.mask), batch) == 1


@pytest.mark.parametrize("design", DESIGNS)
def test_what_cannot_hold_it_is_refused(design):
    for settings in ({"hidden_size": 3}, {"hidden_size": 8, "wiring": "stack"}):
        network, task = made(design, **settings)
        before = [p.clone() for p in network.parameters()]
        with pytest.raises(ValueError, match=design.CARD.title) as error:
            design.wire(network, task)
        assert str(error.value).endswith(".") and str(error.value).isprintable()
        assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    assert design.CARD.summary.endswith(".") and set(design.FITS) <= {*rc.architectures(), *rc.tasks()}


def test_an_lstm_of_another_form_is_refused():
    network, task = made(lstm_counter, variant="1997")
    with pytest.raises(ValueError, match="forget gate"):
        lstm_counter.wire(network, task)
