"""Traces: in sequence time whichever way they ran, probes silent where there is no step."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.records.trees import flip
from tests.cells.cases import identical, same


@pytest.fixture
def cell(float64):
    """A small LSTM."""
    return rc.make_cell("lstm", 2, hidden_size=3)


def test_a_backward_pass_is_told_in_sequence_time(cell):
    x = torch.randn(2, 5, 2)
    back, ahead = rc.unroll(cell, x, reverse=True), rc.unroll(cell, x.flip(1))
    same(flip([back.outputs, back.states, back.entering]), [ahead.outputs, ahead.states, ahead.entering])
    same(flip(back.probes), ahead.probes)
    same(back.final, ahead.final)


def test_what_enters_is_what_came_out_a_step_ago(cell):
    trace = rc.unroll(cell, torch.randn(2, 5, 2))
    identical(trace.entering.c[:, 1:], trace.states.c[:, :-1])
    identical([trace.states.h[:, -1], trace.outputs], [trace.final.h, trace.states.h])
    assert (trace.length, trace.batch_size) == (5, 2)


def test_probes_are_silent_where_there_is_no_step(cell):
    mask = torch.tensor([[True, False, True], [True, True, False]])
    trace = rc.unroll(cell, torch.randn(2, 3, 2), mask=mask)
    for probe in trace.probes.values():
        assert probe[~mask].isnan().all() and probe[mask].isfinite().all()


def test_looking_leaves_no_graph(cell):
    trace = rc.unroll(cell, torch.randn(2, 3, 2), record=True)
    looked = [*trace.entering, *trace.states, *trace.probes.values()]
    assert not any(v.requires_grad for v in looked) and trace.outputs.requires_grad


def test_a_row_is_a_batch_of_one(cell):
    mask = torch.tensor([[True, False, True], [True, True, False]])
    trace = rc.unroll(cell, torch.randn(2, 3, 2), mask=mask, reverse=True)
    row = trace.row(1)
    assert row.batch_size == 1 and row.length == 3 and row.reverse
    same([row.states, row.outputs[0], row.probes["c"][0]],
         [type(trace.states)(*(v[1:2] for v in trace.states)), trace.outputs[1], trace.probes["c"][1]])
