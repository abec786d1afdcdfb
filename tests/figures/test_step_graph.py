"""The drawing of a step: every node of the real step, with its colour; weights as badges with a double line."""

from __future__ import annotations

import re

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.step_graph import GraphNode, StepGraph
from rnn_core.figures.step_graph import label
from rnn_core.records.palette import tone


def boxes(figure) -> dict:
    """The visible boxes by what is written on them, tags taken off."""
    found = {}
    for a in figure.layout.annotations:
        if a.bordercolor and a.font.color != "rgba(0,0,0,0)":
            found[re.sub(r"<[^>]+>", "", a.text).replace("&nbsp;", " ")] = a
    return found


def drawn(name: str, theme: str = "light"):
    """The drawing and the graph of an architecture's step."""
    generator = torch.Generator().manual_seed(0)
    cell = rc.make_cell(name, 2, hidden_size=4)
    result = rc.step_graph(rc.unroll(cell, cell.draw(1, 2, generator)))
    return rc.figures.step_graph(result, theme=theme), result


def test_an_lstm_has_its_eight_quantities_and_its_three_weights(theme):
    figure, result = drawn("lstm", theme)
    found = boxes(figure)
    assert set(found) == {"x", "ht−1", "ct−1", "W R b", "i", "f", "g", "o", "c", "h"}
    meanings = {
        "i": "write",
        "f": "forget",
        "g": "candidate",
        "o": "read",
        "c": "cell",
        "h": "hidden",
        "W R b": "shared",
    }
    for name, meaning in meanings.items():
        assert found[name].bordercolor == tone(meaning, theme) and found[name].font.color == tone(
            meaning, theme, text=True
        )
    assert rc.architectures()["lstm"].equations["c"] in found["c"].hovertext
    assert "c = f * state.c + i * g" in found["c"].hovertext and "16 × 2" in found["W R b"].hovertext


def test_a_badge_and_its_edges_have_double_lines():
    figure, _ = drawn("elman")
    ochre = tone("shared", "light")
    badge = [a for a in figure.layout.annotations if a.bordercolor == ochre]
    assert (
        len(badge) == 2
        and badge[0].borderpad > badge[1].borderpad
        and (badge[0].x, badge[0].y) == (badge[1].x, badge[1].y)
    )
    wide = [s for s in figure.layout.shapes if s.line.color == ochre]
    inner = [s for s in figure.layout.shapes if s.line.color == "#fbfaf7"]
    assert [s.path for s in wide] == [s.path for s in inner] and len(wide) == 1


@pytest.mark.parametrize("name", sorted(rc.architectures()))
def test_every_architecture_is_drawn_whole_and_apart(name, theme):
    figure, result = drawn(name, theme)
    found = boxes(figure)
    written = " ".join(found).split()
    assert len(written) == len(result.nodes) and len({(a.x, a.y) for a in found.values()}) == len(found)
    for a in found.values():
        assert 0 <= a.x <= 1
    arrows = [a for a in figure.layout.annotations if a.showarrow]
    assert len(arrows) == len({source for source, _ in result.carry})
    assert all(n.id in rc.figures.alt(figure) for n in result.nodes if any(b == n.id for _, b in result.edges))


def test_later_stands_above_earlier():
    figure, result = drawn("lstm")
    found = boxes(figure)
    for a, b in result.edges:
        if {a, b} <= set(found):
            assert found[a].y < found[b].y


def test_the_readout_belongs_to_it_when_asked(run):
    trace = run.network.trace(run.held_out.x[:1]).main
    found = boxes(rc.figures.step_graph(rc.step_graph(trace, run.network.readout)))
    assert "V d" in found and found["ŷ"].bordercolor == tone("prediction", "light")


def test_a_strangers_words_are_harmless():
    assert label("h_{t−1}") == "<i>h</i><sub>t−1</sub>" and label("c") == "<i>c</i>"
    assert label("tau_0") == "<i>τ</i><sub>0</sub>" and label("Omega") == "<i>Ω</i>"
    assert label("W_in") == "<i>W</i><sub>in</sub>" and label("in") == "<i>in</i>" and label("Tab") == "<i>Tab</i>"
    evil = "<a href='javascript:x'>h</a>"
    nodes = (GraphNode("h", "probe", evil, equation=evil),)
    figure = rc.figures.step_graph(StepGraph(nodes, (), ()))
    assert "<a" not in "".join(f"{a.text}{a.hovertext}" for a in figure.layout.annotations)


def test_a_step_without_nodes():
    figure = rc.figures.step_graph(StepGraph((), (), ()))
    assert figure.to_json() and rc.figures.alt(figure)
