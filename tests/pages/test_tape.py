"""The tape of training: every page shows the moment at which it stands, and the address keeps it."""

from __future__ import annotations

import pytest

import rnn_core as rc
from rnn_core.jobs import connect
from rnn_core.shipped import shipped


def written(app) -> str:
    """All that is written on a page, without backslashes."""
    return " ".join(m.value for m in app.markdown).replace("\\", "")


def moment(app) -> str | None:
    value = app.query_params.get("moment")
    return value[0] if isinstance(value, list) else value


def numbers(app) -> list[float]:
    return [float(m.value) for m in app.metric[:2]]


def test_a_step_back_shows_the_earlier_network(visit) -> None:
    app = visit("Train")
    moments = sorted(shipped().tape)
    assert moment(app) is None and numbers(app)[0] == float(f"{shipped().records[-1]['metric']:.3g}")
    app.button(key="tape_back").click().run()
    assert moment(app) == str(moments[-2])
    then = shipped().then(moments[-2])
    assert numbers(app)[0] == float(f"{then.records[-1]['metric']:.3g}") == float(f"{then.measure()[1]:.3g}")
    assert f"Every picture shows update {moments[-2]:,}" in written(app)
    app.button(key="tape_on").click().run()
    assert moment(app) is None and app.button(key="tape_on").disabled


def test_the_newest_end_has_one_name(visit) -> None:
    app = visit("Train")

    def slider():
        return next(one for one in app.select_slider if one.label == "Tape of training")

    assert slider().value == "now" and slider().options[-1] == "now"
    slider().set_value(64).run()
    assert moment(app) == "64" and slider().value == 64
    slider().set_value("now").run()
    assert moment(app) is None and slider().value == "now"


def test_the_moment_follows_from_page_to_page_and_through_the_address(visit) -> None:
    app = visit("Train", moment="64")
    assert moment(app) == "64" and f"update] **{shipped().update:,}**" in written(app)
    app.switch_page("pages/3_Gradients.py").run()
    assert moment(app) == "64" and "Every picture shows update 64" in written(app)
    said = rc.gradient_norms(shipped(), rows=16, update=64).says
    assert said in written(app) and said != rc.gradient_norms(shipped(), rows=16).says


@pytest.mark.parametrize(
    ("given", "stands", "sentence"),
    [
        ("70", "64", "The tape has no update 70, so the one before it is shown: 64."),
        ("999999999", None, "The tape has no update 999,999,999"),
        ("-3", None, "must be a whole number of updates"),
        ("<b>", None, "must be a whole number of updates"),
        ("9" * 5000, None, "must be a whole number of updates"),
    ],
)
def test_a_moment_that_is_not_there_gets_one_sentence(visit, given: str, stands: str | None, sentence: str) -> None:
    app = visit("Train", moment=given)
    assert moment(app) == stands
    assert [sentence in w.value.replace("\\", "") for w in app.warning] == [True]


def test_another_experiment_starts_at_its_own_newest_moment(visit) -> None:
    app = visit("Train", moment="64")
    app.button(key="new").click().run()
    assert moment(app) is None and not app.exception


def test_a_run_seen_in_the_past_is_complete() -> None:
    run = shipped()
    then = run.then(70)
    assert (then.update, then.records[-1]["update"], len(then.tape)) == (64, 64, len(run.tape))
    assert run.update == 2000 and then.measure() != run.measure()
    with pytest.raises(ValueError, match="no moment"):
        run.then(-1)


def test_a_link_to_a_race_leads_elsewhere_in_one_sentence(visit) -> None:
    tiny = {"length": 6, "batch_size": 4, "budget": 118, "seeds": 3, "rates": (0.01,), "tuning_updates": 1}
    race = rc.Race.of(["elman", "lstm"], "adding", tuning_seeds=1, race_updates=1, **tiny)
    app = visit("Train", run=connect().submit(race, owner="test", go=False))
    assert ["it can be seen on the page Race" in w.value for w in app.warning] == [True]
    assert "run" not in app.query_params and numbers(app)
