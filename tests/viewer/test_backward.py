"""The gradient in the timeline: its numbers are those of the costates, its rows stand under their layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnn_core.analysis.costates import costates
from rnn_core.analysis.gradient_norms import gradient_norms
from rnn_core.viewer import timeline, unpack


def told(network, task, batch, **options):
    """Header and arrays of a timeline with costates."""
    found = costates(network, batch, task.loss)
    return found, *unpack(timeline(network.trace(batch.x, mask=batch.mask), batch=batch, costates=found, **options))


def test_the_sizes_are_those_of_the_costates_and_of_the_gradient_page(lstm, adding):
    task, batch = adding
    found, _, arrays = told(lstm, task, batch, row=2)
    own = found.passes[0].h[2].abs().numpy()
    assert np.allclose(arrays["∂0.h"][0], own) and arrays["‖∂0.h‖"].shape == (1, 12, 1)
    both = np.hypot(arrays["‖∂0.h‖"][0, :, 0], arrays["‖∂0.c‖"][0, :, 0])
    assert np.allclose(both, gradient_norms(lstm, batch, task.loss).norms[2].numpy(), rtol=1e-5)


def test_the_rows_stand_between_the_gates_and_the_answer(lstm, adding):
    task, batch = adding
    _, header, _ = told(lstm, task, batch, story=task.story(batch, 0))
    norm, units = [row for row in header["rows"] if row.get("log")]
    assert [row["array"] for row in header["rows"]][-4:] == ["0.c", norm["array"], units["array"], "y"]
    assert norm["over"][0]["array"] == "‖∂0.c‖" and norm["range"] == [1e-8, 10]
    (top,) = (row for row in header["rows"] if row["array"] == "0.h")
    assert units["twin"] == "0.h" and units["order"] == top["order"]
    others = [{"array": "‖∂0.c‖", "tone": "cell", "symbol": "c"}]
    assert top["card"]["gradient"] == {"norm": "‖∂0.h‖", "unit": "∂0.h", "others": others}
    assert top["card"]["below"]["scale"] == "grad"


def test_every_pass_has_rows_of_its_own(both_ways, adding):
    task, batch = adding
    _, header, arrays = told(both_ways, task, batch)
    found = [(row["array"], row["of"]) for row in header["rows"] if row.get("twin")]
    assert found == [("∂0.h", "0.h"), ("∂1.h", "1.h")]
    assert {"‖∂0.h‖", "‖∂1.h‖"} <= set(arrays)


def test_padding_has_no_gradient(lstm, adding):
    task, batch = adding
    mask = torch.arange(12).expand(4, 12) < 8
    scored = torch.zeros(4, 12, dtype=torch.bool)
    scored[:, 7] = True
    _, _, arrays = told(lstm, task, batch._replace(mask=mask, scored=scored))
    assert np.isnan(arrays["∂0.h"][0, 8:]).all() and np.isfinite(arrays["∂0.h"][0, :8]).all()
    assert np.isnan(arrays["‖∂0.h‖"][0, 8:]).all() and (arrays["‖∂0.h‖"][0, :8] > 0).all()


def test_a_single_unit_needs_no_second_row(adding, generator):
    from tests.viewer.conftest import LSTM, drawn

    task, batch = adding
    _, header, _ = told(drawn(LSTM, generator, hidden_size=1), task, batch)
    assert [row["kind"] for row in header["rows"] if row.get("log")] == ["line"]


def test_without_costates_and_in_short_there_are_no_such_rows(lstm, adding):
    task, batch = adding
    assert not any(row.get("log") for row in unpack(timeline(lstm.trace(batch.x)))[0]["rows"])
    _, header, arrays = told(lstm, task, batch, compact=True)
    assert not any(row.get("log") for row in header["rows"]) and not any("∂" in name for name in arrays)


def test_costates_of_another_network_are_refused(lstm, both_ways, adding):
    task, batch = adding
    with pytest.raises(ValueError, match="of 2 passes, the trace is of 1"):
        timeline(lstm.trace(batch.x), costates=costates(both_ways, batch, task.loss))
