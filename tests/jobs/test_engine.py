"""The engine in processes of its own: the numbers of an uninterrupted run, whatever happens on the way."""

from __future__ import annotations

import os
import secrets
import signal

import psutil
import pytest

from rnn_core.jobs import EngineError, UnknownRun
from rnn_core.run import Run, train
from tests.jobs.conftest import ended, everybody, record, until, workers

pytestmark = pytest.mark.timeout(300)
UPDATES = 600
_seeds = iter(range(1000, 10**6))


def fresh(**settings):
    """A record that no other test has."""
    return record(seed=next(_seeds), **settings)


def alone(spec, log=()):
    """The digest of the same record, trained here in one go."""
    return train(spec, log, quiet=True).digest()


def kill(pids):
    """End processes without asking them."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def me():
    return secrets.token_hex(4)


def test_a_run_ends_with_the_numbers_of_a_plain_training(shared, me):
    spec = fresh(updates=100)
    run_id = shared.submit(spec, owner=me)
    look = ended(shared, run_id)
    here = train(spec, quiet=True)
    assert run_id == spec.id and look.status == "done" and look.digest == here.digest()
    keys = [k for k in here.records[0] if k != "seconds"]
    assert [[r[k] for k in keys] for r in look.records] == [[r[k] for k in keys] for r in here.records]
    run = shared.fetch(run_id)
    assert isinstance(run, Run) and run.digest() == here.digest() and run.status == "done"
    assert sorted(run.tape) == sorted(here.tape)
    assert all(bool((run.tape[m][k] == v).all()) for m, weights in here.tape.items() for k, v in weights.items())
    assert "1 thread" in look.made_with


def test_submitting_again_joins_the_run_and_is_answered_at_once_when_it_is_done(shared, me):
    spec = fresh(updates=20)
    first = shared.submit(spec, owner=me)
    assert shared.submit(spec, owner=me) == shared.submit(spec, owner="another") == first
    ended(shared, first)
    look = shared.look(shared.submit(spec, owner="late"), since=5)
    assert look.status == "done" and look.holders == 3 and [r["update"] for r in look.records][0] == 5


def test_all_runs_move(shared):
    runs = [shared.submit(fresh(updates=100_000), owner=f"visitor {i}") for i in range(6)]
    for run_id in runs:
        until(shared, run_id, lambda look: look.update > 0)
    before = {run_id: shared.look(run_id).update for run_id in runs}
    for run_id in runs:
        until(shared, run_id, lambda look, was=before[run_id]: look.update > was)
    for i, run_id in enumerate(runs):
        shared.command(run_id, "stop", owner=f"visitor {i}")
    assert {ended(shared, run_id).status for run_id in runs} == {"stopped"}


def test_pause_once_resume_and_a_new_rate_act_where_they_are_stamped(shared, me):
    spec = fresh(updates=100)
    run_id = shared.submit(spec, owner=me, go=False)
    assert shared.look(run_id).status == "paused" and shared.fetch(run_id).update == 0
    for update in (1, 2):
        assert shared.command(run_id, "once", owner=me) == run_id
        assert until(shared, run_id, lambda look, n=update: look.update == n and not look.waiting).status == "paused"
    moved = shared.command(run_id, "learning_rate", 0.02, owner=me)
    assert moved.startswith(run_id + "-") and shared.command(moved, "resume", owner=me) == moved
    look = ended(shared, moved)
    assert [(c.update, c.name, c.value) for c in look.log] == [(2, "learning_rate", 0.02)]
    assert look.digest == alone(spec, look.log) != alone(spec)
    assert shared.look(run_id).run_id == moved and shared.fetch(moved).log == list(look.log)
    again = shared.submit(spec, owner=me)
    assert again == run_id and ended(shared, again).digest == alone(spec)
    assert shared.look(moved).digest == look.digest


def test_a_command_by_one_of_two_acts_on_a_copy(shared):
    spec = fresh(updates=100_000)
    run_id = shared.submit(spec, owner="ann")
    shared.submit(spec, owner="ben")
    seen = until(shared, run_id, lambda look: look.update > 50).update
    copy = shared.command(run_id, "pause", owner="ben")
    assert copy != run_id
    paused = until(shared, copy, lambda look: look.status == "paused" and look.kept == look.update)
    assert paused.update >= seen and paused.count == paused.update + 1
    assert shared.fetch(copy).update == paused.update
    assert shared.look(run_id).status == "running" and shared.look(run_id).holders == 1
    assert shared.command(run_id, "stop", owner="ann") == run_id
    assert shared.command(copy, "stop", owner="ben") == copy
    ended(shared, run_id), ended(shared, copy)


def test_a_run_that_diverges_says_when_and_keeps_finite_weights(shared, me):
    run_id = shared.submit(fresh(updates=500, optimiser="sgd", learning_rate=10.0, clip=0.0, gain=5.0), owner=me)
    look = ended(shared, run_id)
    assert look.status == "diverged" and f"Diverged at update {look.update + 1}" in look.reason
    assert all(bool(p.isfinite().all()) for p in shared.fetch(run_id).network.parameters())
    with pytest.raises(EngineError, match="diverged"):
        shared.command(run_id, "resume", owner=me)


def test_a_finished_run_goes_on_when_it_may_do_more_updates(shared, me):
    spec = fresh(updates=30)
    run_id = shared.submit(spec, owner=me)
    ended(shared, run_id)
    with pytest.raises(EngineError, match="raise the number"):
        shared.command(run_id, "resume", owner=me)
    more = shared.command(run_id, "updates", 60, owner=me)
    look = until(shared, more, lambda look: look.ended and look.update == 60)
    assert look.target == 60 and look.digest == alone(spec, look.log) and look.count == 61


def test_settings_that_make_no_sense_are_refused(shared, me):
    run_id = shared.submit(fresh(updates=100_000), owner=me)
    for name, value in (("learning_rate", -1), ("hidden_size", 9), ("nonsense", 1), ("clip", None)):
        with pytest.raises(ValueError):
            shared.command(run_id, name, value, owner=me)
    shared.command(run_id, "momentum", 0.5, owner=me)
    look = until(shared, run_id, lambda look: look.notice)
    assert "cannot be changed in mid-run" in look.notice and look.run_id == run_id and not look.log
    shared.command(run_id, "stop", owner=me)
    ended(shared, run_id)


@pytest.mark.parametrize("run_id", ["", "x", "../../etc/passwd", "0" * 15, "0" * 16 + "-", "A" * 16, "0" * 17, None, 7])
def test_an_id_that_is_none_is_refused(shared, run_id):
    for ask in (shared.look, shared.fetch, shared.spec):
        with pytest.raises(UnknownRun, match="not the id"):
            ask(run_id)


def test_an_unknown_id_and_a_forgotten_run_say_so(shared, me):
    with pytest.raises(UnknownRun, match="no run with this id"):
        shared.look("0" * 16)
    run_id = shared.submit(fresh(updates=5), owner=me)
    ended(shared, run_id)
    with pytest.raises(EngineError, match="yours alone"):
        shared.forget(run_id, owner="another")
    assert run_id in [summary.run_id for summary in shared.runs()]
    shared.rename(run_id, "five updates", owner=me)
    for name in ("x" * 10**7, "two\nlines", None):
        with pytest.raises(EngineError, match="at most 80"):
            shared.rename(run_id, name, owner=me)
    key = shared.forget(run_id, owner=me)
    with pytest.raises(EngineError, match="in the bin"):
        shared.look(run_id)
    assert {run_id, key}.isdisjoint(summary.run_id for summary in shared.runs())
    (mine,) = [summary for summary in shared.runs(owner=me) if summary.mine]
    assert (mine.run_id, mine.binned, mine.name, mine.update) == (key, True, "five updates", 5)
    assert shared.restore(key, owner=me) == run_id and shared.look(run_id).name == "five updates"


def test_the_fourth_run_of_a_visitor_waits_for_its_turn(shared, me):
    runs = [shared.submit(fresh(updates=100_000), owner=me) for _ in range(5)]
    for run_id in runs[:3]:
        until(shared, run_id, lambda look: look.status == "running")
    assert [(look.status, look.position) for look in map(shared.look, runs[3:])] == [("queued", 1), ("queued", 2)]
    shared.command(runs[0], "pause", owner=me)
    until(shared, runs[3], lambda look: look.status == "running")
    assert shared.look(runs[4]).position == 1
    for run_id in runs:
        shared.command(run_id, "stop", owner=me)
    assert {ended(shared, run_id).status for run_id in runs} == {"stopped"}


def test_a_run_rests_where_it_was_asked_to_though_its_worker_is_killed(shared, me):
    spec = fresh(updates=UPDATES)
    here = train(spec, quiet=True)
    goal = sorted(r["metric"] for r in here.records if r["metric"] is not None and r["update"] > 100)[2]
    expected = next(r for r in here.records if r["metric"] is not None and r["update"] and r["metric"] <= goal)
    run_id = shared.submit(spec, owner=me, go=False)
    assert shared.command(run_id, "stop_metric", goal, owner=me) == run_id
    shared.command(run_id, "speed", 500, owner=me)
    shared.command(run_id, "resume", owner=me)
    until(shared, run_id, lambda look: look.update > 60)
    kill(workers(shared))
    look = until(shared, run_id, lambda look: look.status == "paused" and look.kept == look.update)
    assert look.update == expected["update"] and look.run_id == run_id and look.speed == 500 and look.stop == ""
    reached = f"the held-out mean squared error reached {expected['metric']:.3g} at update {look.update}, as asked."
    assert look.notice == f"Paused: {reached}"
    with pytest.raises(EngineError, match="already"):
        shared.command(run_id, "stop_metric", goal, owner=me)
    shared.command(run_id, "speed", 0, owner=me)
    shared.command(run_id, "resume", owner=me)
    assert ended(shared, run_id).digest == here.digest()


def test_workers_that_are_killed_in_mid_run_change_no_number(shared, me):
    spec = fresh(updates=UPDATES)
    run_id = shared.submit(spec, owner=me)
    until(shared, run_id, lambda look: look.update > 100)
    moved = shared.command(run_id, "learning_rate", 0.02, owner=me)
    kill(workers(shared))
    until(shared, moved, lambda look: look.log and look.update > 250)
    shared.command(moved, "clip", 0.5, owner=me)
    shared.command(moved, "pause", owner=me)
    paused = until(shared, moved, lambda look: look.status == "paused" and not look.waiting)
    kill(workers(shared))
    shared.command(moved, "resume", owner=me)
    look = ended(shared, moved)
    assert look.attempt > paused.attempt and [c.name for c in look.log] == ["learning_rate", "clip"]
    assert look.digest == alone(spec, look.log) == shared.fetch(moved).digest()
    assert [r["update"] for r in look.records] == list(range(UPDATES + 1))


def test_an_engine_that_is_killed_is_started_again_and_goes_on(shared, me):
    spec = fresh(updates=UPDATES)
    run_id = shared.submit(spec, owner=me)
    until(shared, run_id, lambda look: look.update > 200)
    moved = shared.command(run_id, "learning_rate", 0.02, owner=me)
    until(shared, moved, lambda look: look.log)
    pid = shared.hello()["pid"]
    family = everybody(pid)
    kill([pid])
    assert psutil.wait_procs(family, timeout=30)[1] == []
    look = ended(shared, moved)
    assert shared.hello()["pid"] != pid
    assert look.digest == alone(spec, look.log) and [c.name for c in look.log] == ["learning_rate"]
    assert [r["update"] for r in look.records] == list(range(UPDATES + 1))
