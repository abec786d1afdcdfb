"""Speed and stop rules of a run: they change no number, and outlive workers, checkpoints and the engine."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rnn_core.jobs import active, foreman, hands
from tests.jobs.floor import Floor, story
from tests.jobs.toy import EVERY, alone, records

LONG = 400


@pytest.fixture
def clock(monkeypatch):
    """A clock for the hands that moves when the test says so."""
    clock = SimpleNamespace(now=1000.0)
    time = SimpleNamespace(monotonic=lambda: clock.now, perf_counter=lambda: clock.now)
    monkeypatch.setattr(active, "time", time)
    monkeypatch.setattr(hands, "time", time)
    return clock


@pytest.fixture
def eager(monkeypatch):
    """Checkpoints rarely and news always, so that a new worker has much to do again."""
    monkeypatch.setattr(active, "NEWS_EVERY", -1.0)
    monkeypatch.setattr(active, "KEEP_FIRST", 10.0)


def below(value, since=0):
    """The first update after ``since`` at which the toy's metric is as good as this."""
    return next(r["update"] for r in records(LONG) if r["update"] > since and (r["metric"] or 9) <= value)


def rest(floor, run_id):
    """Work until the run rests."""
    for _ in range(2 * LONG):
        if (look := floor.look(run_id)).status == "paused" and not look.stop:
            return look
        floor.work()
    raise AssertionError(f"still {look.status} at {look.update}")


def test_a_run_pauses_exactly_at_the_update_and_its_numbers_are_the_same(floor):
    run_id = floor.submit(updates=LONG)
    assert floor.command(run_id, "stop_update", 57) == run_id and floor.command(run_id, "speed", 500.0) == run_id
    floor.command(run_id, "speed", 0.0)
    look = rest(floor, run_id)
    assert (look.update, look.kept, look.notice, look.stop) == (57, 57, "Paused at update 57, as asked.", "")
    assert look.run_id == run_id and not look.log and not look.waiting
    floor.command(run_id, "resume")
    assert floor.look(run_id).notice == "" and floor.finish(run_id).digest == alone(LONG)


def test_a_metric_and_a_plateau_pause_where_the_records_say(floor):
    run_id = floor.submit(updates=LONG)
    floor.command(run_id, "stop_metric", 0.05)
    look = rest(floor, run_id)
    assert look.update == below(0.05) and "wobble reached" in look.notice
    floor.command(run_id, "stop_plateau", 4)
    floor.work()
    assert floor.look(run_id).stop == "plateau 4"
    floor.command(run_id, "resume")
    look = rest(floor, run_id)
    losses = {r["update"]: r["held_out"] for r in records(LONG) if r["held_out"] is not None}
    best, vain, expected = losses[below(0.05)], 0, None
    for update, loss in losses.items():
        if update > below(0.05) and expected is None:
            best, vain = (loss, 0) if loss <= 0.99 * best else (best, vain + 1)
            expected = update if vain == 4 else None
    assert look.update == expected and "for 4 measurements" in look.notice


@pytest.mark.parametrize("rule", [("stop_update", 61.0), ("stop_metric", 0.05), ("stop_plateau", 7.0)])
@pytest.mark.parametrize("when", [1, 9, 30])
def test_a_stop_fires_at_the_same_update_whatever_dies(tmp_path, eager, floor, rule, when):
    def run(floor, record, break_it):
        run_id = floor.submit(record=record, updates=LONG, go=False)
        floor.command(run_id, *rule)
        floor.command(run_id, "resume")
        for _ in range(when):
            floor.work()
        floor = break_it(floor)
        return rest(floor, run_id), floor

    def killed(floor):
        floor.fire(f"worker-{floor.born}")
        floor.hire()
        return floor

    def lost(floor):
        floor.store.settle()
        floor.lose()
        return Floor(tmp_path)

    undisturbed, _ = run(floor, "1" * 16, lambda floor: floor)
    a_worker, _ = run(floor, "2" * 16, killed)
    the_engine, later = run(floor, "3" * 16, lost)
    for look in (a_worker, the_engine):
        assert (look.update, look.notice, look.stop) == (undisturbed.update, undisturbed.notice, "")
    later.store.close()


