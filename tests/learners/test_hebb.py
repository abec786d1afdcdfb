"""Hebb's rule: patterns one by one over random sizes, a readout that goes on from its sums, the page's rules."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rnn_core as rc
from rnn_core.learners.hebb import imprint
from tests.cells.cases import one_sentence
from tests.learners.checkpoints import taken_up


def signs(count: int, n: int, seed: int) -> torch.Tensor:
    """Patterns (count, n) of ±1."""
    return torch.randint(0, 2, (count, n), generator=torch.Generator().manual_seed(seed)).double() * 2 - 1


@given(n=st.integers(2, 30), count=st.integers(1, 6), seed=st.integers(0, 99))
@settings(max_examples=15, deadline=None)
def test_what_a_cell_stores_at_once_is_what_it_is_taught_one_by_one(n, count, seed):
    X = signs(count, n, seed)
    for rule, storage in (("hebb", "outer_product"), ("projection", "pseudo_inverse")):
        ours, theirs = (rc.make_cell("hopfield", 1, hidden_size=n, storage=storage).double() for _ in range(2))
        imprint(ours, X, rule)
        theirs.store(X)
        torch.testing.assert_close(ours.W, theirs.W, rtol=0, atol=1e-9)
    single = rc.make_cell("hopfield", 1, hidden_size=n).double()
    imprint(single, X[:1], "storkey")
    after = rc.unroll(single, steps=1, state=type(single.initial_state(1))(X[:1])).final.s
    assert torch.equal(after, X[:1])


def test_it_can_go_on_where_it_stopped():
    X, (whole, parts) = signs(5, 12, 0), (rc.make_cell("hopfield", 1, hidden_size=12).double() for _ in range(2))
    imprint(whole, X, "storkey")
    imprint(parts, X[:2], "storkey")
    imprint(parts, X[2:], "storkey", forget=False)
    torch.testing.assert_close(parts.W, whole.W)


def test_a_bidirectional_memory_is_taught_pairs():
    cell, other = (rc.make_cell("bam", 5, hidden_size=7).double() for _ in range(2))
    z, y = signs(3, 5, 1), signs(3, 7, 2)
    imprint(cell, (z, y))
    other.store(z, y)
    assert torch.equal(cell.W, other.W)


def test_a_readout_goes_on_from_its_sums():
    spec = rc.Experiment.of("echo_state", "narma", "hebb", hidden_size=12, length=20, batch_size=2, updates=4)
    whole = taken_up(spec)
    assert whole.learner.seen == 4 * 2 * 20
    with pytest.raises(ValueError, match="belongs to another readout"):
        rc.Run(spec.with_(hidden_size=9)).learner.restore(whole.learner.tensors(), whole.learner.numbers())


@pytest.mark.parametrize("centred", [False, True])
def test_a_first_pattern_is_said_back_exactly(centred, generator):
    spec = rc.Experiment.of("echo_state", "associative_recall", "hebb", hidden_size=30, centred=centred, updates=1,
                            batch_size=1, noise=0.0, stored=2)
    run = rc.Run(spec)
    stream = torch.Generator()
    stream.set_state(run.streams.data.get_state())
    list(run.training())
    batch = run.task.sample(1, stream)
    said = run.network(batch.x).detach()[:, -1]
    torch.testing.assert_close(said, batch.target[:, -1], rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("cell", "task"), [("lstm", "adding"), ("echo_state", "temporal_order"), ("hopfield", "adding")]
)
def test_what_it_has_nothing_for(cell, task):
    with pytest.raises(ValueError, match=r"\.$") as caught:
        rc.Experiment.of(cell, task, "hebb")
    one_sentence(str(caught.value))
