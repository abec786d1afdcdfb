"""Why it forgot: held against finite differences and closed forms, and repaired where the leak is known."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.forgetting import Forgetting
from rnn_core.records import Batch
from rnn_core.records.trees import vector
from tests.cells.cases import same

SIZE, LENGTH = 4, 12


def double(spec: rc.Experiment, rows: int = 6) -> tuple:
    run = rc.Run(spec)
    batch = run.held_out.rows(slice(0, rows))
    x, target = batch.x.double(), batch.target
    return (run.network.double(), batch._replace(x=x, target=target.double() if target.is_floating_point() else target),
            run.task.loss, run.task)


def keeper(leak: float) -> rc.Run:
    """An LSTM built by hand for delayed recall of two symbols: unit 0 stores ±1, unit 1 hears the question.

    Its keep gate is σ(leak): only where that is near 1 the answer is right after a long lag.
    """
    run = rc.Run(rc.Experiment.of("lstm", "delayed_recall", hidden_size=2, lag=LENGTH, symbols=2))
    with torch.no_grad():
        for p in run.network.parameters():
            p.zero_()
        cell, readout = run.network.cells[0], run.network.readout
        i, f, g, o = cell.b.view(4, 2)
        W_i, W_f, W_g, _ = cell.W.view(4, 2, 3)
        i.fill_(-12.0)
        W_i[0, :2], W_i[1, 2] = 24.0, 24.0
        f[0], f[1] = leak, -12.0
        W_g[0] = torch.tensor([2.0, -2, 0])
        W_g[1, 2] = 3.0
        o.fill_(12.0)
        readout.V.copy_(torch.tensor([[9.0, 9], [-9, 9], [0, 0]]))
        readout.d[2] = 9.0
    return run


def found(run: rc.Run, row: int = 0, rows: int = 8) -> Forgetting:
    return rc.forgetting(run, row=row, rows=rows)


@pytest.mark.parametrize("architecture", ["elman", "lstm", "gru", "jordan"])
def test_what_is_left_is_what_a_small_change_of_the_input_leaves(float64, architecture):
    network, batch, loss, task = double(rc.Experiment.of(architecture, "adding", hidden_size=SIZE, length=LENGTH))
    result = rc.forgetting(network, batch, loss, task, row=1)
    m, a, h = result.needed, result.answer, 1e-6
    assert [m, a] == [task.story(batch, 1).marks[0], LENGTH - 1]

    def state(x, t):
        return vector(tuple(v[:, t] for v in network.trace(x).main.states))[0].detach()

    x = batch.x[1:2]
    for t in (m, m + 1, a):
        columns = []
        for k in range(2):
            up, down = x.clone(), x.clone()
            up[0, m, k] += h
            down[0, m, k] -= h
            columns.append((state(up, t) - state(down, t))[0] / (2 * h))
        norm = torch.linalg.matrix_norm(torch.stack(columns, 1), 2)
        assert float(result.left[t] * result.taken) == pytest.approx(float(norm), rel=1e-6, abs=1e-10)
    assert float(result.left[m]) == 1 and result.left[:m].isnan().all()


def test_what_reaches_the_answer_and_the_error_are_products_of_the_steps_jacobians(float64):
    network, batch, loss, task = double(rc.Experiment.of("gru", "adding", hidden_size=SIZE, length=LENGTH))
    result = rc.forgetting(network, batch, loss, task, row=2)
    trace = network.trace(batch.x[2:3])
    A, _ = rc.step_jacobians(trace.main)
    product = torch.eye(SIZE)
    for t in range(result.answer, result.needed - 1, -1):
        assert float(result.reach[t]) == pytest.approx(float(torch.linalg.matrix_norm(product, 2)), rel=1e-9)
        product = product @ A[0, t]
    norms = rc.gradient_norms(network, batch.rows(slice(2, 3)), loss).norms[0]
    same(result.gradient[result.needed:result.answer], norms[result.needed + 1:result.answer + 1])
    ratios = result.left[result.needed + 1:] / result.left[result.needed:-1]
    assert result.lost == result.needed + 1 + int(ratios.argmin())


def test_a_leak_of_known_size_is_found_and_holding_the_gate_repairs_it_everywhere():
    right, leaky = keeper(12.0), keeper(-1.0)
    assert right.measure()[1] == 1.0 and leaky.measure()[1] < 1.0
    kept = found(right)
    assert not kept.forgotten and "not forgotten" in kept.says
    result = found(leaky)
    keep = float(torch.sigmoid(torch.tensor(-1.0)))
    assert (result.needed, result.answer, result.gate_name) == (0, LENGTH, "f")
    same(result.gate[1:LENGTH], torch.full((LENGTH - 1,), keep), atol=1e-4)
    assert result.forgotten and f"is at {keep:.2f}" in result.says and "largest single loss" in result.says
    fix = rc.repair(leaky, row=0, rows=8)
    assert fix.helps and "hold the keep gate open" in fix.says and fix.repaired == fix.expected
    assert fix.others == 4 and fix.others_after < fix.others_before / 2 and "by chance" not in fix.says
    held = fix.best.after.main.probes["f"][0, 1:LENGTH]
    assert (held == 1).any() and fix.best.loss_after == min(v for _, v in fix.tried)


def test_where_there_is_no_error_there_is_nothing_to_repair():
    fix = rc.repair(keeper(12.0), rows=2)
    assert not fix.helps and "nothing to repair" in fix.says
    assert fix.frame().iloc[0, 0] == "leave it as it was" and len(fix.frame()) == len(fix.tried)


def test_where_nothing_helps_it_is_said():
    run = keeper(-1.0)
    with torch.no_grad():
        run.network.readout.V.zero_()
        run.network.readout.d.copy_(torch.tensor([0.0, 0, 9]))
    fix = rc.repair(run, rows=3)
    assert not fix.helps and f"none of {len(fix.tried) - 1} interventions repairs" in fix.says
    fix = rc.repair(rc.Experiment.of("jordan", "adding", hidden_size=3, length=6), rows=2)
    assert len(fix.tried) == 2 and "nothing that could be tried repairs" in fix.says


def test_an_input_that_was_never_taken_in():
    run = keeper(12.0)
    with torch.no_grad():
        run.network.cells[0].W.zero_()
    result = found(run)
    assert result.taken == 0 and "hardly taken in" in result.says


def test_a_task_that_asks_all_along_is_followed_to_the_input_that_is_felt_most():
    run = rc.Run(rc.Experiment.of("elman", "temporal_xor", hidden_size=SIZE, length=20))
    result = found(run, row=3)
    batch = run.held_out.rows(slice(3, 4))
    y = run.network(batch.x)
    losses = (y - batch.target)[0, :, 0].pow(2)
    assert result.answer == 1 + int(losses[1:].argmax()) and 0 <= result.needed < result.answer
    x = batch.x.clone().requires_grad_()
    felt, = torch.autograd.grad((run.network(x) - batch.target)[0, result.answer].pow(2).sum(), x)
    assert result.needed == int(felt[0, :result.answer].norm(dim=-1).argmax())


def test_a_stack_and_two_passes_and_uneven_lengths():
    for wiring in ("stack", "bidirectional"):
        spec = rc.Experiment.of("lstm", "adding", wiring=wiring, hidden_size=3, length=LENGTH, ragged=True)
        result = rc.forgetting(spec, row=1)
        assert result.gate_name == ("0.f" if wiring == "stack" else "f")
        length = int(result.asked.mask.sum())
        assert result.answer == length - 1 and result.left[length:].isnan().all()
        assert rc.repair(spec, row=1, rows=2).says.endswith(".")


def test_what_cannot_be_followed_gets_one_sentence():
    spec = rc.Experiment.of("lstm", "adding", hidden_size=3, length=LENGTH)
    with pytest.raises(ValueError, match="16 sequences, counted from 0: there is no sequence 16"):
        rc.forgetting(spec, row=16)
    run = rc.Run(spec)
    batch: Batch = run.held_out.rows(slice(0, 2))
    early = batch._replace(scored=torch.zeros_like(batch.counted).index_fill(1, torch.tensor([0]), True))
    with pytest.raises(ValueError, match="no finite answer comes after"):
        rc.forgetting(run.network, early, run.task.loss, run.task)
