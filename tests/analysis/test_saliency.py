"""Saliency: finite differences as a second road, known linear nets, the step and output asked about, refusals."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.saliency import answer_steps
from rnn_core.records import Batch
from tests.cells.cases import same

NETS = [
    ("elman", "single"),
    ("lstm", "single"),
    ("gru", "single"),
    ("jordan", "single"),
    ("recursive", "single"),
    ("lstm", "stack"),
    ("gru", "bidirectional"),
]
MASK = torch.arange(6) < torch.tensor([6, 4, 1]).unsqueeze(1)


@pytest.fixture(params=NETS, ids="-".join)
def net(request, float64):
    """A network of each wiring, with three outputs."""
    spec = rc.Experiment.of(request.param[0], "delayed_recall", wiring=request.param[1], hidden_size=3, symbols=2)
    return spec.make_network().double()


@pytest.fixture
def batch(float64) -> Batch:
    """Ragged sequences of numbers, scored at some steps; what stands in the padding is not a number."""
    scored = torch.tensor([[0, 1, 0, 0, 1, 0], [0, 0, 1, 1, 0, 0], [0, 0, 0, 0, 0, 0]]).bool()
    x = torch.randn(3, 6, 3).masked_fill(~MASK.unsqueeze(-1), torch.nan)
    return Batch(x, torch.zeros(3, 6, dtype=torch.long), MASK, scored)


@pytest.mark.parametrize(("step", "output"), [(None, None), (None, 1), (0, 0), (3, 2)])
def test_it_is_what_a_small_push_does(net, batch, step, output):
    found = rc.saliency(net, batch, step=step, output=output)
    steps = [4, 3, 0] if step is None else [step] * 3
    assert found.steps.tolist() == steps
    y = net.trace(batch.x, mask=batch.mask).outputs[range(3), steps]
    assert found.outputs.tolist() == (y.argmax(1).tolist() if output is None else [output] * 3)
    same(found.answers, y[range(3), found.outputs])
    measured = torch.zeros(3, 6, 3)
    for k in range(6):
        for i in range(3):
            push = torch.zeros_like(batch.x)
            push[:, k, i] = 1e-5
            ends = [
                net.trace(batch.x + s * push, mask=batch.mask).outputs[range(3), steps, found.outputs] for s in (1, -1)
            ]
            measured[:, k, i] = (ends[0] - ends[1]).detach() / 2e-5
    same(found.signed[MASK], measured[MASK], atol=1e-8)
    same(found.absolute[MASK], measured[MASK].norm(dim=-1), atol=1e-8)
    assert found.signed[~MASK].isnan().all() and found.x[~MASK].isnan().all()


def test_a_linear_net_tells_its_impulse_response(float64):
    spec = rc.Experiment.of("elman", "temporal_xor", activation="linear", hidden_size=4, length=9)
    net = spec.make_network().double()
    cell = net.cells[0]
    found = rc.saliency(net, Batch(torch.randn(2, 9, 1), torch.zeros(2, 9, 1)))
    powers = [net.readout.V @ torch.linalg.matrix_power(cell.R, 8 - k) @ cell.W for k in range(9)]
    same(found.signed, torch.stack(powers).view(1, 9, 1).expand(2, -1, -1).detach())


def test_the_final_answer_is_the_last_that_counts():
    nothing = torch.zeros(2, 5, 1)
    assert answer_steps(Batch(nothing, nothing)).tolist() == [4, 4]
    mask = torch.tensor([[1, 1, 1, 0, 0], [0, 1, 1, 1, 1]]).bool()
    assert answer_steps(Batch(nothing, nothing, mask)).tolist() == [2, 4]
    scored = torch.tensor([[0, 1, 0, 0, 0], [0, 0, 0, 0, 0]]).bool()
    assert answer_steps(Batch(nothing, nothing, mask, scored)).tolist() == [1, 4]


def test_what_may_be_said_and_read():
    run = rc.Run(rc.Experiment.of("gru", "adding", hidden_size=3, length=7))
    one, many = rc.saliency(run, rows=1), rc.saliency(run, rows=5)
    assert f"step {int(one.strongest[0])}" in one.says and "5 sequences" in many.says
    table = many.frame()
    assert len(table) == 35 and table.columns.tolist() == [
        "sequence",
        "t",
        "asked at",
        "norm",
        "by input 0",
        "by input 1",
    ]
    assert all(p.grad is None for p in run.network.parameters())
    text = rc.saliency(rc.Experiment.of("gru", "next_character", hidden_size=3, length=5), rows=2)
    assert text.frame().columns.tolist() == ["sequence", "t", "asked at", "norm"]


def test_refusals_in_one_sentence():
    run = rc.Run(rc.Experiment.of("gru", "adding", hidden_size=3, length=7))
    for options, sentence in (({"step": 7}, "steps 0 to 6; 7 is not"), ({"output": 1}, "outputs 0 to 0; 1 is not")):
        with pytest.raises(ValueError, match=sentence):
            rc.saliency(run, **options)
    with pytest.raises(ValueError, match="symbols and not numbers"):
        rc.saliency(run.network, Batch(torch.zeros(2, 7, 2).long(), torch.zeros(2, 7, 1)))


def test_nothing_moves_it_or_nothing_is_finite():
    run = rc.Run(rc.Experiment.of("elman", "adding", hidden_size=2, length=5))
    with torch.no_grad():
        run.network.cells[0].W.zero_()
    still = rc.saliency(run)
    assert "no small change" in still.says and still.strongest.tolist() == [-1] * 16
    with torch.no_grad():
        run.network.cells[0].W.fill_(torch.nan)
    assert "left the finite numbers" in rc.saliency(run).says
