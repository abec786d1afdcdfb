"""Pages without a browser: AppTest runs them, a real engine trains for them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnn_core.jobs.place import read_address

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 240
SETS = ("train", "states", "gradients", "unrolled", "dynamics", "memory", "rules")


@pytest.fixture(scope="session", autouse=True)
def engine_ends(data_folder: Path) -> Iterator[None]:
    """Whatever engine the pages started is ended after the session."""
    yield
    address = read_address(data_folder)
    if address is not None:
        os.kill(address.pid, signal.SIGTERM)


@pytest.fixture
def visit() -> Callable[..., AppTest]:
    """Opens a page as a visitor would, with an address if one is given: `visit("Train", architecture="gru")`.

    ``opened`` names a table that stands unfolded, ``section`` the section that stands open.
    """

    def open_page(page: str = "", opened: str = "", section: str = "", **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
        for name in SETS if section else ():
            app.session_state[f"open:{name}"] = section
        if opened:
            app.session_state[f"table:{opened}"] = True
        for key, value in query.items():
            app.query_params[key] = value
        if page:
            file = next((ROOT / "pages").glob(f"*_{page.replace(' ', '_')}.py"))
            app.switch_page(f"pages/{file.name}")
        app.run()
        assert [e.value for e in app.exception] == []
        return app

    return open_page
