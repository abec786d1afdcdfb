"""The room of checks: every row's quick checks pass, each notices what it is there for, and a row's status follows."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import sys
from pathlib import Path

import pytest
import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, quick

room = sys.modules["rnn_core.verify"]
ROWS = room.checked_rows()
OPEN = next(r["row"] for r in rc.rows() if r["row"] not in ROWS)


@pytest.fixture
def broken(monkeypatch):
    """Call it with an architecture and a function that spoils what ``advance`` gives back."""
    def spoil(architecture: str, how) -> None:
        kind = type(rc.make_cell(architecture, 1))
        honest = kind.advance
        monkeypatch.setattr(kind, "advance", lambda self, drive, state: how(honest(self, drive, state)))
    return spoil


def wrong(row: str, check: str) -> list[str]:
    """What one check of a row finds wrong."""
    torch.manual_seed(0)
    findings = getattr(importlib.import_module(f"rnn_core.verify.{row}"), check)()
    return [found.check for found in findings if not found.passed]


def test_the_rows_with_checks():
    files = {path.stem.upper() for path in Path(room.__file__).parent.glob("[abcd][0-9]*.py")}
    assert set(ROWS) == files and len(ROWS) == len(files) > 40
    assert all(room.checks(row) for row in ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_quick_checks_pass(row):
    records = rc.verify([row])
    assert records and [r for r in records if not r["passed"]] == []
    for r in records:
        assert list(r) == ["row", "check", "expected", "measured", "passed", "seconds"]
        assert r["row"] == row and r["passed"] is True and r["seconds"] >= 0
    assert len({r["check"] for r in records}) == len(records)
    json.dumps(records, allow_nan=False)


@pytest.mark.parametrize("row", ROWS)
def test_checks_use_the_public_face_alone(row):
    tree = ast.parse(inspect.getsource(importlib.import_module(f"rnn_core.verify.{row.lower()}")))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    shared = {f"rnn_core.verify.{name}" for name in ("check", "against_torch", "rules", "c22")}
    allowed = {"rnn_core", "torch", *shared}
    assert {name for name in names if name.split(".")[0] not in sys.stdlib_module_names} <= allowed
    private = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)
               and n.value.id == "rc"}
    assert private <= {*rc.__all__, *rc.analyses()}


def test_numbers_are_the_same_each_time_and_leave_the_visitors_randomness_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, again = rc.verify(["A8"]), rc.verify(["A8"])
    assert torch.equal(torch.rand(3), expected)
    assert [{**r, "seconds": 0} for r in first] == [{**r, "seconds": 0} for r in again]


def test_a_bent_output_is_noticed(broken):
    for row, architecture in (("a2", "elman"), ("a7", "lstm"), ("a8", "gru")):
        broken(architecture, lambda given: (given[0] * 1.0000001, *given[1:]))
        assert wrong(row, "equals_torch")


def test_a_state_that_is_cut_out_of_the_graph_is_noticed(broken):
    broken("elman", lambda given: (given[0], type(given[1])(*(v.detach() for v in given[1])), given[2]))
    for row, check in (("a2", "equals_torch"), ("b1", "equals_autograd"), ("d2", "products")):
        assert wrong(row, check)


def test_a_lying_probe_is_noticed(broken):
    broken("lstm", lambda given: (*given[:2], {k: v + 0.01 * (k == "f") for k, v in given[2].items()}))
    found = wrong("a7", "equals_its_equations")
    assert found and all("f at every step" in name for name in found)


def test_wrong_signs_are_noticed(broken):
    broken("hopfield", lambda given: (given[0], type(given[1])(-given[1].s), given[2]))
    assert any("rise" in name for name in wrong("a25", "energy_never_rises"))


def test_a_check_that_breaks_has_failed(broken):
    def trouble(given):
        raise RuntimeError("no current")

    broken("recursive", trouble)
    failed = [r for r in rc.verify(["A22"]) if not r["passed"]]
    assert failed and failed[0]["measured"] == "RuntimeError: no current" and failed[0]["expected"] == "no error"


@pytest.mark.parametrize(("rows", "sentence"), [(["Z1"], "There is no row “Z1”; “rows” lists all 110."),
                                               (["A2", OPEN], f"Row {OPEN} has no checks yet")])
def test_unknown_rows_are_refused_in_one_sentence(rows, sentence):
    with pytest.raises(ValueError, match=sentence):
        rc.verify(rows)


def test_rows_may_be_written_small_and_twice(monkeypatch):
    assert room.chosen(["a2", " A2 ", "d4"]) == ["A2", "D4"] and room.chosen(None) == ROWS


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A results file of the test's own, and a fast row."""
    @quick
    def small():
        yield Finding("small", 1, 1, True)

    monkeypatch.setattr(room, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(room, "checks", lambda row: [small])
    return tmp_path / "results.json"


def test_a_row_is_verified_when_everything_passed_with_this_version(results, monkeypatch):
    assert room.recorded() == {} and room.statuses()["A22"] == "built"
    room.record(rc.verify(["A22"]))
    assert room.statuses()["A22"] == "verified" and room.statuses()["A2"] == "built"
    room.record(rc.verify(["A2"]))
    assert [room.statuses()[row] for row in ("A2", "A22", OPEN)] == ["verified", "verified", "to come"]
    monkeypatch.setattr(room, "checks", lambda row: [])
    assert room.statuses()["A2"] == "built"


def test_a_failure_or_another_version_is_not_verified(results, monkeypatch):
    records = rc.verify(["A22"])
    room.record([{**r, "passed": False} for r in records])
    assert room.statuses()["A22"] == "built"
    room.record(records)
    monkeypatch.setattr(room, "VERSION", "9.9")
    assert room.recorded() == {} and room.statuses()["A22"] == "built"


def test_the_shipped_results_belong_to_these_checks():
    shipped = room.recorded()
    assert list(shipped) == ROWS
    for row in ROWS:
        assert shipped[row]["checks"] == [c.__name__ for c in room.checks(row)]
        assert shipped[row]["records"] and all(r["passed"] and r["row"] == row for r in shipped[row]["records"])
        assert room.statuses()[row] == "verified"


def test_every_card_names_a_row_of_the_list():
    kinds = (rc.architectures(), rc.wirings(), rc.tasks(), rc.learners(), rc.analyses())
    assert {card.row for cards in kinds for card in cards.values()} <= set(room.statuses())
