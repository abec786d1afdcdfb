"""A file in a folder is a new architecture everywhere; a broken one is said loudly and changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import rnn_core as rc
from rnn_core import catalogue
from rnn_core.records import describe_settings
from tests.cells.cards import CARD_CHECKS
from tests.cells.cases import variants
from tests.cells.contract import CHECKS

PACKAGES = (catalogue.cells, catalogue.tasks, catalogue.learners)

LEAKY = '''"""A leaky integrator.

    a_t = W x_t + R h_{t−1} + b
    h_t = (1 − λ) h_{t−1} + λ φ(a_t)
"""
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnn_core.cells.base import Cell, RecurrentSettings, weight
from rnn_core.records import Card, setting


class Settings(RecurrentSettings):
    """How fast, and how bent."""

    leak: float = setting(0.3, "How much is renewed in a step.", symbol="λ", ge=0.0, le=1.0)
    bend: Literal["tanh", "relu"] = setting("tanh", "What bends the sum.")


class State(NamedTuple):
    """h (b, n)."""

    h: Tensor


class Leaky(Cell):
    """A leaky integrator."""

    card = Card(title="Leaky integrator", row="A26", year=2001, reference="Jaeger, The echo state approach, 2001",
                summary="Units that follow slowly.",
                equations={"a": "a_t = W x_t + R h_{t−1} + b", "h": "h_t = (1 − λ) h_{t−1} + λ φ(a_t)"},
                symbols={"a": "candidate", "h": "hidden"}, parameters="H*(I+H+1)", use="Slow signals.")
    Settings = Settings

    def __init__(self, input_size, settings=None, output_size=None):
        super().__init__(input_size, settings, output_size)
        n = self.settings.hidden_size
        self.W, self.R, self.b = weight(n, input_size), weight(n, n), weight(n)

    def initial_state(self, batch_size):
        return State(self.zeros(batch_size, self.settings.hidden_size))

    def project(self, x):
        return linear(x, self.W, self.b)

    def advance(self, drive, state):
        a = drive + state.h @ self.R.t()
        h = torch.lerp(state.h, getattr(torch, self.settings.bend)(a), self.settings.leak)
        return h, State(h), {"a": a, "h": h}
'''
ECHO = '''"""Echo: say what was just heard."""
import torch

from rnn_core.records import Baseline, Batch, Card, Settings, setting
from rnn_core.tasks.base import RegressionTask


class EchoSettings(Settings):
    """How long."""

    echo_length: int = setting(6, "Steps.", ge=2, le=50)


class Echo(RegressionTask):
    """Echo: say what was just heard."""

    card = Card(title="Echo", row="C99", year=2020, reference="A test, 2020", summary="Say it again.")
    Settings = EchoSettings
    input_size = output_size = 1

    def sample(self, batch_size, generator):
        x = torch.rand(batch_size, self.settings.echo_length, 1, generator=generator)
        return Batch(x, x)

    def baseline(self):
        return Baseline(1 / 12, 1 / 12, "always say the mean")
'''


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch):
    """The catalogue and the environment, put back after each test."""
    monkeypatch.setenv(catalogue.PLUGINS, "")
    paths = {package: list(package.__path__) for package in PACKAGES}
    modules = set(sys.modules)
    yield
    for package, path in paths.items():
        package.__path__[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith(tuple(f"{p.__name__}." for p in PACKAGES)):
            del sys.modules[name]
    catalogue._forget([])


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with one new architecture and one new task."""
    write(tmp_path, "cells/leaky.py", LEAKY)
    write(tmp_path, "tasks/echo.py", ECHO)
    return tmp_path


def write(folder: Path, place: str, text: str) -> None:
    """A file, and the folder around it; no stale byte code can take its place."""
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).write_text(text)
    for stale in (folder / place).parent.glob("__pycache__/*"):
        stale.unlink()


def names() -> dict[str, list[str]]:
    """Everything that the catalogue has, where folders look, and what other processes are told."""
    places = [place for package in PACKAGES for place in package.__path__]
    return {"cells": list(rc.architectures()), "tasks": list(rc.tasks()), "learners": list(rc.learners()),
            "places": places, "told": [os.environ[catalogue.PLUGINS]]}


def test_a_new_file_is_found_everywhere(folder):
    rc.add_folder(folder)
    assert rc.architectures()["leaky"].title == "Leaky integrator" and "echo" in rc.tasks()
    kind = catalogue.cell_classes()["leaky"]
    assert [i.name for i in describe_settings(kind.Settings)] == ["hidden_size", "gain", "leak", "bend"]
    for case in variants(kind):
        for check in (CHECKS | CARD_CHECKS).values():
            check(case)


