"""The graph's pure functions, tested by node on its parts, with a graph that Python packed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import rnn_core as rc


def test_pure_functions_under_node(tmp_path, lstm, adding):
    node = shutil.which("node")
    if node is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no node was found to run graph.test.mjs")
    trace = lstm.trace(adding[1].x).main
    payload = tmp_path / "graph.bin"
    payload.write_bytes(rc.viewer.graph(rc.step_graph(trace, lstm.readout), sums=rc.unit_sums(trace, lstm.readout)))
    tests = Path(__file__).with_name("graph.test.mjs")
    done = subprocess.run(
        [node, "--test", str(tests)], env={**os.environ, "GRAPH_PAYLOAD": str(payload)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped 0" in done.stdout
