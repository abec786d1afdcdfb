"""Train beside networks without memory: what they are, and a race that begins with them."""

from __future__ import annotations

import rnn_core as rc
from tests.cells.cases import one_sentence


def test_a_race_against_networks_without_memory(visit) -> None:
    app = visit("Train", architecture="gru", task="delayed_recall", lag="7", hidden_size="5")
    table = next(t.value for t in app.dataframe if "what it is" in t.value)
    assert rc.architectures()["window_mlp"].title in set(table["architecture"])
    for sentence in table["what it is"]:
        one_sentence(sentence)
    app.button(key="race_memoryless").click().run()
    assert not app.exception and app.title[0].value == "Which one learns it better?"
    (lanes,) = [one for one in app.multiselect if one.key.startswith("draft_lanes")]
    assert lanes.value[:2] == ["gru", "window_mlp"] and len(lanes.value) == 4
    assert next(n for n in app.number_input if n.key.startswith("draft_delayed_recall_lag")).value == 7
    assert not app.button(key="race_start").disabled
