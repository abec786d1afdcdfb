"""What visitors give is kept under its own hash, and only that comes back."""

from __future__ import annotations

import hashlib

import pytest

from rnn_core.records import given as room
from rnn_core.records.given import data_folder, given, keep
from tests.cells.cases import one_sentence


@pytest.fixture(autouse=True)
def somewhere(tmp_path, monkeypatch):
    """A data folder of this test's own."""
    monkeypatch.setenv("RNN_EXPLORER_DATA", str(tmp_path / "data"))


def refused(digest: str) -> None:
    with pytest.raises(ValueError, match="not on this machine") as caught:
        given(digest)
    one_sentence(str(caught.value))


@pytest.mark.parametrize("text", ["", "a", "two\r\nlines\n", "ü🤖", "../../etc/passwd"])
def test_what_is_kept_comes_back(text):
    digest = keep(text)
    assert digest == hashlib.sha256(text.encode()).hexdigest() and given(digest) == text
    assert keep(text) == digest and len(list((data_folder() / "given").iterdir())) == 1


@pytest.mark.parametrize("digest", ["", "0" * 64, "../secret", "0" * 63, "0" * 64 + "\n", "A" * 64])
def test_what_was_never_given(digest):
    refused(digest)


def test_what_was_changed_on_disk_is_refused():
    digest = keep("the text")
    (data_folder() / "given" / f"{digest}.txt").write_text("another text")
    refused(digest)


def test_too_much(monkeypatch):
    monkeypatch.setattr(room, "MOST", 10)
    with pytest.raises(ValueError, match="at most 10") as caught:
        keep("x" * 11)
    one_sentence(str(caught.value))
