"""Networks whose weights are worked out by hand: one design a file, found by looking into this folder.

Each file has a ``CARD``, ``FITS``, the names of its architecture and its task, and ``wire(network, task)``, which sets
every weight of cell and readout; it raises ValueError, in one sentence, for a network that is too small.
"""
from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType
from typing import Any


@cache
def _all() -> dict[tuple[str, str], ModuleType]:
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    found = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return {tuple(module.FITS): module for module in found if hasattr(module, "FITS")}


def pairs() -> list[tuple[str, str]]:
    """Every architecture and task, by name, that somebody has designed a network for."""
    return list(_all())


def find(cell: type[Any], task: type[Any]) -> ModuleType | None:
    """The design for a class of cells on a class of tasks, or None."""
    return _all().get(tuple(kind.__module__.rpartition(".")[2] for kind in (cell, task)))
