"""The house rules that a reader of the files can check: docstrings, short files, no machine's own paths, pins."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.imports import ROOT, files

LONGEST = 350
LONGEST_SCRIPT = 600
CODE = ("*.py", "*.css", "*.sh", "Makefile")
TEXT = (*CODE, "*.js", "*.md", "*.toml", "*.json", "*.txt", "*.ipynb", ".gitignore", "run")
MACHINE_PATH = re.compile(r"(?<![\w.~*/!-])/(?:home|root|opt|tmp|usr|Users|private)/")


def undocumented(tree: ast.Module) -> list[str]:
    """The public names at the top of a module that lack a docstring; "the file" when the module itself does."""
    bare = [] if ast.get_docstring(tree) else ["the file"]
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if not node.name.startswith("_") and not ast.get_docstring(node):
                bare.append(node.name)
    return bare


def is_public(path: Path, name: str) -> bool:
    """Whether others may rely on a name: all but what stands in a test or in a page, which nobody imports.

    A notebook explains itself in its own text.
    """
    place = path.relative_to(ROOT)
    if place.parts[0] == "notebooks":
        return False
    imported = place.parent != Path("pages") and place != Path("app.py") and place.parts[0] != "tests"
    return imported or name == "the file"


def test_every_public_name_has_a_docstring():
    bare = []
    for path in files("*.py"):
        text = path.read_text(encoding="utf-8")
        names = undocumented(ast.parse(text, str(path))) if text.strip() else []
        bare += [f"{path.relative_to(ROOT)}: {name}" for name in names if is_public(path, name)]
    assert bare == []


def test_a_missing_docstring_is_caught():
    tree = ast.parse("def shown(): ...\ndef _hidden(): ...\nclass Shown:\n    'Told.'\n    def method(self): ...")
    assert undocumented(tree) == ["the file", "shown"]


def test_no_file_is_long():
    for longest, kinds in ((LONGEST, CODE), (LONGEST_SCRIPT, ("*.js",))):
        lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in files(*kinds)}
        lengths.pop("rnn_core/viewer/viewer.js", None)  # its parts, joined
        assert {name: length for name, length in lengths.items() if length > longest} == {}


def test_no_path_of_one_machine():
    found = []
    for path in files(*TEXT):
        if path != Path(__file__):
            lines = path.read_text(encoding="utf-8").splitlines()
            found += [f"{path.relative_to(ROOT)}:{n}" for n, line in enumerate(lines, 1) if MACHINE_PATH.search(line)]
    assert found == []


@pytest.mark.parametrize("line", ["open('/home/ann/x')", "/Users/ann/main", "see /tmp/x", '"/usr/bin/env"'])
def test_a_path_of_one_machine_is_caught(line):
    assert MACHINE_PATH.search(line)


def test_requirements_are_pinned():
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = [line.strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
        wanted = [line for line in lines if line and not line.startswith(("#", "-r "))]
        assert wanted and [line for line in wanted if not re.fullmatch(r"[a-z0-9-]+==\d[\w.]*", line)] == []


def test_the_commands_of_the_readme_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = set(re.findall(r"(?:^|`)make ([a-z]+)", readme, re.M))
    there = set(re.findall(r"^([a-z]+):", makefile, re.M))
    assert {"app", "test", "notebook"} <= told <= there


def test_the_pictures_and_links_of_the_readme_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    places = [place for place in re.findall(r"\]\(([^)#]+)\)", readme) if "://" not in place]
    assert places and [place for place in places if not (ROOT / place).exists()] == []
