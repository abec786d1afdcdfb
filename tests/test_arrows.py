"""Who may know whom: the table of the house's rooms, held against every import of the project."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.imports import PACKAGE, ROOT, called, files, imports, module_name, sources

CARDS = {"cells", "networks", "tasks", "learners", "analysis", "records"}
PARTS = {"catalogue", "learners", "unroll", "networks.base", "cells.base", "tasks", "records"}

#: For each room, which rooms of rnn_core (or modules of a room) it may import beside itself; "" is the public face and
#: "*" stands for all of them. A file directly in rnn_core is a room of its own, and so are the folders beside it.
ARROWS = {
    "records": set(),
    "version": set(),
    "cells": {"records"},
    "unroll": {"cells.base", "records"},
    "sensitivity": {"cells.base", "unroll", "records"},
    "networks": {"cells.base", "unroll", "records"},
    "breeding": set(),
    "stacked": {"cells.base", "networks.base", "unroll", "records"},
    "tasks": {"records"},
    "learners": {"unroll", "sensitivity", "stacked", "breeding", "networks.base", "tasks.base", "designs", "records"},
    "designs": {"records"},
    "analysis": {"unroll", "sensitivity", "records"},
    "figures": {"records", "analysis"},
    "viewer": {"records", "analysis"},
    "catalogue": CARDS,
    "adopt": {"catalogue", "cells", "networks", "unroll", "records"},
    "experiment": PARTS,
    "run": {"experiment", "saving", *PARTS},
    "saving": {"experiment", "records", "version"},
    "loading": {"experiment", "run", "saving"},
    "shipped": {"experiment", "run", "loading"},
    "rehearsal": {"run", "records"},
    "fleet": {"experiment", "run", "stacked", *PARTS},
    "race": {"experiment", "run", "fleet", "saving", *PARTS},
    "exports": {"experiment", "run", "race", "saving", "records", "version"},
    "face": {"catalogue", "experiment", "run", "records"},
    "jobs": {"experiment", "run", "race", "saving", "records", "version"},
    "verify": {"*"},
    "": {"*"},
    "__main__": {"*"},
    "app": {"*"},
    "pages": {"*"},
    "notebooks": {""},
    "benchmarks": {"*"},
    "scripts": {"*"},
}

CORE = set(ARROWS) - {"version", "app", "pages", "notebooks", "benchmarks", "scripts"}
LOOSE = {"notebooks", "benchmarks", "scripts"}

#: The one page file that loads heavy packages, so that it can take them out of the garbage collector's sight.
BOOT = "pages.shared.boot"

#: For each package from elsewhere, the rooms that may import it; a package that is not here is for nobody.
OUTSIDE = {
    "torch": (CORE | LOOSE | {BOOT}) - {"figures", "viewer", "__main__"},
    "numpy": CORE | LOOSE,
    "sklearn": {"analysis", "learners", "verify", "benchmarks", BOOT},
    "scipy": {"cells", "benchmarks"},
    "reservoirpy": {"benchmarks"},
    "pandas": CORE | LOOSE | {"app", "pages"},
    "pydantic": CORE,
    "streamlit": {"app", "pages"},
    "plotly": {"figures", BOOT},
    "anywidget": {"viewer"},
    "traitlets": {"viewer"},
    "safetensors": {"run", "race", "saving", "loading", "jobs", "exports"},
    "orjson": {"saving", "jobs", "exports"},
    "nbformat": {"exports"},
    "dask": {"jobs"},
    "distributed": {"jobs"},
    "tornado": {"jobs"},
    "psutil": {"jobs", "benchmarks"},
    "tqdm": {"", "__main__", "run", "race", "verify"} | LOOSE,
    "playwright": {"benchmarks"},
    "click": {"", "__main__", "jobs", "verify"} | LOOSE,
}

FORBIDDEN_IMPORTS = {"pickle", "cloudpickle", "dill", "shelve", "marshal", "joblib"}
FORBIDDEN_CALLS = {"eval", "exec", "torch.load", "torch.save", "st.html", "streamlit.html"}
FORBIDDEN_METHODS = {"read_pickle", "to_pickle"}
FORBIDDEN_KEYWORDS = {"unsafe_allow_html", "allow_pickle"}


def room(module: str) -> str:
    """The room of a module: `cells` for rnn_core.cells.lstm, "" for rnn_core itself, `pages` for pages.shared.frame."""
    parts = module.split(".")
    if parts[0] != PACKAGE:
        return parts[0]
    return parts[1] if len(parts) > 1 else ""


def may_know(here: str, target: str) -> bool:
    """Whether the table lets the room `here` import the module `target` of rnn_core."""
    inner = target.removeprefix(PACKAGE).removeprefix(".")
    allowed = ARROWS[here]
    return (
        "*" in allowed
        or room(target) == here
        or inner in allowed
        or any(name and inner.startswith(f"{name}.") for name in allowed)
    )


def wrong_arrows(path: Path, root: Path = ROOT) -> list[str]:
    """One sentence for each import of a file that the tables do not have."""
    name, wrong = module_name(path, root), []
    here = room(name)
    if here not in ARROWS:
        return [f"{path.relative_to(root)} stands in no room of the table"]
    for found in imports(path, root):
        head = found.target.partition(".")[0]
        if head == PACKAGE:
            fits = may_know(here, found.target)
        elif head in ARROWS:
            fits = head == here or (head, here) == ("pages", "app")
        elif head in sys.stdlib_module_names:
            fits = head not in FORBIDDEN_IMPORTS
        else:
            fits = bool({here, name} & OUTSIDE.get(head, set()))
        if not fits:
            wrong.append(f"{path.relative_to(root)}:{found.line}: the room {here!r} may not import {found.target}")
    return wrong


def wrong_calls(path: Path, root: Path = ROOT) -> list[str]:
    """One sentence for each call of a file that could run or show what a stranger wrote."""
    wrong = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if not isinstance(node, ast.Call):
            continue
        name = called(node)
        words = {name} & FORBIDDEN_CALLS | {name.rpartition(".")[2]} & FORBIDDEN_METHODS
        words |= {word.arg for word in node.keywords} & FORBIDDEN_KEYWORDS
        wrong += [f"{path.relative_to(root)}:{node.lineno}: {word} is not used here" for word in sorted(words)]
    return wrong


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """Some closed walk along the arrows, its first name repeated at its end; empty where there is none."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        done.add(name)
        return next(filter(None, (walk(other, [*path, name]) for other in sorted(arrows.get(name, ())))), [])

    return next(filter(None, (walk(name, []) for name in sorted(arrows))), [])


