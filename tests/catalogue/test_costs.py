"""What a training step costs beside Elman's: the record is well formed, and the sentence says what it holds."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch

import rnn_core as rc
from benchmarks import cell_steps
from rnn_core.catalogue import costs


def test_the_record_holds_positive_ratios_of_architectures_that_are_there() -> None:
    found = costs.step_costs()
    assert (found["b"], found["T"], found["H"]) == (cell_steps.B, cell_steps.T, cell_steps.H)
    assert "torch" in found["made_with"] and "1 thread" in found["made_with"]
    assert found["elmans"].keys() <= rc.architectures().keys()
    assert "elman" in found["elmans"]
    assert all(isinstance(k, float | int) and math.isfinite(k) and k > 0 for k in found["elmans"].values())


def test_what_has_no_steps_along_a_sequence_has_no_record() -> None:
    along = {name for name, kind in rc.catalogue.cell_classes().items() if "sequence" in kind.runs_along}
    assert costs.step_costs()["elmans"].keys() <= along


def test_the_sentence_says_the_record_and_nothing_where_there_is_none(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "FILE", tmp_path / "cell_steps.json")
    costs.step_costs.cache_clear()
    try:
        costs.keep({"lstm": 3.25}, b=32, T=100, H=64)
        costs.keep({"gru": 3.0}, b=32, T=100, H=64)
        assert costs.told("lstm") == ("one training step costs about 3.25 × Elman's "
                                      "(measured at b=32, T=100, H=64, one thread)")
        assert costs.told("gru").startswith("one training step costs about 3 × Elman's")
        assert costs.told("newcomer") is None
        assert json.loads(costs.FILE.read_text("utf-8"))["elmans"] == {"gru": 3.0, "lstm": 3.25}
    finally:
        costs.step_costs.cache_clear()


@pytest.mark.parametrize("name", sorted(cell_steps.PLAIN))
def test_each_plain_loop_is_the_same_network(name: str) -> None:
    """Outputs and gradients of the plain loop are those of the cell, in double precision."""
    cell = rc.make_cell(name, 3, output_size=3, hidden_size=5).double()
    x = cell.draw(2, 6, torch.Generator().manual_seed(1))
    ours, theirs = rc.unroll(cell, x).outputs, cell_steps.plain(name, cell, x)
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)
    for a, b in zip(*(torch.autograd.grad((y**2).mean(), list(cell.parameters())) for y in (ours, theirs)),
                    strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)
