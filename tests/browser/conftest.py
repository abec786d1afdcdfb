"""A real browser before the real dashboard, on a free port and with a data folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 120.0
SHOTS = Path(__file__).resolve().parent / "shots"
IDLE = """() => {
    const app = document.querySelector('[data-testid="stApp"]')
    const idle = app && app.dataset.testConnectionState === "CONNECTED" && app.dataset.testScriptState === "notRunning"
    if (!idle) window.idleSince = undefined
    else window.idleSince ??= performance.now()
    return idle && performance.now() - window.idleSince >= 150
}"""


expect.set_options(timeout=1000 * PATIENCE)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The Chromium of this machine; without one the test fails where CI=true and is skipped elsewhere."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        missing = "no Chromium was found: looked for " + ", ".join(NAMES)
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    return found


@pytest.fixture(scope="session")
def server(project: Path, tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Iterator[str]:
    """The address of engine and dashboard, started as `make app` starts them and ended after the session."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("explorer")
    words = [sys.executable, str(project / "scripts" / "launch.py"), "--port", str(port)]
    with open(folder / "server.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            words, env={**os.environ, "RNN_EXPLORER_DATA": str(folder)}, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            line = process.stdout.readline()
            assert line.startswith("The RNN explorer is at"), (folder / "server.log").read_text(encoding="utf-8")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """One headless Chromium for a file of tests; its event loop must not outlive them."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def window(browser: Browser, server: str) -> Iterator[Callable[..., Page]]:
    """Opens fresh windows: `window(viewport=…)`; addresses in them are relative to the dashboard.

    A script error in one fails the test.
    """
    opened: list[BrowserContext] = []
    errors: list[str] = []

    def open_window(**options: Any) -> Page:
        opened.append(browser.new_context(base_url=server, **{"viewport": {"width": 1440, "height": 900}, **options}))
        opened[-1].set_default_timeout(1000 * PATIENCE)
        page = opened[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_window
    for one in opened:
        one.close()
    assert errors == []


@pytest.fixture
def page(window: Callable[..., Page]) -> Page:
    """A fresh window of a laptop."""
    return window()


@pytest.fixture
def phone(window: Callable[..., Page]) -> Page:
    """A small dark window that is touched, not clicked."""
    return window(viewport={"width": 375, "height": 800}, has_touch=True, is_mobile=True, color_scheme="dark")


@pytest.fixture(scope="session")
def wait_idle() -> Callable[..., None]:
    """Waits until the page is connected and its script has rested for 150 ms: `wait_idle(page)`."""

    def wait(page: Page, seconds: float = PATIENCE) -> None:
        page.wait_for_function(IDLE, timeout=1000 * seconds, polling=50)

    return wait


@pytest.fixture
def shoot(request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Keeps a screenshot under tests/browser/shots, named after the test: `shoot(page, "after training")`."""

    def keep(page: Page, name: str = "", **options: object) -> Path:
        SHOTS.mkdir(exist_ok=True)
        words = "-".join(filter(None, [request.node.name, *name.split()]))
        path = SHOTS / f"{''.join(c if c.isalnum() or c in '-_' else '-' for c in words)}.png"
        page.screenshot(path=path, **options)
        return path

    return keep
