"""Every architecture of the catalogue can be shown, with nothing known about it but its card."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.step_graph import step_graph
from rnn_core.records import NetworkTrace
from rnn_core.viewer import graph, timeline, unpack


def a_trace(name: str, generator: torch.Generator):
    cell = rc.make_cell(name, input_size=3)
    x = cell.draw(2, 6, generator)
    return rc.unroll(cell, x)


@pytest.mark.parametrize("name", sorted(rc.architectures()))
def test_timeline(name, generator):
    trace = a_trace(name, generator)
    header, arrays = unpack(timeline(NetworkTrace(trace.outputs, (trace,))))
    rows = header["rows"]
    assert header["T"] == trace.length and any(row["kind"] == "heatmap" for row in rows)
    for row in rows:
        for part in [row, *row.get("over", [])]:
            if "array" in part:
                assert arrays[part["array"]].ndim == 3 and arrays[part["array"]].shape[1] == trace.length
        assert sorted(row.get("order", [])) == list(range(len(row.get("order", []))))
        for equation in row.get("card", {}).get("equations", []):
            assert {term["array"] for term in equation["terms"] if "array" in term} <= set(arrays)


@pytest.mark.parametrize("name", sorted(rc.architectures()))
def test_graph(name, generator):
    header, arrays = unpack(graph(step_graph(a_trace(name, generator))))
    known = {node["id"] for node in header["nodes"]}
    assert {end for a, b, _ in header["edges"] for end in (a, b)} <= known
    assert {f"value:{id}" for id in known} <= set(arrays)
    assert len({(node["x"], node["y"]) for node in header["nodes"]}) == len(known)
