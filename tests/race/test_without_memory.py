"""The best window net of a task: measured as a fleet measures it, and read back only where its numbers agree."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import rnn_core as rc
from rnn_core.__main__ import main
from rnn_core.fleet import Fleet
from rnn_core.race import without_memory
from rnn_core.race.without_memory import FOLDER, NET, BestWindow, best_window, keep, measure

SHIPPED = sorted(path.stem for path in FOLDER.glob("*.json"))
QUICK = {"rates": (0.003, 0.03), "updates": 4, "length": 12}


@pytest.fixture(scope="module")
def quick() -> BestWindow:
    """A measurement of a few updates."""
    return measure("adding", windows=(4, 5), **QUICK)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty place for records."""
    monkeypatch.setattr(without_memory, "FOLDER", tmp_path)
    return tmp_path


def test_it_gives_the_numbers_of_a_fleet(quick):
    fleet = Fleet([quick.spec.with_(seed=seed) for seed in quick.seeds])
    while fleet.update < quick.updates:
        for _ in fleet.advance():
            pass
    assert [metric for _, metric in fleet.measure()] == pytest.approx(quick.values, rel=1e-4)
    run = rc.train(quick.spec, quiet=True)
    assert run.records[-1]["metric"] == pytest.approx(quick.values[0], rel=1e-6)


def test_a_task_whose_metric_depends_on_its_settings_is_measured():
    for grammar in ("plain", "embedded"):
        found = measure("reber", grammar=grammar, rates=(0.01,), updates=2, batch_size=4, length=9)
        assert found.metric == rc.Experiment.of(NET, "reber", grammar=grammar).make_task().metric_name


def test_weights_are_those_of_the_default_experiment(quick):
    default = rc.Experiment.of("lstm", "adding", length=12)
    assert quick.budget == default.make_network().parameter_count
    assert quick.weights == quick.spec.make_network().parameter_count
    assert abs(quick.weights - quick.budget) <= 0.1 * quick.budget


def test_what_is_kept_is_what_is_read(quick, folder):
    assert best_window("adding") is None and best_window("../adding") is None
    assert keep(quick).parent == folder and best_window("adding") == quick
    assert quick.fits(rc.Experiment.of("gru", "adding", length=12, hidden_size=3))
    assert not quick.fits(rc.Experiment.of("gru", "adding", length=13))
    assert not quick.fits(rc.Experiment.of("gru", "temporal_xor", length=12))


@pytest.mark.parametrize("change", [
    {"median": 0.0}, {"values": [0.1, 0.2]}, {"rate": 0.5}, {"window": 6}, {"weights": 7}, {"extra": 1},
    {"metric": "accuracy"}, {"updates": 1000}, {"tuned": []}, {"best": float("nan")},
    {"experiment": {"task": "adding"}},
])
def test_a_tampered_record_is_refused_in_one_sentence(quick, folder, change):
    (folder / "adding.json").write_text(json.dumps(quick.model_dump(mode="json") | change))
    with pytest.raises(ValueError, match="The record of the best window for “adding” is damaged."):
        best_window("adding")


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "{}"])
def test_so_is_what_is_no_record_or_another_tasks(quick, folder, text):
    (folder / "adding.json").write_text(text)
    (folder / "narma.json").write_text(json.dumps(quick.model_dump(mode="json")))
    for task in ("adding", "narma"):
        with pytest.raises(ValueError, match="damaged"):
            best_window(task)


def test_limits_and_misfits_are_sentences():
    with pytest.raises(ValueError, match="longer than its limit"):
        measure("adding", limit=0.0)
    with pytest.raises(ValueError, match="There is no task"):
        measure("nothing")


@pytest.mark.parametrize("task", SHIPPED)
def test_what_ships_was_measured_at_the_default_settings(task):
    found, default = best_window(task), rc.Experiment.of("lstm", task)
    assert found.fits(default) and found.spec.architecture == NET and found.updates == default.updates
    assert len(found.rates) > 1 and found.made_with.startswith("torch")


def test_the_command(folder):
    shown = CliRunner().invoke(main, ["without-memory", "adding", "--limit", "0", "--record"])
    assert shown.exit_code == 1 and "adding: It took longer than its limit" in shown.stderr
    assert not list(folder.iterdir())
