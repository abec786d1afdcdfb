"""The list of rows that ships with the project: complete, unique, and told in plain sentences."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

GROUPS = {"A": ("systems", 32), "B": ("learning", 23), "C": ("tasks", 35), "D": ("phenomena", 20)}
FIELDS = ["row", "group", "title", "reference", "says", "check"]


@pytest.fixture(scope="module")
def rows(project: Path) -> list[dict[str, str]]:
    """The rows as they stand in the file."""
    return json.loads((project / "rnn_core" / "catalogue" / "rows.json").read_text(encoding="utf-8"))


def test_the_list_is_complete_and_in_order(rows):
    expected = [(f"{letter}{n}", group) for letter, (group, many) in GROUPS.items() for n in range(1, many + 1)]
    assert len(expected) == 110
    assert [(row["row"], row["group"]) for row in rows] == expected


def test_every_row_has_the_same_fields(rows):
    assert [row["row"] for row in rows if list(row) != FIELDS] == []
    assert [row["row"] for row in rows if not all(text and text == text.strip() for text in row.values())] == []


@pytest.mark.parametrize("field", ["title", "says", "check"])
def test_no_text_stands_twice(rows, field):
    texts = [row[field] for row in rows]
    assert sorted({text for text in texts if texts.count(text) > 1}) == []


def test_says_and_check_are_one_plain_sentence(rows):
    for row in rows:
        for text in (row["says"], row["check"]):
            assert text[0].isupper() and text[-1] in ".?" and ". " not in text, row["row"]
