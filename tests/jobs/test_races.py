"""A race in the engine: advanced, watched, paused, moved and put together again like any run."""

from __future__ import annotations

import pytest

from rnn_core.jobs import TooLarge, hands
from rnn_core.jobs.client import Engine
from rnn_core.jobs.history import read_records
from rnn_core.jobs.kinds import KINDS, kind_of, read
from rnn_core.jobs.known import Part
from rnn_core.jobs.preflight import refusal
from rnn_core.race import Race, race
from tests.jobs.floor import Floor

SHORT = Race.of(("elman", "gru"), "adding", length=5, batch_size=4, budget=60, seeds=3, rates=(0.01, 0.03),
                tuning_seeds=1, tuning_updates=4, race_updates=12)


@pytest.fixture(scope="module")
def alone():
    """The same race, carried out here in one go."""
    return race(SHORT)


@pytest.fixture
def ring(tmp_path, monkeypatch):
    """A floor for real records, in turns of one update."""
    monkeypatch.setattr(hands, "LONGEST", 0.0)
    monkeypatch.setattr(hands, "SHORTEST", 0.0)
    monkeypatch.setattr("rnn_core.jobs.active.NEWS_EVERY", 0.0)
    floors = [Floor(tmp_path, run=None)]
    yield floors
    floors[-1].store.close()


def submit(floor):
    """Submit the short race."""
    return floor.ask("submit", record=SHORT.id, spec=SHORT.to_json(), owner="ann", title=SHORT.title,
                     target=SHORT.updates, go=True)["run_id"]


def finish(floor, run_id, until=("done",)):
    """Work until the race has ended."""
    for _ in range(400):
        look = floor.look(run_id)
        if look.status in (*until, "failed"):
            return look
        floor.work()
    raise AssertionError(f"still {look.status} at {look.update}")


def told(records):
    """What the records say, but how long it took."""
    return [{k: v for k, v in record.items() if k != "seconds"} for record in records]


def test_a_race_is_read_by_its_kind():
    kind, back = read(SHORT.to_json())
    assert kind is KINDS["race"] is kind_of(SHORT) and back == SHORT and kind.title(back) == "elman · gru · adding"
    assert kind.task(back) is None and len(kind.experiments(back)) == max(back.seeds, len(back.tuning(0)))
    with pytest.raises(ValueError, match="fair"):
        kind.check(back, "learning_rate", 0.1)


def test_a_race_ends_with_the_numbers_of_one_that_was_run_here(ring, alone):
    floor, run_id = ring[0], submit(ring[0])
    look = finish(floor, run_id)
    assert look.status == "done" and look.update == SHORT.updates and look.digest == alone.digest()
    assert told(read_records(look.lines)) == told(alone.records)
    assert (look.held_out, look.metric, look.seconds) == (None, None, 0.0)
    answer = floor.ask("fetch", run_id=run_id)
    part = Part().with_(answer)
    kind, record = read(answer["spec"])
    run = kind.run.assemble(record, answer["checkpoint"], part.records, part.moments, [], "done", "")
    assert run.digest() == alone.digest() and told(run.records) == told(alone.records)
    assert run.verdict.says == alone.verdict.says
    again = floor.ask("fetch", run_id=run_id, **part.question())
    assert again["lines"] == b"" and part.with_(again).records == part.records


def test_a_race_outlives_its_workers_and_its_engine(ring, alone, tmp_path):
    floor, run_id = ring[0], submit(ring[0])
    for _ in range(2):
        for _ in range(6):
            floor.work()
        floor.fire(f"worker-{floor.born}")
        floor.hire()
    floor.store.settle()
    floor.lose()
    ring.append(Floor(tmp_path, run=None))
    look = finish(ring[1], run_id)
    assert look.digest == alone.digest() and told(read_records(look.lines)) == told(alone.records)


def test_a_race_pauses_at_an_update_only_and_nothing_in_it_changes(ring, alone):
    floor, run_id = ring[0], submit(ring[0])
    for name in ("stop_metric", "stop_plateau"):
        assert floor.command(run_id, name, 3.0) == "A run of this kind stops at an update only."
    floor.command(run_id, "stop_update", 13)
    look = finish(floor, run_id, until=("paused",))
    assert look.update == look.kept == 13 and look.notice == "Paused at update 13, as asked."
    moved = floor.command(run_id, "learning_rate", 0.1)
    floor.work(3)
    assert floor.look(moved).run_id == run_id and "fair" in floor.look(run_id).notice
    floor.command(run_id, "resume")
    assert finish(floor, run_id).digest == alone.digest()


def test_a_race_that_is_too_large_is_refused_before_it_starts(tmp_path, monkeypatch):
    assert refusal(SHORT, 2**30) == ""
    engine = Engine(tmp_path)
    monkeypatch.setattr(engine, "hello", lambda: {"memory": 2**10})
    with pytest.raises(TooLarge, match="GiB"):
        engine.submit(SHORT, owner="me")
