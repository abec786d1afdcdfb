"""The catalogue: every architecture, wiring, task, learner and analysis, found by looking into their folders."""
from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import resources
from types import ModuleType
from typing import Any

from rnn_core import analysis, cells, learners, networks, tasks
from rnn_core.cells.base import Cell
from rnn_core.learners.base import Learner
from rnn_core.networks.base import Network
from rnn_core.records import Card, describe_settings
from rnn_core.tasks.base import Task

PLUGINS = "RNN_EXPLORER_PLUGINS"
RESERVED = ("architecture", "wiring", "task", "learner", "seed", "device", "data", "schema", "id", "run")


class CatalogueError(ImportError):
    """A file in the catalogue is broken: said loudly, with its name."""


def _modules(package: ModuleType) -> Iterator[tuple[str, ModuleType]]:
    """Every file of a folder, in order of name, but its base and those that say ``CARD = None``: what members share."""
    places: dict[str, str] = {}
    for place in package.__path__:
        for info in pkgutil.iter_modules([place]):
            if places.setdefault(info.name, place) != place:
                there = places[info.name]
                raise CatalogueError(f"There are two files {info.name}.py, in {there} and {place}: rename one.")
    for name in sorted(places.keys() - {"base"}):
        try:
            module = importlib.import_module(f"{package.__name__}.{name}")
        except Exception as error:
            raise CatalogueError(f"{os.path.join(places[name], name)}.py cannot be loaded: {error!r}.") from error
        if getattr(module, "CARD", module) is not None:
            yield name, module


@cache
def _members(package: ModuleType, base: type) -> dict[str, Any]:
    """The class with a card in each file of a folder, by the file's name."""
    found = {}
    for name, module in _modules(package):
        own = [c for c in vars(module).values() if inspect.isclass(c) and issubclass(c, base)
               and c.__module__ == module.__name__ and "card" in vars(c)]
        if len(own) != 1:
            raise CatalogueError(f"{module.__file__} must define exactly one {base.__name__} with a card; "
                                 f"it has {len(own)}.")
        found[name] = own[0]
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
    for name, module in _modules(analysis):
        if not (callable(getattr(module, name, None)) and isinstance(getattr(module, "CARD", None), Card)):
            raise CatalogueError(f"{module.__file__} must define CARD and a function {name}.")
        found[name] = getattr(module, name)
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
    started from here; raises CatalogueError, and adds nothing, when one of its files is broken. A folder that is added
    again is read afresh."""
    place = os.path.abspath(folder)
    rooms = {package: os.path.join(place, package.__name__.rsplit(".", 1)[-1]) for package in (cells, tasks, learners)}
    if not any(map(os.path.isdir, rooms.values())):
        raise CatalogueError(f"There is no folder cells, tasks or learners in {place}.")
    before = {package: list(package.__path__) for package in rooms}
    for package, room in rooms.items():
        package.__path__[:] = [*(path for path in before[package] if path != room), room]
    _forget(rooms.values())
    try:
        check()
    except Exception:
        for package, path in before.items():
            package.__path__[:] = path
        _forget(rooms.values())
        raise
    known = [f for f in os.environ.get(PLUGINS, "").split(os.pathsep) if f and f != place]
    os.environ[PLUGINS] = os.pathsep.join([*known, place])


def _forget(folders: Iterable[str]) -> None:
    """Look into every folder again when it is asked for next, and read the files of these folders anew."""
    for name, module in list(sys.modules.items()):
        if os.path.dirname(getattr(module, "__file__", None) or "") in folders:
            del sys.modules[name]
    importlib.invalidate_caches()
    _members.cache_clear()
    analysis_functions.cache_clear()


def check() -> None:
    """Raise CatalogueError unless every file loads and no setting's name means two things in one experiment."""
    parts = [("a cell", cell_classes()), ("a wiring", network_classes()), ("a task", task_classes()),
             ("a learner", learner_classes())]
    owner = dict.fromkeys(RESERVED, "every experiment")
    for part, classes in parts:
        try:
            names = {info.name for c in classes.values() for info in describe_settings(c.Settings)}
        except TypeError as error:
            raise CatalogueError(str(error)) from None
        for name in names:
            if owner.setdefault(name, part) != part:
                raise CatalogueError(f"The setting “{name}” belongs to {owner[name]} and to {part}: rename one.")
    analysis_functions()


@cache
def rows() -> tuple[dict[str, str], ...]:
    """The row list: every system, rule, task and phenomenon that the explorer means to make work."""
    return tuple(json.loads(resources.files(__name__).joinpath("rows.json").read_text("utf-8")))