def test_a_new_file_is_trained_linked_saved_and_analysed(folder, tmp_path):
    rc.add_folder(folder)
    spec = rc.Experiment.of("leaky", "echo", hidden_size=4, leak=0.7, bend="relu", updates=20, batch_size=4)
    assert rc.Experiment.from_query(spec.to_query()) == spec == rc.Experiment.mend(spec.to_query())[0]
    run = rc.train(spec, quiet=True)
    run.save(tmp_path / "kept")
    assert rc.load(tmp_path / "kept").digest() == run.digest()
    assert rc.gradient_norms(run).norms.shape == (16, 6)
    A, C = rc.step_jacobians(run)
    assert A.shape == C.shape == (16, 6, 4, 4)
    graph = rc.step_graph(run)
    assert {"a", "h", "W", "R", "b", "x", "h₋"} <= {n.id for n in graph.nodes}
    assert graph.node("h").equation == "h_t = (1 − λ) h_{t−1} + λ φ(a_t)"
    stacked = spec.with_(wiring="stack", layers=3).make_network()
    assert set(stacked.trace(run.held_out.x).main.probes) == {f"{k}.{p}" for k in range(3) for p in "ah"}
    assert spec.with_(wiring="bidirectional").make_network()(run.held_out.x).shape == run.held_out.target.shape


def test_other_processes_find_it_too(folder, project):
    rc.add_folder(os.path.relpath(folder))
    assert os.environ[catalogue.PLUGINS] == str(folder)
    done = subprocess.run([sys.executable, "-c", "import rnn_core as rc; print(*rc.architectures(), *rc.tasks())"],
                          cwd=project, text=True, capture_output=True, check=True)
    assert {"leaky", "echo", "lstm", "adding"} <= set(done.stdout.split())


def test_adding_a_folder_twice_reads_it_afresh(folder):
    rc.add_folder(folder)
    once = names()
    rc.add_folder(folder)
    assert names() == once
    write(folder, "cells/leaky.py", LEAKY.replace("Leaky integrator", "Slow integrator"))
    rc.add_folder(folder)
    assert rc.architectures()["leaky"].title == "Slow integrator" and names() == once


BROKEN = {
    "no Python": "def (",
    "an import of nothing": "import no_such_module_at_all",
    "an error": "1 / 0",
    "no class": "x = 1",
    "two classes": LEAKY + "\n\nclass Twin(Leaky):\n    card = Leaky.card\n",
    "no card": LEAKY.replace("    card = Card", "    map = Card"),
    "a task's setting": LEAKY.replace("leak:", "length:"),
    "a learner's setting": LEAKY.replace("leak:", "learning_rate:"),
    "a field of the record": LEAKY.replace("leak:", "seed:"),
    "a setting without a range": LEAKY.replace(", ge=0.0, le=1.0", ""),
    "a choice of numbers": LEAKY.replace('Literal["tanh", "relu"] = setting("tanh"', "Literal[1, 2] = setting(1"),
    "a key of the link": LEAKY.replace("leak:", "run:"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_adds_nothing_and_can_be_mended(folder, what):
    before = names()
    write(folder, "cells/leaky.py", BROKEN[what])
    with pytest.raises(rc.CatalogueError) as caught:
        rc.add_folder(folder)
    assert "leaky.py" in str(caught.value) or "setting" in str(caught.value)
    assert names() == before
    write(folder, "cells/leaky.py", LEAKY)
    rc.add_folder(folder)
    assert "leaky" in rc.architectures() and "echo" in rc.tasks()


def test_a_second_file_of_the_same_name_is_not_passed_over(folder):
    before = names()
    write(folder, "cells/lstm.py", LEAKY)
    with pytest.raises(rc.CatalogueError, match="two files lstm.py"):
        rc.add_folder(folder)
    assert names() == before


@pytest.mark.parametrize("place", ["", "nowhere"])
def test_a_folder_without_anything_to_add(tmp_path, place):
    before = names()
    with pytest.raises(rc.CatalogueError, match="There is no folder"):
        rc.add_folder(tmp_path / place)
    assert names() == before


def test_a_broken_folder_of_the_environment_is_said_at_the_start(folder, project):
    write(folder, "cells/leaky.py", "1 / 0")
    done = subprocess.run([sys.executable, "-c", "import rnn_core as rc; rc.architectures()"], cwd=project, text=True,
                          capture_output=True, env={**os.environ, catalogue.PLUGINS: str(folder)})
    assert done.returncode != 0 and "CatalogueError" in done.stderr and "leaky.py" in done.stderr


def test_cards_are_of_one_kind_and_rows_exist():
    rows = {row["row"] for row in rc.rows()}
    groups = (rc.architectures(), rc.tasks(), rc.learners(), rc.wirings(), rc.analyses())
    assert all(groups)
    for card in (card for group in groups for card in group.values()):
        assert card.row in rows and card.title and card.summary.endswith(".")
    assert torch.is_tensor(rc.make_cell("lstm", 1).W)


def test_no_setting_means_two_things():
    catalogue.check()
