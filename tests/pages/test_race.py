"""Race: never empty, honest about its draft, carried out by the engine, and found again by its link."""

from __future__ import annotations

import ast

import pytest

import rnn_core as rc
from pages.shared.race_draft import fitting, in_notebook
from rnn_core.jobs import connect
from rnn_core.race.shipped import shipped_race
from tests.pages.reading import told, until_it_stands

TINY = {"length": 6, "batch_size": 4, "budget": 118, "seeds": 3, "rates": (0.01,), "tuning_seeds": 1,
        "tuning_updates": 2, "race_updates": 3}
LONG = TINY | {"race_updates": 100_000}


@pytest.fixture
def submitted(data_folder):
    """Submits a small race, and stops it at the end."""
    engine, made = connect(), []

    def submit(settings=TINY, **more) -> str:
        made.append(engine.submit(rc.Race.of(["elman", "lstm"], "adding", **settings | more), owner="test"))
        return made[-1]

    yield submit
    for run_id in made:
        engine.command(run_id, "stop", owner="test")


def test_it_opens_on_the_race_that_ships(visit):
    app = visit("Race")
    text, result = told(app), shipped_race()
    assert result.headline in text and "ships with the explorer" in text
    assert len(app.get("plotly_chart")) == 2
    assert "You may say" in text and "You may not say" in text and result.evidence[:60] in text
    summary, tuning = (frame.value for frame in app.dataframe[:2])
    assert list(summary["architecture"]) == ["Elman network", "GRU", "LSTM"]
    assert list(summary["weights"]) == result.race.weights and len(tuning) == 9


def test_the_table_twin_holds_every_number(visit):
    app = visit("Race", "The race as a table")
    assert len(app.dataframe[-1].value) == len(shipped_race().frame())


@pytest.mark.parametrize("over", ["seconds", "examples"])
def test_three_axes(visit, over):
    app = visit("Race")
    app.session_state["race_over"] = over
    app.run()
    chart = app.get("plotly_chart")[0].proto.spec
    assert ("seconds of computing" if over == "seconds" else "examples seen") in chart


def test_the_draft_says_what_each_would_get(visit):
    app = visit("Race")
    assert "30 units, **1,021** weights" in told(app) and not app.button(key="race_start").disabled
    app.number_input(key="draft_budget_adding").set_value(3000).run()
    assert "**1,021**" not in told(app) and not app.exception


@pytest.mark.parametrize(("lanes", "why"), [(["elman"], "here is one"), ([], "here is none")])
def test_too_few_get_one_sentence(visit, lanes, why):
    app = visit("Race")
    app.multiselect(key="draft_lanes_adding").set_value(lanes).run()
    assert why in told(app) and app.button(key="race_start").disabled


def test_a_budget_that_cannot_be_met_gets_one_sentence(visit):
    app = visit("Race")
    app.number_input(key="draft_budget_adding").set_value(12).run()
    assert "cannot come within 10 %" in told(app) and app.button(key="race_start").disabled
    app.multiselect(key="draft_rates").set_value([]).run()
    assert not app.exception


@pytest.mark.parametrize("task", ["adding", "next_character", "tomita"])
def test_only_what_can_run_the_task_is_offered(visit, task):
    app = visit("Race")
    app.selectbox(key="draft_task").select(task).run()
    assert not app.exception
    offered = app.multiselect(key=f"draft_lanes_{task}").options
    assert rc.architectures()["hopfield"].title not in offered and len(offered) == len(fitting(task)) >= 3
    assert not app.button(key="race_start").disabled


