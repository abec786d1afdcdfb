"""The variants of the LSTM: by hand on one cell, their fresh biases, their cards, and what becomes of their setting."""
from __future__ import annotations

from math import exp, tanh

import pytest
import torch

import rnn_core as rc
from rnn_core.cells.lstm import FORMS, LSTMState, Settings
from rnn_core.records import describe_settings

pytestmark = pytest.mark.usefixtures("float64")


def sigma(a: float) -> float:
    """The logistic function."""
    return 1 / (1 + exp(-a))


def test_the_table_is_what_can_be_chosen():
    variant = next(s for s in describe_settings(Settings) if s.name == "variant")
    assert set(variant.choices) == set(FORMS) and variant.default == "forget"
    assert len({form.title for form in FORMS.values()}) == len({form.summary for form in FORMS.values()}) == 10
    assert rc.architectures()["lstm"] == rc.make_cell("lstm", 2).card


def test_peepholes_on_one_cell():
    cell = rc.make_cell("lstm", 1, hidden_size=1, variant="peepholes")
    weights = {"W": [0.1, 0.2, 0.3, 0.4], "R": [0.5, -0.5, 1.0, -1.0], "b": [0.0, 1.0, 0.1, -0.1],
               "p": [0.7, -0.8, 0.9]}
    cell.load_state_dict({k: torch.tensor(v).view_as(getattr(cell, k)) for k, v in weights.items()})
    _, state, probes = cell.step(torch.tensor([[2.0]]), LSTMState(torch.tensor([[0.5]]), torch.tensor([[-0.25]])))
    i = sigma(0.1 * 2 + 0.5 * 0.5 + 0.7 * -0.25)
    f = sigma(0.2 * 2 - 0.5 * 0.5 + 1 - 0.8 * -0.25)
    c = f * -0.25 + i * tanh(0.3 * 2 + 0.5 + 0.1)
    o = sigma(0.4 * 2 - 0.5 - 0.1 + 0.9 * c)
    for got, value in ((probes["i"], i), (probes["f"], f), (probes["o"], o), (state.c, c), (state.h, o * tanh(c))):
        assert got.item() == pytest.approx(value, abs=1e-14)


@pytest.mark.parametrize("variant", FORMS)
def test_a_fresh_keep_gate_stands_where_it_was_asked_to(variant):
    cell = rc.make_cell("lstm", 2, hidden_size=3, variant=variant, forget_bias=2.0)
    _, _, probes = cell.step(torch.zeros(4, 2), cell.initial_state(4))
    assert ("f" in probes) == FORMS[variant].keeps
    if "f" in probes:
        torch.testing.assert_close(probes["f"], torch.full((4, 3), sigma(2.0)), atol=1e-7, rtol=0)


def test_the_usual_form_and_the_first_have_a_kernel():
    for variant in FORMS:
        cell = rc.make_cell("lstm", 2, hidden_size=3, variant=variant).double()
        found = cell.fused(torch.randn(2, 5, 2), cell.initial_state(2), None)
        assert (found is not None) == cell.kernel_wins == (variant in ("forget", "1997"))


def test_a_variant_trains():
    spec = rc.Experiment.of("lstm", "adding", hidden_size=3, length=5, updates=3, variant="coupled")
    assert rc.train(spec, quiet=True).status == "done"


def test_a_variant_of_one_cell_means_nothing_to_another():
    gru = rc.Experiment.of("gru", "adding", variant="v1", hidden_size=9)
    lstm = gru.with_(architecture="lstm")
    assert lstm == rc.Experiment.of("lstm", "adding", hidden_size=9) and lstm.with_(architecture="gru").variant == "v3"
    assert gru.with_(architecture="lstm", variant="1997").variant == "1997"
    with pytest.raises(ValueError, match="Variant should be"):
        gru.with_(architecture="lstm", variant="v1")

