"""What holds for every picture: found by its name, drawn in both themes, described in words, nothing from elsewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache

import pytest

import rnn_core as rc
from rnn_core.figures.ink import INKS
from rnn_core.records import Intervention
from tests.figures.relaxations import RELAXATIONS

MAZE = rc.Experiment.of("elman", "t_maze", hidden_size=3, length=3)


@cache
def bred() -> rc.Run:
    """A small population after a few generations."""
    return rc.train(rc.Experiment.of("gate_layout", "temporal_xor", "topologies", hidden_size=2, length=6, updates=3,
                                     population=4, batch_size=2, short_training=1), quiet=True)


PICTURES = {
    "gradient_norms": lambda run: (rc.gradient_norms(run),),
    "jacobian_products": lambda run: (rc.jacobian_products(run),),
    "step_jacobians": lambda run: (rc.step_jacobians(run),),
    "activations": lambda run: (rc.activations(run),),
    "clipping": lambda run: (rc.clipping(run, limit=0.1),),
    "temperature": lambda run: (rc.temperature(run, temperature=0.5),),
    "embedding": lambda run: (rc.embedding(run),),
    "nearest_words": lambda run: (rc.nearest_words(run),),
    "forgetting": lambda run: (rc.forgetting(run, row=1),),
    "intervene": lambda run: (rc.intervene(run, [Intervention(kind="hold", name="f", value=0.0, first=5)]),),
    "linear_probe": lambda run: (rc.linear_probe(run, rows=60),),
    "memory_span": lambda run: (rc.memory_span(run),),
    "order_sensitivity": lambda run: (rc.order_sensitivity(run),),
    "read_and_said": lambda run: (rc.read_and_said(rc.Run(rc.Experiment.of("elman", "four_shapes"))),),
    "saliency": lambda run: (rc.saliency(run),),
    "select_and_match": lambda run: (rc.select_and_match(run),),
    "state_space": lambda run: (rc.state_space(run),),
    "step_graph": lambda run: (rc.step_graph(run),),
    "step_losses": lambda run: (rc.step_losses(run),),
    "error_triangle": lambda run: (rc.error_triangle(run),),
    "jacobian_spectrum": lambda run: (rc.jacobian_spectrum(run, rows=1),),
    "vanishing": lambda run: (rc.vanishing(run),),
    "phase_diagram": lambda run: (rc.phase_diagram(run),),
    "adjoint_ode": lambda run: (rc.adjoint_ode(rc.Experiment.of("ctrnn", "adding", hidden_size=3, length=6), rows=2),),
    "optimiser_steps": lambda run: (rc.optimiser_steps(run),),
    "optimiser_shares": lambda run: (rc.optimiser_steps(run),),
    "hidden_states": lambda run: (run.network.trace(run.held_out.x),),
    "learning_curve": lambda run: (run.history, run.task.baseline(), run.log),
    "live_curve": lambda run: (run.history, run.task.baseline(), run.log),
    "metric_curve": lambda run: (run.history, run.task.baseline(), run.log),
    "episode": lambda run: (rc.episode(MAZE),),
    "returns": lambda run: (rc.episode(MAZE), MAZE.make_task().baseline()),
    "reward_gradient": lambda run: (rc.reward_gradient(MAZE),),
}
for _name in ("population", "generations", "genealogy"):
    PICTURES[_name] = lambda _, name=_name: (getattr(rc, {"generations": "population"}.get(name, name))(bred()),)
for _name, _subject in RELAXATIONS.items():
    PICTURES[_name] = lambda run, subject=_subject: (subject(),)
for _name in sorted(set(rc.analyses()) & set(dir(rc.figures)) - set(PICTURES)):
    PICTURES[_name] = lambda run, name=_name: (getattr(rc, name)(run),)
OWN_FONTS = {"Source Sans", "Source Sans, sans-serif", "Source Serif, serif"}


def written(picture) -> str:
    """The picture as it travels to the browser."""
    return json.dumps(picture) if isinstance(picture, dict) else picture.to_json()


def test_every_picture_is_tried_here():
    assert set(PICTURES) <= set(dir(rc.figures)) and {"alt", "CONFIG"} <= set(dir(rc.figures))
    assert all(callable(getattr(rc.figures, name)) for name in PICTURES)
    with pytest.raises(AttributeError, match="no figure"):
        rc.figures.portrait  # noqa: B018


def test_a_new_file_is_a_new_picture(tmp_path, monkeypatch):
    (tmp_path / "newcomer.py").write_text("def newcomer(result, *, theme='light'):\n    return theme\n")
    monkeypatch.setattr(rc.figures, "__path__", [*rc.figures.__path__, str(tmp_path)])
    assert "newcomer" in dir(rc.figures) and rc.figures.newcomer(None) == "light"
    monkeypatch.delitem(sys.modules, "rnn_core.figures.newcomer")
    del rc.figures.newcomer


def test_a_picture_is_a_function_however_it_is_imported_and_plotly_comes_late():
    words = (
        "import sys, rnn_core as rc\n"
        "assert 'plotly' not in sys.modules\n"
        "import rnn_core.figures.step_graph\n"
        "from rnn_core.figures.gradient_norms import LOW\n"
        "assert rc.figures.step_graph.__name__ == 'step_graph' and callable(rc.figures.gradient_norms) and LOW == -8\n"
        "assert rc.figures.style.CONFIG is rc.figures.CONFIG\n"
    )
    subprocess.run([sys.executable, "-c", words], check=True)


@pytest.mark.parametrize("name", PICTURES)
def test_both_themes_words_and_nothing_from_elsewhere(name, run, theme):
    picture = getattr(rc.figures, name)(*PICTURES[name](run), theme=theme)
    text = written(picture)
    assert len(rc.figures.alt(picture)) > 40 and "nan" not in rc.figures.alt(picture)
    assert "://" not in text and "NaN" not in text
    fonts = set(re.findall(r'"(?:family|fontFamily)": ?"([^"]+)"', text))
    assert fonts and fonts <= OWN_FONTS
    other = INKS["dark" if theme == "light" else "light"]
    assert not any(colour in text for colour in other)


@pytest.mark.parametrize("name", PICTURES)
def test_no_third_theme(name, run):
    with pytest.raises(ValueError, match="light or dark"):
        getattr(rc.figures, name)(*PICTURES[name](run), theme="sepia")


def test_a_network_that_left_the_finite_numbers_is_drawn(theme):
    burst = rc.Experiment.of("elman", "adding", hidden_size=3, length=300, gain=5.0, activation="linear")
    hurt = ("linear_probe", "memory_span", "order_sensitivity", "saliency", "select_and_match", "state_space")
    own = ("step_losses", "error_triangle", "jacobian_spectrum", "vanishing", "optimiser_steps", "loss_surface")
    for name in ("gradient_norms", "step_jacobians", "jacobian_products", *own, *hurt):
        result = getattr(rc, name)(burst, rows=2)
        picture = getattr(rc.figures, name)(result, theme=theme)
        assert picture.to_json() and "nan" not in rc.figures.alt(picture) and result.says.endswith(".")
