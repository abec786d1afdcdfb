"""The viewer's pure functions, tested by node on the shipped file."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from rnn_core.viewer import HERE, pack, quantise


def test_pure_functions_under_node(tmp_path):
    node = shutil.which("node")
    if node is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no node was found to run the .test.mjs files")
    payload = tmp_path / "payload.bin"
    levels = quantise(np.array([[-1.0, 1.0], [0.0, np.nan]]), -1, 1)
    floats = np.array([0.5, -1.5, 2.25], np.float32)
    payload.write_bytes(pack({"f": floats, "q": levels}, view="timeline", word="ŷₜ"))
    tests = [str(Path(__file__).with_name(name)) for name in ("viewer.test.mjs", "timeline.test.mjs")]
    done = subprocess.run(
        [node, "--test", *tests], env={**os.environ, "VIEWER_PAYLOAD": str(payload)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped 0" in done.stdout


def test_the_module_needs_nothing_and_puts_no_markup_in():
    source = (HERE / "viewer.js").read_text("utf-8")
    for forbidden in ("import ", "innerHTML", "outerHTML", "insertAdjacentHTML", "http://", "https://"):
        found = [line for line in source.splitlines() if forbidden in line and "www.w3.org" not in line]
        assert found == [] or forbidden == "import " and all(line.lstrip().startswith(("*", "/")) for line in found)
