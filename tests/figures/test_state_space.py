"""The picture of the state space: points, path, cursor frames; 2 and 3 dimensions; time and answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rnn_core as rc


@pytest.fixture(scope="module")
def result(run):
    """The states of many sequences."""
    return rc.state_space(run, rows=30)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_cloud_path_and_cursor(result, dimensions, theme):
    figure = rc.figures.state_space(result, row=5, step=7, dimensions=dimensions, theme=theme)
    cloud, path, ends, cursor = figure.data
    assert len(cloud.x) == 30 * 12
    for k, axis in enumerate("xyz"[:dimensions]):
        np.testing.assert_allclose(path[axis], result.points[5, :, k])
        assert cursor[axis][0] == path[axis][7] and list(ends[axis]) == [path[axis][0], path[axis][-1]]
    assert [f.name for f in figure.frames] == [str(t) for t in range(12)]
    assert figure.frames[4].data[0].x[0] == path.x[4] and figure.frames[4].traces == (3,)
    (slider,) = figure.layout.sliders
    assert slider.active == 7 and [s.args[0][0] for s in slider.steps] == [f.name for f in figure.frames]


def test_time_and_answers_have_colours(result):
    time, answer = (rc.figures.state_space(result, colour=c).data[0].marker.color for c in ("time", "answer"))
    assert list(time[:13]) == [*range(12), 0]
    np.testing.assert_allclose(answer[:12], float(result.answers[0]))


def test_classes_are_named_where_they_answer(theme):
    run = rc.Run(rc.Experiment.of("gru", "delayed_recall", hidden_size=4, lag=4, symbols=3))
    figure = rc.figures.state_space(rc.state_space(run), colour="answer", words=["<i>", "B", "C"], theme=theme)
    assert {line.text[0] for line in figure.data[4:]} == {"<b>&lt;i&gt;</b>", "<b>B</b>", "<b>C</b>"}


def test_long_sequences_and_many_points_are_thinned():
    figure = rc.figures.state_space(rc.state_space(rc.Experiment.of("elman", "adding", hidden_size=3, length=500)))
    assert len(figure.data[0].x) <= 2500 and len(figure.frames) <= 120 and figure.frames[-1].name == "499"


def test_odd_states_and_refusals(result):
    one = rc.state_space(rc.Experiment.of("gru", "temporal_xor", hidden_size=1, length=4))
    assert rc.figures.state_space(one, dimensions=3).to_json()
    run = rc.Run(rc.Experiment.of("elman", "adding", hidden_size=3, length=6))
    with torch.no_grad():
        run.network.cells[0].b.fill_(torch.nan)
    assert "no step" in rc.figures.state_space(rc.state_space(run)).layout.annotations[-1].text
    for options in ({"colour": "taste"}, {"dimensions": 4}):
        with pytest.raises(ValueError, match="2 or 3 dimensions, coloured by time or by answer"):
            rc.figures.state_space(result, **options)