def test_rules_outlive_the_engine_and_so_does_what_they_said(floor, tmp_path):
    run_id = floor.submit(updates=LONG)
    floor.work(3)
    floor.command(run_id, "stop_update", 20)
    floor.command(run_id, "speed", 900.0)
    floor.work(1)
    floor.store.settle()
    floor.lose()
    later = Floor(tmp_path)
    look = later.look(run_id)
    assert (look.speed, look.stop) == (900.0, "update 20")
    later.command(run_id, "speed", 0.0)
    assert rest(later, run_id).update == 20
    later.store.settle()
    later.lose()
    last = Floor(tmp_path)
    assert last.look(run_id).notice == "Paused at update 20, as asked." and last.look(run_id).stop == ""
    last.store.close()


def test_the_last_rule_counts_and_never_clears_it(floor):
    run_id = floor.submit(updates=60)
    for name, value in (("stop_update", 9), ("stop_metric", 1e-9), ("stop_update", 40), ("stop_never", None)):
        floor.command(run_id, name, value)
    assert floor.finish(run_id).update == 60


def test_a_rule_on_a_run_without_a_worker_waits_with_it(floor):
    floor.fire("worker-1")
    run_id = floor.submit(updates=LONG)
    floor.command(run_id, "stop_update", 5)
    floor.command(run_id, "speed", 1000.0)
    assert (floor.look(run_id).stop, floor.look(run_id).speed) == ("update 5", 1000.0)
    floor.hire()
    floor.command(run_id, "speed", 0.0)
    assert rest(floor, run_id).update == 5


def test_rules_of_a_run_that_is_done_hold_once_it_may_go_on(floor):
    run_id = floor.submit(updates=20)
    floor.finish(run_id)
    assert floor.command(run_id, "stop_update", 25) == floor.command(run_id, "speed", 900.0) == run_id
    look = floor.look(run_id)
    assert (look.status, look.stop, look.speed, look.digest) == ("done", "update 25", 900.0, alone(20))
    floor.command(run_id, "speed", 0.0)
    more = floor.command(run_id, "updates", 40)
    look = rest(floor, more)
    assert look.update == 25
    floor.command(more, "resume")
    look = floor.finish(more)
    assert look.update == 40 and look.digest == alone(20, story(look))


def test_what_cannot_be_is_one_sentence_and_changes_nothing(floor, eager):
    run_id = floor.submit(updates=LONG)
    floor.work(40)
    update = floor.look(run_id).update
    last = [r["metric"] for r in records(LONG) if r["metric"] is not None and r["update"] <= update][-1]
    nan, inf = float("nan"), float("inf")
    wrong = [("speed", None), ("speed", -1), ("speed", nan), ("speed", inf), ("speed", 5000), ("speed", 0.01),
             ("stop_update", None), ("stop_update", 1), ("stop_update", 2.5), ("stop_update", nan), ("stop_update", -4),
             ("stop_metric", None), ("stop_metric", inf), ("stop_metric", last), ("stop_plateau", 0),
             ("stop_plateau", 0.5), ("stop_plateau", None), ("Speed!", 1.0)]
    for name, value in wrong:
        answer = floor.command(run_id, name, value)
        assert answer.endswith(".") and answer.count(". ") == 0, (name, value, answer)
    assert floor.ask("command", run_id=run_id, name="speed", value="fast", owner="ann")["error"].endswith(".")
    assert "has passed already" in floor.command(run_id, "stop_update", 1, seen=update)
    look = floor.look(run_id)
    assert (look.speed, look.stop, look.log, look.run_id) == (0.0, "", [], run_id)


def test_a_worker_that_is_ahead_of_the_page_refuses_too(floor, monkeypatch):
    monkeypatch.setattr(active, "NEWS_EVERY", 1e9)
    monkeypatch.setattr(active, "KEEP_FIRST", 1e9)
    run_id = floor.submit(updates=LONG)
    floor.work(50)
    behind = floor.look(run_id).update
    assert floor.command(run_id, "stop_update", behind + 2) == run_id
    floor.work(2)
    look = floor.look(run_id)
    assert "has passed already" in look.notice and look.stop == "" and look.status == "running"


