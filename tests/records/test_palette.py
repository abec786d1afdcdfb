"""Colours with a meaning: every one there in four variants, and readable on its ground."""

from __future__ import annotations

import pytest

from rnn_core.records.palette import PALETTE, TONES, scale, tone

PAPER = {"light": "#fbfaf7", "dark": "#14171c"}


def contrast(a: str, b: str) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", TONES)
def test_every_meaning_can_be_seen_and_read(name, theme):
    assert contrast(tone(name, theme), PAPER[theme]) >= 3
    assert contrast(tone(name, theme, text=True), PAPER[theme]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["div", "seq", "grad"])
def test_scales_have_21_and_10_stops(name, theme):
    assert len(scale(name, theme)) == 21 and len(scale(name, theme, 10)) == 10
    assert scale(name, theme) == PALETTE["scale"][f"{name}_{theme}_21"]


def test_an_unknown_meaning_is_a_key_error():
    with pytest.raises(KeyError):
        tone("mauve")
