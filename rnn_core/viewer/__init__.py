"""The viewer: payloads for the ES module that draws time lines and unrolled graphs on pages and in notebooks."""

from pathlib import Path

from .graph import graph
from .pack import Quantised, pack, quantise, unpack
from .timeline import timeline

HERE = Path(__file__).parent

__all__ = ["HERE", "Quantised", "graph", "pack", "quantise", "timeline", "unpack"]
