"""A fleet's models are their runs: same data, same numbers up to rounding, each diverging and clipped on its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import rnn_core as rc
from rnn_core import catalogue
from rnn_core.fleet import Fleet
from tests.cells.cases import one_sentence

CLOSE = 1e-4
SMALL = {"hidden_size": 6, "batch_size": 4, "updates": 50}
LONG = {"length": 10, **SMALL}
CASES = {
    "elman": ("elman", "adding", LONG, "stacked"),
    "elman, ragged": ("elman", "adding", LONG | {"ragged": True}, "stacked"),
    "elman, relu": ("elman", "adding", LONG | {"activation": "relu"}, "stacked"),
    "elman, sigmoid": ("elman", "temporal_xor", LONG | {"activation": "sigmoid"}, "stacked"),
    "elman, linear": ("elman", "adding", LONG | {"activation": "linear"}, "stacked"),
    "elman, text": ("elman", "next_character", LONG, "stacked"),
    "elman, sgd": ("elman", "adding", LONG | {"optimiser": "sgd"}, "stacked"),
    "elman, momentum": ("elman", "adding", LONG | {"optimiser": "momentum"}, "stacked"),
    "elman, rmsprop": ("elman", "adding", LONG | {"optimiser": "rmsprop"}, "stacked"),
    "elman, unclipped": ("elman", "adding", LONG | {"clip": 0.0}, "stacked"),
    "gru": ("gru", "adding", LONG, "stacked"),
    "gru, v1": ("gru", "adding", LONG | {"variant": "v1"}, "stacked"),
    "jordan": ("jordan", "adding", LONG, "stacked"),
    "jordan, taught half": ("jordan", "temporal_xor", LONG | {"teacher_forcing": 0.5}, "stacked"),
    "jordan, classes": ("jordan", "delayed_recall", SMALL | {"lag": 5, "feedback": "softmax", "ragged": True},
                        "stacked"),
    "stack of gru": ("gru", "adding", LONG | {"wiring": "stack", "residual": True, "ragged": True}, "stacked"),
    "bidirectional gru": ("gru", "adding", LONG | {"wiring": "bidirectional", "ragged": True}, "vmap"),
    "lstm": ("lstm", "adding", LONG, "one by one"),
    "stack of lstm": ("lstm", "adding", LONG | {"wiring": "stack"}, "one by one"),
}
DROPPED = '''"""A newcomer."""
import torch
from rnn_core.cells.elman import Elman, ElmanState
from rnn_core.records import Card


class Newcomer(Elman):
    """A newcomer."""

    card = Card(title="Newcomer", row="A0", year=2031, reference="–", summary="–", equations={{}}, symbols={{}})

    def __init__(self, *args):
        super().__init__(*args)
        self.W.requires_grad_({trained})

    def advance(self, drive, state):
        u = state.h
        a = torch.addmm(drive, u, self.R.t())
        {line}
        return h, ElmanState(h), {{"h": h}}

    def fused(self, x, state, lengths):
        return None
'''


def fleet_of(architecture: str, task: str, settings: dict, seeds=(0, 1, 2), rates=(0.003, 0.01, 0.03)) -> Fleet:
    """A small fleet with a rate for each seed."""
    return Fleet([rc.Experiment.of(architecture, task, seed=seed, learning_rate=rate, **settings)
                  for seed, rate in zip(seeds, rates)])


def go(fleet: Fleet) -> list:
    """One update; what it ended with."""
    return [*fleet.advance()][-1]


def relative(found: float, wanted: float) -> float:
    """How far two numbers are apart, relative to the wanted one."""
    return abs(found - wanted) / abs(wanted)


def check(fleet: Fleet, updates: int = 5) -> None:
    """Losses, gradient lengths and held-out measurements of each model are those of its own run."""
    runs = [rc.Run(spec) for spec in fleet.specs]
    for _ in range(updates):
        for run, (loss, norm) in zip(runs, go(fleet), strict=True):
            wanted = [step for step in run.learner.update() if step is not None][-1]
            assert relative(loss, wanted[0]) < CLOSE and relative(norm, wanted[1]) < CLOSE
    for run, (held_out, metric) in zip(runs, fleet.measure(), strict=True):
        assert relative(held_out, run.measure()[0]) < CLOSE and metric == pytest.approx(run.measure()[1], abs=0.02)


@pytest.mark.parametrize("name", CASES)
def test_the_models_are_their_runs(name):
    architecture, task, settings, road = CASES[name]
    fleet = fleet_of(architecture, task, settings)
    assert fleet.road == road and fleet.why.endswith(".")
    check(fleet)
    assert fleet.parameter_count == rc.Run(fleet.specs[0]).network.parameter_count


def test_one_model_is_a_fleet_too():
    check(fleet_of("elman", "adding", LONG, seeds=(7,), rates=(0.01,)))


def test_every_model_has_its_own_clip():
    fleet = Fleet([rc.Experiment.of("elman", "adding", seed=3, clip=clip, **LONG) for clip in (0.0, 0.01, 1.0)])
    check(fleet)
    assert not torch.equal(fleet.network(0).cells[0].R, fleet.network(1).cells[0].R)


def wild(last: float) -> Fleet:
    """Three linear nets without clipping, the last at some rate."""
    settings = LONG | {"activation": "linear", "optimiser": "sgd", "clip": 0.0}
    return fleet_of("elman", "adding", settings, rates=(0.01, 0.01, last))


def test_a_model_diverges_alone_and_the_others_do_not_feel_it():
    tame, torn = wild(0.01), wild(10.0)
    for _ in range(30):
        calm, storm = go(tame), go(torn)
        assert calm[:2] == storm[:2] and None not in calm
    assert torn.alive == [True, True, False] and storm[2] is None
    assert "Diverged at update" in torn.reasons[2] and one_sentence(torn.reasons[2]) is None
    assert list(torn.measure())[2] is None and list(torn.measure())[:2] == list(tame.measure())[:2]
    for k in (0, 1):
        assert torch.equal(torn.network(k).cells[0].R, tame.network(k).cells[0].R)
    assert all(bool(p.isfinite().all()) for p in torn.network(2).parameters())
    run = rc.train(torn.specs[2], quiet=True)
    assert run.status == "diverged" and run.reason == torn.reasons[2]


def test_when_all_have_diverged_nothing_more_happens():
    fleet = Fleet([rc.Experiment.of("elman", "adding", seed=k, learning_rate=10.0, activation="linear", clip=0.0,
                                    optimiser="sgd", **LONG) for k in range(2)])
    for _ in range(60):
        go(fleet)
    assert fleet.alive == [False, False] and go(fleet) == [None, None] and fleet.update < 60


@pytest.mark.parametrize("name", ["elman", "jordan, taught half", "elman, momentum", "lstm"])
def test_going_on_from_what_was_kept_is_bitwise_the_same(name):
    architecture, task, settings, _ = CASES[name]
    through, stopped = (fleet_of(architecture, task, settings) for _ in range(2))
    for _ in range(3):
        go(through), go(stopped)
    kept = {k: v.clone() for k, v in stopped.tensors().items()}, stopped.numbers()
    again = fleet_of(architecture, task, settings)
    again.restore(*kept)
    for _ in range(3):
        assert go(through) == go(again)
    assert all(torch.equal(v, again.tensors()[k]) for k, v in through.tensors().items())
    assert again.numbers() == through.numbers()


def test_another_fleets_numbers_are_refused():
    kept = fleet_of("elman", "adding", LONG)
    for other in (fleet_of("lstm", "adding", LONG), fleet_of("elman", "adding", LONG | {"hidden_size": 7}),
                  fleet_of("elman", "adding", LONG, seeds=(0, 1))):
        with pytest.raises(ValueError):
            other.restore(kept.tensors(), kept.numbers())


def test_only_seed_rate_and_clip_may_differ():
    specs = [rc.Experiment.of("elman", "adding", **LONG | {"length": n}) for n in (8, 9)]
    for wrong in (specs, []):
        with pytest.raises(ValueError) as caught:
            Fleet(wrong)
        one_sentence(str(caught.value))


@pytest.fixture
def newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """Writes a stranger's cell with some last line of its step into the catalogue, for one test."""
    monkeypatch.setenv(catalogue.PLUGINS, "")
    rooms = (catalogue.cells, catalogue.learners, catalogue.tasks)
    before = {room: list(room.__path__) for room in rooms}

    def write(line: str, trained: bool = True) -> Fleet:
        (tmp_path / "cells").mkdir()
        (tmp_path / "cells" / "newcomer.py").write_text(DROPPED.format(line=line, trained=trained), encoding="utf-8")
        rc.add_folder(tmp_path)
        return fleet_of("newcomer", "adding", LONG)

    yield write
    for room, path in before.items():
        room.__path__[:] = path
    catalogue._forget([str(tmp_path / "cells")])


@pytest.mark.parametrize(("line", "road"), [
    ("h = torch.tanh(a)", "stacked"),
    ("h = torch.cat(torch.tanh(a).split([2, 4], 1), dim=1) * torch.ones_like(a)", "stacked"),
    ("h = torch.tanh(torch.nn.functional.layer_norm(a, [6]))", "vmap"),
    ("h = torch.tanh(a) if a.sum() > -1e9 else a", "one by one"),
    ("h = torch.tanh(a + self.b.sum() * torch.ones(len(a), 1))", "vmap"),
])
def test_a_strangers_cell_takes_the_best_road_it_can(newcomer, line, road):
    fleet = newcomer(line)
    assert fleet.road == road
    check(fleet)
    if road == "one by one":
        assert ":" in fleet.why


def test_a_weight_that_is_not_trained_stays(newcomer):
    fleet = newcomer("h = torch.tanh(a)", trained=False)
    before = [fleet.network(k).cells[0].W.clone() for k in range(3)]
    check(fleet)
    assert fleet.road == "stacked"
    assert all(torch.equal(before[k], fleet.network(k).cells[0].W) for k in range(3))
