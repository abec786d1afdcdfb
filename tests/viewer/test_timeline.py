"""The timeline's payload: the numbers of the trace, rows for any cell, any number of passes, padding left out."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch

import rnn_core as rc
from rnn_core.records import Batch, Card, Story
from rnn_core.viewer import timeline, unpack
from rnn_core.viewer.rows import order_units


def rows_of(header, kind):
    return [row for row in header["rows"] if row["kind"] == kind]


def test_lstm_rows_are_those_of_the_pictures(lstm, adding):
    task, batch = adding
    header, _ = unpack(timeline(lstm.trace(batch.x), batch=batch, story=task.story(batch, 0)))
    assert [row["symbol"] for row in header["rows"]] == ["x", "h", "f", "i", "o", "c", "ŷ"]
    assert [row["title"] for row in header["rows"]][2:5] == ["keep gate", "write gate", "read gate"]
    assert header["marks"] == task.story(batch, 0).marks and header["start"] == {"t": header["marks"][0]}
    assert rows_of(header, "line")[-1]["target"]["label"] == task.story(batch, 0).expected
    assert rows_of(header, "line")[-1]["target"]["value"] == pytest.approx(float(batch.target[0, -1, 0]))


def test_numbers_are_those_of_the_trace(lstm, adding):
    task, batch = adding
    trace = lstm.trace(batch.x)
    header, arrays = unpack(timeline(trace, row=2, batch=batch, story=task.story(batch, 2)))
    assert np.allclose(arrays["0.h"][0], trace.main.states.h[2].numpy(force=True))
    assert np.allclose(arrays["0.<c"][0], trace.main.entering.c[2].numpy(force=True))
    assert np.allclose(arrays["0.f"][0], trace.main.probes["f"][2].numpy(force=True))
    assert np.allclose(arrays["y"][0], trace.outputs[2].numpy(force=True))
    assert np.allclose(arrays["x"][0, :, 0], batch.x[2, :, 0], atol=0.005)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_numbers_put_into_the_letters_give_the_left_side(cell, adding, request):
    """A second road: the equation on the card is worked out from the payload's own numbers."""
    network = request.getfixturevalue(cell)
    header, arrays = unpack(timeline(network.trace(adding[1].x)))
    shown = [e for e in rows_of(header, "heatmap")[0]["card"]["equations"] if e["numbers"]]
    assert [e["probe"] for e in shown] == (["c", "h"] if cell == "lstm" else ["h"])
    for equation in shown:
        for t, unit in ((0, 0), (5, 3)):
            values = [float(arrays[term["array"]][0, t, unit]) for term in equation["terms"] if "array" in term]
            assert worked_out(equation["terms"], values) == pytest.approx(values[0], abs=1e-5)


def worked_out(parts, values):
    """The right side of an equation of sums of products, brackets and tanh, by recursive descent."""
    numbers = iter(values)
    text = "".join(f"{next(numbers)!r}" if "s" in part else part["op"] for part in parts).partition("=")[2]
    tokens = re.findall(r"tanh|[⊙()+−]|-?[\d.]+(?:e-?\d+)?", text)

    def factor():
        token = tokens.pop(0)
        if token == "tanh":
            return math.tanh(factor())
        if token == "(":
            value = total()
            tokens.pop(0)
            return value
        return float(token)

    def product():
        value = factor()
        while tokens and tokens[0] == "⊙":
            tokens.pop(0)
            value *= factor()
        return value

    def total():
        value = product()
        while tokens and tokens[0] in "+−":
            value += product() if tokens.pop(0) == "+" else -product()
        return value

    return total()


def test_units_are_sorted_by_their_keep_gate(lstm, adding):
    header, arrays = unpack(timeline(lstm.trace(adding[1].x)))
    order = rows_of(header, "heatmap")[0]["order"]
    means = arrays["0.f"][0].mean(0)[order]
    assert sorted(order) == list(range(5)) and (np.diff(means) <= 0).all()


def test_without_gates_slow_units_come_first():
    t = np.linspace(0, 6, 50)
    states = np.stack([np.sin(8 * t), np.sin(t), np.sin(3 * t)], 1)
    assert order_units(states, None) == ([1, 2, 0], "slowest on top")


def test_two_passes_give_two_heatmaps_with_their_own_strips(both_ways, adding):
    header, arrays = unpack(timeline(both_ways.trace(adding[1].x)))
    maps = rows_of(header, "heatmap")
    assert [row["array"] for row in maps] == ["0.h", "1.h"]
    assert [row["symbol"] for row in maps] == ["→h", "←h"]
    assert {row["of"] for row in header["rows"] if row.get("unit")} == {"0.h", "1.h"}
    assert {"0.f", "1.f", "0.<c", "1.<c"} <= set(arrays)


