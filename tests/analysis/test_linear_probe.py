"""The linear probe: scikit-learn's ridge as a second road, delay lines, reading order, and what cannot be probed."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

import rnn_core as rc
from rnn_core.analysis.linear_probe import LinearProbe


def delay_line(keeps: int, reads: int = 1) -> rc.Cell:
    """A linear net whose state is the last ``keeps`` inputs."""
    n = keeps * reads
    cell = rc.make_cell("elman", reads, hidden_size=n, activation="linear")
    with torch.no_grad():
        cell.W.zero_()
        cell.W[:reads] = torch.eye(reads)
        cell.R.copy_(torch.diag(torch.ones(n - reads), -reads))
    return cell


@pytest.mark.parametrize("keeps", [1, 4, 9])
def test_a_delay_line_gives_one_and_then_nothing(float64, keeps):
    found = rc.linear_probe(rc.unroll(delay_line(keeps), torch.randn(60, 40, 1)), lags=20)
    assert (found.score[:keeps] > 1 - 1e-6).all() and (found.score[keeps:] < 0.02).all()
    assert found.reach == keeps - 1 and found.capacity == pytest.approx(keeps, abs=0.2)
    assert f"up to {keeps - 1} step" in found.says


@pytest.mark.parametrize("ridge", [0.3, 1e-4])
def test_it_is_ridge_regression_of_every_lag_apart(float64, ridge):
    mask = torch.arange(12) < torch.randint(8, 13, (24, 1))
    trace = rc.unroll(rc.make_cell("gru", 2, hidden_size=3), torch.randn(24, 12, 2), mask=mask)
    found = rc.linear_probe(trace, ridge=ridge, lags=5)
    h, x = trace.states.h.detach(), trace.x
    seen = h[:18][mask[:18]]
    z = (h - seen.mean(0)) / seen.std(0, correction=0)
    for k in range(6):
        both = mask[:, k:] & mask[:, : 12 - k]
        train, test = (
            (z[:18, k:][both[:18]], x[:18, : 12 - k][both[:18]]),
            (z[18:, k:][both[18:]], x[18:, : 12 - k][both[18:]]),
        )
        model = Ridge(alpha=ridge * len(train[0])).fit(*train)
        said = model.predict(test[0])
        assert found.inputs[k].tolist() == pytest.approx(r2_score(test[1], said, multioutput="raw_values"), abs=1e-7)
        assert float(found.score[k]) == pytest.approx(
            r2_score(test[1], said, multioutput="variance_weighted"), abs=1e-7
        )
        assert int(found.pairs[k]) == len(test[0])


def test_ago_is_in_the_order_of_reading(float64):
    x = torch.randn(40, 30, 1)
    cell = delay_line(3)
    back = rc.linear_probe(rc.unroll(cell, x, reverse=True), lags=6)
    ahead = rc.linear_probe(rc.unroll(cell, x.flip(1)), lags=6)
    torch.testing.assert_close(back.score, ahead.score)


def test_symbols_are_read_as_one_of_many(float64):
    line = delay_line(3, reads=4)
    tokens = torch.randint(0, 4, (60, 20))
    trace = rc.unroll(line, torch.nn.functional.one_hot(tokens, 4).double())
    spelled = rc.Trace(line, tokens, None, trace.outputs, trace.nodes, trace.after, trace.final)
    torch.testing.assert_close(rc.linear_probe(spelled, lags=5).inputs, rc.linear_probe(trace, lags=5).inputs)


@pytest.mark.parametrize("architecture", ["elman", "lstm", "jordan"])
def test_the_whole_state_is_read(architecture):
    spec = rc.Experiment.of(architecture, "adding", hidden_size=4, length=10)
    trace = rc.Run(spec).network.trace(rc.Run(spec).held_out.x).main
    assert rc.linear_probe(trace).width == {"elman": 4, "lstm": 8, "jordan": 2}[architecture]


def test_many_lags_are_thinned_and_counted_for_their_neighbours(float64):
    found = rc.linear_probe(rc.unroll(delay_line(100), torch.randn(120, 200, 1)))
    assert len(found.lags) == 60 and found.lags[0] == 0 and found.lags[-1] == 199
    made = LinearProbe(torch.tensor([0, 2, 4]), torch.tensor([1.0, 1.0, -3.0]), torch.zeros(3, 1), torch.ones(3), 2)
    assert made.capacity == 4 and made.reach == 2


def test_too_little_to_fit_is_left_out_and_said():
    few = rc.linear_probe(rc.unroll(rc.make_cell("elman", 1, hidden_size=9), torch.randn(4, 5, 1)))
    assert few.score.isnan().all() and "too few" in few.says and few.reach is None and few.capacity == 0
    with pytest.raises(ValueError, match="at least two"):
        rc.linear_probe(rc.unroll(rc.make_cell("elman", 1, hidden_size=2), torch.randn(1, 9, 1)))


def test_an_input_that_never_varies_has_no_score(float64):
    x = torch.randn(60, 20, 2)
    x[..., 1] = 0.5
    found = rc.linear_probe(rc.unroll(rc.make_cell("elman", 2, hidden_size=4), x), lags=3)
    assert found.inputs[:, 1].isnan().all() and found.inputs[:, 0].isfinite().all() and found.score.isfinite().all()


def test_one_step_one_unit_and_no_finite_number():
    one = rc.linear_probe(rc.unroll(rc.make_cell("elman", 1, hidden_size=1), torch.randn(60, 1, 1)))
    assert one.lags.tolist() == [0] and one.score[0] > 0.8
    cell = rc.make_cell("lstm", 1, hidden_size=2)
    with torch.no_grad():
        cell.b.fill_(math.nan)
    assert "left the finite numbers" in rc.linear_probe(rc.unroll(cell, torch.randn(30, 9, 1))).says
