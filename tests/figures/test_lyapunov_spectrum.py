"""The Lyapunov spectrum as a line over ranks: median, samples, what is gone within a step."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.lyapunov_spectrum import LyapunovSpectrum
from rnn_core.figures.ink import INKS


def test_the_thick_line_is_the_median(run, theme):
    result = rc.lyapunov_spectrum(run)
    figure = rc.figures.lyapunov_spectrum(result, theme=theme)
    thick = next(trace for trace in figure.data if trace.name == "λ")
    middle = result.exponents.quantile(0.5, 0)
    assert list(thick.y) == pytest.approx(middle.tolist(), abs=1e-5)
    text = figure.to_json()
    assert "NaN" not in text and "://" not in text and "nan" not in rc.figures.alt(figure)
    assert not any(colour in text for colour in INKS["dark" if theme == "light" else "light"])


def test_what_is_gone_is_counted():
    logs = torch.tensor([[[0.1, -1.0, -torch.inf]]])
    figure = rc.figures.lyapunov_spectrum(LyapunovSpectrum(logs, torch.ones(1), torch.zeros(1), 3, True))
    assert any("1 more: gone" in note.text for note in figure.layout.annotations)
