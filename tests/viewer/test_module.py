"""The viewer's modules: their pure functions under node, and the one text that they are joined into."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from rnn_core.viewer import HERE, pack, quantise
from rnn_core.viewer.join import joined, parts

IMPORT = re.compile(r'^import \{ ([^}]*) \} from "\./(\w+)\.js"$', re.M)
SHARED = re.compile(r"^export (?:const|class|function) (\w+)", re.M)
ALSO = re.compile(r"^export const (?=[A-Z]).*", re.M)
UNREAD = re.compile(r'/\*.*?\*/|//[^\n]*|"[^"$\n]*"', re.S)
WORDS = re.compile(r"(?<![\w$-])(?:(?<!\.)|(?<=\.\.\.))[A-Za-z_]\w*(?!\w|:)")
# Words that are something else in this part: an argument, a method, a colour's function in a style.
LOCAL = {"words": {"write"}, "pen": {"write", "rgb"}, "view": {"pixels"}, "timeline_card": {"norm"}}


@pytest.fixture
def node() -> str:
    """The place of node."""
    found = shutil.which("node")
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no node was found to run the .test.mjs files")
    return found


def test_pure_functions_under_node(node, tmp_path):
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
    source = joined()
    for forbidden in ("import ", "innerHTML", "outerHTML", "insertAdjacentHTML", "http://", "https://"):
        found = [line for line in source.splitlines() if forbidden in line and "www.w3.org" not in line]
        assert found == [] or forbidden == "import " and all(line.lstrip().startswith(("*", "/")) for line in found)


def test_every_part_is_listed():
    assert sorted([*parts(), HERE / "parts" / "index.js"]) == sorted((HERE / "parts").iterdir())


def test_a_part_imports_only_from_parts_above_it():
    order = [part.stem for part in parts()]
    for part in parts():
        source = part.read_text("utf-8")
        taken = [stem for _, stem in IMPORT.findall(source)]
        assert len(taken) == sum(line.startswith("import") for line in source.splitlines())
        assert all(order.index(stem) < order.index(part.stem) for stem in taken), part.stem


def test_a_part_uses_what_it_imports_and_imports_what_it_uses():
    shared = {}
    for part in parts():
        source = part.read_text("utf-8")
        constants = re.findall(r"[A-Z_]+(?= = )", "\n".join(ALSO.findall(source)))
        shared |= dict.fromkeys([*SHARED.findall(source), *constants], part.stem)
    for part in parts():
        source = part.read_text("utf-8")
        taken = {name for names, _ in IMPORT.findall(source) for name in names.split(", ")}
        code = UNREAD.sub(" ", IMPORT.sub("", source))
        used = {name for name in WORDS.findall(code) if shared.get(name, part.stem) != part.stem}
        assert used - LOCAL.get(part.stem, set()) == taken, part.stem


def test_no_top_level_name_stands_in_two_parts(node, tmp_path):
    text = tmp_path / "joined.mjs"
    text.write_text(joined(), "utf-8")
    done = subprocess.run([node, "--check", str(text)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    text.write_text(joined() + "\nconst clamp = 1\n", "utf-8")
    done = subprocess.run([node, "--check", str(text)], capture_output=True, text=True)
    assert "already been declared" in done.stderr


def test_the_shipped_file_is_its_parts_joined():
    shipped = (HERE / "viewer.js").read_text("utf-8")
    assert shipped == joined(), "viewer.js is not what its parts say: run python -m rnn_core.viewer.join"


def test_the_joined_text_has_one_export():
    assert [line[:14] for line in joined().splitlines() if line.startswith("export")] == ["export default"]
