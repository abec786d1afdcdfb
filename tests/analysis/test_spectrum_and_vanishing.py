"""Spectra of steps and powers of gains: numpy, known matrices, the ring, the warning example."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.jacobian_spectrum import spectrum
from rnn_core.analysis.vanishing import beforehand, warning_example
from tests.cells.cases import same


@pytest.fixture
def trace(float64):
    """An LSTM over a few steps."""
    return rc.unroll(rc.make_cell("lstm", 2, hidden_size=3, gain=1.5), torch.randn(2, 7, 2))


def test_eigenvalues_and_singular_values_are_numpys(trace):
    found, A = rc.jacobian_spectrum(trace), rc.step_jacobians(trace).A.numpy()
    for b in range(2):
        for t in range(7):
            ours, theirs = (np.sort_complex(v) for v in (found.eigenvalues[b, t].numpy(), np.linalg.eigvals(A[b, t])))
            np.testing.assert_allclose(ours, theirs, atol=1e-10)
            np.testing.assert_allclose(found.singular[b, t], np.linalg.svd(A[b, t])[1], atol=1e-12)
    sizes = np.abs(np.linalg.eigvals(A))
    np.testing.assert_allclose(found.inside, (sizes < 1).mean(-1))
    table = found.frame()
    assert len(table) == 2 * 7 * 6 and (table.groupby(["sequence", "t"])["size"].diff().dropna() <= 1e-12).all()


def test_many_steps_are_thinned_and_keep_their_names(trace):
    found = rc.jacobian_spectrum(trace, most=3)
    assert found.steps.tolist() == [0, 3, 6] and found.singular.shape == (2, 3, 6)
    same(found.singular, rc.jacobian_spectrum(trace).singular[:, [0, 3, 6]])


def test_an_orthogonal_matrix_is_one_circle(float64):
    cell = rc.make_cell("elman", 1, hidden_size=8, gain=0.7, activation="linear")
    found = rc.jacobian_spectrum(rc.unroll(cell, torch.randn(1, 4, 1)))
    same([found.eigenvalues.abs(), *found.ring], [torch.full((1, 4, 8), 0.7), *[torch.full((1, 4), 0.7)] * 2],
         atol=1e-7)
    assert (found.inside == 1).all() and "100% lie inside" in found.says


def test_the_ring_of_random_matrices(float64):
    """Singular values in any directions: the eigenvalues fill the ring that theory draws from them."""
    n, sizes = 300, torch.linspace(0.3, 1.4, 300)
    U, V = (torch.linalg.qr(torch.randn(n, n)).Q for _ in range(2))
    found = spectrum((U * sizes @ V)[None, None], torch.tensor([0]))
    inner, outer = (float(r) for r in found.ring)
    assert outer == pytest.approx(float(sizes.pow(2).mean().sqrt()))
    assert inner == pytest.approx(float(sizes.pow(-2).mean().rsqrt()))
    radii = found.eigenvalues.abs()
    assert float(radii.max()) < outer * 1.1 and float(radii.min()) > inner * 0.85


def test_what_is_not_finite_has_no_spectrum():
    A = torch.eye(2).expand(1, 2, 2, 2).clone()
    A[0, 1, 0, 0] = torch.nan
    found = spectrum(A, torch.arange(2))
    assert found.inside[0].isnan().tolist() == [False, True] and found.singular[0, 1].isnan().all()
    burst = rc.Experiment.of("elman", "adding", hidden_size=3, length=300, gain=5.0, activation="relu")
    assert rc.jacobian_spectrum(burst, rows=1).says.endswith(".")
    with pytest.raises(MemoryError, match="choose fewer"):
        rc.jacobian_spectrum(burst, budget=10)


def test_the_last_k_steps_and_both_bounds(float64):
    cell = rc.make_cell("elman", 2, hidden_size=5, gain=0.9, activation="sigmoid")
    trace = rc.unroll(cell, torch.randn(3, 9, 2))
    found, products = rc.vanishing(trace), rc.jacobian_products(trace)
    same([found.norms.flip(1), found.chain.flip(1)], [products.norms, products.bound])
    assert found.stretch == pytest.approx(0.25 * 0.9) and found.radius == pytest.approx(0.25 * 0.9)
    powers = found.stretch ** torch.arange(10)
    assert (found.norms <= found.chain * (1 + 1e-9)).all() and (found.chain <= powers * (1 + 1e-9)).all()
    assert list(found.frame().columns) == ["sequence", "k", "measured", "∏ σ", "(γρ)^k", "(γσ)^k"]


def test_gates_have_no_bound_beforehand(trace):
    found = rc.vanishing(trace)
    assert found.radius is None and found.stretch is None and len(found.frame().columns) == 4
    assert beforehand(rc.make_cell("recursive", 2)) == (None, None)
    spoilt = rc.make_cell("elman", 2)
    with torch.no_grad():
        spoilt.R[0, 0] = torch.nan
    assert beforehand(spoilt) == (None, None)


def test_the_warning_example_grows_before_it_fades():
    found = warning_example(rc.make_cell("elman", 1, hidden_size=2, activation="linear"), 40)
    assert [round(float(v), 2) for v in found.norms[0, :4]] == [1.0, 5.05, 5.01, 3.75]
    by_hand = [np.linalg.norm(np.linalg.matrix_power([[0.5, 5], [0, 0.5]], k), 2) for k in range(41)]
    np.testing.assert_allclose(found.norms[0], by_hand, rtol=1e-5)
    assert found.radius == pytest.approx(0.5) and found.stretch == pytest.approx(5.0495, rel=1e-4)
    assert "spectral radius is 0.5, it first grows, to 5.05 after 1 step." in found.says
