"""Diagnosis on Train: the findings, the picture that shows each, and a button that tries the advice."""

from __future__ import annotations

from pathlib import Path

from rnn_core.analysis.diagnosis import SHOWN
from tests.pages.reading import told

PAGES = Path(__file__).resolve().parents[2] / "pages"


def test_a_good_run_has_nothing_and_its_table_has_every_check(visit) -> None:
    app = visit("Train", "All checks with their numbers, as a table")
    assert "None of 7 checks found anything wrong" in told(app)
    table = next(one.value for one in app.dataframe if "check" in one.value)
    assert len(table) == 7 and not table["found"].any()


def test_a_finding_is_told_and_its_advice_can_be_tried(visit) -> None:
    app = visit("Train", architecture="elman", task="adding", hidden_size="8", length="60", gain="0.5")
    assert "Nothing up to step" in told(app) and "has not been trained yet" in told(app)
    app.button(key="try_vanishing").click().run()
    assert not app.exception
    assert app.query_params["architecture"] in ("lstm", ["lstm"])


def test_every_picture_that_is_pointed_at_is_there() -> None:
    for page, section in SHOWN.values():
        (file,) = PAGES.glob(f"*_{page.replace(' ', '_')}.py")
        assert f'"{section}' in file.read_text(encoding="utf-8")
