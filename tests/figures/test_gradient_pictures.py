"""Pictures of losses, triangle, spectrum, lab, phase diagram and optimisers: their numbers are the results'."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc
from rnn_core.analysis.error_triangle import ErrorTriangle
from rnn_core.analysis.jacobian_spectrum import JacobianSpectrum, spectrum
from rnn_core.analysis.optimiser_steps import OptimiserSteps
from rnn_core.analysis.phase_diagram import PhaseDiagram
from rnn_core.analysis.step_losses import StepLosses
from rnn_core.analysis.vanishing import Vanishing, warning_example
from rnn_core.records.palette import tone


def drawn(figure, name: str):
    """A named trace."""
    return next(trace for trace in figure.data if trace.name == name)


def texts(figure) -> str:
    """Everything that is written in a picture."""
    return " | ".join(a.text for a in figure.layout.annotations)


@pytest.fixture(scope="module")
def recall() -> rc.Run:
    """A fresh network that is asked at every step."""
    return rc.Run(rc.Experiment.of("elman", "delayed_recall", hidden_size=5, lag=14, gain=0.4))


def test_bars_are_the_parts_and_the_line_ends_at_the_loss(recall):
    result = rc.step_losses(recall)
    figure = rc.figures.step_losses(result)
    np.testing.assert_allclose(drawn(figure, "this step").y, result.parts, rtol=1e-6)
    assert drawn(figure, "sum so far").y[-1] == pytest.approx(result.total, rel=1e-5)
    assert f"the loss: {result.total:.3g}" in texts(figure) and "15 steps are scored" in rc.figures.alt(figure)


def test_a_step_without_loss_has_no_bar(run):
    figure = rc.figures.step_losses(rc.step_losses(run))
    assert [y for y in drawn(figure, "this step").y if y is not None] == [pytest.approx(rc.step_losses(run).total)]


def test_the_triangle_is_on_a_fixed_scale_with_a_floor(recall, theme):
    result = rc.error_triangle(recall, rows=4)
    heat, floor = rc.figures.error_triangle(result, theme=theme).data
    assert (heat.zmin, heat.zmax) == (-8, 1) and floor.contours.start == floor.contours.end == -6
    np.testing.assert_allclose(heat.z, result.median.log10().clamp(-8, 1), rtol=1e-5)
    assert np.isnan(heat.z[3, 4:]).all() and floor.line.dash == "dash"
    assert floor.line.color == tone("theory", theme)


def test_shares_are_the_second_view(recall):
    result = rc.error_triangle(recall, rows=4)
    figure = rc.figures.error_triangle(result, share=True)
    (heat,) = figure.data
    np.testing.assert_allclose(np.nansum(heat.z, 1), 1, rtol=1e-5)
    assert heat.zmin == 0 and "share of the row" in texts(figure) and "floor" not in texts(figure)


def test_one_scored_step_is_one_low_row(run):
    figure = rc.figures.error_triangle(rc.error_triangle(run))
    assert figure.layout.height == 180 and list(figure.data[0].y) == [11] and "only step 11 is scored" in texts(figure)
    assert len(figure.data) == 1 and "the loss of step 11 says" in rc.figures.alt(figure)


def test_long_triangles_are_thinned():
    norms = torch.rand(1, 400, 400)
    figure = rc.figures.error_triangle(ErrorTriangle(norms, torch.arange(400), torch.zeros(1, 400, 2)))
    assert figure.data[0].z.shape == (200, 200)
    empty = ErrorTriangle(torch.full((1, 2, 3), torch.nan), torch.tensor([1, 2]), torch.zeros(1, 3, 2))
    assert "no error signal" in rc.figures.alt(rc.figures.error_triangle(empty))


def test_every_frame_holds_the_eigenvalues_of_its_step(run, theme):
    result = rc.jacobian_spectrum(run, rows=1)
    figure = rc.figures.jacobian_spectrum(result, theme=theme)
    assert [frame.name for frame in figure.frames] == [str(t) for t in range(12)]
    for k, frame in enumerate(figure.frames):
        ring, dots, words, cursor = frame.data
        ours = np.sort_complex(np.round(np.array(dots.x) + 1j * np.array(dots.y), 4))
        theirs = np.sort_complex(np.round(result.eigenvalues[0, k].numpy(), 4))
        np.testing.assert_allclose(ours, theirs, atol=2e-4)
        assert f"{float(result.inside[0, k]):.0%} inside" in words.text[0] and cursor.x == (k, k)
        radii = np.hypot(*(np.array(v, float) for v in (ring.x, ring.y)))
        np.testing.assert_allclose(
            [np.nanmin(radii), np.nanmax(radii)], [float(r[0, k]) for r in result.ring], atol=2e-4
        )
        assert list(frame.traces) == [0, 1, 2, 3]
    assert figure.data[0].line.dash == "dash" and figure.data[0].line.color == tone("theory", theme)
    assert figure.data[1].marker.color == tone("gradient", theme)
    steps = figure.layout.sliders[0].steps
    assert [s.label for s in steps] == [f.name for f in figure.frames] and steps[0].method == "animate"
    circle = figure.layout.shapes[0]
    assert (circle.type, circle.x0, circle.x1, circle.y0, circle.y1) == ("circle", -1, 1, -1, 1)
    assert figure.layout.yaxis.scaleanchor == "x"


def test_long_spectra_have_sixty_frames_and_odd_ones_are_drawn():
    A = 0.5 * torch.eye(3).expand(1, 90, 3, 3)
    assert len(rc.figures.jacobian_spectrum(spectrum(A, torch.arange(90))).frames) == 60
    bad = spectrum(torch.full((1, 2, 2, 2), torch.nan), torch.arange(2))
    figure = rc.figures.jacobian_spectrum(bad)
    assert "not finite" in figure.to_json() and "left the finite numbers" in rc.figures.alt(figure)
    none = JacobianSpectrum(torch.zeros(1, 0, 2, dtype=torch.complex64), torch.zeros(1, 0, 2), torch.arange(0))
    assert "no step" in rc.figures.alt(rc.figures.jacobian_spectrum(none))


def test_the_lab_draws_measured_in_colour_and_theory_in_ink():
    cell = rc.make_cell("elman", 1, hidden_size=2, activation="linear")
    figure = rc.figures.vanishing(warning_example(cell, 40))
    measured, bound, radius = (
        drawn(figure, name)
        for name in ("measured", "bound (γ σ<sub>max</sub>)<sup><i>k</i></sup>", "(γ ρ)<sup><i>k</i></sup>, no bound")
    )
    np.testing.assert_allclose(np.array(measured.customdata)[1:4], [5.05, 5.01, 3.75], atol=0.005)
    np.testing.assert_allclose(np.array(radius.customdata, float), 0.5 ** np.arange(41), rtol=1e-6)
    assert bound.customdata[1] == pytest.approx(5.0495, rel=1e-4) and list(figure.layout.yaxis.range) == [-12, 6]
    assert measured.line.color == tone("gradient") and measured.line.dash == "solid"
    assert {bound.line.color, radius.line.color} == {tone("theory")} and "solid" not in (bound.line.dash,)


def test_the_lab_of_gates_has_the_product_alone(run):
    figure = rc.figures.vanishing(rc.vanishing(run, rows=3))
    result = rc.vanishing(run, rows=3)
    np.testing.assert_allclose(
        drawn(figure, "∏ σ<sub>max</sub>(<i>A</i>)").customdata, np.median(result.chain, 0), rtol=1e-5
    )
    assert "γ" not in texts(figure)
    plain = rc.figures.vanishing(Vanishing(torch.ones(1, 3), torch.ones(1, 3), 0.9, 0.9))
    assert len([t for t in plain.data if t.line.dash != "solid"]) == 1


def test_the_phase_diagram_is_clipped_and_tells_all(theme):
    norms = torch.tensor([[1e-300, 1e-3, 2.0], [0.0, torch.nan, 1e30]], dtype=torch.float64)
    result = PhaseDiagram(norms, torch.tensor([0.2, 0.9, 1.5]), torch.tensor([10, 20]), torch.arange(6).view(2, 3), 1.0)
    figure = rc.figures.phase_diagram(result, theme=theme)
    heat, theory = figure.data
    np.testing.assert_allclose(heat.z, [[-12, -3, np.log10(2)], [-12, np.nan, 12]], rtol=1e-6)
    np.testing.assert_allclose(heat.customdata[:, :, 0], [[-300, -3, np.log10(2)], [-400, np.nan, 30]], rtol=1e-6)
    np.testing.assert_allclose(theory.x, 1e-6 ** (1 / np.array([10, 20])))
    assert list(theory.y) == [10, 20] and theory.line.color == tone("theory", theme)
    gated = rc.figures.phase_diagram(PhaseDiagram(norms, result.gains, result.lengths, result.seeds))
    assert len(gated.data) == 1


def test_each_dot_is_a_weight(recall):
    result = rc.optimiser_steps(recall)
    dots, plain = rc.figures.optimiser_steps(result, rule="Adam").data
    there = result.gradient != 0
    assert len(dots.x) == int(there.sum())
    np.testing.assert_allclose(sorted(dots.y), sorted(result.moves["Adam"][there].abs().tolist()))
    np.testing.assert_allclose(np.array(plain.y) / np.array(plain.x), result.rate)
    with pytest.raises(ValueError, match="no rule “Newton”; there are SGD, momentum"):
        rc.figures.optimiser_steps(result, rule="Newton")
    with pytest.raises(ValueError, match="no rule “Newton”"):
        rc.figures.optimiser_shares(result, rule="Newton")


def test_owed_parts_are_drawn_beside_those_of_sgd(recall):
    result = rc.optimiser_steps(recall)
    figure = rc.figures.optimiser_shares(result, rule="RMSProp")
    np.testing.assert_allclose(drawn(figure, "RMSProp").customdata, result.owed["RMSProp"], rtol=1e-6)
    np.testing.assert_allclose(drawn(figure, "SGD").customdata, result.owed["SGD"], rtol=1e-6)
    assert len(rc.figures.optimiser_shares(result, rule="SGD").data) == 1


def test_nothing_is_drawn_as_nothing():
    none = OptimiserSteps(torch.zeros(3), {"SGD": torch.zeros(3)}, {"SGD": torch.zeros(0)}, 0.01)
    assert "none of them feels" in rc.figures.alt(rc.figures.optimiser_steps(none, rule="SGD"))
    assert "no step" in rc.figures.alt(rc.figures.optimiser_shares(none, rule="SGD"))
    empty = StepLosses(torch.full((3,), torch.nan), torch.zeros(3), float("nan"))
    assert "No step is scored" in rc.figures.alt(rc.figures.step_losses(empty))
    lost = PhaseDiagram(torch.full((1, 1), torch.nan), torch.ones(1), torch.ones(1).long(), torch.zeros(1, 1).long())
    assert "left the finite numbers" in rc.figures.alt(rc.figures.phase_diagram(lost))
    assert "nothing can be measured" in rc.figures.alt(rc.figures.vanishing(Vanishing(*[torch.ones(0, 0)] * 2)))
