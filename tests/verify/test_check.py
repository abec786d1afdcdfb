"""How findings are judged: a wrong shape, NaN or a sum that does not fit never passes."""

from __future__ import annotations

import json
import math

import pytest
import torch

from rnn_core.verify.check import above, below, equal, gradients, near, same


def test_same_measures_the_largest_difference():
    a = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    found = same("x", [a, a], [a, a + torch.tensor([0, 0.25, -0.5])], 0.5)
    assert found.passed and found.measured == 0.5 and found.expected == "difference ≤ 0.5"
    assert not same("x", a, a + 1e-9, 1e-10).passed
    assert same("x", a, a, 0.0).passed


@pytest.mark.parametrize(("ours", "theirs"), [
    (torch.zeros(3), torch.zeros(1)), (torch.zeros(2), torch.full((2,), torch.nan)),
    (torch.full((2,), torch.inf), torch.full((2,), torch.inf)), ([], [])], ids=["shape", "nan", "inf", "nothing"])
def test_same_is_not_fooled(ours, theirs):
    assert not same("x", ours, theirs, 1e9).passed


def test_same_refuses_lists_of_different_length():
    with pytest.raises(ValueError, match="zip"):
        same("x", [torch.zeros(1)], [], 1.0)


@pytest.mark.parametrize(("judge", "good", "bad"), [
    (lambda v: near("x", 1.0, v, 0.1), 1.05, 1.2), (lambda v: below("x", 1.0, v), 1.0, 1.01),
    (lambda v: above("x", 1.0, v), 1.0, 0.99), (lambda v: equal("x", 1.0, v), 1.0, 1.0000001)])
def test_numbers_are_judged_and_can_be_written(judge, good, bad):
    assert judge(good).passed and not judge(bad).passed and not judge(math.nan).passed
    assert [json.loads(json.dumps(judge(v), allow_nan=False))[0] for v in (good, bad, math.nan, math.inf)] == ["x"] * 4


def test_whole_numbers_stay_whole():
    assert equal("x", 3, 3).measured == 3 and isinstance(equal("x", 3, 3).measured, int)


def test_gradients_of_what_is_not_felt_are_zero():
    a, b = torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)
    assert [g.tolist() for g in gradients((a * 2).sum(), [a, b])] == [[2, 2], [0, 0, 0]]
