"""Reward on the pages: an agent is watched as it acts, and its gradient's noise is never an empty section."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import rnn_core as rc
from pages.shared.curve import _comparable
from tests.pages.reading import told


def opened(app, key: str, title: str):
    """The page with one of its sections open."""
    app.session_state[f"open:{key}"] = title
    app.session_state[f"sections:{key}"] = title
    return app.run()


def test_an_agent_is_watched_as_it_acts(visit):
    text = told(visit("Train", task="t_maze", length="2", hidden_size="4"))
    assert "this episode took" in text and "The same network from 64 starts." in text


def test_noise_is_shown_for_the_task_in_hand_or_for_a_maze(visit):
    app = opened(visit("Learning rules", length="8", hidden_size="4"), "rules", "Reward")
    text = told(app)
    assert not app.exception and "fresh network of this kind in the T-maze" in text
    assert "its noise grows as T to the" in text
    app.button(key="reward_take").click().run()
    assert app.session_state["spec"].task == "t_maze" and app.session_state["spec"].learner == "reinforce"
    text = told(opened(app, "rules", "Reward"))
    assert "fresh network of this kind" not in text and "its noise grows as T to the" in text


@pytest.mark.parametrize(("learner", "told"), [("genetic", [None]), ("reinforce", [3.0])])
def test_returns_are_not_drawn_as_a_loss(learner, told):
    run = rc.Run(rc.Experiment.of("elman", "t_maze", learner, hidden_size=3, length=3))
    assert [r["loss"] for r in _comparable(SimpleNamespace(run=run), [{"loss": 3.0}])] == told
