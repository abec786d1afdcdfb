"""Writes viewer.js, the one file that pages and notebooks load: python -m rnn_core.viewer.join."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
TITLE = """/**
 * The viewer of the RNN explorer: one plain ES module for Streamlit components and for anywidget.
 *
 * `header.view` chooses the picture: "timeline" (rows over time under one cursor) or "graph" (the unrolled network).
 * Written from parts/ by python -m rnn_core.viewer.join: change a part, not this file.
 */
"""
LISTED = re.compile(r'^export \* from "\./(\w+\.js)"$', re.M)
IMPORTED = re.compile(r'^import \{[^}]*\} from "\./\w+\.js"\n', re.M)
SHARED = re.compile(r"^export (?=const|class|function)", re.M)


def parts() -> list[Path]:
    """The parts that parts/index.js lists, in its order: each needs only parts before it."""
    folder = HERE / "parts"
    return [folder / name for name in LISTED.findall((folder / "index.js").read_text("utf-8"))]


def joined() -> str:
    """All parts in one ES module that imports nothing and exports only the default function of the last part."""
    texts = [SHARED.sub("", IMPORTED.sub("", part.read_text("utf-8"))) for part in parts()]
    return "\n".join([TITLE, *texts])


if __name__ == "__main__":
    (HERE / "viewer.js").write_text(joined(), "utf-8")
