"""The flow graph and the adjoint equation under the unrolled graph."""

from __future__ import annotations

import json

import rnn_core as rc
from tests.pages.reading import told

FAST = {"task": "adding", "hidden_size": "4", "length": "6"}


def pictures(app) -> list[str]:
    """The words of the charts of a page."""
    return [json.loads(chart.proto.spec)["layout"]["meta"]["alt"] for chart in app.get("plotly_chart")]


def test_the_graph_and_its_transpose(visit) -> None:
    app = visit("Unrolled graph", architecture="lstm", **FAST)
    found = rc.flow_graph(rc.Experiment.of("lstm", "adding", hidden_size=4, length=6), rows=8)
    assert found.says in told(app) and found.says_not in told(app)
    assert [alt[:8] for alt in pictures(app)] == ["One step"]
    app.segmented_control(key="flow_way").set_value("Side by side").run()
    assert not app.exception
    assert [alt[:14] for alt in pictures(app)] == ["One step as a ", "The transposed"]
    app.segmented_control(key="flow_way").set_value("Transposed").run()
    assert found.transpose().says in told(app) and "∂L/∂R" in told(app)


def test_in_continuous_time(visit) -> None:
    for architecture in ("ctrnn", "gru"):
        app = visit("Unrolled graph", architecture=architecture, **FAST)
        app.session_state["sections:unrolled"] = "In continuous time"
        app.run()
        assert not app.exception
        if architecture == "ctrnn":
            spec = rc.Experiment.of("ctrnn", "adding", hidden_size=4, length=6)
            assert rc.adjoint_ode(spec, rows=4).says in told(app)
        else:
            assert "Only a single continuous-time network" in " ".join(i.value for i in app.info).replace("\\", "")
