"""Unrolled graph: numbers of the run in hand, edits that flow and can be undone, hostile ones refused in a sentence."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import rnn_core as rc
from pages.shared import graphs
from rnn_core import catalogue
from rnn_core.viewer import unpack
from tests.covering import architectures_with_wirings

SMALL = {"architecture": "gru", "task": "adding", "hidden_size": "5", "length": "9"}
PAIRS = architectures_with_wirings()
HOSTILE = [
    {"node": "W", "unit": 0, "t": None, "value": "text"},
    {"node": "W", "unit": 0, "t": None, "value": float("nan")},
    {"node": "W", "unit": 0, "t": None, "value": float("inf")},
    {"node": "W", "unit": 10**9, "t": None, "value": 1.0},
    {"node": "W", "unit": -1, "t": None, "value": 1.0},
    {"node": "W", "unit": True, "t": None, "value": 1.0},
    {"node": "W", "unit": 0, "t": None, "value": 10**400},
    {"node": "W", "unit": 0, "t": None, "value": 1e300},
    {"node": "nothing", "unit": 0, "t": None, "value": 1.0},
    {"node": ["W"], "unit": 0, "t": None, "value": 1.0},
    {"node": "h", "unit": 0, "t": 1, "value": 1.0},
    {"node": "x", "unit": 9, "t": 1, "value": 1.0},
    {"node": "x", "unit": 0, "t": 99, "value": 1.0},
    {"node": "x", "unit": 0, "t": "1", "value": 1.0},
    {"node": "x", "unit": 0, "t": 1},
    {"surprise": 1},
    {},
]


@pytest.fixture
def session(monkeypatch) -> dict:
    """The visitor's session, empty."""
    made: dict = {}
    monkeypatch.setattr("streamlit.session_state", made)
    return made


def held(architecture: str = "gru", wiring: str = "single", **settings):
    """What a page knows of an untrained run in hand."""
    spec = rc.Experiment.of(architecture, "adding", wiring=wiring, **{"hidden_size": 5, "length": 9} | settings)
    run = rc.Run(spec)
    next(run.training())
    return SimpleNamespace(key=f"{spec.id}:0", run=run, then=run, moment=None, spec=spec)


def shown(hand, row: int = 0, which: int = 0):
    """Header and arrays of the picture."""
    return unpack(graphs.picture_of(hand, row, which).payload)


@pytest.mark.parametrize(("architecture", "wiring"), PAIRS, ids=map("-".join, PAIRS))
def test_every_cell_in_every_wiring_with_all_that_is_told(session, architecture, wiring):
    hand = held(architecture, wiring)
    for which in range(len(hand.run.network.cells)):
        header, arrays = shown(hand, which=which)
        assert header["T"] == 9
        assert any("sum" in node for node in header["nodes"]) or architecture == "hidden_markov"
        fixed = {name for name, _ in hand.run.network.cells[which].named_buffers()}
        names = {weight["id"] for weight in header["shared"]} - fixed
        assert names == set(header["update"]["weights"]) and names <= set(header["editable"])
        assert {f"asked:{name}" for name in names} <= set(arrays)
        assert header["reverse"] == (which % 2 == 1)
        assert np.nansum(arrays["loss"]) > 0


def test_a_weight_that_is_set_flows(session):
    hand = held()
    assert graphs.take(hand, 0, 0, {"edit": {"node": "R", "unit": 7, "t": None, "value": 1.5}}) == ""
    header, arrays = shown(hand)
    assert header["edits"][0]["say"].startswith("R[1, 2] from ") and header["edits"][0]["say"].endswith(" to 1.5")
    assert arrays["weight:R"][1, 2] == 1.5 and hand.run.network.cells[0].R[1, 2] != 1.5
    assert np.array_equal(arrays["before:h"][0], arrays["value:h"][0])
    assert (arrays["before:h"][1:] != arrays["value:h"][1:]).any(1).all()
    twin = rc.Run.resume(hand.spec, hand.run.checkpoint())
    with torch.no_grad():
        twin.network.cells[0].R[1, 2] = 1.5
    told = twin.network.trace(twin.held_out.x[:1])
    np.testing.assert_allclose(arrays["value:y"], told.outputs[0].numpy(force=True), atol=1e-6)
    assert "why" in header["update"]


def test_an_input_that_is_set_flows_on_its_own_sequence_alone(session):
    hand = held()
    assert graphs.take(hand, 3, 0, {"edit": {"node": "x", "unit": 1, "t": 4, "value": -2.0}}) == ""
    _, arrays = shown(hand, row=3)
    assert arrays["value:x"][4, 1] == -2.0 and np.array_equal(arrays["before:h"][:4], arrays["value:h"][:4])
    assert shown(hand, row=0)[0]["edits"] == []


def test_the_same_number_set_twice_is_one_edit_and_undo_goes_back(session):
    hand = held()
    for value in (1.0, 2.0):
        graphs.take(hand, 0, 0, {"edit": {"node": "R", "unit": 7, "t": None, "value": value}})
    graphs.take(hand, 0, 0, {"edit": {"node": "x", "unit": 0, "t": 0, "value": 3.0}})
    assert [e["value"] for e in shown(hand)[0]["edits"]] == [2.0, 3.0]
    graphs.take(hand, 0, 0, {"undo": "last"})
    assert [e["value"] for e in shown(hand)[0]["edits"]] == [2.0]
    graphs.take(hand, 0, 0, {"undo": "all"})
    assert shown(hand)[0]["edits"] == []


