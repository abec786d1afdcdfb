"""Learning rules: never empty, offers what fits, trains side by side in the engine, and is found again by its link."""

from __future__ import annotations

import time

import rnn_core as rc
from rnn_core.jobs import connect
from tests.pages.reading import told, until_it_stands


def equations(name: str) -> list[str]:
    """The equations of a rule, as they are told."""
    return [f"${line}$".replace("\\", "") for line in rc.figures.equations(rc.learners()[name], theme="light")]


def test_it_opens_with_every_rule_and_the_agreement(visit):
    app = visit("Learning rules", length="8", hidden_size="4")
    text = told(app)
    for name in ("bptt", "truncated_bptt", "rtrl", "hybrid"):
        assert rc.learners()[name].title in text
    assert all(line in text for line in equations("rtrl"))
    assert "You may say" in text and len(app.get("plotly_chart")) == 1


def test_rules_that_do_not_fit_are_not_offered(visit):
    app = visit("Learning rules", architecture="gru", wiring="bidirectional", length="6", hidden_size="3")
    options = app.multiselect[0].options
    assert {"BPTT", "Regularised BPTT"} <= set(options) and "RTRL" not in options
    assert app.button(key="bench_start").disabled and any("at least two" in i.value for i in app.info)


def test_they_are_trained_side_by_side_and_found_again(visit):
    app = visit("Learning rules", architecture="elman", length="8", hidden_size="4")
    app.multiselect[0].set_value(["bptt", "rtrl"])
    app.number_input(key="bench_updates").set_value(6)
    app.number_input(key="bench_batch").set_value(2).run()
    app.button(key="bench_start").click().run()
    assert not app.exception and not app.error
    ids = app.session_state["rules"].split(".")
    assert len(ids) == 2
    for run_id in ids:
        until_it_stands(run_id, "done")
    again = visit("Learning rules", rules=".".join(ids))
    text = told(again)
    assert "**BPTT** done, update 6 of 6" in text and "**RTRL** done, update 6 of 6" in text
    assert "held-out losses measured last" in text and len(again.get("plotly_chart")) == 2
    again.button(key="bench_anew").click().run()
    assert all(line in told(again) for line in equations("rtrl")) and "rules" not in again.query_params


def test_pause_once_and_stop_act_on_all(visit):
    specs = [rc.Experiment.of("elman", "adding", rule, hidden_size=3, length=6, batch_size=2, updates=100_000)
             for rule in ("bptt", "hybrid")]
    ids = [connect().submit(spec, owner="test") for spec in specs]
    app = visit("Learning rules", rules=".".join(ids))
    app.button(key="bench_go").click().run()
    now = app.session_state["rules"].split(".")
    for run_id in now:
        until_it_stands(run_id, "paused")
    before = [connect().look(run_id).update for run_id in now]
    app.run()
    assert app.button(key="bench_go").label == "Go on"
    app.button(key="bench_once").click().run()
    now, end = app.session_state["rules"].split("."), time.monotonic() + 60
    while [connect().look(run_id).update for run_id in now] != [u + 1 for u in before]:
        assert time.monotonic() < end
        time.sleep(0.05)
    app.button(key="bench_stop").click().run()
    for run_id in app.session_state["rules"].split("."):
        until_it_stands(run_id, "stopped")
    app.run()
    assert app.button(key="bench_stop").disabled


def test_a_population_is_shown_and_an_example_where_there_is_none(visit):
    app = visit("Learning rules", length="8", hidden_size="4")
    app.session_state["open:rules"] = app.session_state["sections:rules"] = "Population"
    app.run()
    text = told(app)
    assert "an example" in text and "29 weights" in text and "after 20 generations the best of 60" in text
    for view, word in (("Generations", "the best of 60"), ("Family", "forebears")):
        app.segmented_control(key="population_view").set_value(view).run()
        assert not app.exception and word in told(app)


def test_a_link_to_nothing_says_so(visit):
    for name in ("0123456789abcdef", "../../x", "<script>"):
        app = visit("Learning rules", rules=name)
        assert len(app.warning) == 1
        app.button(key="bench_anew").click().run()
        assert not app.warning and not app.exception
