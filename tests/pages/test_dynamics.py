"""Dynamics: fixed points on top, and every section answers for the network in hand."""

from __future__ import annotations

import pytest

from tests.pages.test_questions import drawn, section


@pytest.mark.parametrize("title, picture", [("Lyapunov spectrum", "lyapunov_spectrum"),
                                            ("The onset of chaos", "chaos_transition")])  # fmt: skip
def test_every_section_answers(visit, title: str, picture: str) -> None:
    app = section(visit("Dynamics", architecture="gru", length="8", hidden_size="4"), "dynamics", title)
    assert {"fixed_points", picture} <= drawn(app)