def test_a_race_is_started_watched_and_found_again(visit):
    app = visit("Race")
    app.multiselect(key="draft_lanes_adding").set_value(["elman", "jordan"])
    for key, value in (("draft_updates", 3), ("draft_tuning", 2), ("draft_adding_length_20", 6)):
        app.number_input(key=key).set_value(value)
    app.slider(key="draft_seeds").set_value(3).run()
    app.button(key="race_start").click().run()
    assert not app.exception and not app.error
    race_id = app.session_state["race"]
    until_it_stands(race_id, "done")
    again = visit("Race", race=race_id)
    text = told(again)
    assert "done, all 3 updates" in again.get("progress")[0].proto.text.replace("\\", "")
    assert "Jordan network" in text and "You may say" in text and "ships with the explorer" not in text
    assert len(again.get("plotly_chart")) == 2 and not any("mended" in w.value for w in again.warning)
    assert again.query_params["race"] in (race_id, [race_id])


def test_pause_go_on_and_stop(visit, submitted):
    app = visit("Race", race=submitted(LONG))
    assert app.button(key="race_go").label == "Pause"
    app.button(key="race_go").click().run()
    race_id = app.session_state["race"]
    until_it_stands(race_id, "paused")
    app.run()
    assert app.button(key="race_go").label == "Go on" and "paused" in app.get("progress")[0].proto.text
    app.button(key="race_stop").click().run()
    until_it_stands(app.session_state["race"], "stopped")
    app.run()
    assert app.button(key="race_stop").disabled
    app.button(key="race_back").click().run()
    assert "ships with the explorer" in told(app) and "race" not in app.query_params


@pytest.mark.parametrize("name", ["0123456789abcdef", "../../x", "<script>"])
def test_an_unknown_race_says_so_and_the_shipped_one_is_shown(visit, name):
    app = visit("Race", race=name)
    assert len(app.warning) == 1 and "ships with the explorer" in told(app)
    app.button(key="race_again").click().run()
    assert len(app.warning) == 1 and not app.exception


def test_a_single_run_is_not_a_race(visit):
    spec = rc.Experiment.of("elman", "adding", hidden_size=3, length=5, updates=2)
    run_id = connect().submit(spec, owner="test", go=False)
    app = visit("Race", race=run_id)
    assert any("not a race" in w.value for w in app.warning)


def test_one_of_them_is_put_in_hand(visit):
    app = visit("Race")
    app.button(key="race_take_1").click().run()
    assert not app.exception and app.query_params["architecture"] in ("gru", ["gru"])
    assert app.query_params["hidden_size"] in ("16", ["16"]) and "race" not in app.query_params


def test_the_notebooks_words_make_the_same_race():
    for race in (shipped_race().race, rc.Race.of(
            [{"architecture": "gru", "wiring": "stack"}, {"architecture": "lstm", "wiring": "stack"}], "delayed_recall",
            lag=4, budget=600, seed=3, rates=[0.1], optimiser="sgd")):
        words = ast.parse(in_notebook(race)).body[1].value
        args = [ast.literal_eval(value) for value in words.args]
        options = {k.arg: ast.literal_eval(k.value) for k in words.keywords}
        assert ast.unparse(words.func) == "rc.Race.of" and rc.Race.of(*args, **options) == race


def test_the_same_race_at_several_lengths(visit, submitted):
    app = visit("Race", race=submitted())
    pills = next(one for one in app.button_group if one.key == "reach_lengths")
    pills.set_value([5, 10]).run()
    app.button(key="reach_start").click().run()
    assert not app.exception
    names = app.query_params["reach"]
    ids = (names[0] if isinstance(names, list) else names).split(".")
    assert [connect().spec(one).base.length for one in ids] == [5, 10]
    for one in ids:
        until_it_stands(one, "done")
    app.run()
    assert not app.exception and "more than half of 3 seeds succeeded" in told(app)
    assert len(app.get("plotly_chart")) == 3


def test_a_link_to_lengths_that_are_none_gets_one_sentence(visit, submitted):
    app = visit("Race", reach=submitted())
    assert "does not name one race at several lengths" in app.warning[0].value and not app.exception
    app = visit("Race", reach="<b>.0123456789abcdef")
    assert len(app.warning) == 1 and not app.exception
