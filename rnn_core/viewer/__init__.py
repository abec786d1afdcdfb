"""The viewer: payloads for the ES module that draws time lines and unrolled graphs on pages and in notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .graph import graph
from .pack import Quantised, pack, quantise, unpack
from .timeline import timeline

HERE = Path(__file__).parent

__all__ = ["HERE", "Quantised", "Viewer", "graph", "pack", "quantise", "timeline", "unpack"]


def __getattr__(name: str) -> Any:
    if name != "Viewer":
        raise AttributeError(f"rnn_core.viewer has no “{name}”.")
    from .widget import Viewer
    return Viewer
