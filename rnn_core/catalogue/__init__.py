"""The catalogue: every architecture, wiring, task, learner and analysis, found by looking into their folders."""
from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
from functools import cache
from importlib import resources
from types import ModuleType
from typing import Any

from rnn_core import analysis, cells, learners, networks, tasks
from rnn_core.cells.base import Cell
from rnn_core.learners.base import Learner
from rnn_core.networks.base import Network
from rnn_core.records import Card
from rnn_core.tasks.base import Task

PLUGINS = "RNN_EXPLORER_PLUGINS"


class CatalogueError(ImportError):
    """A file in the catalogue is broken: said loudly, with its name."""


@cache
def _members(package: ModuleType, base: type) -> dict[str, Any]:
    """The class with a card in each file of a folder, by the file's name."""
    found = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda i: i.name):
        if info.name == "base":
            continue
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        own = [c for c in vars(module).values() if inspect.isclass(c) and issubclass(c, base)
               and c.__module__ == module.__name__ and "card" in vars(c)]
        if len(own) != 1:
            raise CatalogueError(f"{module.__file__} must define exactly one {base.__name__} with a card; it has {len(own)}.")
        found[info.name] = own[0]
    return found


def cell_classes() -> dict[str, type[Cell]]:
    """Every architecture by its name."""
    return _members(cells, Cell)


def network_classes() -> dict[str, type[Network]]:
    """Every wiring by its name."""
    return _members(networks, Network)


def task_classes() -> dict[str, type[Task]]:
    """Every task by its name."""
    return _members(tasks, Task)


def learner_classes() -> dict[str, type[Learner]]:
    """Every learning rule by its name."""
    return _members(learners, Learner)


@cache
def analysis_functions() -> dict[str, Any]:
    """Every analysis by its name: the function that bears the name of its file; its card is the file's ``CARD``."""
    found = {}
    for info in sorted(pkgutil.iter_modules(analysis.__path__), key=lambda i: i.name):
        module = importlib.import_module(f"{analysis.__name__}.{info.name}")
        if not (callable(getattr(module, info.name, None)) and isinstance(getattr(module, "CARD", None), Card)):
            raise CatalogueError(f"{module.__file__} must define CARD and a function {info.name}.")
        found[info.name] = getattr(module, info.name)
    return found


def architectures() -> dict[str, Card]:
    """Name → card of every architecture."""
    return {name: c.card for name, c in cell_classes().items()}


def wirings() -> dict[str, Card]:
    """Name → card of every way to wire cells into a network."""
    return {name: c.card for name, c in network_classes().items()}


def task_cards() -> dict[str, Card]:
    """Name → card of every task."""
    return {name: c.card for name, c in task_classes().items()}


def learner_cards() -> dict[str, Card]:
    """Name → card of every learning rule."""
    return {name: c.card for name, c in learner_classes().items()}


def analyses() -> dict[str, Card]:
    """Name → card of every analysis."""
    return {name: importlib.import_module(f.__module__).CARD for name, f in analysis_functions().items()}


def add_folder(folder: str | os.PathLike[str]) -> None:
    """Let a folder with subfolders ``cells``, ``tasks`` or ``learners`` add to the catalogue, here and in processes
    started from here; raises CatalogueError, and adds nothing, when one of its files is broken."""
    before = {package: list(package.__path__) for package in (cells, tasks, learners)}
    for package in before:
        package.__path__.append(os.path.join(os.fspath(folder), package.__name__.rsplit(".", 1)[-1]))
    _forget()
    try:
        check()
    except Exception:
        for package, path in before.items():
            package.__path__[:] = path
        _forget()
        raise
    known = [f for f in os.environ.get(PLUGINS, "").split(os.pathsep) if f]
    os.environ[PLUGINS] = os.pathsep.join([*known, os.fspath(folder)])


def _forget() -> None:
    importlib.invalidate_caches()
    _members.cache_clear()
    analysis_functions.cache_clear()


def check() -> None:
    """Raise CatalogueError unless every file loads and no setting's name means two things in one experiment."""
    parts = [("cell", cell_classes()), ("wiring", network_classes()), ("task", task_classes()),
             ("learner", learner_classes())]
    owner: dict[str, str] = {}
    for part, classes in parts:
        for name in {field for c in classes.values() for field in c.Settings.model_fields}:
            if owner.setdefault(name, part) != part:
                raise CatalogueError(f"The setting “{name}” belongs to a {owner[name]} and to a {part}: rename one.")
    analysis_functions()


@cache
def rows() -> tuple[dict[str, str], ...]:
    """The row list: every system, rule, task and phenomenon that the explorer means to make work."""
    return tuple(json.loads(resources.files(__name__).joinpath("rows.json").read_text("utf-8")))
