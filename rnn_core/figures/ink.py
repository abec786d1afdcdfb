"""What every picture shares, whoever draws it: inks and grounds of both themes, fonts, words, thinning."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rnn_core.records.palette import tone

SANS, SERIF = "Source Sans, sans-serif", "Source Serif, serif"
MOST = 500
IDENTITIES = ("hidden", "write", "forget", "candidate", "prediction", "cell")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


class Ink(NamedTuple):
    """The neutral colours of a theme: text, second text, lines, page, raised surface."""

    ink: str
    second: str
    line: str
    paper: str
    surface: str


INKS = {
    "light": Ink("#1f242b", "#59626d", "#dcd8ce", "#fbfaf7", "#f2f0ea"),
    "dark": Ink("#edeae3", "#a3adb8", "#343b45", "#14171c", "#1d2229"),
}


def ink(theme: str) -> Ink:
    """The neutral colours of a theme; ValueError, in one sentence, for any other word."""
    if theme not in INKS:
        raise ValueError(f"A theme is light or dark, not “{theme}”.")
    return INKS[theme]


def identity(k: int, theme: str, text: bool = False) -> str:
    """The colour of the k-th of several things of the same kind."""
    return tone(IDENTITIES[k % len(IDENTITIES)], theme, text)


def alt(picture: Any) -> str:
    """The picture in words, for those who cannot see it."""
    if isinstance(picture, dict):
        return picture["aria"]["label"]["description"]
    return picture.layout.meta["alt"]


def array(values: Any) -> np.ndarray:
    """A tensor, a column or a list as float64 numbers; None becomes NaN."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    return np.asarray(values, dtype=np.float64)


def thin(count: int, most: int = MOST) -> np.ndarray:
    """At most ``most`` indices out of ``count``, evenly spread, the first and the last among them."""
    return np.unique(np.linspace(0, max(count - 1, 0), min(count, most)).round().astype(int))


def short(value: float) -> str:
    """A number as one would say it: 0.167, 3.1e-05."""
    return f"{value:.3g}"


def power(exponent: int) -> str:
    """A power of ten as plotly writes it: 10<sup>−6</sup>."""
    return f"10<sup>{exponent}</sup>".replace("-", "−")
