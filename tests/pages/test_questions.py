"""Questions below the pictures: every section answers for the networks it is made for, and says so for the others."""

from __future__ import annotations

import pytest

from tests.cells.cases import one_sentence

TOMITA = {"architecture": "second_order", "task": "tomita", "hidden_size": "4"}


def section(app, page: str, title: str):
    """The page with another section open."""
    app.session_state[f"open:{page}"] = title
    app.session_state[f"sections:{page}"] = title
    app.run()
    assert not app.exception
    return app


def drawn(app) -> set[str]:
    return {one.proto.id.split("-part_")[-1] for one in app.get("plotly_chart") if "part_" in one.proto.id}


@pytest.mark.parametrize("query", [TOMITA, {"architecture": "lstm", "task": "adding", "length": "8"}])
def test_which_machine(visit, query) -> None:
    app = visit("Hidden states", **query, section="Which machine is it?")
    assert {"automaton", "counters"} <= drawn(app)


@pytest.mark.parametrize("architecture", ["ctrnn", "gru", "window_mlp"])
def test_left_alone(visit, architecture: str) -> None:
    app = visit("Dynamics", architecture=architecture, length="8", hidden_size="4")
    app = section(app, "dynamics", "Left alone")
    assert {"impulse_response", "time_constants"} <= drawn(app)


@pytest.mark.parametrize("task", ["adding", "tomita", "next_character"])
def test_does_it_go_further(visit, task: str) -> None:
    app = visit("Train", architecture="gru", task=task, hidden_size="4")
    assert "generalisation" in drawn(section(app, "train", "Does it go further?"))


def test_layer_by_layer(visit) -> None:
    app = visit("Gradients", architecture="elman", wiring="stack", layers="3", length="8", hidden_size="4")
    assert "layer_gradients" in drawn(section(app, "gradients", "Layer by layer"))


def test_with_and_without_a_teacher(visit) -> None:
    query = {"task": "temporal_xor", "length": "12", "hidden_size": "4"}
    app = visit("Train", architecture="jordan", **query, section="With and without its teacher")
    assert "exposure" in drawn(app)
    assert "With and without its teacher" not in str(visit("Train", architecture="gru", **query).get("tab"))


def test_what_cannot_be_asked(visit) -> None:
    app = visit("Dynamics", architecture="elman", length="8", hidden_size="1")
    for info in section(app, "dynamics", "Left alone").info:
        one_sentence(info.value)
