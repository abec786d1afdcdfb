"""Causal recursive backpropagation: sizes, waits, checkpoints, gaps in sequences, learning."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rnn_core as rc
from rnn_core.learners import causal_recursive
from rnn_core.learners.causal_recursive import _response

CELLS = ("infinite_impulse", "finite_impulse")


def moved(spec: rc.Experiment) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradient that one update follows, and autograd's."""
    run = rc.Run(spec.with_(updates=1, optimiser="sgd", learning_rate=1.0, clip=0.0))
    stream = torch.Generator()
    stream.set_state(run.streams.data.get_state())
    batch, p = run.task.sample(spec.batch_size, stream), list(run.network.parameters())
    loss = run.task.loss(run.network.trace(batch.x, mask=batch.mask).outputs, batch)
    theirs = torch.cat([g.flatten() for g in torch.autograd.grad(loss, p)])
    before = torch.cat([v.detach().flatten() for v in p]).clone()
    for _ in run.training():
        pass
    return before - torch.cat([v.detach().flatten() for v in p]), theirs


@given(name=st.sampled_from(CELLS), n=st.integers(1, 5), t=st.integers(4, 12), layers=st.integers(1, 3),
       taps=st.integers(1, 5), batch_size=st.integers(1, 4), ragged=st.booleans(), seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_a_long_wait_is_exact_for_any_size(name, n, t, layers, taps, batch_size, ragged, seed):
    wired = {"wiring": "stack", "layers": layers} if layers > 1 else {}
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        ours, theirs = moved(rc.Experiment.of(name, "adding", "causal_recursive", hidden_size=n, length=t, taps=taps,
                                              batch_size=batch_size, ragged=ragged, seed=seed, wait=t, **wired))
    finally:
        torch.set_default_dtype(before)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", CELLS)
def test_the_response_is_what_an_impulse_does(name, float64):
    cell = rc.make_cell(name, 2, hidden_size=3, taps=3, activation="linear")
    for i in range(2):
        x = torch.zeros(1, 9, 2)
        x[0, 0, i] = 1.0
        with torch.no_grad():
            seen = rc.unroll(cell, x).outputs[0] - rc.unroll(cell, torch.zeros(1, 9, 2)).outputs[0]
            torch.testing.assert_close(_response(*cell.filters(), 8)[:, :, i], seen)


@pytest.mark.parametrize(("layers", "wait"), [(1, 8), (3, 2), (3, 40)])
def test_step_by_step_it_finds_the_same(layers, wait, float64, monkeypatch):
    wired = {"wiring": "stack", "layers": layers} if layers > 1 else {}
    spec = rc.Experiment.of("infinite_impulse", "adding", "causal_recursive", hidden_size=3, length=11, batch_size=2,
                            wait=wait, ragged=True, **wired)
    run = rc.Run(spec)
    batch = run.task.sample(2, run.streams.data)
    loss, at_once = run.learner.gradient(batch)
    monkeypatch.setattr(causal_recursive, "RUN", 1)
    pieces = list(run.learner.pieces(batch, None))
    assert len(pieces) == batch.x.shape[1] and sum(pieces) == pytest.approx(loss)
    torch.testing.assert_close([p.grad for p in run.learner.parameters], at_once, rtol=0, atol=1e-12)


def test_online_it_steps_while_the_sequence_runs():
    spec = rc.Experiment.of("infinite_impulse", "adding", "causal_recursive", hidden_size=3, length=12, updates=2,
                            online=True, optimiser="sgd", batch_size=2)
    run, steps = rc.Run(spec), [0]
    change = run.learner.optimiser.step
    run.learner.optimiser.step = lambda: (steps.__setitem__(0, steps[0] + 1), change())[1]
    assert list(run.training()).count(None) == 2 * 11
    assert steps[0] == 2 * 12 and run.status == "done"


def test_a_weight_that_is_held_stays(float64):
    run = rc.Run(rc.Experiment.of("infinite_impulse", "adding", "causal_recursive", hidden_size=3, length=6))
    before = {name: p.clone() for name, p in run.network.named_parameters()}
    held = next(iter(run.network.cells[0].parameters()))
    held.requires_grad_(False)
    learner = type(run.learner)(run.network, run.task, run.learner.settings, run.streams)
    list(learner.update())
    moved = [name for name, p in run.network.named_parameters() if not torch.equal(p, before[name])]
    assert len(moved) == len(before) - 1


def test_it_goes_on_from_a_checkpoint():
    spec = rc.Experiment.of("infinite_impulse", "adding", "causal_recursive", hidden_size=3, length=8, updates=6)
    whole, half = rc.train(spec, quiet=True), rc.Run(spec)
    for step in half.training():
        if step is not None and step.update == 3:
            break
    half.learner.restore(half.learner.tensors(), half.learner.numbers())
    for _ in half.training():
        pass
    assert half.digest() == whole.digest()


def test_the_wait_can_change_and_what_it_does_not_fit_is_said():
    run = rc.Run(rc.Experiment.of("infinite_impulse", "adding", "causal_recursive", hidden_size=3, length=8, updates=3))
    run.obey("wait", 2)
    assert run.learner.settings.wait == 2
    with pytest.raises(ValueError, match="^“teacher_forcing” cannot be changed in mid-run"):
        run.obey("teacher_forcing", 0.5)
    for architecture in ("elman", "echo_state", "jordan"):
        with pytest.raises(ValueError, match=r"^Causal recursive backpropagation needs synapses[^.]*\.$"):
            rc.Experiment.of(architecture, "adding", "causal_recursive")
    with pytest.raises(ValueError, match=r"^Causal recursive backpropagation needs one cell or a stack[^.]*\.$"):
        rc.Run(rc.Experiment.of("infinite_impulse", "adding", "causal_recursive", wiring="bidirectional"))


def test_sequences_with_gaps_are_refused(monkeypatch):
    run = rc.Run(rc.Experiment.of("infinite_impulse", "adding", "causal_recursive", hidden_size=3, length=8))
    whole = run.task.sample(4, torch.Generator().manual_seed(0))
    mask = torch.ones(whole.x.shape[:2], dtype=torch.bool)
    mask[:, 2] = False
    monkeypatch.setattr(run.task, "sample", lambda *_: whole._replace(mask=mask))
    with pytest.raises(ValueError, match="^Causal recursive backpropagation needs sequences without gaps.$"):
        list(run.training())
