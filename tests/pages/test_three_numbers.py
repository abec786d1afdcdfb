"""The line of three numbers on the page Train: guess, window and model, each only where it was computed."""

from __future__ import annotations

import pytest

from rnn_core.race import without_memory
from rnn_core.race.without_memory import best_window, keep, measure


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty place for records."""
    monkeypatch.setattr(without_memory, "FOLDER", tmp_path)
    return tmp_path


def line(app) -> str:
    """The line itself."""
    return next(m.value for m in app.markdown if "guess without memory" in m.value)


def test_the_window_is_named_on_its_own_settings_only(visit, folder):
    keep(measure("adding", windows=(4,), rates=(0.003, 0.03), updates=3, length=12))
    found = best_window("adding")
    app = visit("Train", architecture="gru", task="adding", length="12", hidden_size="4")
    assert f"best window of 4 steps, tuned: **{found.median:.3g}** (3 seeds)" in line(app)
    guess = found.spec.make_task().baseline().value
    assert f"guess without memory **{guess:.3g}**" in line(app) and "at update **0**" in line(app)
    assert any("3 updates each" in m.value for m in app.markdown)
    app = visit("Train", architecture="gru", task="adding", length="13", hidden_size="4")
    assert "window" not in line(app)
    assert any("default settings only" in m.value for m in app.markdown)


def test_without_a_record_nothing_is_said_and_a_damaged_one_is(visit, folder):
    query = {"architecture": "gru", "task": "adding", "length": "12", "hidden_size": "4"}
    app = visit("Train", **query)
    assert "window" not in line(app)
    assert not any("default settings only" in m.value for m in app.markdown)
    (folder / "adding.json").write_text("{}")
    app = visit("Train", **query)
    assert "window" not in line(app) and any("is damaged" in m.value for m in app.markdown)
