"""Dynamics: fixed points on top, and every section answers for the network in hand, trained or fresh."""

from __future__ import annotations

import pytest

from pages.shared.bifurcations import UNIT
from pages.shared.weights_seen import FRESH
from tests.cells.cases import one_sentence
from tests.pages.test_questions import drawn, section

SMALL = {"architecture": "gru", "length": "8", "hidden_size": "4"}
SECTIONS = {
    "Modes": {"modes"},
    "Trajectories": {"trajectories"},
    "Phase plane": {"nullclines"},
    "Bifurcation": {"bifurcation"},
    "Cobweb": {"cobweb"},
    "Left alone": {"impulse_response", "time_constants"},
    "Lyapunov spectrum": {"lyapunov_spectrum"},
    "The onset of chaos": {"chaos_transition"},
}


def box(app, kind: str, label: str):
    """The control with this label."""
    return next(one for one in app.get(kind) if one.label == label)


@pytest.mark.parametrize("title", SECTIONS)
def test_every_section_answers(visit, title: str) -> None:
    app = section(visit("Dynamics", **SMALL), "dynamics", title)
    assert {"fixed_points", *SECTIONS[title]} <= drawn(app)


def test_the_weights_that_it_began_with(visit) -> None:
    app = visit("Dynamics")
    trained = [one.value for one in app.markdown if "searches ended" in one.value]
    app.segmented_control(key="dynamics_weights").set_value(FRESH).run()
    assert not app.exception and {"fixed_points"} <= drawn(app)
    fresh = [one.value for one in app.markdown if "searches ended" in one.value]
    assert len(trained) == len(fresh) == 1 and trained != fresh
    app = visit("Dynamics", **SMALL)
    assert any("fresh random weights" in one.value for one in app.markdown)


def test_a_weight_is_swept_and_a_wrong_range_is_told(visit) -> None:
    app = visit("Dynamics", architecture="elman", length="8", hidden_size="1", section="Bifurcation")
    box(app, "selectbox", "Change").set_value("R").run()
    assert "bifurcation" in drawn(app) and not app.exception
    assert any("R" in one.value and "in this network" in one.value.lower() for one in app.markdown)
    low, high = box(app, "number_input", "From"), box(app, "number_input", "To")
    low.set_value(high.value + 1).run()
    assert "bifurcation" not in drawn(app) and not app.exception
    one_sentence(app.info[-1].value)


def test_one_unit_is_the_whole_truth_and_has_no_plane(visit) -> None:
    app = visit("Dynamics", architecture="elman", length="8", hidden_size="1")
    app = section(app, "dynamics", "Cobweb")
    assert "cobweb" in drawn(app) and any("whole truth" in one.value for one in app.markdown)
    next(one for one in app.segmented_control if one.label == "Whose steps").set_value(UNIT).run()
    assert "cobweb" in drawn(app)
    assert [one.label for one in app.slider if "(" in one.label] == ["Weight (w)", "Bias (b)"]
    app = section(app, "dynamics", "Phase plane")
    one_sentence(app.info[-1].value)
    assert "nullclines" not in drawn(app)


def test_a_network_without_a_loop_is_answered_too(visit) -> None:
    app = visit("Dynamics", architecture="window_mlp", length="8", hidden_size="4")
    for title in ("Bifurcation", "Lyapunov spectrum", "Modes"):
        section(app, "dynamics", title)
        for info in app.info:
            one_sentence(info.value)


def test_left_alone_without_input(visit) -> None:
    app = visit("Dynamics", **SMALL, section="Lyapunov spectrum")
    app.segmented_control(key="lyapunov_heard").set_value("nothing").run()
    assert not app.exception and "lyapunov_spectrum" in drawn(app)
    assert any("left alone" in one.value for one in app.markdown)
