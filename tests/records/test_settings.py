"""Settings: written once, read by the controls, refused out of range."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import ValidationError, create_model

from rnn_core.records import Settings, describe_settings, setting


class Some(Settings):
    """One of each kind."""

    many: int = setting(3, "How many.", symbol="N", ge=1, le=9, main=True)
    rate: float = setting(0.1, "How fast.", ge=0.0, le=1.0, log=True, step=0.1)
    kind: Literal["plain", "fancy"] = setting("plain", "Which.")
    on: bool = setting(False, "Whether.")


def test_controls_are_read_off():
    many, rate, kind, on = describe_settings(Some)
    assert (many.name, many.kind, many.default, many.low, many.high, many.label) == ("many", "int", 3, 1, 9, "Many (N)")
    assert (rate.kind, rate.log, rate.step, rate.main, many.main) == ("float", True, 0.1, False, True)
    assert (kind.kind, kind.choices, kind.help) == ("choice", ("plain", "fancy"), "Which.")
    assert (on.kind, on.default, on.choices, on.label) == ("flag", False, (), "On")


@pytest.mark.parametrize("wrong", [{"many": 0}, {"many": 10}, {"rate": float("nan")}, {"rate": -1e-9}, {"kind": "odd"},
                                   {"other": 1}, {"on": "perhaps"}, {"many": 2.5}])
def test_what_is_out_of_range_is_refused(wrong):
    with pytest.raises(ValidationError):
        Some(**wrong)


@pytest.mark.parametrize(("kind", "default", "range"), [(int, 3, {"ge": 1}), (float, 0.5, {"le": 1.0}), (int, 3, {}),
                                                        (str, "x", {}), (list, [], {}), (Literal[1, 2], 1, {}),
                                                        (int | None, 3, {"ge": 1, "le": 9}),
                                                        (Literal["a", True], "a", {})], ids=str)
def test_a_setting_that_no_control_can_show_is_refused(kind, default, range):
    odd = create_model("Odd", __base__=Settings, odd=(kind, setting(default, "Odd.", **range)))
    with pytest.raises(TypeError, match="“odd” must be a number with a range, a flag or a choice of words"):
        describe_settings(odd)


def test_settings_do_not_change():
    with pytest.raises(ValidationError):
        Some().many = 4


def test_there_is_one_zero():
    assert str(Some(rate=-0.0).rate) == "0.0" and Some(rate=-0.0) == Some(rate=0.0)
