"""Rules that need nothing but a score: the best never falls, every rule to stop fires, and nothing is lost."""

from __future__ import annotations

import math
import sys

import pytest
import torch

import rnn_core as rc
from tests.cells.cases import one_sentence
from tests.learners.checkpoints import taken_up

XOR = {"hidden_size": 3, "length": 12, "sure_only": True, "population": 12, "batch_size": 4, "updates": 8, "elite": 2}
RULES = ("genetic", "cosyne")


def spec_of(learner: str, **settings) -> rc.Experiment:
    """A small experiment."""
    return rc.Experiment.of("elman", "temporal_xor", learner, **{**XOR, **settings})


@pytest.mark.parametrize("learner", RULES)
@pytest.mark.parametrize("seed", range(3))
def test_the_best_never_gets_worse_and_is_on_show(learner, seed):
    run = rc.train(spec_of(learner, seed=seed), quiet=True)
    losses = run.history.loss.dropna().tolist()
    assert len(losses) == 8 and losses == sorted(losses, reverse=True)
    own = run.learner
    assert own.losses.tolist() == sorted(own.losses.tolist()) and own.spread.shape == (8, 4)
    batch = own.sequences()
    with torch.no_grad():
        assert float(run.task.loss(run.network(batch.x), batch)) == pytest.approx(losses[-1], rel=1e-5)
    assert torch.equal(own.rows.of(run.network), own.population[0])


def test_new_sequences_are_new():
    run = rc.train(spec_of("genetic", new_sequences=True), quiet=True)
    first = run.learner.sequences().x
    assert not torch.equal(run.learner.sequences().x, first) and math.isfinite(run.measure()[0])


@pytest.mark.parametrize(("settings", "told"), [({"enough_loss": 1000.0}, "below 1000"),
                                                ({"enough_learnt": 0.01, "within": 10.0}, "has learnt 100.0%")])
def test_a_rule_to_stop_fires_and_says_so(settings, told):
    run = rc.train(spec_of("genetic", **settings), quiet=True)
    assert run.update == 1 and run.status == "done" and told in run.reason
    one_sentence(run.reason)
    run.obey(next(iter(settings)), 0.0)
    assert run.status == "running" and run.reason == "" and not run.finished
    list(run.training())
    assert run.update == 8 and run.status == "done" and run.reason == ""


def test_generations_are_counted():
    run = rc.train(spec_of("genetic", updates=3), quiet=True)
    assert run.update == 3 and run.status == "done" and run.reason == ""


@pytest.mark.parametrize("learner", [*RULES, "evolution_strategy", "topologies"])
def test_it_is_left_and_taken_up_again_bit_for_bit(learner):
    few = {"shaken": 3} if learner == "evolution_strategy" else {"population": 6, "elite": 2}
    few |= {"short_training": 2} if learner == "topologies" else {}
    spec = rc.Experiment.of("gate_layout" if learner == "topologies" else "elman", "temporal_xor", learner,
                            hidden_size=3, length=9, batch_size=3, updates=6, **few)
    taken_up(spec, at=3)


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("learner", RULES)
def test_a_population_of_none_or_one_is_refused(learner, count):
    with pytest.raises(ValueError) as caught:
        spec_of(learner, population=count)
    one_sentence(str(caught.value))
    assert "opulation" in str(caught.value)


def test_too_many_numbers_are_refused_and_nothing_is_lost():
    run = rc.train(rc.Experiment.of("elman", "adding", "genetic", hidden_size=512, population=2000, length=4,
                                    batch_size=1), quiet=True)
    assert run.status == "diverged" and "choose fewer or smaller networks" in run.reason
    one_sentence(run.reason)


def test_the_record_of_generations_stays_short(monkeypatch):
    monkeypatch.setattr(sys.modules["rnn_core.learners.evolving"], "KEPT", 4)
    run = rc.train(spec_of("genetic", updates=23), quiet=True)
    assert len(run.learner.spread) <= 4
    assert (run.learner.spread[:, 0] % run.learner.every == 0).all() and run.learner.every >= 4


@pytest.mark.parametrize("learner", RULES)
def test_a_played_task_is_scored_by_its_return(learner):
    run = rc.train(rc.Experiment.of("elman", "t_maze", learner, hidden_size=3, length=2, population=8, elite=2,
                                    batch_size=4, updates=4), quiet=True)
    losses = run.history.loss.dropna().tolist()
    assert losses == sorted(losses, reverse=True)
    worlds = run.learner.sequences().world
    from rnn_core.tasks.control import acting
    assert float(run.task.play(acting(run.network), worlds).returns.mean()) == pytest.approx(-losses[-1], abs=1e-5)


def test_ranks_of_an_evolution_strategy():
    from rnn_core.learners.evolution_strategy import shaped
    assert shaped(torch.tensor([3.0, 1.0, 2.0, torch.nan])).tolist() == pytest.approx([1 / 6, -0.5, -1 / 6, 0.5])
    assert shaped(torch.tensor([1.0, 1.0])).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("mirrored", [True, False])
def test_an_evolution_strategy_estimates_the_slope(mirrored):
    run = rc.Run(rc.Experiment.of("elman", "adding", "evolution_strategy", hidden_size=2, length=4, batch_size=4,
                                  shaken=800, shake=0.01, ranks=False, mirrored=mirrored))
    batch = run.task.sample(4, run.streams.data)
    _, found = run.learner.gradient(batch)
    exact = rc.Run(run.spec.with_(learner="bptt")).learner.gradient(batch)[1]
    g, best = (torch.cat([v.flatten() for v in grads]) for grads in (found, exact))
    assert float(torch.cosine_similarity(g, best, 0)) > 0.9


def test_layouts_need_switches():
    with pytest.raises(ValueError) as caught:
        rc.Experiment.of("elman", "adding", "topologies")
    one_sentence(str(caught.value))
    assert "Elman network" in str(caught.value)


def test_every_generation_remembers_its_parents_and_layouts():
    run = rc.train(rc.Experiment.of("gate_layout", "temporal_xor", "topologies", hidden_size=2, length=6, updates=4,
                                    population=5, batch_size=2, short_training=1, wiring="stack"), quiet=True)
    told = run.learner.told()
    assert told.parents.shape == (4, 5, 2) and (told.parents[0] == -1).all() and (told.parents[1:] >= 0).all()
    assert len(told.words) == 4 and all(" / " in word for word in told.words[-1])
    choices = [v for name, v in run.network.named_buffers() if name.endswith("choices")]
    assert len(choices) == 2 and torch.equal(torch.cat(choices), told.genes[0, -32:])
    family = rc.genealogy(run)
    assert family.forebear[-1].sum() == 1 and family.frame()["generation"].tolist()[-1] == 4


@pytest.mark.parametrize(("learner", "many"), [("genetic", {"population": 2000}), ("evolution_strategy",
                                                                                    {"shaken": 1000})])
def test_more_networks_than_there_is_room_for(learner, many):
    run = rc.train(rc.Experiment.of("lstm", "temporal_xor", learner, hidden_size=80, length=6, updates=1, **many),
                   quiet=True)
    assert run.status == "diverged" and "2,000 networks of " in run.reason and run.reason.count(". ") == 0
