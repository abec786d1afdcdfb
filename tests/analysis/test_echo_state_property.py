"""Starts that forget each other: lengths, masks, what it refuses, what it says of those that do not."""

from __future__ import annotations

import math

import pytest
import torch

import rnn_core as rc


def reservoir(**settings):
    return rc.make_cell("echo_state", 1, hidden_size=15, **settings)


def noise(rows: int = 2, steps: int = 120) -> torch.Tensor:
    return 2 * torch.rand(rows, steps, 1, generator=torch.Generator().manual_seed(0)) - 1


def test_distances_are_those_of_runs_done_one_by_one():
    cell, x = reservoir().double(), noise(2, 9).double()
    found = rc.echo_state_property(rc.unroll(cell, x), starts=3, spread=0.5, seed=4)
    assert found.distances.shape == (3, 2, 10) and found.growth.shape == (2, 9) and len(found.frame()) == 60
    calm = rc.unroll(cell, x)
    stream = torch.Generator().manual_seed(4)
    visited = torch.cat([calm.states.h, calm.states.y], -1).flatten(0, 1)
    starts = visited[torch.randint(18, (6,), generator=stream)]
    starts = starts + 0.5 * torch.randn(6, 16, generator=stream, dtype=torch.float64)
    state = type(calm.final)(starts[:, :15], starts[:, 15:])
    other = rc.unroll(cell, x.repeat(3, 1, 1), state).states
    gap = torch.cat([other.h, other.y], -1).view(3, 2, 9, 16) - torch.cat([calm.states.h, calm.states.y], -1)
    torch.testing.assert_close(found.distances[..., 1:], gap.norm(dim=-1), rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(found.distances[..., 0], starts.view(3, 2, 16).norm(dim=-1), rtol=1e-9, atol=1e-12)


def test_a_masked_step_neither_forgets_nor_counts():
    cell, x = reservoir().double(), noise(2, 60).double()
    mask = torch.arange(60) < torch.tensor([[60], [30]])
    found = rc.echo_state_property(rc.unroll(cell, x, mask=mask), spread=1.0)
    assert (found.distances[:, 1, 30:] == found.distances[:, 1, 30:31]).all() and not found.growth[1, 30:].any()
    assert found.counts[1, -1] == 30 and bool(found.rates.isfinite().all())


def test_both_ends_and_gates_forget():
    for spec in (rc.Experiment.of("lstm", "adding", hidden_size=5), rc.Experiment.of("gru", "adding", hidden_size=5,
                                                                                     wiring="bidirectional")):
        for one in rc.Run(spec).network.trace(rc.Run(spec).held_out.rows(slice(0, 3)).x).passes:
            found = rc.echo_state_property(one)
            assert found.rates.median() < 0 and float(found.rates.median()) == pytest.approx(
                float(found.exponents.median()), abs=0.1)


def test_words():
    quiet = rc.echo_state_property(rc.unroll(reservoir(spectral_radius=0.5), noise()))
    assert quiet.says.startswith("the starts forget each other: after 120 steps")
    wild = rc.echo_state_property(rc.unroll(reservoir(spectral_radius=3.0, leak=1.0, input_scaling=0.0), noise()),
                                  spread=1.0)
    assert wild.says.startswith("the starts do not forget each other") and "positive" not in wild.says
    burst = rc.echo_state_property(rc.unroll(reservoir(spectral_radius=3.0, leak=1.0, activation="linear"),
                                             noise(1, 1000)))
    assert "left the finite numbers" in burst.says and math.isnan(float(burst.distances[0, 0, -1]))


@pytest.mark.parametrize("options", [{"starts": 0}, {"spread": -1.0}, {"spread": math.inf}])
def test_what_it_refuses(options):
    with pytest.raises(ValueError, match="at least one other start"):
        rc.echo_state_property(rc.unroll(reservoir(), noise()), **options)
