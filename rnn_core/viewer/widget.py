"""The viewer in a notebook."""

from __future__ import annotations

from pathlib import Path

try:
    import anywidget
    import traitlets
except ImportError as missing:
    raise ImportError("The viewer in a notebook needs anywidget: pip install anywidget.") from missing

HERE = Path(__file__).parent


class Viewer(anywidget.AnyWidget):
    """Shows a payload of `timeline` or `graph`; `pick` holds what was last clicked, {"t", "unit", "map", …, "at"}."""

    _esm = HERE / "viewer.js"
    _css = HERE / "viewer.css"
    packed = traitlets.Bytes().tag(sync=True)
    pick = traitlets.Dict().tag(sync=True)

    @classmethod
    def of(cls, payload: bytes) -> Viewer:
        """A widget that shows this payload."""
        return cls(packed=payload)
