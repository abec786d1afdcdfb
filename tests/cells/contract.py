"""The contract that everything which steps must keep: each function takes a ``Case`` and asserts one clause."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from rnn_core.analysis.step_jacobians import step_jacobians
from rnn_core.cells.base import Cell
from rnn_core.records.palette import TONES
from rnn_core.records.trees import leaves, tmap, vector
from rnn_core.unroll import run_fast, unroll
from tests.cells.cases import (
    B,
    Case,
    H,
    T,
    at,
    cut,
    gradients,
    holed_mask,
    identical,
    measured,
    one,
    same,
    spoil,
    tail_mask,
)

CHECKS: dict[str, Callable[[Case], None]] = {}


def check(f: Callable[[Case], None]) -> Callable[[Case], None]:
    """Enter a clause of the contract."""
    CHECKS[f.__name__] = f
    return f


@check
def replay_equals_the_loop(case: Case) -> None:
    """Time folded into one call of ``step`` gives what stepping gives: outputs, states, probes."""
    cell = case.cell()
    x, state = case.x(cell), case.state(cell)
    with torch.no_grad():
        trace = unroll(cell, x, state)
        again, after, probes = trace.replay()
        same(trace.probes, probes)
        for t in range(T):
            same(at(trace.entering, t), state)
            out, state, seen = cell.step(at(x, t), state)
            same([at(again, t), at(trace.outputs, t)], [out, out])
            same([at(after, t), at(trace.states, t)], [state, state])
            assert list(seen) == list(probes)
            same(at(probes, t), seen)
    same(trace.final, state)


@check
def a_row_alone_equals_its_row_in_the_batch(case: Case) -> None:
    """Nothing passes between the sequences of a batch."""
    cell = case.cell()
    x, state = case.x(cell), case.state(cell)
    whole = unroll(cell, x, state)
    for row in range(B):
        alone = unroll(cell, cut(x, row), one(state, row))
        same([alone.outputs, alone.final, alone.probes], [cut(whole.outputs, row), one(whole.final, row),
                                                         cut(whole.probes, row)])
        same(whole.row(row).probes, alone.probes)


@check
def masked_equals_one_by_one(case: Case) -> None:
    """Sequences of different lengths run together as each runs alone, in both directions."""
    cell = case.cell()
    x, state, mask = case.x(cell), case.state(cell), tail_mask()
    for reverse in (False, True):
        together = unroll(cell, x, state, mask=mask, reverse=reverse)
        for row, length in enumerate(mask.sum(1).tolist()):
            alone = unroll(cell, cut(x, row, slice(length)), one(state, row), reverse=reverse)
            same(together.outputs[row:row + 1, :length], alone.outputs)
            same(one(together.final, row), alone.final)
            assert not together.outputs[row, length:].any()
            same(cut(together.probes, row, slice(length)), alone.probes)


@check
def a_masked_step_keeps_the_state(case: Case) -> None:
    """Steps that are missing anywhere leave the state as it was, and their outputs are 0."""
    cell = case.cell()
    x, state, mask = case.x(cell), case.state(cell), holed_mask()
    trace = unroll(cell, x, state, mask=mask)
    for row in range(B):
        there = mask[row].nonzero().flatten()
        final = one(state, row)
        if len(there):
            alone = unroll(cell, tmap(lambda v, r=row, k=there: v[r:r + 1, k], x), final)
            same(trace.outputs[row:row + 1, there], alone.outputs)
            final = alone.final
        same(one(trace.final, row), final)
        assert not trace.outputs[row, ~mask[row]].any()


@check
def padding_is_not_felt(case: Case) -> None:
    """NaN at steps that do not exist changes no output, no state and no gradient, on either road."""
    cell = case.cell()
    x = case.x(cell)
    for mask in (tail_mask(), holed_mask()):
        results = []
        for given in (x, spoil(x, mask)):
            trace = unroll(cell, given, mask=mask)
            results.append((trace.outputs, trace.final, gradients(cell, trace.outputs, trace.final)))
            out, final = run_fast(cell, given, mask=mask)
            results.append((out, final, gradients(cell, out, final)))
        identical(results[0], results[2])
        identical(results[1], results[3])
        same(results[0], results[1])


@check
def states_are_batches_of_their_own(case: Case) -> None:
    """State fields are (b, …), share no memory, and have the parameters' dtype and device."""
    for dtype in (torch.float32, torch.float64):
        cell = case.cell(dtype=dtype)
        state = cell.initial_state(B)
        out, after, probes = cell.step(at(case.x(cell), 0), state)
        assert out.shape == (B, cell.output_size) and out.dtype == dtype
        assert [v.shape for v in leaves(state)] == [v.shape for v in leaves(after)]
        for tree in (state, after):
            fields = leaves(tree)
            assert fields and len({v.untyped_storage().data_ptr() for v in fields}) == len(fields)
            for v in fields:
                assert v.dim() >= 1 and len(v) == B and v.device == cell.like.device
                assert v.dtype == dtype or not v.is_floating_point()
        for v in probes.values():
            assert len(v) == B and (v.dtype == dtype or not v.is_floating_point())


