"""What if: an intervention is drawn as it is set, kept, taken away, and dropped with its network."""

from __future__ import annotations

import base64
import json

import numpy as np

import rnn_core as rc
from rnn_core.shipped import shipped
from tests.pages.reading import told

FAST = {"architecture": "gru", "task": "adding", "hidden_size": "5", "length": "12"}
SECTION = "What if?"


def opened(visit, **query):
    """The page with the section open."""
    return visit("Hidden states", section=SECTION, **query)


def control(app, kind: str, label: str):
    """The control of a kind whose label begins so."""
    return next(one for one in getattr(app, kind) if one.label.startswith(label))


def button(app, label: str):
    return next(b for b in app.button if b.label == label)


def drawn(app) -> dict[str, np.ndarray]:
    """The lines of the picture, by name."""
    chart = json.loads(app.get("plotly_chart")[-1].proto.spec)
    found = {}
    for one in chart["data"]:
        y = one["y"]
        found[one.get("name")] = (
            np.frombuffer(base64.b64decode(y["bdata"]), np.dtype(y["dtype"])) if isinstance(y, dict) else y
        )
    return found


def test_a_held_gate_is_drawn_as_it_is_set(visit) -> None:
    app = opened(visit)
    row = control(app, "number_input", "Held-out").value
    control(app, "slider", "Steps").set_value((10, 12))
    control(app, "number_input", "Value").set_value(0.5)
    control(app, "number_input", "Unit").set_value(3).run()
    done = [rc.Intervention(kind="hold", name="f", unit=3, first=10, last=12, value=0.5)]
    run = shipped()
    result = rc.intervene(run.network, run.held_out.rows(slice(row, row + 1)), run.task.loss, done)
    np.testing.assert_allclose(drawn(app)["touched"], result.after.outputs[0, :, 0], rtol=1e-5)
    np.testing.assert_allclose(drawn(app)["untouched"], result.before.outputs[0, :, 0], rtol=1e-5)
    assert result.says in told(app) and "holding f of unit 3 at 0.5 from step 10 to 12" in told(app)


def test_several_are_kept_stacked_and_taken_away(visit) -> None:
    app = opened(visit, **FAST)
    for kind, words in (
        ("Hold a gate or a unit", "Hold all of z at 0"),
        ("Another initial state", "Start all of h at 0"),
        ("Overwrite a weight", "Set all of cells.0.W at 0"),
    ):
        control(app, "selectbox", "What to do").set_value(
            next(k for k, v in rc.records.intervention.KINDS.items() if v == kind)
        ).run()
        assert not app.exception
        button(app, "Keep it, add another").click().run()
        assert any(words in b.label.replace("\\", "") for b in app.button)
        assert button(app, "Keep it, add another").disabled
    assert len(app.session_state["interventions"]["kept"]) == 3
    app.button(key="whatif_drop_0").click().run()
    assert [json.loads(one)["kind"] for one in app.session_state["interventions"]["kept"]] == ["start", "weight"]


def test_what_belonged_to_another_network_is_dropped_with_a_sentence(visit) -> None:
    app = opened(visit, **FAST)
    button(app, "Keep it, add another").click().run()
    for key, value in {**FAST, "hidden_size": "4"}.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    assert any("One intervention belonged to another network" in one.value for one in app.info)
    assert app.session_state["interventions"]["kept"] == []


def test_only_what_is_computed_in_the_step_is_offered_to_hold(visit) -> None:
    app = opened(visit, **{**FAST, "architecture": "elman"})
    assert control(app, "selectbox", "Of what").options == ["u, hidden state", "a, candidate", "h, hidden state"]


def test_a_pass_can_be_chosen(visit) -> None:
    app = opened(visit, **FAST, wiring="bidirectional")
    control(app, "selectbox", "Pass").set_value(1).run()
    assert not app.exception
    button(app, "Keep it, add another").click().run()
    assert json.loads(app.session_state["interventions"]["kept"][0])["which"] == 1
