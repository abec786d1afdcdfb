"""Why did it forget this: the wrong answers are listed, and the chosen one is followed back."""

from __future__ import annotations

import rnn_core as rc
from rnn_core.shipped import shipped
from tests.pages.reading import told

FAST = {"architecture": "lstm", "task": "delayed_recall", "hidden_size": "4", "lag": "9"}


def opened(visit, **query):
    """The page with the section open."""
    return visit("Hidden states", section="Why did it forget this?", **query)


def test_wrong_answers_are_listed_and_followed(visit) -> None:
    app = opened(visit, **FAST)
    run = rc.Run(rc.Experiment.of("lstm", "delayed_recall", hidden_size=4, lag=9))
    wrong = [k for k, one in enumerate(run.stories(32)) if not one.right]
    (pills,) = [one for one in app.button_group if one.key.startswith("forgotten_")]
    assert [int(o.replace("\\", "").split(":")[0]) for o in pills.options] == wrong[:8]
    assert f"{len(wrong)} of the first 32" in told(app) and "untrained weights" in told(app)
    pills.set_value(wrong[2]).run()
    assert not app.exception
    result, fix = rc.forgetting(run, row=wrong[2], rows=32), rc.repair(run, row=wrong[2], rows=32)
    assert result.says in told(app) and fix.says in told(app) and result.says_not in told(app)


def test_where_all_is_right_any_can_be_chosen(visit) -> None:
    app = opened(visit)
    told_right = [one.right for one in shipped().stories(32)]
    words = "All of the first 32" if all(told_right) else f"{told_right.count(False)} of the first 32"
    assert words in told(app) and "What would have kept it?" in [s.value for s in app.subheader]


def test_a_network_that_is_too_large_is_said(visit) -> None:
    app = opened(visit, architecture="elman", task="adding", hidden_size="512", length="300")
    assert any("Jacobians" in one.value for one in app.info)
