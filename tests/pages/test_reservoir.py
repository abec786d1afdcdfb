"""An echo state network on a page: every task and picture, and one sentence for what cannot be."""

from __future__ import annotations

import pytest

from tests.cells.cases import one_sentence
from tests.pages.test_questions import section

TITLE = "An echo state network"
PICTURES = {"It goes on": "free_run", "Its units": "unit_lines", "What it holds": "memory_capacity",
            "Two starts": "echo_state_property"}  # fmt: skip


@pytest.fixture
def lab(visit):
    """The page with its section open, after these changes of the session: `lab(reservoir_size=50)`."""

    def open_lab(**state):
        app = visit("Dynamics", architecture="gru", length="8", hidden_size="4")
        for key, value in {"reservoir_size": 50, **state}.items():
            app.session_state[key] = value
        return section(app, "dynamics", TITLE)

    return open_lab


def keys(app) -> str:
    return " ".join(one.proto.id for one in app.get("plotly_chart"))


@pytest.mark.parametrize("view, picture", PICTURES.items())
@pytest.mark.parametrize("task", ["mackey_glass", "narma", "lorenz"])
def test_every_picture_of_every_task(lab, view, picture, task):
    app = lab(reservoir_view=view, reservoir_task=task)
    assert picture in keys(app) and not app.info


@pytest.mark.parametrize("state, words", [
    ({"reservoir_mackey_glass_leak": 0.0}, "leak of 0"),
    ({"reservoir_mackey_glass_share": 0.0}, "connectivity of 0"),
    ({"reservoir_mackey_glass_radius": 3.0, "reservoir_linear": True}, "the reservoir explodes"),
    ({"reservoir_mackey_glass_radius": 3.0, "reservoir_linear": True, "reservoir_mackey_glass_leak": 1.0,
      "reservoir_view": "Its units"}, "choose a smaller spectral radius"),
])  # fmt: skip
def test_what_cannot_be(lab, state, words):
    app = lab(**state)
    told = [info.value for info in app.info]
    assert len(told) == 1 and words.lower() in told[0].lower().replace("\\", "")
    one_sentence(told[0])


def test_an_explosion_in_the_other_pictures(lab):
    for view in ("What it holds", "Two starts"):
        app = lab(reservoir_mackey_glass_radius=3.0, reservoir_linear=True, reservoir_mackey_glass_leak=1.0,
                  reservoir_view=view)  # fmt: skip
        assert "left the finite numbers" in " ".join(one.value for one in app.markdown) and not app.exception


def test_a_slider_at_its_ends(lab):
    for state in ({"reservoir_mackey_glass_radius": 0.0}, {"reservoir_mackey_glass_scale": 0.0},
                  {"reservoir_mackey_glass_ridge": 0.0}, {"reservoir_size": 10},
                  {"reservoir_mackey_glass_feedback": 2.0}, {"reservoir_mackey_glass_radius": 3.0}):  # fmt: skip
        for view in PICTURES:
            assert not lab(reservoir_view=view, **state).exception
