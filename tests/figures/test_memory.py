"""Pictures of memory: units sorted by it, and what can be read off the state lag by lag."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.linear_probe import LinearProbe
from rnn_core.analysis.memory_span import MemorySpan


def probe(score: list[float]) -> LinearProbe:
    """A result with these values of R²."""
    k = torch.arange(len(score))
    return LinearProbe(k, torch.tensor(score), torch.tensor(score).unsqueeze(1), k, 2)


def told(figure) -> str:
    """All words that stand in a picture."""
    return " ".join(a.text for a in figure.layout.annotations)


def test_units_are_sorted_and_bear_their_memory(run, theme):
    result = rc.memory_span(run)
    figure = rc.figures.memory_span(result, row=3, theme=theme)
    heat, bars = figure.data
    order = result.order.tolist()
    np.testing.assert_allclose(np.array(heat.z, float), result.values[3].T[order], atol=1e-4)
    assert list(figure.layout.yaxis.ticktext) == [f"c[{k}]" for k in order]
    np.testing.assert_allclose(bars.x, result.memory[order], rtol=1e-6)
    assert figure.layout.yaxis.range == (3.5, -0.5) and "memory" in told(figure)


def test_missing_steps_are_blank_and_odd_memories_lie_on_the_edge():
    values = torch.tensor([[[0.5, -0.5, 0.1], [torch.nan] * 3]])
    result = MemorySpan(values, ("h[0]", "h[1]", "h[2]"), ("hidden",) * 3, torch.tensor([torch.inf, torch.nan, 0.0]))
    figure = rc.figures.memory_span(result)
    assert [row[1] for row in figure.data[0].z] == [None] * 3
    assert list(figure.data[1].x) == [1e4, 0.1, 0.1] and list(figure.data[1].text) == ["∞", "0.0", "?"]
    assert "beyond the axis, at its end: 2" in told(figure)


@pytest.mark.parametrize(("units", "steps"), [(1, 1), (200, 3), (3, 2000)])
def test_odd_sizes_are_drawn(units, steps):
    result = MemorySpan(
        torch.randn(1, steps, units),
        tuple(f"h[{k}]" for k in range(units)),
        ("hidden",) * units,
        torch.rand(units) * 10,
    )
    figure = rc.figures.memory_span(result)
    assert figure.to_json() and len(figure.data[0].x) <= 500 and 150 <= figure.layout.height <= 620
    assert "no step" in rc.figures.memory_span(result, row=5).layout.annotations[-1].text


def test_every_cell_on_one_axis(theme):
    figure = rc.figures.linear_probe(
        probe([0.4, -0.2]), before=probe([1.0, 0.2]), after=probe([1.0, 0.9]), names=["GRU"], theme=theme
    )
    before, now, other = figure.data[:3]
    assert before.line.color == now.line.color != other.line.color and now.line.width > before.line.width
    assert (before.line.dash, now.line.dash) == ("dash", "solid") and list(other.y) == [pytest.approx(0.4), 0]
    assert "below 0, drawn at 0: 1 values" in told(figure) and "GRU" in told(figure)
    assert "now: 1.00 at lag 0, never below one half; GRU: 0.40 at lag 0, below one half from lag 0 on" in (
        rc.figures.alt(figure)
    )


def test_nothing_to_probe_is_said_and_nothing_to_draw_refused():
    assert "nothing that could be probed" in told(rc.figures.linear_probe(probe([float("nan")] * 3)))
    with pytest.raises(ValueError, match="Nothing to draw"):
        rc.figures.linear_probe()
