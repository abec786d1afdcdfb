"""Signal-flow graphs: every architecture and wiring, transposed twice, drawings that do not depend on sizes."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import rnn_core as rc
from tests.covering import architectures_with_wirings

NETS = architectures_with_wirings()


@pytest.mark.parametrize(("architecture", "wiring"), NETS, ids=map("-".join, NETS))
def test_the_transposed_graph_gives_the_gradient(architecture, wiring):
    spec = rc.Experiment.of(architecture, "adding", wiring=wiring, hidden_size=3, length=6, ragged=True)
    for which in range(len(rc.Run(spec).network.cells)):
        found = rc.flow_graph(spec, rows=4, which=which)
        assert found.gap < 1e-12 * max(1.0, found.largest)
        again = found.transpose().transpose()
        assert again.nodes == found.nodes and again.edges == found.edges
        ids = [n.id for n in found.nodes]
        assert len(set(ids)) == len(ids) and all({e.start, e.end} <= set(ids) for e in found.edges)
        assert all(ids.index(e.start) < ids.index(e.end) for e in found.edges)


@given(name=st.sampled_from(["elman", "gru", "lstm"]), n=st.integers(1, 6), t=st.integers(4, 9), rows=st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_the_drawing_does_not_depend_on_sizes(name, n, t, rows):
    spec = rc.Experiment.of(name, "adding", hidden_size=n, length=t)
    one, other = rc.flow_graph(spec, rows=rows), rc.flow_graph(rc.Experiment.of(name, "adding", length=5), rows=1)
    if n > 1:
        assert [(v.kind, v.label, v.name) for v in one.nodes] == [(v.kind, v.label, v.name) for v in other.nodes]
    assert one.gap < 1e-12


def test_every_variant_of_the_gated_cells():
    for name, key in (("lstm", "variant"), ("gru", "variant")):
        for choice in rc.catalogue.cell_classes()[name].Settings.model_fields[key].annotation.__args__:
            spec = rc.Experiment.of(name, "adding", hidden_size=3, length=5, ragged=True, **{key: choice})
            assert rc.flow_graph(spec, rows=3).gap < 1e-12


def test_nobody_is_touched_and_a_missing_pass_is_said():
    run = rc.Run(rc.Experiment.of("elman", "adding", hidden_size=3, length=5))
    before = run.digest()
    rc.flow_graph(run)
    assert run.digest() == before and run.network.readout.V.dtype == torch.float32
    with pytest.raises(ValueError, match="^There are passes 0 to 0; 3 is not among them.$"):
        rc.flow_graph(run, which=3)


def test_a_network_that_left_the_finite_numbers():
    burst = rc.Experiment.of("elman", "adding", hidden_size=3, length=600, gain=5.0, activation="linear")
    found = rc.flow_graph(burst, rows=2)
    assert "left the finite ones" in found.says
    assert rc.figures.flow_graph(found).to_json()