@check
def advance_writes_into_nothing(case: Case) -> None:
    """What ``advance`` was given is untouched, and so are weights and buffers."""
    cell = case.cell()
    given = (cell.project(at(case.x(cell), 0)), case.state(cell), dict(cell.state_dict(keep_vars=True)))
    versions, copies = [v._version for v in leaves(given)], tmap(lambda v: v.detach().clone(), given)
    cell.advance(*given[:2])
    assert [v._version for v in leaves(given)] == versions
    identical(tmap(Tensor.detach, given), copies)


@check
def nothing_is_drawn_and_nothing_remembered(case: Case) -> None:
    """The same step twice, with other things done in between, gives the same numbers."""
    cell = case.cell()
    x, state = case.x(cell), case.state(cell)
    first = cell.step(at(x, 0), state)
    torch.manual_seed(99)
    unroll(cell, case.x(cell, 2, 3, seed=8))
    identical(cell.step(at(x, 0), state), first)


@check
def two_halves_make_a_whole(case: Case) -> None:
    """The state carries all that the second half must know."""
    cell = case.cell()
    x = case.x(cell)
    whole = unroll(cell, x)
    first = unroll(cell, tmap(lambda v: v[:, :3], x))
    second = unroll(cell, tmap(lambda v: v[:, 3:], x), first.final)
    same(torch.cat([first.outputs, second.outputs], 1), whole.outputs)
    same(second.final, whole.final)


@check
def gradients_are_finite(case: Case) -> None:
    """Over 40 steps every parameter gets a finite gradient, and some of them one that is not zero."""
    cell = case.cell()
    trace = unroll(cell, case.x(cell, B, 40))
    found = gradients(cell, trace.outputs, trace.final)
    assert all(bool(g.isfinite().all()) for g in found.values())
    assert all(bool(g.any()) for g in found.values())


@check
def recording_changes_nothing(case: Case) -> None:
    """Recorded entering states are nodes of the graph, and the numbers are those of an unrecorded run."""
    cell = case.cell()
    x = case.x(cell)
    plain, recorded = unroll(cell, x), unroll(cell, x, record=True)
    identical([plain.outputs, plain.final, plain.entering], [recorded.outputs, recorded.final, recorded.entering])
    nodes = [v for v in leaves(recorded.nodes) if v.is_floating_point()]
    assert all(v.requires_grad for v in nodes)
    found = torch.autograd.grad(measured(recorded.outputs, recorded.final), nodes, allow_unused=True)
    assert all(g is None or bool(g.isfinite().all()) for g in found)


@check
def models_batch_under_vmap(case: Case) -> None:
    """Three models stacked and run at once give what each gives alone."""
    class Along(nn.Module):
        def __init__(self, cell: Cell) -> None:
            super().__init__()
            self.cell = cell

        def forward(self, x: Any, mask: Tensor) -> tuple[Tensor, Any]:
            trace = unroll(self.cell, x, mask=mask)
            return trace.outputs, trace.final

    models = [Along(case.cell(seed)) for seed in range(3)]
    x, mask = case.x(models[0].cell), holed_mask()
    weights = torch.func.stack_module_state(models)

    def run(parameters: dict[str, Tensor], buffers: dict[str, Tensor]) -> tuple[Tensor, Any]:
        return torch.func.functional_call(models[0], (parameters, buffers), (x, mask))

    together = torch.func.vmap(run)(*weights)
    for k, model in enumerate(models):
        same(tmap(lambda v, k=k: v[k], together), model(x, mask))


