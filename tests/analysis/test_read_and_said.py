"""Read and said: the five pictures of a task's shape, shares by a plain count, and tasks whose answers have no name."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc

SHAPES = {
    "one to one": (1, 1),
    "one to many": (1, 6),
    "many to one": (6, 1),
    "many to many": (6, 5),
    "many, then many": (3, 3),
}


def fresh(task: str = "four_shapes", **settings: object) -> rc.Run:
    return rc.Run(rc.Experiment.of("gru", task, **settings))


@pytest.mark.parametrize("shape", SHAPES)
def test_how_much_is_read_and_asked(shape):
    result = rc.read_and_said(fresh(shape=shape, length=6))
    assert (result.reads, result.asks) == SHAPES[shape]
    assert all((due == "·") == (said == "·") for due, said in zip(result.due, result.said, strict=True))
    assert len(result.frame()) == len(result.read) and f"is asked at {result.asks};" in result.says


@pytest.mark.parametrize(("task", "settings"), [("four_shapes", {"shape": "many, then many"}), ("sentiment", {}),
                                                ("next_character", {})])
def test_shares_by_a_plain_count(task, settings):
    run = fresh(task, **settings)
    batch = run.held_out.rows(slice(0, 40))
    result = rc.read_and_said(run, rows=40, row=3)
    best = run.network(batch.x, mask=batch.mask).argmax(-1)
    hits = asked = 0
    for t in range(batch.target.shape[1]):
        rows = [b for b in range(len(batch.target)) if batch.counted[b, t]]
        here = sum(int(best[b, t]) == int(batch.target[b, t]) for b in rows)
        hits, asked = hits + here, asked + len(rows)
        assert (result.right[t].isnan() if not rows else float(result.right[t]) == pytest.approx(here / len(rows)))
    assert result.total == pytest.approx(hits / asked)
    told = run.task.story(batch, 3)
    assert result.read == tuple(told.inputs)
    for t, due in enumerate(result.due):
        assert due == ("·" if not batch.counted[3, t] else run.task.words[int(batch.target[3, t])])


def test_what_has_no_names():
    with pytest.raises(ValueError, match="asks for quantities or for sets"):
        rc.read_and_said(fresh("adding"))
    with pytest.raises(ValueError, match="asks for quantities or for sets"):
        rc.read_and_said(fresh("reber"))
    with pytest.raises(ValueError, match="There are 4 sequences, counted from 0; 4 is none of them"):
        rc.read_and_said(fresh(), rows=4, row=4)


def test_nothing_is_learnt_by_looking():
    run = fresh()
    before = [p.clone() for p in run.network.parameters()]
    rc.read_and_said(run)
    assert all(torch.equal(a, b) for a, b in zip(before, run.network.parameters(), strict=True))