@pytest.mark.parametrize("edit", HOSTILE, ids=str)
def test_a_hostile_edit_gets_one_sentence_and_nothing_is_lost(session, edit):
    hand = held()
    graphs.take(hand, 0, 0, {"edit": {"node": "b", "unit": 0, "t": None, "value": 0.5}})
    why = graphs.take(hand, 0, 0, {"edit": edit})
    assert why.endswith(".") and "\n" not in why and len(why) < 200
    assert len(graphs.edits(hand)[0]) == 1


@pytest.mark.parametrize("pick", [None, 3, [], {}, {"edit": None}, {"edit": "W"}, {"t": 3, "node": "h"}])
def test_a_plain_pick_changes_nothing(session, pick):
    hand = held()
    assert graphs.take(hand, 0, 0, pick) == "" and graphs.edits(hand) == ([], "")


def test_edits_are_put_away_when_the_weights_are_others(session):
    hand = held()
    for unit in (0, 1):
        graphs.take(hand, 0, 0, {"edit": {"node": "b", "unit": unit, "t": None, "value": 0.5}})
    hand.key = "another:1"
    kept, sentence = graphs.edits(hand)
    assert kept == [] and sentence.startswith("Your 2 edits belonged to other weights")
    assert graphs.edits(hand) == ([], "")


def test_an_edit_may_lead_out_of_the_finite_numbers(session):
    hand = held("elman", activation="relu")
    assert graphs.take(hand, 0, 0, {"edit": {"node": "R", "unit": 0, "t": None, "value": 1e30}}) == ""
    assert graphs.take(hand, 0, 0, {"edit": {"node": "b", "unit": 0, "t": None, "value": 1e30}}) == ""
    header, arrays = shown(hand)
    assert not np.isfinite(arrays["value:h"]).all() and header["shared"][1]["sum"] is None


def test_there_is_an_end_to_edits(session):
    hand = held()
    for unit in range(graphs.MOST_EDITS):
        assert graphs.take(hand, 0, 0, {"edit": {"node": "R", "unit": unit, "t": None, "value": 0.5}}) == ""
    assert "undo some" in graphs.take(hand, 0, 0, {"edit": {"node": "b", "unit": 0, "t": None, "value": 0.5}})


def test_an_earlier_moment_has_no_next_update(session):
    hand = held(updates=5)
    for _ in hand.run.training():
        pass
    hand.moment, hand.then = 2, hand.run.then(2)
    assert "only the newest moment" in shown(hand)[0]["update"]["why"]


def test_the_page_shows_edits_and_says_what_became_of_them(visit):
    app = visit("Unrolled graph", "What each step asks of each shared weight, as a table", **SMALL)
    header, _ = unpack([one for one in app.get("bidi_component") if one.proto.bytes][-1].proto.bytes)
    assert header["edits"] == [] and header["update"]["number"] == 1
    table = app.dataframe[0].value
    assert list(table.columns) == ["weight", "t", "gradient", "share"] and len(table) == 6 * 9
    app.session_state["graph_edits"] = ("another run:7", [None])
    app.run()
    assert not app.exception and any("put away" in w.value for w in app.warning)


@pytest.fixture
def forgetful(tmp_path):
    """Takes back what a test adds to the catalogue."""
    rooms = (catalogue.cells, catalogue.learners, catalogue.tasks)
    before = {room: list(room.__path__) for room in rooms}
    yield
    for room, path in before.items():
        room.__path__[:] = path
    catalogue._forget([str(tmp_path / "cells")])


def test_a_cell_of_a_notebook_is_drawn_with_its_sums(tmp_path, monkeypatch, session, forgetful):
    (tmp_path / "cells").mkdir()
    (tmp_path / "cells" / "leaky.py").write_text(LEAKY)
    monkeypatch.setenv("RNN_EXPLORER_PLUGINS", "")
    rc.add_folder(tmp_path)
    header, arrays = shown(held("leaky"))
    sums = {node["id"]: node["sum"] for node in header["nodes"] if "sum" in node}
    assert {a["weight"] for a in sums["a"]["addends"]} == {"W", "R"} and "asked:R" in arrays


LEAKY = '''
"""A leaky unit."""
from typing import NamedTuple

import torch

from rnn_core.cells.base import Cell, weight
from rnn_core.records import Card


class LeakyState(NamedTuple):
    """h."""

    h: torch.Tensor


class Leaky(Cell):
    """A leaky unit."""

    card = Card(title="Leaky", row="", year=2000, reference="none", summary="A leaky unit.",
                equations={"a": "a_t = W x_t + R h_{t−1}", "h": "h_t = h_{t−1} + a_t"}, symbols={"h": "hidden"})

    def __init__(self, input_size, settings=None, output_size=None):
        super().__init__(input_size, settings, output_size)
        n = self.settings.hidden_size
        self.W, self.R = weight(n, input_size), weight(n, n)

    def initial_state(self, batch_size):
        return LeakyState(self.zeros(batch_size, self.settings.hidden_size))

    def advance(self, drive, state):
        a = drive @ self.W.T + state.h @ self.R.T
        h = 0.5 * state.h + 0.5 * torch.tanh(a)
        return h, LeakyState(h), {"a": a, "h": h}
'''
