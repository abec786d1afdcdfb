"""Tasks that are played: episodes, masks, what is measured, refusals; the maze and the pole."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.catalogue import task_classes
from rnn_core.fleet import Fleet
from rnn_core.records.episode import Episode, chosen
from tests.cells.cases import one_sentence

PLAYED = [name for name, kind in task_classes().items() if kind.plays]
SHORT = {"t_maze": {"length": 4}, "pole_balancing": {"steps": 40}}


def spec(task: str, architecture: str = "elman", learner: str = "bptt", **settings) -> rc.Experiment:
    """A small network in a short world."""
    return rc.Experiment.of(architecture, task, learner, hidden_size=4, **{**SHORT[task], **settings})


@pytest.mark.parametrize("name", PLAYED)
def test_an_episode_is_what_its_worlds_say(name, generator):
    task = spec(name).make_task()
    worlds = task.worlds(9, generator)
    luck = torch.Generator().manual_seed(1)
    played = task.play(lambda x, state: (torch.zeros(len(x), task.output_size), state), worlds, generator=luck)
    t = played.mask.shape[1]
    assert t <= task.longest and played.observations.shape == (9, t, task.input_size)
    assert torch.equal(played.worlds[:, 0], worlds) and played.mask[:, 0].all()
    assert not played.rewards[~played.mask].any() and not played.observations[~played.mask].any()
    for row in range(9):
        world = worlds[row:row + 1]
        for k in range(int(played.lengths[row])):
            assert torch.equal(task.observe(world)[0], played.observations[row, k])
            world, reward, over = task.move(world, played.actions[row, k:k + 1])
            assert float(reward) == float(played.rewards[row, k])
            assert bool(over) == (k + 1 == played.lengths[row] and k + 1 < task.longest) or k + 1 == task.longest


@pytest.mark.parametrize("name", PLAYED)
def test_one_alone_plays_as_among_others(name, generator):
    run = rc.Run(spec(name, "gru"))
    worlds = run.task.worlds(5, generator)
    together = run.task.acted(run.network, worlds)
    for row in range(5):
        alone = run.task.acted(run.network, worlds[row:row + 1])
        there = int(together.lengths[row])
        assert torch.equal(alone.actions[0], together.actions[row, :there])


@pytest.mark.parametrize("name", PLAYED)
def test_what_is_measured_is_the_return(name):
    run = rc.Run(spec(name))
    loss, metric = run.measure()
    y = run.network(run.held_out.x, mask=run.held_out.mask)
    assert loss == pytest.approx(float(run.task.loss(y, run.held_out).detach()))
    assert metric == pytest.approx(float(run.task.acted(run.network, run.held_out.world).returns.mean()))
    assert metric <= run.task.metric_best
    expert = run.task.walk(lambda world, _: run.task.expert(world), run.held_out.world[:8])
    assert float(expert.returns.mean()) == pytest.approx(run.task.metric_best)
    found = rc.generalisation(run.network, run.task, sequences=12)
    assert found.values[0] <= run.task.metric_best and found.metric == run.task.metric_name


@pytest.mark.parametrize("name", PLAYED)
def test_it_can_be_drawn_and_told(name):
    result = rc.episode(spec(name), row=2)
    assert len(result.seen) == len(result.actions) == len(result.frame())
    for line in result.scene.moving.values():
        assert line.shape[0] == len(result.seen) + 1 and line.isfinite().all()
    with pytest.raises(ValueError, match="numbered from 0") as caught:
        rc.episode(spec(name), row=99)
    one_sentence(str(caught.value))


def test_refusals():
    for what in (lambda: rc.episode(rc.Experiment.of("elman", "adding")),
                 lambda: rc.Experiment.of("lstm", "t_maze", wiring="bidirectional"),
                 lambda: rc.reward_gradient(rc.Experiment.of("elman", "adding")),
                 lambda: rc.reward_gradient(rc.Experiment.of("elman", "t_maze"), draws=3)):
        with pytest.raises(ValueError) as caught:
            what()
        one_sentence(str(caught.value))


@pytest.mark.parametrize("discount", [1.0, 0.9, 0.0])
def test_rewards_to_go(discount, generator):
    rewards = torch.rand(3, 7, generator=generator, dtype=torch.float64)
    nothing = torch.zeros(3, 7)
    found = Episode(nothing, nothing, rewards, nothing > 0, nothing).to_go(discount)
    for t in range(7):
        wanted = sum(discount ** (u - t) * rewards[:, u] for u in range(t, 7))
        assert torch.allclose(found[:, t], wanted)


def test_actions_are_drawn_as_often_as_their_chances_say(generator):
    logits = torch.tensor([0.0, 1.0, -torch.inf, 2.0])
    drawn = chosen(logits.expand(20_000, 4), generator)
    share = torch.bincount(drawn, minlength=4) / 20_000
    assert torch.allclose(share, logits.softmax(0), atol=0.012) and share[2] == 0
    assert chosen(logits) == 3


def test_a_ragged_maze_pads_and_noise_is_repeatable(generator):
    task = spec("t_maze", length=6, ragged=True, noisy=True).make_task()
    batch = task.sample(30, generator)
    assert batch.mask is not None and set(batch.mask.sum(1).tolist()) == {4, 5, 6, 7}
    again = task.shown(batch.world)
    assert all(a is b is None or torch.equal(a, b) for a, b in zip(batch, again, strict=True))
    part = batch.steps(1, 3)
    assert part.x.shape[1] == 2 and torch.equal(part.world, batch.world) and len(batch.rows(slice(0, 3)).world) == 3


@pytest.mark.parametrize(("name", "more"), [("t_maze", {}), ("t_maze", {"ragged": True}), ("pole_balancing", {})])
def test_many_models_are_taught_at_once(name, more):
    specs = [spec(name, batch_size=1, seed=seed, **more) for seed in range(3)]
    fleet, runs = Fleet(specs), [rc.Run(one) for one in specs]
    for _ in range(3):
        *_, done = fleet.advance()
        for (loss, _), run in zip(done, runs, strict=True):
            *_, (own, _) = run.learner.update()
            assert loss == pytest.approx(own, rel=1e-4)
    for (loss, metric), run in zip(fleet.measure(), runs, strict=True):
        assert loss == pytest.approx(run.measure()[0], rel=1e-3) and metric == pytest.approx(run.measure()[1], rel=0.2)


def test_a_graded_push_lies_between_the_forces():
    task = rc.Experiment.of("elman", "pole_balancing", forces=3, graded=True).make_task()
    logits = torch.log(torch.tensor([[0.5, 0.25, 0.25], [1.0, 1e-30, 1e-30], [0.25, 0.5, 0.25]]))
    assert task.force(task.decide(logits)).tolist() == pytest.approx([-2.5, -10.0, 0.0], abs=1e-5)
    assert [task.did(k) for k in (0, 0.75, 1, 2)] == ["10 N left", "2.5 N left", "no push", "10 N right"]
    world = task.worlds(3, torch.Generator().manual_seed(0))
    assert not torch.equal(task.move(world, task.decide(logits))[0], task.move(world, logits.argmax(1))[0])
    assert task.expert(world).dtype == torch.long
    plain = rc.Experiment.of("elman", "pole_balancing", forces=3).make_task()
    assert torch.equal(plain.decide(logits), logits.argmax(1))


def test_what_lies_between_two_actions_has_no_chance_of_its_own():
    run = rc.Run(rc.Experiment.of("elman", "pole_balancing", "cosyne", graded=True, forces=2, hidden_size=3))
    table = rc.episode(run.network, run.held_out, run.task).frame()
    assert table["with the chance"].isna().any() and table["it did"].str.contains("N ").all()
