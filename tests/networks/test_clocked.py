"""A hierarchy with clocks keeps every clause of the contract; its levels move when they should, and only then."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch

import rnn_core as rc
from rnn_core import catalogue
from rnn_core.networks.clocked import Clocked, ClockedNetwork, ClockedSettings
from rnn_core.networks.stack import Stack
from tests.cells.cases import INPUTS, OUTPUTS, Case, H, identical, same, variants
from tests.cells.contract import CHECKS
from tests.covering import PLAIN


@dataclass(frozen=True)
class Clock(Case):
    """Three levels of a cell, of which the upper ones move at every second and fourth step."""

    read_all: bool = True

    def cell(self, seed: int = 0, dtype: torch.dtype = torch.float64, fresh: bool = False) -> Clocked:
        """The hierarchy with fresh weights; unless ``fresh``, zeros among them are made random."""
        sizes = [INPUTS, H, H]
        one = Clocked([self.cls(i, self.settings, OUTPUTS) for i in sizes], 2, self.read_all)
        stream = torch.Generator().manual_seed(seed)
        one.initialise(stream)
        with torch.no_grad():
            for p in one.parameters():
                if not fresh and not p.any():
                    p.copy_(torch.randn(p.shape, generator=stream) / 2)
        return one.to(dtype)


CASES = [Clock(case.cls, case.settings, read_all=every) for name in PLAIN
         for case in variants(catalogue.cell_classes()[name])[:1] for every in (True, False)]


@pytest.mark.parametrize("clause", CHECKS)
@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c}-{'all' if c.read_all else 'top'}")
def test_contract(case, clause):
    CHECKS[clause](case)


def pair(name: str = "lstm"):
    """Two cells that fit on top of one another."""
    return [rc.make_cell(name, 3, hidden_size=4, seed=1), rc.make_cell(name, 4, hidden_size=4, seed=2)]


def test_the_upper_level_moves_at_every_third_step(float64):
    below, above = pair()
    x = torch.randn(2, 8, 3)
    trace = rc.unroll(Clocked([below, above], 3), x)
    first = rc.unroll(below, x)
    picked = rc.unroll(above, first.outputs[:, ::3])
    same(trace.probes["0.c"], first.probes["c"])
    held = torch.arange(8) // 3
    same(trace.probes["1.c"], picked.states.c[:, held])
    same(trace.outputs, torch.cat([first.outputs, picked.outputs[:, held]], -1))
    assert trace.probes["1.m"][0, :, 0].tolist() == [1, 0, 0, 1, 0, 0, 1, 0]
    assert trace.final.clock.tolist() == [[8], [8]]


def test_a_clock_of_one_is_a_stack(float64):
    x = torch.randn(2, 6, 3)
    identical(rc.unroll(Clocked(pair(), 1, read_all=False), x).outputs, rc.unroll(Stack(pair()), x).outputs)


def test_the_clock_stands_still_where_no_step_is(float64):
    x, mask = torch.randn(1, 5, 3), torch.tensor([[True, False, False, True, True]])
    cell = Clocked(pair("gru"), 2)
    same(rc.unroll(cell, x, mask=mask).outputs[:, mask[0]], rc.unroll(cell, x[:, mask[0]]).outputs)


def test_a_net_has_all_its_levels():
    spec = rc.Experiment.of("gru", "adding", wiring="clocked", layers=3, period=2, hidden_size=H)
    net = spec.make_network()
    assert isinstance(net, ClockedNetwork) and net.readout.V.shape == (1, 3 * H)
    top = spec.with_(read_all=False).make_network()
    assert top.readout.V.shape == (1, H) and top.cells[0].period == 2


def test_a_net_that_hears_itself_has_no_levels():
    with pytest.raises(ValueError, match="gives the answer itself"):
        rc.Experiment.of("jordan", "adding", wiring="clocked")
    kind = catalogue.cell_classes()["jordan"]
    with pytest.raises(ValueError, match="gives the answer itself"):
        ClockedNetwork.build(lambda i, o: kind(i, None, o), 2, 1, ClockedSettings())
