"""Tables: every number comes back, steps that do not exist are left out, no cell becomes a formula."""

from __future__ import annotations

import csv
import io
import math

import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import rnn_core as rc
from rnn_core.exports import tables


def read(data: bytes) -> pd.DataFrame:
    """The table as a stranger's program reads it."""
    return pd.read_csv(io.BytesIO(data), keep_default_na=False, na_values=["nan"])


def test_history_keeps_every_digit(run):
    rows = list(csv.DictReader(io.StringIO(rc.exports.history_csv(run).decode())))
    told = [{key: float(value) if value else None for key, value in row.items()} for row in rows]
    assert told == run.records and [int(row["update"]) for row in rows] == list(range(21))


def test_a_history_with_numbers_that_are_none(run):
    odd = run.then(2)
    odd.records = [odd.records[0] | {"loss": math.nan, "metric": -math.inf}, *odd.records[1:]]
    lines = rc.exports.history_csv(odd).decode().splitlines()
    assert lines[1].split(",")[1] == "nan" and lines[1].split(",")[3] == "-inf"


@pytest.mark.parametrize("update", [None, 4])
def test_states_are_the_trace_s_own(run, update):
    table = read(rc.exports.states_csv(run, [2, 7], update))
    then = run if update is None else run.then(update)
    trace = then.network.trace(run.held_out.x, mask=run.held_out.mask)
    assert set(table["update"]) == {then.update}
    for number in (2, 7):
        part = table[table["sequence"] == number]
        steps = int(run.held_out.mask[number].sum())
        assert list(part["t"]) == list(range(steps))
        for name in ("i", "f", "g", "o", "c", "h"):
            for unit in range(3):
                told = torch.tensor(part[f"{name}[{unit}]"].to_numpy(), dtype=torch.float32)
                torch.testing.assert_close(told, trace.main.probes[name][number, :steps, unit], rtol=1e-6, atol=1e-7)
        assert list(part["x[0]"]) == pytest.approx(run.held_out.x[number, :steps, 0].tolist())
        assert list(part["y"]) == pytest.approx(trace.outputs[number, :steps, 0].tolist(), rel=1e-5)
        assert list(part["read"].map(float)) == pytest.approx(list(part["x[0]"]), abs=0.005)


NAMES = {"stack": ["0.h[0]", "1.h[1]"], "bidirectional": ["→h h[0]", "←h h[1]"]}


@pytest.mark.parametrize("wiring", NAMES)
def test_every_layer_and_pass_has_its_name_before_its_probes(wiring):
    fresh = rc.Run(rc.Experiment.of("gru", "adding", wiring=wiring, hidden_size=2, length=4))
    columns = list(rc.exports.states(fresh).columns)
    assert set(NAMES[wiring]) <= set(columns) and len(columns) == len(set(columns))


def test_a_state_that_is_no_probe_is_there_too():
    fresh = rc.Run(rc.Experiment.of("jordan", "adding", hidden_size=2, length=4))
    fields = set(fresh.network.cells[0].initial_state(1)._fields)
    columns = set(rc.exports.states(fresh).columns)
    assert all(f in columns or f"state {f}" in columns or f"{f}[0]" in columns or f"state {f}[0]" in columns
               for f in fields)


@pytest.mark.parametrize("wrong", [[], [-1], [128], [1.0], ["0"], [None]])
def test_sequences_that_are_not_there(run, wrong):
    with pytest.raises(ValueError, match="numbered from 0 to 127; name one at least"):
        rc.exports.states(run, wrong)


def test_too_much_is_refused_before_it_is_computed(run, monkeypatch):
    monkeypatch.setattr(tables, "MOST", 500)
    with pytest.raises(ValueError, match="takes 500 numbers, which is 3 of these sequences; choose fewer"):
        rc.exports.states(run, range(9))
    assert rc.exports.most_sequences(run) == 3 and len(rc.exports.states(run, range(3))) <= 18


def test_a_word_that_looks_like_a_formula_is_disarmed(run, monkeypatch):
    words = ["=1+1", "@SUM(A1)", "-2", "+x", "-"]

    def story(batch, row, y=None):
        return rc.Story(words, [], "")

    monkeypatch.setattr(run.task, "story", story)
    told = list(read(rc.exports.states_csv(run))["read"].astype(str))
    there = len(told)
    assert told == ["'=1+1", "'@SUM(A1)", "-2", "'+x", "'-", ""][:there]


@given(st.text(max_size=12))
def test_no_cell_begins_a_formula_unless_it_is_a_number(text):
    cell = tables.guarded(text)
    assert cell in (text, f"'{text}")
    if cell[:1] in tuple("=+-@\t\r\n"):
        assert math.isfinite(float(cell)) or cell
        float(cell)