def test_a_stack_has_a_heatmap_a_layer_with_its_own_gates(generator):
    spec = rc.Experiment.of("gru", "adding", wiring="stack", hidden_size=4, length=8)
    run = rc.Run(spec)
    header, arrays = unpack(timeline(run.network.trace(run.held_out.x[:1])))
    maps = rows_of(header, "heatmap")
    assert [(row["array"], row["title"]) for row in maps] == [("0.0.h", "layer 1"), ("0.1.h", "layer 2")]
    assert maps[1]["card"]["memory"]["keep"] == "0.1.z"
    (equation,) = [e for e in maps[1]["card"]["equations"] if e["numbers"]]
    h, z, n, again, before = (arrays[term["array"]][0, 5, 2] for term in equation["terms"] if "s" in term)
    assert z == again and (1 - z) * n + z * before == pytest.approx(h, abs=1e-5)


def test_padding_is_a_gap(lstm, adding):
    _, batch = adding
    mask = torch.arange(12).expand(4, 12) < 8
    header, arrays = unpack(timeline(lstm.trace(batch.x, mask=mask), batch=batch._replace(mask=mask, scored=None)))
    for name in ("0.h", "0.f", "0.<c", "y"):
        assert np.isnan(arrays[name][0, 8:]).all() and np.isfinite(arrays[name][0, :8]).all()
    assert rows_of(header, "line")[-1]["target"]["array"] == "target0"
    assert np.isnan(arrays["target0"][0, 8:]).all()


def test_symbols_said_and_expected(generator):
    from tests.viewer.conftest import LSTM, drawn

    words = list("ab ")
    x = torch.eye(3)[torch.randint(0, 3, (1, 6), generator=generator)]
    target = torch.randint(0, 3, (1, 6), generator=generator)
    scored = torch.tensor([[False, True, True, True, True, True]])
    network = drawn(LSTM, generator, inputs=3, outputs=3, hidden_size=4)
    trace = network.trace(x)
    story = Story([words[i] for i in x[0].argmax(-1)], [2], "")
    header, _ = unpack(timeline(trace, batch=Batch(x, target, None, scored), story=story, words=words))
    said = rows_of(header, "tokens")[-1]
    assert header["labels"] == story.inputs
    assert said["labels"] == [[words[i] for i in trace.outputs[0].argmax(-1)]]
    assert said["expect"] == ["", *(words[i] for i in target[0, 1:])] and said["scored"] == scored[0].tolist()


def test_the_tape_has_every_moment_and_falls_back_to_states(payload, lstm, adding):
    header, arrays = unpack(payload)
    assert header["moments"] == [0, 10, 400]
    assert all(arrays[name].shape[0] == 3 for name in ("0.h", "0.f", "0.c", "y")) and arrays["x"].shape[0] == 1
    moments = [(u, lstm.trace(adding[1].x)) for u in (0, 1, 2)]
    tight = unpack(timeline(moments[-1][1], moments=moments, budget=900))[1]
    assert tight["0.h"].shape[0] == 3 and tight["0.f"].shape[0] == 1
    middle = unpack(timeline(moments[-1][1], moments=moments, budget=4000))
    assert middle[0]["arrays"]["0.f"]["dtype"] == "uint16" and middle[1]["0.f"].shape[0] == 3


def test_compact_and_show_choose_rows(lstm, adding):
    trace = lstm.trace(adding[1].x)
    assert [r["symbol"] for r in unpack(timeline(trace, compact=True))[0]["rows"]][-2:] == ["h", "ŷ"]
    assert [r["symbol"] for r in unpack(timeline(trace, show=["g", "f"]))[0]["rows"]][-4:] == ["h", "g", "f", "ŷ"]


def test_a_cell_nobody_has_described_still_has_rows(lstm, adding):
    card = Card(title="?", row="X", year=2026, reference="", summary="")
    header, _ = unpack(timeline(lstm.trace(adding[1].x), card=card))
    strips = [row for row in header["rows"] if row.get("unit")]
    assert {row["symbol"] for row in strips} == {"i", "f", "g", "o", "c"}
    assert {row["tone"] for row in strips} == {"hidden"}
    assert rows_of(header, "heatmap")[0]["card"]["equations"] == []


def test_other_widths_get_their_own_heatmap(adding):
    from types import SimpleNamespace

    from rnn_core.records.trace import NetworkTrace

    b, t = 2, 6
    state = {"h": torch.randn(b, t, 4)}
    one = SimpleNamespace(
        cell=SimpleNamespace(card=None), x=None, mask=None, reverse=False, name="", states=state, entering=state,
        probes={"w": torch.softmax(torch.randn(b, t, 7), -1), "M": torch.randn(b, t, 3, 2), "p": torch.rand(b, t, 1)},
    )
    header, arrays = unpack(timeline(NetworkTrace(torch.randn(b, t, 1), (one,))))
    kinds = {row["array"]: row["kind"] for row in header["rows"]}
    assert kinds == {"0.h": "heatmap", "0.w": "heatmap", "0.M": "heatmap", "0.p": "area", "y": "line"}
    assert arrays["0.M"].shape == (1, 6, 6)
    assert [row["scale"] for row in rows_of(header, "heatmap")] == ["div", "seq", "div"]
