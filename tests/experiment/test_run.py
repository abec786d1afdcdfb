"""Runs: live equals log, resumed equals uninterrupted, streams keep apart, the tape replays what was measured."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
import torch

import rnn_core as rc
from rnn_core import catalogue
from rnn_core.records import Streams
from rnn_core.run import Run, on_tape
from tests.cells.cases import identical, one_sentence

SPEC = rc.Experiment.of("gru", "adding", hidden_size=3, length=5, batch_size=4, updates=12, ragged=True)
SPECS = {"adam": SPEC, "sgd": SPEC.with_(optimiser="sgd"), "momentum": SPEC.with_(optimiser="momentum"),
         "rmsprop": SPEC.with_(optimiser="rmsprop"),
         "lstm, equal lengths": SPEC.with_(architecture="lstm", ragged=False),
         "jordan, teacher half the time": SPEC.with_(architecture="jordan", teacher_forcing=0.5),
         "stack": SPEC.with_(wiring="stack"), "two ways": SPEC.with_(wiring="bidirectional")}
TOLD = {2: [("learning_rate", 0.05)], 5: [("clip", 0.1), ("learning_rate", 0.002)], 9: [("updates", 14.0)]}


def live(spec: rc.Experiment, told: dict[int, list[tuple[str, float]]]) -> Run:
    """A run that is told things through its generator."""
    run = Run(spec)
    work = run.training()
    for step in work:
        for name, value in told.get(step.update, []) if step else []:
            assert work.send(rc.Command(update=0, name=name, value=value)) is None
    return run


def finish(run: Run) -> Run:
    """The run at its end."""
    for _ in run.training():
        pass
    return run


def history(run: Run) -> list[dict[str, Any]]:
    """All that must be equal in two histories: everything but the time it took."""
    return [{k: v for k, v in record.items() if k != "seconds"} for record in run.records]


@pytest.mark.parametrize("name", SPECS)
def test_what_was_done_live_is_done_again_from_the_log(name):
    told = live(SPECS[name], TOLD)
    again = finish(Run(SPECS[name], told.log))
    assert [(c.update, c.name) for c in told.log] == [(2, "learning_rate"), (5, "clip"), (5, "learning_rate"),
                                                      (9, "updates")]
    assert (again.update, again.status, again.digest()) == (14, "done", told.digest())
    assert history(again) == history(told) and list(again.tape) == list(told.tape)
    assert again.log == told.log


@pytest.mark.parametrize("name", SPECS)
def test_resumed_anywhere_it_ends_as_if_never_interrupted(name):
    log = live(SPECS[name], TOLD).log
    run = Run(SPECS[name], log)
    kept = {}
    for step in run.training():
        kept[step.update] = (run.checkpoint(), run.digest())
    for update, (checkpoint, digest) in kept.items():
        again = Run.resume(SPECS[name], checkpoint)
        assert (again.update, again.digest()) == (update, digest)
        assert finish(again).digest() == run.digest() and again.status == "done"
        later = history(again)[1:] if update == 0 else history(again)
        assert later == history(run)[update + 1:]


def test_a_checkpoint_taken_after_a_command_has_obeyed_it():
    run = Run(SPEC)
    for step in run.training():
        if step.update == 6:
            run.obey("learning_rate", 0.1)
            checkpoint = run.checkpoint()
    again = Run.resume(SPEC, checkpoint)
    assert again.learner.settings.learning_rate == 0.1 and len(again.log) == again.obeyed == 1
    assert finish(again).digest() == run.digest()


def test_a_resumed_run_hears_what_is_still_to_come():
    log = [rc.Command(update=3, name="clip", value=0.5), rc.Command(update=8, name="learning_rate", value=0.1)]
    whole = finish(Run(SPEC, log))
    run = Run(SPEC, log[:1])
    for step in run.training():
        if step.update == 5:
            break
    assert finish(Run.resume(SPEC, run.checkpoint(), log)).digest() == whole.digest()


def test_a_live_command_leaves_those_to_come_in_force():
    later = rc.Command(update=8, name="learning_rate", value=0.1)
    run = Run(SPEC, [later])
    for step in run.training():
        if step.update == 4:
            run.obey("clip", 0.5)
    assert [c.update for c in run.log] == [4, 8] and run.learner.settings.learning_rate == 0.1
    assert finish(Run(SPEC, run.log)).digest() == run.digest()


class Breathing(catalogue.learner_classes()["bptt"]):
    """BPTT with two breaths in every update."""

    def update(self):
        yield None
        yield None
        yield from super().update()


def test_a_command_within_a_long_update_waits_for_its_end(monkeypatch):
    monkeypatch.setattr(catalogue, "learner_classes", lambda: {"bptt": Breathing})
    run = Run(SPEC)
    work, breaths = run.training(), 0
    for step in work:
        breaths += step is None
        if breaths == 9:
            assert run.update == 4 and step is None
            assert work.send(rc.Command(update=0, name="learning_rate", value=0.05)) is None and not run.log
    assert breaths == 2 * 12 and [c.update for c in run.log] == [5]
    assert run.history.learning_rate.tolist()[4:8] == [0.005, 0.005, 0.05, 0.05]
    assert finish(Run(SPEC, run.log)).digest() == run.digest()


def test_a_command_that_cannot_be_obeyed_ends_the_generator_and_not_the_run():
    run = Run(SPEC)
    work = run.training()
    next(work), next(work)
    with pytest.raises(ValueError, match="outside the range"):
        work.send(rc.Command(update=0, name="learning_rate", value=50.0))
    assert list(work) == [] and run.log == [] and run.status == "running"
    assert finish(run).digest() == finish(Run(SPEC)).digest()


def test_an_end_put_off_and_an_end_put_forward():
    log = [rc.Command(update=12, name="updates", value=15)]
    off = finish(Run(SPEC, log))
    assert off.update == 15 and off.status == "done" and {12, 15} <= set(off.tape)
    ended = finish(Run(SPEC))
    assert (ended.update, ended.status) == (12, "done")
    ended.obey("updates", 15)
    assert ended.status == "running" and finish(ended).digest() == off.digest()
    forward = live(SPEC, {7: [("updates", 3.0)]})
    assert (forward.update, forward.status) == (7, "done") and 7 in forward.tape
    assert finish(Run(SPEC, forward.log)).digest() == forward.digest()


def test_the_last_weights_are_on_the_tape():
    assert set(finish(Run(SPEC)).tape) == {0, 1, 2, 3, 4, 5, 6, 8, 10, 12}


def test_moments_are_thirds_of_octaves():
    assert [u for u in range(1100) if on_tape(u)] == sorted({0, *(round(2 ** (k / 3)) for k in range(31))})
    assert on_tape(2**20) and not on_tape(2**20 + 1)


@pytest.mark.parametrize("name", SPECS)
def test_moments_replay_to_what_was_measured(name):
    run = finish(Run(SPECS[name].with_(updates=30)))
    measured = run.history.set_index("update").held_out.dropna()
    assert set(run.tape) | {0, 25} <= set(measured.index)
    for moment in run.tape:
        network = run.at(moment)
        y = network(run.held_out.x, mask=run.held_out.mask)
        assert float(run.task.loss(y, run.held_out).detach()) == measured[moment]
    identical(run.at(30).state_dict(), run.network.state_dict())
    identical(run.at(7).state_dict(), run.tape[6])
    assert run.at(7) is not run.network
    with pytest.raises(ValueError) as caught:
        run.at(-1)
    one_sentence(str(caught.value))


def test_measuring_and_looking_change_nothing():
    plain, watched = finish(Run(SPEC)), Run(SPEC)
    for _ in watched.training():
        watched.measure(), watched.checkpoint(), watched.digest(), watched.fresh_moments()
        assert watched.network.trace(watched.held_out.x, mask=watched.held_out.mask, record=True).main.probes
        rc.gradient_norms(watched)
    assert watched.digest() == plain.digest()


def test_progress_begins_where_the_run_stands():
    run = Run(SPEC)
    assert run.status == "ready" and run.history.empty and run.tape == {}
    first, second = (step for _, step in zip(range(2), run.training(), strict=False))
    assert (first.update, first.status, first.loss) == (0, "ready", None) and first.held_out is not None
    assert (second.update, second.status) == (1, "running") and second.loss > 0 and second.gradient_norm > 0
    assert run.history.columns.tolist() == ["update", "loss", "held_out", "metric", "gradient_norm", "learning_rate",
                                            "seconds"]


def test_a_run_can_be_left_and_taken_up_with_another_generator():
    whole, run = finish(Run(SPEC)), Run(SPEC)
    for _ in range(20):
        for step in run.training():
            if step.update % 3 == 0 and step.update:
                break
    finish(run)
    assert run.digest() == whole.digest() and history(run) == history(whole)


def test_fresh_moments_are_told_once():
    run = Run(SPEC)
    told = [moment for _ in run.training() for moment in run.fresh_moments()]
    assert told == list(run.tape) and run.fresh_moments() == {}


def test_the_same_seed_in_another_process(project):
    script = f"""
