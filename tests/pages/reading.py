"""What stands on a page, and waiting for what the engine does meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from rnn_core.jobs import connect


def written(app: AppTest) -> str:
    """All words of a page, as they are sent."""
    parts = (app.subheader, app.markdown, app.info, app.warning, app.error, app.code)
    return "\n".join(str(element.value) for group in parts for element in group)


def told(app: AppTest) -> str:
    """All words of a page, without the backslashes that keep them from being read as markdown."""
    return written(app).replace("\\", "")


def until(condition: Callable[[], bool], seconds: float = 200.0) -> None:
    """Wait while others work."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def until_it_stands(run_id: str, *statuses: str) -> None:
    """Wait until the engine says that a job has one of these statuses."""
    engine = connect()
    until(lambda: engine.look(run_id).status in statuses)
