"""What was recorded once gives what the function gives, on other weights, other states and in other shapes."""

from __future__ import annotations

import pytest
import torch

from rnn_core.stacked.recorded import Recorded


class Unit:
    """h ← tanh(w h + x), and how often its Python ran."""

    def __init__(self) -> None:
        self.weights, self.runs = {}, 0

    def wear(self, weights) -> None:
        self.weights = weights

    def step(self, x, state):
        self.runs += 1
        h = torch.tanh(self.weights["w"] * state["h"] + (0 if x is None else x))
        return h.sum(), {"h": h}


@pytest.mark.parametrize("given", [True, False], ids=["heard", "silent"])
def test_it_gives_what_the_function_gives_and_runs_once_a_shape(given):
    unit = Unit()
    recorded, runs = Recorded(unit.step, unit.wear), []
    for shape in ((2, 3), (2, 3), (4, 1), (2, 3)):
        weights, state = {"w": torch.randn(shape)}, {"h": torch.randn(shape)}
        x = torch.randn(shape) if given else None
        with torch.no_grad():
            total, after = recorded(weights, x, state)
        runs.append(unit.runs)
        unit.wear(weights)
        wanted, other = unit.step(x, state)
        unit.runs -= 1
        assert torch.equal(total, wanted) and torch.equal(after["h"], other["h"])
    assert runs == [1, 1, 2, 2]


def test_the_weights_are_real_after_recording():
    unit, weights = Unit(), {"w": torch.ones(2)}
    with torch.no_grad():
        Recorded(unit.step, unit.wear)(weights, None, {"h": torch.ones(2)})
    assert unit.weights is weights


def test_with_gradients_it_runs_as_it_is_written():
    unit, weights = Unit(), {"w": torch.ones(2, requires_grad=True)}
    unit.wear(weights)
    total, _ = Recorded(unit.step, unit.wear)(weights, None, {"h": torch.zeros(2)})
    total.backward()
    assert torch.equal(weights["w"].grad, torch.zeros(2)) and unit.runs == 1