import torch; torch.set_num_threads(1)
import rnn_core as rc
spec = rc.Experiment.from_json({SPEC.to_json()!r})
print(spec.id, rc.train(spec, quiet=True).digest())"""
    done = subprocess.run([sys.executable, "-c", script], cwd=project, text=True, capture_output=True, check=True,
                          env={**os.environ, "PYTHONHASHSEED": "1"})
    told = done.stdout.split()
    assert told == [SPEC.id, finish(Run(SPEC)).digest()]
    assert SPEC.with_(seed=1).id != told[0] and finish(Run(SPEC.with_(seed=1))).digest() != told[1]


@pytest.mark.parametrize("changes", [{"batch_size": 7}, {"learning_rate": 0.1}, {"updates": 3}, {"optimiser": "sgd"},
                                     {"length": 9}, {"ragged": False}], ids=str)
def test_what_does_not_shape_the_network_does_not_change_its_weights(changes):
    identical(*(dict(spec.make_network().state_dict()) for spec in (SPEC, SPEC.with_(**changes))))


@pytest.mark.parametrize("changes", [{"architecture": "lstm"}, {"hidden_size": 9}, {"learning_rate": 0.1},
                                     {"wiring": "bidirectional"}, {"architecture": "jordan", "teacher_forcing": 0.3}],
                         ids=str)
def test_the_network_and_the_learner_do_not_change_the_data(changes):
    seen = []
    for spec in (SPEC, SPEC.with_(**changes)):
        run, batches = Run(spec.with_(updates=3)), []
        sample = run.task.sample

        def keep(count: int, generator: torch.Generator, sample=sample, batches=batches):
            batches.append(sample(count, generator))
            return batches[-1]

        run.task.sample = keep
        finish(run)
        seen.append([*map(tuple, batches), tuple(run.held_out)])
    identical(*seen)


def test_held_out_sequences_are_not_those_of_training():
    run = Run(SPEC)
    first = run.task.sample(128, Streams.of(SPEC.seed).data)
    assert not torch.equal(first.x, run.held_out.x)
    identical(tuple(Run(SPEC.with_(batch_size=9)).held_out), tuple(run.held_out))


def test_another_experiments_checkpoint_is_refused():
    with pytest.raises(ValueError, match="another experiment") as caught:
        Run.resume(SPEC.with_(seed=1), Run(SPEC).checkpoint())
    one_sentence(str(caught.value))


def test_a_digest_feels_weights_moments_streams_and_settings():
    def digest(change) -> str:
        run = Run(SPEC)
        for step in run.training():
            if step.update == 2:
                break
        change(run)
        return run.digest()

    changes = [lambda r: None, lambda r: r.network.cells[0].W.data[0, 0].add_(1e-6), lambda r: r.obey("clip", 2.0),
               lambda r: r.learner.optimiser.state[r.learner.parameters[0]]["exp_avg"].mul_(1.001),
               lambda r: torch.rand(1, generator=r.streams.data), lambda r: setattr(r, "update", 9)]
    digests = [digest(c) for c in changes]
    assert len(set(digests)) == len(digests) and digest(changes[0]) == digests[0]


def test_training_shows_a_bar_unless_quiet(capsys):
    rc.train(SPEC.with_(updates=2))
    assert "gru" in capsys.readouterr().err
    rc.train(SPEC.with_(updates=2), quiet=True)
    assert capsys.readouterr() == ("", "")