def arrows_at_load(paths: list[Path], root: Path = ROOT) -> dict[str, set[str]]:
    """For each module, the modules that it imports as it loads."""
    return {module_name(path, root): {found.target for found in imports(path, root) if found.at_load} for path in paths}


def test_every_import_has_its_arrow():
    assert sources()
    assert [sentence for path in sources() for sentence in wrong_arrows(path)] == []


def test_nothing_runs_or_shows_what_a_stranger_wrote():
    assert [sentence for path in sources() for sentence in wrong_calls(path)] == []


def test_no_import_closes_a_circle():
    assert circle(arrows_at_load(files("*.py"))) == []


@pytest.fixture
def house(tmp_path: Path):
    """A small house of empty rooms; call it with a file and its source, and get the file."""
    for name in ("cells", "networks", "figures", "jobs"):
        (tmp_path / PACKAGE / name).mkdir(parents=True)
        (tmp_path / PACKAGE / name / "base.py").touch()

    def write(place: str, source: str) -> Path:
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        return path

    return write


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("rnn_core/cells/odd.py", "from rnn_core.networks.base import Network"),
        ("rnn_core/cells/odd.py", "from rnn_core import networks"),
        ("rnn_core/cells/odd.py", "from .. import networks"),
        ("rnn_core/cells/odd.py", "from ..networks import base"),
        ("rnn_core/cells/odd.py", "import rnn_core as rc"),
        ("rnn_core/cells/odd.py", "def late():\n    from rnn_core.jobs import base"),
        ("rnn_core/cells/odd.py", "import importlib\nimportlib.import_module('rnn_core.jobs.base')"),
        ("rnn_core/cells/odd.py", "if TYPE_CHECKING:\n    from rnn_core.networks.base import Network"),
        ("rnn_core/cells/__init__.py", "from ..networks import base"),
        ("rnn_core/networks/odd.py", "from rnn_core.cells.odd import Odd"),
        ("rnn_core/networks/odd.py", "import plotly.graph_objects as go"),
        ("rnn_core/learners/odd.py", "import streamlit as st"),
        ("rnn_core/run.py", "import distributed"),
        ("rnn_core/figures/odd.py", "import torch"),
        ("rnn_core/records/odd.py", "import pickle"),
        ("rnn_core/records/odd.py", "import requests"),
        ("rnn_core/strange/odd.py", "import math"),
        ("rnn_core/verify/odd.py", "from pages.shared.frame import frame"),
        ("pages/1_Train.py", "import torch"),
        ("pages/1_Train.py", "import plotly.express as px"),
        ("notebooks/01_first.py", "from rnn_core.cells.base import Cell"),
    ],
)
def test_a_forbidden_import_is_caught(house, tmp_path, place, source):
    assert len(wrong_arrows(house(place, source), tmp_path)) == 1


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("rnn_core/networks/odd.py", "from rnn_core.cells.base import Cell\nfrom ..cells import base\nimport torch"),
        ("rnn_core/cells/odd.py", "from __future__ import annotations\nfrom . import base\nimport math, torch.nn"),
        ("rnn_core/figures/odd.py", "import plotly.graph_objects as go"),
        ("pages/1_Train.py", "import streamlit as st\nimport rnn_core as rc\nfrom pages.shared.frame import frame"),
        ("app.py", "from pages.shared.frame import frame"),
        ("notebooks/01_first.py", "import rnn_core as rc"),
    ],
)
def test_an_import_of_the_table_passes(house, tmp_path, place, source):
    assert wrong_arrows(house(place, source), tmp_path) == []


@pytest.mark.parametrize(
    "source",
    [
        "torch.load('x')",
        "eval('1')",
        "st.html('<b>')",
        "st.markdown(x, unsafe_allow_html=True)",
        "np.load('x', allow_pickle=True)",
        "pd.read_pickle('x')",
    ],
)
def test_a_forbidden_call_is_caught(house, tmp_path, source):
    assert len(wrong_calls(house("pages/1_Train.py", source), tmp_path)) == 1


def test_a_network_that_goes_to_eval_mode_passes(house, tmp_path):
    assert wrong_calls(house("rnn_core/run.py", "network.eval()\nframe.eval"), tmp_path) == []


def test_a_circle_is_caught(house, tmp_path):
    first = house("rnn_core/cells/a.py", "from rnn_core.cells.b import B")
    second = house("rnn_core/cells/b.py", "from rnn_core.cells.a import A")
    assert circle(arrows_at_load([first, second], tmp_path)) == [
        "rnn_core.cells.a",
        "rnn_core.cells.b",
        "rnn_core.cells.a",
    ]
    second.write_text("def late():\n    from rnn_core.cells.a import A")
    assert circle(arrows_at_load([first, second], tmp_path)) == []
