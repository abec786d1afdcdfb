"""What a person would ask for, while it is learnt: an option for ECharts. For the Train page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from rnn_core.figures.curves import metric_of, words
from rnn_core.figures.live_curve import option
from rnn_core.records import Baseline, Command


def metric_curve(
    history: pd.DataFrame,
    baseline: Baseline,
    commands: Iterable[Command] = (),
    theme: str = "light",
    *,
    task: Any = None,
    name: str = "metric",
    until: int = 0,
) -> dict[str, Any]:
    """The metric on held-out sequences against updates, with the computed baseline dashed; it is called as
    ``task`` calls it, or ``name``."""
    name = name if task is None else task.metric_name
    got = metric_of(history, baseline, commands)
    return option(
        got,
        name,
        (baseline.value, baseline.sentence),
        theme,
        until,
        words(got, name.capitalize(), baseline.value, baseline.sentence),
    )
