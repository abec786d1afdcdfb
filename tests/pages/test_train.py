"""Train: play, pause, one update, a changed learning rate, stop; a closed tab ends nothing."""

from __future__ import annotations

import rnn_core as rc
from rnn_core.jobs import connect
from tests.pages.reading import until

SMALL = {"architecture": "elman", "task": "adding", "hidden_size": "6", "length": "8"}


def run_id(app) -> str:
    value = app.query_params["run"]
    return value[0] if isinstance(value, list) else value


def test_play_pause_one_update_and_resume(visit) -> None:
    app = visit("Train", **SMALL, updates="100000", seed="11")
    app.button(key="play").click().run()
    engine, name = connect(), run_id(app)
    until(lambda: engine.look(name).update > 5)
    app.button(key="pause").click().run()
    until(lambda: engine.look(name).status == "paused" and engine.look(name).waiting == 0)
    stood = engine.look(name).update
    app.run()
    app.button(key="once").click().run()
    until(lambda: engine.look(name).update == stood + 1)
    assert engine.look(name).status == "paused"
    app.run()
    app.button(key="play").click().run()
    until(lambda: engine.look(name).update > stood + 5)
    app.run()
    assert app.metric and not app.exception
    app.button(key="stop").click().run()
    until(lambda: engine.look(name).status == "stopped")


def test_a_changed_learning_rate_is_logged_and_marked(visit) -> None:
    app = visit("Train", **SMALL, updates="100000", seed="12")
    app.button(key="play").click().run()
    engine = connect()
    until(lambda: engine.look(run_id(app)).update > 2)
    app.run()
    box = next(n for n in app.number_input if n.key.startswith("now_learning_rate"))
    box.set_value(0.02).run()
    app.button(key="apply").click().run()
    until(lambda: [c.value for c in engine.look(run_id(app)).log] == [0.02])
    app.run()
    chart = str(app.get("echarts_chart")[0].proto)
    assert "learning rate 0.02" in chart
    app.button(key="stop").click().run()


def test_a_closed_tab_ends_nothing_and_the_link_shows_the_run_again(visit) -> None:
    app = visit("Train", **SMALL, updates="60", seed="13")
    app.button(key="play").click().run()
    name = run_id(app)
    del app
    engine = connect()
    until(lambda: engine.look(name).status == "done")
    again = visit("Train", run=name)
    assert not again.warning
    assert again.query_params["hidden_size"] in ("6", ["6"])
    assert engine.fetch(name).digest() == rc.train(engine.spec(name), quiet=True).digest()


def test_a_diverging_run_ends_with_its_sentence(visit) -> None:
    app = visit(
        "Train",
        **SMALL,
        updates="500",
        seed="14",
        learning_rate="10",
        optimiser="sgd",
        clip="0",
        activation="linear",
        gain="3",
    )
    app.button(key="play").click().run()
    engine, name = connect(), run_id(app)
    until(lambda: engine.look(name).status == "diverged")
    app.run()
    assert any("Diverged at update" in w.value for w in app.warning)
