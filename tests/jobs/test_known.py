"""What a client has already fetched is not sent again."""

from __future__ import annotations

import safetensors.torch
import torch

from rnn_core.jobs import known
from rnn_core.jobs.history import read_records
from rnn_core.jobs.known import Known, Part
from tests.jobs.floor import Floor


def moment(update):
    """A moment of a tape, as bytes."""
    return safetensors.torch.save({"w": torch.tensor([float(update)])})


def answer(key="a", since=0, upto=3, moments=(0, 1)):
    """An answer with the records from ``since`` on."""
    lines = b"\n".join(b'{"update":%d}' % i for i in range(since, upto))
    return {"key": key, "since": since, "lines": lines, "moments": {str(m): moment(m) for m in moments}}


def updates(part):
    """The updates of a part's records."""
    return [record["update"] for record in part.records]


def test_what_is_known_and_what_is_new_are_put_together():
    part = Part().with_(answer())
    assert part.question() == {"key": "a", "after": 1, "since": 3}
    part = part.with_(answer(since=3, upto=5, moments=(4,)))
    assert updates(part) == [0, 1, 2, 3, 4] and sorted(part.moments) == [0, 1, 4]
    assert float(part.moments[4]["w"]) == 4.0


def test_an_id_that_has_come_to_mean_another_run_starts_anew():
    part = Part().with_(answer()).with_(answer(key="b", upto=2, moments=(0,)))
    assert part.question() == {"key": "b", "after": 0, "since": 2} and updates(part) == [0, 1]


def test_the_longer_of_two_parts_stays_and_few_runs_are_remembered(monkeypatch):
    mine = Known()
    long, short = Part().with_(answer()), Part().with_(answer(upto=1))
    mine.keep("x", long)
    mine.keep("x", short)
    assert mine.part("x") is long
    other = Part().with_(answer(key="b", upto=1))
    mine.keep("x", other)
    assert mine.part("x") is other
    monkeypatch.setattr(known, "KEPT", 2)
    for name in "yzw":
        mine.keep(name, short)
    assert mine.part("x") == Part() and mine.part("w") is short


def test_a_long_run_is_not_sent_twice(floor, tmp_path):
    run_id = floor.submit(updates=200)
    floor.finish(run_id)
    first = floor.ask("fetch", run_id=run_id)
    part = Part().with_(first)
    again = floor.ask("fetch", run_id=run_id, **part.question())
    assert again["lines"] == b"" and again["moments"] == {} and again["checkpoint"] == first["checkpoint"]
    assert part.with_(again) == part and updates(part) == list(range(201))
    assert floor.ask("fetch", run_id=run_id, key="another", after=99, since=99)["lines"] == first["lines"]
    assert floor.ask("fetch", run_id=run_id, key=first["key"], since=-5)["lines"] == first["lines"]
    floor.lose()
    later = Floor(tmp_path)
    more = later.ask("fetch", run_id=run_id, key=first["key"], after=0, since=150)
    assert [r["update"] for r in read_records(more["lines"])] == list(range(150, 201))
    later.store.close()
