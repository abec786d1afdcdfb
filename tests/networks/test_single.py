"""One cell and its readout; and Jordan's net, which speaks for itself and can be spoken for."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.records import Taught
from tests.cells.cases import identical, same


@pytest.fixture
def jordan(float64):
    """A Jordan network with two outputs, weights large enough to matter."""
    net = rc.Experiment.of("jordan", "adding", hidden_size=5, gain=3.0, feedback="sigmoid").make_network()
    with torch.no_grad():
        for p in net.parameters():
            p.add_(torch.randn(p.shape, generator=torch.Generator().manual_seed(1)) / 2)
    return net.double()


def test_the_readout_reads_every_step(float64):
    net = rc.Experiment.of("lstm", "adding", hidden_size=5).make_network().double()
    x = torch.randn(3, 4, 2)
    trace = net.trace(x)
    same(trace.outputs, trace.main.outputs @ net.readout.V.T + net.readout.d)
    same(net(x), trace.outputs)
    assert trace.main.name == "h" and trace.row(1).outputs.shape == (1, 4, 1)


def test_masked_outputs_are_zero_after_the_readout(float64):
    net = rc.Experiment.of("gru", "adding", hidden_size=5).make_network().double()
    with torch.no_grad():
        net.readout.d.fill_(1)
    x, mask = torch.randn(2, 4, 2), torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1]]).bool()
    x[~mask] = torch.nan
    for out in (net(x, mask=mask), net.trace(x, mask=mask).outputs):
        assert not out[~mask].any() and out[mask].all()


def test_fresh_readout_weights():
    net = rc.Experiment.of("lstm", "adding", hidden_size=64).make_network()
    assert 0.1 < float(net.readout.V.detach().abs().max()) <= 1 / 8 and not net.readout.d.any()


def test_a_teacher_is_heard_exactly_where_it_speaks(jordan):
    x, teacher = torch.randn(3, 6, 2), torch.rand(3, 6, 1)
    teacher[torch.rand(3, 6, 1, generator=torch.Generator().manual_seed(2)) < 0.5] = torch.nan

    def overwrite(t, state):
        said = teacher[:, t - 1]
        return state if t == 0 else state._replace(y=torch.where(said.isnan(), state.y, said.nan_to_num()))

    taught, forced = jordan.trace(x, teacher=teacher), jordan.trace(x, force=overwrite)
    same(taught.outputs, forced.outputs)
    same(taught.main.entering, forced.main.entering)
    same(jordan(x, teacher=teacher), taught.outputs)
    free = jordan.trace(x)
    identical(free.outputs[:, 0], taught.outputs[:, 0])
    assert not torch.allclose(free.outputs, taught.outputs)


def test_a_silent_teacher_changes_nothing(jordan):
    x = torch.randn(3, 6, 2)
    silent = torch.full((3, 6, 1), torch.nan)
    identical(jordan.trace(x, teacher=silent).outputs, jordan.trace(x).outputs)
    loss, other = ((jordan(x, teacher=t) ** 2).sum() for t in (silent, None))
    grads = [torch.autograd.grad(v, list(jordan.parameters())) for v in (loss, other)]
    identical(*map(list, grads))
    assert all(g.isfinite().all() for g in grads[0])


def test_a_forced_run_is_replayed(jordan):
    x, teacher = torch.randn(2, 5, 2), torch.rand(2, 5, 1)
    for trace in (jordan.trace(x, teacher=teacher).main,
                  jordan.trace(x, force=lambda t, s: s._replace(s=s.s * (t != 3))).main):
        out, after, probes = trace.replay()
        same([out, after], [trace.outputs, trace.states])
        same(probes["y"], trace.outputs)


def test_gradients_do_not_pass_through_what_the_teacher_said(jordan):
    x, teacher = torch.randn(1, 4, 2), torch.rand(1, 4, 1)
    trace = rc.unroll(jordan.cells[0], Taught(x, teacher), record=True)
    costates = torch.autograd.grad(trace.outputs[:, -1].sum(), [n.y for n in trace.nodes], allow_unused=True)
    assert costates[-1].any() and costates[1].any()
    first = torch.autograd.grad(jordan.trace(x, teacher=teacher).outputs[:, -1].sum(), jordan.cells[0].V)[0]
    h = trace.probes["h"][0, -1]
    same(first[0], h)


def test_a_teacher_is_nothing_to_others(float64):
    net = rc.Experiment.of("elman", "adding", hidden_size=5).make_network().double()
    x = torch.randn(2, 3, 2)
    identical(net.trace(x, teacher=torch.ones(2, 3, 1)).outputs, net.trace(x).outputs)
    assert not net.feeds_back


@pytest.mark.parametrize("wiring", ["single", "stack"])
def test_speaking_on_is_reading_ones_own_words(float64, wiring):
    net = rc.Experiment.of("lstm", "adding", wiring=wiring, hidden_size=5).make_network().double()
    x = torch.randn(3, 4, 2)

    def choose(y):
        return torch.cat([y, -y], 1).unsqueeze(1)

    said = net.generate(x, choose, 5)
    heard = x
    for _ in range(5):
        heard = torch.cat([heard, choose(net(heard)[:, -1])], 1)
    same(said, heard[:, 4:])


def test_a_net_that_reads_from_both_ends_cannot_speak_on():
    net = rc.Experiment.of("lstm", "adding", wiring="bidirectional", hidden_size=5).make_network()
    with pytest.raises(ValueError, match="cannot speak on"):
        net.generate(torch.randn(1, 4, 2), lambda y: y, 2)
