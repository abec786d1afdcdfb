"""Runs: what was tried is listed, compared, named, thrown away and taken back; what is gone is said, the rest stays."""

from __future__ import annotations

import base64
import json
import time
from types import SimpleNamespace

import numpy as np
import pytest

import rnn_core as rc
from pages.shared import runs, runs_compare, runs_keep, runs_list
from rnn_core.jobs import Summary, connect
from rnn_core.shipped import shipped, shipped_spec
from tests.pages.reading import written

SMALL = {"hidden_size": 4, "length": 6, "batch_size": 4, "updates": 12}
HOSTILE = "[x](javascript:alert(1)) **b** <img src=x> =1+1"


@pytest.fixture(scope="module")
def owner() -> str:
    """A visitor of this file's own."""
    return "somebody-who-tries-things"


@pytest.fixture(scope="module")
def tried(owner) -> dict[str, str]:
    """Three runs that this visitor has trained, by their seeds."""
    engine, ids = connect(), {}
    for name, seed, cell in (("one", 71, "elman"), ("two", 72, "gru"), ("three", 73, "elman")):
        ids[name] = engine.submit(rc.Experiment.of(cell, "adding", seed=seed, **SMALL), owner=owner)
    end = time.monotonic() + 200
    while any(not engine.look(run_id, since=10**9).ended for run_id in ids.values()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return ids


@pytest.fixture
def open_runs(visit, owner, monkeypatch):
    """Opens the page as that visitor."""
    monkeypatch.setattr("pages.shared.hand.visitor", lambda: owner)
    return lambda **query: visit("Runs", **query)


def asked(app, name: str) -> str:
    """A value of the address."""
    value = app.query_params[name]
    return value[0] if isinstance(value, list) else value


def drawn(app) -> dict:
    """The comparison as plotly has it."""
    return json.loads(app.get("plotly_chart")[0].proto.spec)


def lines_of(chart: dict) -> list[list[float]]:
    """The values of every line."""
    found = []
    for line in chart["data"]:
        y = line["y"]
        found.append(np.frombuffer(base64.b64decode(y["bdata"]), y["dtype"]).tolist()
                     if isinstance(y, dict) else y)
    return found


def test_it_is_never_empty(visit) -> None:
    app = visit("Runs")
    kept = shipped().history.dropna(subset=["held_out"])["held_out"]
    (line,) = lines_of(drawn(app))
    assert line[0] == pytest.approx(kept.iloc[0]) and line[-1] == pytest.approx(kept.iloc[-1])
    assert "ships with the project" in "".join(box.label for box in app.checkbox)


def test_own_runs_come_first_and_are_compared(open_runs, tried) -> None:
    app = open_runs()
    boxes = {box.key: box for box in app.checkbox if box.key.startswith("tick:")}
    assert list(boxes)[:3] == [f"tick:{tried[name]}" for name in ("three", "two", "one")]
    app.checkbox(key=f"tick:{tried['one']}").check().run()
    app.checkbox(key=f"tick:{tried['two']}").check().run()
    app.text_input(key="runs_text").set_value("LSTM").run()
    app.checkbox(key="tick:shipped").uncheck().run()
    assert not app.exception
    engine = connect()
    for line, name in zip(lines_of(drawn(app)), ("one", "two"), strict=True):
        wanted = engine.fetch(tried[name]).history.dropna(subset=["held_out"])["held_out"]
        np.testing.assert_allclose(line, wanted)
    assert asked(app, "compare") == f"{tried['one']}.{tried['two']}"
    table = app.table[0].value
    assert list(table.columns) == ["A Elman network", "B GRU"]
    assert list(table.loc["architecture"]) == ["Elman network", "GRU"] and list(table.loc["seed"]) == ["71", "72"]
    assert "learning rate" not in table.index and "learning rate 0\\.005" in written(app)
    assert "one run from one seed" in written(app)


def test_over_seconds(open_runs, tried) -> None:
    app = open_runs(compare=tried["one"])
    app.segmented_control(key="runs_over").set_value("seconds").run()
    assert "seconds of training" in json.dumps(drawn(app)["layout"]["xaxis"])


def test_what_is_gone_is_said_and_the_rest_stays(open_runs, tried) -> None:
    app = open_runs(compare=f"{tried['one']}.0123456789abcdef.../../x.<b>.{tried['two']}")
    said = [w.value for w in app.warning]
    assert len(said) == 1 and "Not here any more" in said[0] and "01234567" in said[0] and " <b>" not in said[0]
    assert len(lines_of(drawn(app))) == 2
    assert asked(app, "compare") == f"{tried['one']}.{tried['two']}"
    app.run()
    assert not app.warning


def test_a_name_is_kept_and_is_only_a_name(open_runs, tried, owner) -> None:
    app = open_runs(compare=tried["two"])
    app.text_input(key=f"name:{tried['two']}:").set_value(HOSTILE).run()
    assert not app.exception and not app.error
    assert next(s for s in connect().runs(owner=owner) if s.run_id == tried["two"]).name == HOSTILE
    assert "javascript:" not in written(app).replace("\\:", "") and "<img" not in written(app).replace("\\<", "")
    chart = drawn(app)
    assert "<img" in chart["layout"].pop("meta")["alt"] and "<img" not in json.dumps(chart)
    assert HOSTILE in list(app.table[0].value.columns)[0]
    app.text_input(key=f"name:{tried['two']}:{HOSTILE}").set_value("x" * 200).run()
    assert app.error or len(next(s for s in connect().runs(owner=owner) if s.run_id == tried["two"]).name) <= 80
    connect().rename(tried["two"], "", owner=owner)


def test_deleted_undone_and_restored(open_runs, tried, owner) -> None:
    run_id = tried["three"]
    app = open_runs(compare=f"{tried['one']}.{run_id}")
    app.button(key=f"delete:{run_id}").click().run()
    assert f"tick:{run_id}" not in [box.key for box in app.checkbox] and "is in the bin" in written(app)
    assert len(lines_of(drawn(app))) == 1
    app.button(key="undo").click().run()
    assert len(lines_of(drawn(app))) == 2 and f"tick:{run_id}" in [box.key for box in app.checkbox]
    app.button(key=f"delete:{run_id}").click().run()
    again = open_runs(compare=f"{tried['one']}.{run_id}")
    assert "bin" in again.warning[0].value and len(again.warning) == 1 and len(lines_of(drawn(again))) == 1
    next(button for button in again.button if button.key.startswith("restore:0:")).click().run()
    assert f"tick:{run_id}" in [box.key for box in again.checkbox] and not again.error


def test_the_run_in_hand_is_let_go_and_taken_up_again(open_runs, tried) -> None:
    app = open_runs(run=tried["three"])
    app.button(key=f"delete:{tried['three']}").click().run()
    assert "run" not in app.query_params and not app.warning and "Tick a run" in app.info[0].value
    app.button(key="undo").click().run()
    assert asked(app, "run") == tried["three"] and len(lines_of(drawn(app))) == 1 and not app.warning


def test_others_runs_are_looked_at_but_not_touched(visit, tried, monkeypatch) -> None:
    monkeypatch.setattr("pages.shared.hand.visitor", lambda: "a stranger")
    app = visit("Runs", compare=tried["one"])
    assert app.button(key=f"delete:{tried['one']}").disabled
    assert "another" in next(box.label for box in app.checkbox if box.key == f"tick:{tried['one']}")
    assert not app.button(key=f"hand:{tried['one']}").disabled


def test_put_in_hand_opens_its_states(open_runs, tried) -> None:
    app = open_runs(compare=tried["two"])
    app.button(key=f"hand:{tried['two']}").click().run()
    assert app.title[0].value == "What does it remember?" and not app.exception
    assert asked(app, "run") == tried["two"]


def test_search_and_filters(open_runs, tried) -> None:
    app = open_runs()

    def shown() -> set[str]:
        return {box.key.removeprefix("tick:") for box in app.checkbox if box.key.startswith("tick:")}

    app.text_input(key="runs_text").set_value("seed 72").run()
    assert shown() == {tried["two"]}
    app.text_input(key="runs_text").set_value("").run()
    app.selectbox(key="runs_architecture").set_value("gru").run()
    assert tried["two"] in shown() and tried["one"] not in shown()
    app.text_input(key="runs_text").set_value("no such thing").run()
    assert shown() == set() and "take a filter away" in written(app)


def test_seven_are_too_many(open_runs, tried) -> None:
    ids = [*tried.values(), "shipped"]
    app = open_runs(compare=".".join([*ids, "0" * 16, "1" * 16, "2" * 16]))
    assert any("Six runs at most" in w.value for w in app.warning) and len(lines_of(drawn(app))) == 4


def summary(k: int, **facts) -> Summary:
    """A run of a list that no engine has."""
    spec = {"schema": 1, "architecture": "gru", "task": "adding", "learner": "bptt", "seed": k, "hidden_size": 8}
    return Summary(f"{k:016x}", "done", "", 100, 100, f"gru {k}", 1e9 + k, json.dumps(spec | facts), mine=k % 2 == 0)


def test_kinds_that_are_not_known_are_named_and_nothing_breaks(visit, monkeypatch) -> None:
    odd = [summary(1, kind="race"), summary(2, kind="<b>dance</b>"), summary(3, architecture="perceptron"),
           Summary("f" * 16, "strange", "", 1, 2, "*x*", 0.0, "not json", mine=True),
           Summary("e" * 16, "done", "", 1, 1, "a list", 5.0, "[1]", mine=True)]
    engine = SimpleNamespace(runs=lambda owner: odd)
    monkeypatch.setattr(runs, "engine", lambda: engine)
    app = visit("Runs")
    assert written(app).count("does not know its kind") == 4
    assert [box.key for box in app.checkbox if box.key.startswith("tick:")] == ["tick:shipped"]


def test_a_race_is_a_race_and_leads_to_its_page(open_runs, owner) -> None:
    race = rc.Race.of(["elman", "gru"], "adding", length=6, batch_size=4, budget=60, seeds=3, rates=(0.01,),
                      tuning_seeds=1, tuning_updates=2, race_updates=4)
    race_id = connect().submit(race, owner=owner)
    app = open_runs(compare=f"{race_id}.shipped")
    assert len(app.warning) == 1 and "not the training of one network" in app.warning[0].value
    assert len(lines_of(drawn(app))) == 1
    app.button(key=f"delete:{race_id}").click().run()
    assert f"race:{race_id}" not in [button.key for button in app.button]
    app.button(key="undo").click().run()
    app.button(key=f"race:{race_id}").click().run()
    assert not app.exception and app.title[0].value == "Which one learns it better?"
    assert asked(app, "race") == race_id


@pytest.mark.parametrize("order", runs.ORDERS)
def test_five_hundred_runs_are_one_page_of_rows(visit, monkeypatch, order) -> None:
    many = [summary(k, seed=k) for k in range(500)]
    monkeypatch.setattr(runs, "engine", lambda: SimpleNamespace(runs=lambda owner: many))
    app = visit("Runs")
    app.selectbox(key="runs_order").set_value(order).run()
    boxes = [box for box in app.checkbox if box.key.startswith("tick:")]
    assert len(boxes) == runs_list.ROWS and "501 of 501 runs, 250 of them yours" in written(app).replace("\\", "")


def test_orders_and_filters_by_hand() -> None:
    found = [runs.Line(summary(k), {"architecture": "gru", "task": "adding"}) for k in range(6)]
    newest = runs.chosen(found, "", "", "", "", "Newest first")
    assert [int(line.id, 16) for line in newest] == [4, 2, 0, 5, 3, 1]
    assert runs.chosen(found, "", "elman", "", "", "By name") == []
    assert len(runs.chosen(found, "GRU 3", "", "", "done", "By name")) == 1


@pytest.mark.parametrize(("minutes", "words"), [(0, "just now"), (1, "1 minute ago"), (59, "59 minutes ago"),
                                                (60, "1 hour ago"), (150, "2 hours ago"), (1440, "1 day ago"),
                                                (4000, "2 days ago"), (-5, "just now")])
def test_how_long_ago(minutes, words) -> None:
    assert runs.ago(time.time() - 60 * minutes - 1) == words


def test_differences_are_all_and_only_what_differs() -> None:
    def seen(letter: str, log=(), **facts):
        line = runs.Line(summary(1), {"architecture": "gru", "task": "adding", "rate": 1.0} | facts)
        return runs_compare.Seen(letter, line, [], log, shipped().task.baseline())

    log = (rc.Command(update=30, name="learning_rate", value=0.5),)
    table, same = runs_compare.differences([seen("A", clip=2.0), seen("B", log, rate=3.0)])
    assert list(table.loc["rate"]) == ["1.0", "3.0"] and list(table.loc["clip"]) == ["2.0", "–"]
    assert list(table.loc["changed on the way"]) == ["", "learning rate 0.5 at 30"]
    assert same == {"architecture": "GRU", "task": rc.tasks()["adding"].title}


def test_every_export_is_offered_and_made_only_when_asked_for(open_runs, tried, monkeypatch) -> None:
    made = []
    monkeypatch.setattr(rc.exports, "take", lambda kind, run, **known: made.append((kind, known)) or b"")
    app = open_runs(compare=tried["one"])
    assert not app.get("download_button") and not made
    app = open_runs(compare=tried["one"])
    app.session_state[f"away:{tried['one']}"] = True
    app.run()
    assert not app.exception
    labels = {button.proto.label for button in app.get("download_button")}
    assert labels == {export.title for export in rc.exports.EXPORTS.values()} and not made
    run = connect().fetch(tried["one"])
    runs_keep._maker("states", run, {"sequences": range(2), "update": None, "name": "n"})()
    assert made == [("states", {"sequences": range(2), "update": None, "name": "n"})]


def test_the_shipped_run_is_put_in_hand_too(visit) -> None:
    app = visit("Runs", architecture="gru", task="adding", hidden_size="5")
    app.button(key="hand:shipped").click().run()
    assert asked(app, "hidden_size") == str(shipped_spec().hidden_size) and "run" not in app.query_params
