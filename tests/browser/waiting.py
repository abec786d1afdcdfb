"""Waiting for a page while its browser goes on."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Page


def line(page: Page) -> str:
    """Where the run stands, as written on the page; empty on a page that does not train."""
    status = page.locator(".st-key-status")
    return status.last.inner_text() if status.count() else ""


def until(page: Page, condition: Callable[[], bool], seconds: float = 120.0) -> None:
    """Wait for a condition while the browser goes on."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain; the page says: {line(page)}"
        page.wait_for_timeout(100)
