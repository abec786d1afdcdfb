"""On the loss surface: every control of the section, and nothing to draw."""

from __future__ import annotations

import rnn_core as rc
from tests.pages.reading import told

FAST = {"architecture": "elman", "task": "adding", "hidden_size": "6", "length": "12"}
SPEC = rc.Experiment.of("elman", "adding", hidden_size=6, length=12)


def opened(visit):
    """The section."""
    return visit("Gradients", section="On the loss surface", **FAST)


def test_the_section_follows_its_controls(visit) -> None:
    app = opened(visit)
    found = rc.loss_surface(SPEC, ("SGD", "momentum", "Adam"), rate=0.005)
    assert found.says in told(app) and found.says_not in told(app)
    app.button_group(key="surface_rules").set_value(["SGD", "RMSProp"])
    app.select_slider(key="surface_updates").set_value(1)
    app.select_slider(key="surface_rate_0.005").set_value(0.1)
    app.button_group(key="surface_plane").set_value("random").run()
    app.number_input(key="surface_draw").set_value(3).run()
    assert not app.exception
    found = rc.loss_surface(SPEC, ("SGD", "RMSProp"), rate=0.1, updates=1, plane="random", seed=3)
    assert found.says in told(app) and "right angles" in told(app)
    app.button_group(key="surface_rules").set_value([]).run()
    assert not app.exception and "Choose an optimiser" in " ".join(i.value for i in app.info)