@check
def step_jacobians_equal_autograd(case: Case) -> None:
    """A and C of every step are what autograd finds one step at a time; I and 0 where there is no step."""
    cell = case.cell()
    x, mask = case.x(cell, 2, 3), torch.tensor([[True, True, True], [True, False, True]])
    trace = unroll(cell, x, mask=mask)
    A, C = step_jacobians(trace)
    for row, t in itertools.product(range(2), range(3)):
        matrix, back = vector(tmap(lambda v, k=(row, t): v[k[0], k[1]].unsqueeze(0), trace.entering))
        if not mask[row, t]:
            identical([A[row, t], C[row, t]], [torch.eye(matrix.shape[1], dtype=A.dtype), torch.zeros_like(C[row, t])])
            continue

        def advance(flat: Tensor, k: tuple[int, int] = (row, t), back: Any = back) -> tuple[Tensor, Tensor]:
            out, new, _ = cell.step(tmap(lambda v: v[k[0], k[1]].unsqueeze(0), x), back(flat.unsqueeze(0)))
            return vector(new)[0][0], out[0]

        same((A[row, t], C[row, t]), torch.autograd.functional.jacobian(advance, matrix[0]))


@check
def the_fast_road_is_the_same_road(case: Case) -> None:
    """Outputs, final state and every gradient agree between torch's kernel, where there is one, and the loop."""
    cell = case.cell()
    state = case.state(cell)
    for mask in (None, tail_mask()):
        results = []
        for fast in (True, False):
            x = tmap(lambda v: v.clone().requires_grad_(v.is_floating_point()), case.x(cell))
            start = tmap(lambda v: v.clone().requires_grad_(v.is_floating_point()), state)
            if fast:
                out, final = run_fast(cell, x, start, mask=mask)
            else:
                trace = unroll(cell, x, start, mask=mask)
                out, final = trace.outputs, trace.final
            wanted = [v for v in leaves((x, start, dict(cell.named_parameters()))) if v.requires_grad]
            found = torch.autograd.grad(measured(out, final), wanted, allow_unused=True)
            found = [torch.zeros_like(v) if g is None else g for v, g in zip(wanted, found, strict=True)]
            results.append((out, final, found))
        same(*results)


@check
def copies_and_saved_weights_are_the_cell(case: Case) -> None:
    """A deep copy, and another cell that was given its state_dict, compute the same."""
    cell, other = case.cell(), case.cell(seed=5)
    x, before = case.x(cell), copy.deepcopy(cell.state_dict())
    other.load_state_dict(cell.state_dict())
    twin = copy.deepcopy(cell)
    expected = unroll(cell, x)
    for each in (other, twin):
        trace = unroll(each, x)
        identical([trace.outputs, trace.final, trace.probes], [expected.outputs, expected.final, expected.probes])
    identical(dict(cell.state_dict()), dict(before))
    assert twin.settings == cell.settings and twin.card == cell.card


@check
def fresh_weights_follow_the_seed(case: Case) -> None:
    """The same seed gives the same weights, another seed others, whatever the global stream does."""
    first = case.cell(seed=1, fresh=True).state_dict()
    torch.manual_seed(77)
    identical(dict(first), dict(case.cell(seed=1, fresh=True).state_dict()))
    other = case.cell(seed=2, fresh=True).state_dict()
    assert any(not torch.equal(v, other[k]) for k, v in first.items())


@check
def every_probe_is_on_the_card(case: Case) -> None:
    """Each probe has an equation that begins with its name, and a meaning that has a colour."""
    cell = case.cell()
    _, _, probes = cell.step(at(case.x(cell), 0), cell.initial_state(B))
    assert list(cell.card.equations) == list(probes)
    assert set(cell.card.symbols) == set(probes) and set(cell.card.symbols.values()) <= set(TONES)
    for name, equation in cell.card.equations.items():
        assert equation.startswith(name.rsplit(".", 1)[-1])


@check
def drawn_inputs_follow_the_generator(case: Case) -> None:
    """``draw`` gives b sequences of t steps, the same for the same stream."""
    cell = case.cell()
    for b, t in ((1, 1), (3, 2 * H + 1)):
        identical(case.x(cell, b, t), case.x(cell, b, t))
        assert all(v.shape[:2] == (b, t) for v in leaves(case.x(cell, b, t)))
