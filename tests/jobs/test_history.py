"""The history as lines of JSON."""

from __future__ import annotations

from rnn_core.jobs.history import LOOK_LIMIT, History, read_records, write_record


def lines(count):
    return b"".join(write_record({"update": i, "loss": i / 2}) + b"\n" for i in range(count))


def test_lines_come_back_as_they_were():
    history = History.from_bytes(lines(5), 9)
    assert read_records(history.since(0)) == [{"update": i, "loss": i / 2} for i in range(5)]
    assert [record["update"] for record in read_records(history.since(3))] == [3, 4] and history.since(9) == b""


def test_a_torn_last_line_and_whatever_is_not_a_record_are_left_out():
    data = lines(3) + b"nonsense\n[1]\n{\"loss\": 1}\n{\"update\": \"x\"}\n" + write_record({"update": 3})[:-4]
    assert list(History.from_bytes(data, 9).updates) == [0, 1, 2]


def test_records_after_the_checkpoint_and_records_said_twice_are_left_out():
    history = History.from_bytes(lines(5) + lines(4), 3)
    assert list(history.updates) == [0, 1, 2, 3] and history.upto(1) == 2 and history.upto(-1) == 0
    assert list(history.copy(1).updates) == [0, 1] and len(history.lines) == 4


def test_what_is_not_finite_becomes_null():
    odd = {"update": 1, "loss": float("nan"), "norm": float("inf")}
    assert write_record(odd) == b'{"update":1,"loss":null,"norm":null}'


def test_a_look_is_limited_and_can_go_on():
    history = History()
    for update in range(LOOK_LIMIT + 5):
        history.add(update, b"{}")
    assert len(history.since(0).split(b"\n")) == LOOK_LIMIT and len(history.since(LOOK_LIMIT).split(b"\n")) == 5
