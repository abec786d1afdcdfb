"""Every page opens with a trained network on it, for every architecture and task, and bad links are mended."""

from __future__ import annotations

from pathlib import Path

import pytest

import rnn_core as rc
from rnn_core.catalogue import cell_classes
from rnn_core.shipped import shipped_spec

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["", *sorted(path.stem.split("_", 1)[1].replace("_", " ") for path in (ROOT / "pages").glob("*_*.py"))]
PAIRS = [(a, "delayed_recall") for a, c in cell_classes().items() if "sequence" in c.runs_along]
PAIRS += [("lstm", t) for t in rc.tasks() if t != "delayed_recall"]
HOSTILE = {
    "hidden_size": "1e999",
    "length": "<script>alert(1)</script>",
    "seed": "-1",
    "learning_rate": "nan",
    "architecture": "../../etc/passwd",
    "bogus": "**bold**",
    "task": "",
    "device": "tpu",
}


@pytest.mark.parametrize("page", PAGES)
def test_it_opens_on_the_shipped_run(visit, page: str) -> None:
    app = visit(page)
    assert app.title[0].value
    assert any("baseline" in m.value and "LSTM" in m.value for m in app.markdown)
    assert (
        rc.Experiment.from_query({k: v[0] if isinstance(v, list) else v for k, v in app.query_params.items()})
        == shipped_spec()
    )


@pytest.mark.parametrize("page", PAGES)
def test_a_hostile_link_is_mended_with_one_notice(visit, page: str) -> None:
    app = visit(page, **HOSTILE)
    assert len(app.warning) == 1 and "mended" in app.warning[0].value
    assert "**bold**" not in app.warning[0].value.replace("\\*", "")


@pytest.mark.parametrize(("architecture", "task"), PAIRS, ids=map("-".join, PAIRS))
def test_every_pair_is_shown_untrained(visit, architecture: str, task: str) -> None:
    app = visit("Hidden states", architecture=architecture, task=task, hidden_size="6")
    assert not app.warning
    assert any("not trained yet" in m.value for m in app.markdown)


@pytest.mark.parametrize("wiring", list(rc.wirings()))
@pytest.mark.parametrize("page", ["Hidden states", "Unrolled graph", "Gradients"])
def test_every_wiring_is_shown(visit, page: str, wiring: str) -> None:
    visit(page, architecture="gru", task="adding", wiring=wiring, hidden_size="5", length="9")


def test_an_unknown_run_says_so(visit) -> None:
    app = visit("Train", run="0123456789abcdef")
    assert "not known here" in app.warning[0].value
    assert visit("Train", run="../../x").warning


def test_the_experiment_follows_from_page_to_page(visit) -> None:
    app = visit("Hidden states", architecture="gru", task="adding", hidden_size="7")
    app.switch_page("pages/1_Train.py").run()
    assert not app.exception
    assert app.query_params["architecture"] in ("gru", ["gru"])
    assert any("GRU" in m.value and "7 units" in m.value for m in app.markdown)
