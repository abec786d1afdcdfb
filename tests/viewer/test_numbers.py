"""How many moments fit a budget, and which of them has all its numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnn_core.viewer import timeline, unpack
from rnn_core.viewer.numbers import fitting, tape


def test_fitting_keeps_both_ends_and_the_chosen_moment():
    assert fitting(40, 7, 100, budget=4000) == list(range(40))
    for moments in (3, 10, 40):
        for chosen in range(moments):
            for budget in (0, 100, 500, 2000):
                fit = fitting(moments, chosen, 100, budget)
                assert {0, chosen, moments - 1} <= set(fit) and fit == sorted(set(fit))
                assert len(fit) <= max(2, budget // 100) + 1


def test_beyond_the_budget_the_chosen_moment_alone_has_all_its_numbers():
    moments = [{"h": np.full((4, 3), k, np.float32), "f": np.full((4, 3), 10 + k, np.float32)} for k in range(5)]
    small = tape(moments, {"h"}, budget=70, chosen=2)
    assert small["f"].shape == (1, 4, 3) and (small["f"] == 12).all()
    assert small["h"].levels.shape == (5, 4, 3) and small["h"].levels.dtype == np.uint8


@pytest.fixture
def moments(lstm, adding):
    """Nine moments of one network that is shaken each time."""
    from tests.viewer.conftest import shaken

    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        return [(100 * k, shaken(lstm, generator).trace(adding[1].x)) for k in range(9)]


@pytest.mark.parametrize("wished, found", [(4, 4), (-3, 0), (99, 8), (None, 8)])
def test_the_start_names_the_full_moment(moments, wished, found):
    start = {"t": 1, "moment": wished}
    header, _ = unpack(timeline(moments[-1][1], moments=moments, start=start))
    assert header["moments"] == [100 * k for k in range(9)] and header["full"] == found
    assert header["start"]["moment"] == (None if wished is None else found)


def test_a_thinned_tape_still_has_the_moment_at_the_start(moments):
    size = 12 * 5 + 12
    header, arrays = unpack(timeline(moments[-1][1], moments=moments, start={"moment": 4}, budget=3 * size))
    assert header["moments"][0] == 0 and header["moments"][-1] == 800 and len(header["moments"]) <= 4
    assert header["moments"][header["full"]] == 400 == header["moments"][header["start"]["moment"]]
    assert arrays["0.h"].shape[0] == len(header["moments"]) and arrays["0.f"].shape[0] == 1
    assert np.allclose(arrays["0.f"][0], moments[4][1].main.probes["f"][0].numpy(force=True))


def test_forty_moments_of_128_units_and_500_steps_stay_within_their_budget(moments):
    from tests.viewer.conftest import LSTM, drawn

    network = drawn(LSTM, torch.Generator().manual_seed(1), hidden_size=128)
    with torch.no_grad():
        trace = network.trace(torch.rand(1, 500, 2))
    payload = timeline(trace, moments=[(k, trace) for k in range(40)], budget=1 << 20)
    header, arrays = unpack(payload)
    alone = len(timeline(trace))
    assert len(payload) <= (1 << 20) + alone and 10 <= len(header["moments"]) < 40
    assert np.allclose(arrays["0.h"][-1], trace.main.states.h[0].numpy(), atol=1 / 127)
