"""Step Jacobians and their products: the chain rule, known answers, bounds, and the refusal of what is too large."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.step_jacobians import where_finite
from rnn_core.records.trees import tmap, vector
from tests.cells.cases import same

ARCHITECTURES = ["elman", "gru", "jordan", "lstm", "recursive"]


@pytest.fixture(params=ARCHITECTURES)
def cell(request, float64):
    """A cell of each kind, its biases random."""
    cell = rc.make_cell(request.param, 2, hidden_size=3, output_size=2)
    with torch.no_grad():
        for p in cell.parameters():
            p.add_(torch.randn(p.shape) / 3)
    return cell


@pytest.mark.parametrize("reverse", [False, True])
def test_their_product_is_the_derivative_of_the_end_by_the_beginning(cell, reverse):
    x = torch.randn(2, 5, 2)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 1, 0]]).bool()
    trace = rc.unroll(cell, x, mask=mask, reverse=reverse)
    A, _ = rc.step_jacobians(trace)
    for k in range(2):
        start, back = vector(tmap(lambda v, k=k: v[k:k + 1], cell.initial_state(2)))

        def end(flat, k=k, back=back):
            final = rc.unroll(cell, x[k:k + 1], back(flat.unsqueeze(0)), mask=mask[k:k + 1], reverse=reverse).final
            return vector(final)[0][0]

        whole = torch.autograd.functional.jacobian(end, start[0])
        steps = A[k].flip(0) if not reverse else A[k]
        same(torch.linalg.multi_dot(list(steps)), whole)


def test_the_triangle_follows(cell):
    """G[s, s] = C_sᵀ ∂ℓ_s/∂out_s and G[s, t] = G[s, t+1] A_t: each loss by each entering state."""
    trace = rc.unroll(cell, torch.randn(1, 4, 2), record=True)
    A, C = (v[0] for v in rc.step_jacobians(trace))
    for s in range(4):
        g = 2 * trace.outputs[0, s].detach() @ C[s]
        loss = (trace.outputs[0, s] ** 2).sum()
        for t in range(s, -1, -1):
            node = trace.nodes[t]
            found = torch.autograd.grad(loss, list(node), retain_graph=True, allow_unused=True)
            found = [torch.zeros_like(v) if f is None else f for v, f in zip(node, found, strict=True)]
            same(g, torch.cat(found, 1)[0])
            g = g @ A[t - 1]


def test_the_size_is_known_before(cell):
    trace = rc.unroll(cell, torch.randn(4, 5, 2))
    A, C = rc.step_jacobians(trace)
    size = (A.numel() + C.numel()) * 8
    rc.step_jacobians(trace, budget=size)
    with pytest.raises(MemoryError, match="choose fewer sequences or steps") as caught:
        rc.step_jacobians(trace, budget=size - 1)
    assert "\n" not in str(caught.value)


def test_they_are_had_where_gradients_are_off(cell):
    trace = rc.unroll(cell, torch.randn(2, 3, 2))
    with torch.no_grad():
        same(list(rc.step_jacobians(trace)), list(rc.step_jacobians(rc.unroll(cell, trace.x))))


def test_a_hard_threshold_has_none():
    cell = rc.make_cell("hopfield", 1, hidden_size=4)
    A, C = rc.step_jacobians(rc.unroll(cell, steps=3))
    assert A.shape == (1, 3, 4, 4) and C.shape == (1, 3, 4, 4)
    assert ((A == 0) | (A == 1)).all()


def test_a_linear_network_is_its_matrix(float64):
    cell = rc.make_cell("elman", 2, hidden_size=4, activation="linear", gain=0.9)
    A, C = rc.step_jacobians(rc.unroll(cell, torch.randn(2, 3, 2)))
    same([A, C], [cell.R.detach().expand(2, 3, 4, 4)] * 2)
    products = rc.jacobian_products(rc.unroll(cell, torch.randn(2, 6, 2)))
    expected = 0.9 ** torch.arange(6, -1, -1.0)
    same([products.norms, products.bound], [expected.expand(2, 7)] * 2)
    assert products.rate == pytest.approx(0.9) and "shrinks by a factor of 0.9 a step" in products.says


def test_a_spectral_radius_below_one_bounds_nothing(float64):
    cell = rc.make_cell("elman", 1, hidden_size=2, activation="linear")
    with torch.no_grad():
        cell.R.copy_(torch.tensor([[0.5, 5.0], [0.0, 0.5]]))
    norms = rc.jacobian_products(rc.unroll(cell, torch.zeros(1, 3, 1))).norms[0]
    assert [round(float(v), 2) for v in norms] == [3.75, 5.01, 5.05, 1.0]
    table = rc.step_jacobians(rc.unroll(cell, torch.zeros(1, 3, 1))).frame()
    assert table["ρ"].tolist() == pytest.approx([0.5] * 3)
    assert table["σ"].tolist() == pytest.approx([5.0495] * 3, rel=1e-4)


def test_products_never_exceed_their_bound(cell):
    products = rc.jacobian_products(rc.unroll(cell, torch.randn(3, 12, 2)))
    assert (products.norms <= products.bound * (1 + 1e-12)).all()
    assert len(products.frame()) == 3 * 13 and products.frame().notna().all().all()


def test_numbers_that_ran_away_are_said_to_have():
    cell = rc.make_cell("elman", 1, hidden_size=2, activation="relu", gain=5.0)
    with torch.no_grad():
        cell.R.mul_(1e30)
    trace = rc.unroll(cell, torch.full((1, 8, 1), 1e30))
    assert "finite numbers" in rc.jacobian_products(trace).says
    bad = torch.tensor([[[1.0, 0.0], [0.0, 2.0]], [[torch.nan, 0.0], [0.0, 1.0]]])
    assert where_finite(torch.linalg.det, bad).isnan().tolist() == [False, True]
