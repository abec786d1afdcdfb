"""Every notebook runs from top to bottom, and is what its paired script says."""
from __future__ import annotations

from pathlib import Path

import jupytext
import nbclient
import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))


def test_there_is_a_first_notebook() -> None:
    assert any(path.name.startswith("01_") for path in NOTEBOOKS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_script_says_the_same(path: Path) -> None:
    script = jupytext.read(path.with_suffix(".py"))
    notebook = nbformat.read(path, 4)
    assert [(c.cell_type, c.source) for c in script.cells] == [(c.cell_type, c.source) for c in notebook.cells]
    assert all(not cell.get("outputs") for cell in notebook.cells)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs(path: Path) -> None:
    notebook = nbformat.read(path, 4)
    nbclient.NotebookClient(notebook, timeout=240, kernel_name="python3", store_widget_state=False).execute()
    kinds = {kind for cell in notebook.cells for out in cell.get("outputs", []) for kind in out.get("data", {})}
    assert {"application/vnd.plotly.v1+json", "application/vnd.jupyter.widget-view+json"} <= kinds
