"""Figures: one picture a file, a function of a result or a trace that gives a plotly figure.

``figures.<name>`` is the function ``name`` of the file ``<name>.py``; a file without one is a helper. Every picture
takes ``theme="light"`` or ``"dark"`` and can be described in words by ``figures.alt(picture)``. Live curves are options
for ECharts instead, which changes them in place.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from types import ModuleType
from typing import Any

_SHARED = {"alt": "ink", "CONFIG": "style"}


class _Room(ModuleType):
    """A package whose files stand for the function that bears their name, however they were imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType):
            value = getattr(value, name, value)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Room


def __getattr__(name: str) -> Any:
    if name in _SHARED:
        return getattr(importlib.import_module(f"{__name__}.{_SHARED[name]}"), name)
    if name.startswith("_") or name not in _files():
        raise AttributeError(f"There is no figure “{name}”.")
    module = importlib.import_module(f"{__name__}.{name}")
    return getattr(module, name, module)


def __dir__() -> list[str]:
    modules = {name: importlib.import_module(f"{__name__}.{name}") for name in _files()}
    return [*_SHARED, *(name for name, module in modules.items() if callable(getattr(module, name, None)))]


def _files() -> list[str]:
    return sorted(info.name for info in pkgutil.iter_modules(__path__))