def test_on_a_shared_run_rules_act_on_a_copy(floor):
    run_id = floor.submit(updates=LONG)
    floor.work(5)
    for name, value in (("speed", 10.0), ("stop_update", 300), ("stop_plateau", 50)):
        copy = floor.command(run_id, name, value, owner="stranger")
        assert copy != run_id and (floor.look(copy).speed or floor.look(copy).stop)
        assert floor.look(run_id).speed == 0.0 and floor.look(run_id).stop == ""
        floor.command(copy, "stop", owner="stranger")
    assert floor.command(run_id, "speed", 0.0, owner="stranger") == run_id
    assert floor.command(run_id, "stop_never", owner="stranger") == run_id


def test_a_copy_keeps_speed_and_rule_and_pauses_at_the_same_update(floor, eager):
    run_id = floor.submit(updates=LONG)
    floor.command(run_id, "stop_plateau", 7)
    floor.work(9)
    copy = floor.command(run_id, "speed", 1000.0, owner="stranger")
    assert floor.look(copy).stop == "plateau 7"
    floor.command(copy, "speed", 0.0, owner="stranger")
    assert rest(floor, copy).update == rest(floor, run_id).update


def test_a_slow_run_makes_its_updates_when_they_are_due_and_its_neighbour_all_others(floor, clock):
    slow, fast = floor.submit(updates=10**6), floor.submit("ben", record="e" * 16, updates=10**6)
    floor.command(slow, "speed", 2.0)
    floor.work(20)
    start, before = floor.look(slow).update, floor.look(fast).update
    for _ in range(1000):
        clock.now += 0.01
        floor.work()
    assert abs(floor.look(slow).update - start - 20) <= 1
    assert floor.look(fast).update - before >= 900
    floor.command(slow, "speed", 0.0)
    start = floor.look(slow).update
    for _ in range(100):
        clock.now += 0.01
        floor.work()
    assert floor.look(slow).update - start >= 45


def test_a_slow_run_is_seen_at_every_update_and_obeys_at_once(floor, clock):
    run_id = floor.submit(updates=10**6)
    floor.command(run_id, "speed", 1.0)
    floor.work(5)
    seen = []
    for _ in range(300):
        clock.now += 0.1
        floor.work()
        seen.append(floor.look(run_id).update)
    assert sorted(set(seen)) == list(range(seen[0], seen[-1] + 1)) and 28 <= seen[-1] - seen[0] <= 32
    at = seen[-1]
    floor.command(run_id, "pause")
    floor.work(2)
    assert floor.look(run_id).status == "paused"
    floor.command(run_id, "once")
    floor.work(2)
    assert floor.look(run_id).update == at + 1 and floor.look(run_id).status == "paused"
    floor.command(run_id, "rate", 0.25)
    floor.work(2)
    assert [(u, n) for u, n, _ in story(floor.look(run_id))] == [(at + 1, "rate")]


def test_a_slow_run_is_not_taken_for_a_hung_one(floor, clock, monkeypatch):
    assert 1 / 0.1 < foreman.HUNG
    run_id = floor.submit(updates=10**6)
    floor.command(run_id, "speed", 0.1)
    floor.work(3)
    assert floor.look(run_id).status == "running" and floor.look(run_id).kept <= floor.look(run_id).update
    floor.desk.tick()
    assert floor.restarted == []


def test_a_slow_run_catches_up_at_full_speed(floor, clock, eager):
    run_id = floor.submit(updates=10**6)
    floor.work(50)
    floor.command(run_id, "speed", 0.1)
    floor.work(2)
    seen = floor.look(run_id)
    assert seen.kept < seen.update
    floor.fire("worker-1")
    floor.hire()
    floor.work(2 * seen.update)
    look = floor.look(run_id)
    assert seen.update <= look.update <= seen.update + 1 and look.speed == 0.1
    assert EVERY < look.update
