"""The record of an intervention: what may be asked for, and the sentence for what may not."""

from __future__ import annotations

import math

import pytest
import torch

from rnn_core.records import Intervention
from tests.cells.cases import one_sentence

GOOD = {"kind": "hold", "name": "f", "unit": 3, "first": 5, "last": 20, "value": 1.0}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "explode"}, "one of hold, clamp"),
        ({"value": "one"}, "a finite number"),
        ({"value": math.nan}, "a finite number"),
        ({"value": math.inf}, "a finite number"),
        ({"value": 1e300}, "a finite number, at most 1e30"),
        ({"value": None}, "a finite number"),
        ({"value": True}, "a finite number"),
        ({"unit": -1}, "from 0 on"),
        ({"unit": 1.5}, "whole number"),
        ({"first": -1}, "a step"),
        ({"last": "end"}, "a step"),
        ({"first": 30}, "ends where it begins"),
        ({"which": -1}, "number of a pass"),
        ({"name": 7}, "a word"),
        ({"colour": "red"}, "has no “colour”"),
    ],
)
def test_what_cannot_be_gets_one_sentence(change, words):
    with pytest.raises(ValueError, match=words) as caught:
        Intervention(**{**GOOD, **change})
    one_sentence(str(caught.value))
    assert type(caught.value) is ValueError


def test_a_missing_value_is_asked_for():
    with pytest.raises(ValueError, match="value of an intervention must be a finite number"):
        Intervention(kind="hold", name="f")


def test_it_says_what_it_does():
    assert Intervention(**GOOD).words == "hold f of unit 3 at 1 from step 5 to 20"
    assert Intervention(kind="clamp", name="h", unit=0, first=4, last=4, value=-0.5).words == (
        "clamp h of unit 0 at -0.5 in step 4"
    )
    assert Intervention(kind="weight", name="R", value=0.0).words == "set all of R at 0"
    assert Intervention(kind="input", unit=1, value=0.0).words == "set x[1] at 0 from step 0 on"
    assert Intervention(kind="input", unit=1, value=0.0).doing == "setting x[1] at 0 from step 0 on"
    assert Intervention(**GOOD).doing == "holding f of unit 3 at 1 from step 5 to 20"
    assert Intervention(kind="start", name="c", value=2).words == "start all of c at 2"


def test_places_and_steps():
    one = Intervention(**GOOD)
    assert one.places(torch.Size([2, 3])).tolist() == [[False] * 3, [True, False, False]]
    assert Intervention(kind="hold", name="f", value=0.0).places(torch.Size([2])).tolist() == [True, True]
    assert one.until(21) == 20 and Intervention(kind="hold", name="f", value=0.0).until(7) == 6
    with pytest.raises(ValueError, match="f has 3 units, numbered from 0: there is no unit 3"):
        one.places(torch.Size([3]))
    with pytest.raises(ValueError, match="steps 0 to 19: there is no step 20"):
        one.until(20)


def test_it_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Intervention(**GOOD).value = 2.0
