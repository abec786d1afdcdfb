"""Train with text or numbers of one's own: taken, named by their hash, refused in one sentence."""

from __future__ import annotations

import math

import pytest

from rnn_core.records.given import given
from tests.cells.cases import one_sentence

SERIES = "day,level\n" + "\n".join(f"d{t},{math.sin(t / 4):.4f}" for t in range(300))
SMALL = {"architecture": "gru", "hidden_size": "4", "length": "10"}


def give(app, name: str, data: bytes):
    app.file_uploader[0].upload(name, data).run()
    return app


def data_of(app) -> str:
    value = app.query_params["data"]
    return value[0] if isinstance(value, list) else value


def test_a_column_of_ones_own(visit) -> None:
    app = visit("Train", task="forecast", **SMALL)
    example = data_of(app)
    app = give(app, "own.csv", SERIES.encode())
    app.button(key="own_use").click().run()
    assert not app.exception and data_of(app) != example
    assert given(data_of(app)).split("\n")[1] == repr(round(math.sin(1 / 4), 4))
    app.button(key="own_back").click().run()
    assert data_of(app) == example


def test_a_text_of_ones_own(visit) -> None:
    text = "What is said here is said again and again. " * 60
    app = give(visit("Train", task="next_character", **SMALL), "own.txt", text.encode())
    app.button(key="own_use").click().run()
    assert not app.exception and given(data_of(app)) == text


@pytest.mark.parametrize(("task", "data"), [
    ("forecast", b""), ("forecast", b"\xff\xfe\x00"), ("forecast", b"a,b\nx,y\n"), ("forecast", b"a\n1\n\n2\nx\n"),
    ("forecast", b"a,b\n1,2\n,3\n4,5\n"), ("next_character", b"\xff\xfe\x00"),
])
def test_what_cannot_be_read(visit, task: str, data: bytes) -> None:
    app = give(visit("Train", task=task, **SMALL), "own.csv" if task == "forecast" else "own.txt", data)
    assert not app.exception and len(app.error) == 1 and app.button(key="own_use").disabled
    one_sentence(app.error[0].value)


@pytest.mark.parametrize("data", [b"a\n" + b"1\n" * 300, b"a\n1\n2\n3\n", b"a\ninf\n" + b"1\n2\n" * 100])
def test_what_cannot_be_learnt(visit, data: bytes) -> None:
    app = visit("Train", task="forecast", **SMALL)
    before = data_of(app)
    app = give(app, "own.csv", data)
    app.button(key="own_use").click().run()
    assert not app.exception and len(app.error) == 1 and data_of(app) == before
    one_sentence(app.error[0].value)
