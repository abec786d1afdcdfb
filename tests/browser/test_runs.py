"""Runs in a real browser: train two, compare, name, throw away, take back, take away; narrow, dark, by keyboard."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page

from rnn_core.records.palette import tone
from tests.browser.test_main_path import near, picture, until

TINY = "task=adding&hidden_size=4&length=6&batch_size=4&updates=60"


def train(page: Page, wait_idle, query: str) -> str:
    """Train an experiment to its end; its run's id."""
    page.goto(f"/Train?{query}")
    wait_idle(page)
    page.locator(".st-key-play button").first.click()
    until(page, lambda: "run=" in page.url and page.get_by_text("done after update").count() > 0, 150)
    wait_idle(page)
    return parse_qs(urlsplit(page.url).query)["run"][0]


def tick(page: Page, run_id: str) -> None:
    """Press a run's tick with the space bar."""
    box = page.locator(f".st-key-tick-{run_id} input")
    box.focus()
    page.keyboard.press("Space")


def saved(page: Page, label: str) -> bytes:
    """What a download button gives."""
    with page.expect_download() as download:
        page.get_by_role("button", name=label, exact=True).click()
    return Path(download.value.path()).read_bytes()


@pytest.mark.timeout(600)
def test_compare_name_delete_undo_and_take_away(page: Page, wait_idle, shoot) -> None:
    first = train(page, wait_idle, f"architecture=elman&seed=901&{TINY}")
    second = train(page, wait_idle, f"architecture=gru&seed=902&{TINY}")
    page.get_by_role("link", name="Runs", exact=True).click()
    wait_idle(page)
    tick(page, first)
    until(page, lambda: "What differs" in page.locator("[data-testid=stMain]").inner_text())
    wait_idle(page)
    page.locator(".js-plotly-plot").first.wait_for()
    page.wait_for_timeout(500)
    shoot(page, "compared", full_page=True)
    drawn = picture(page, ".js-plotly-plot")
    assert near(drawn, tone("hidden"), 60) > 50 and near(drawn, tone("write"), 60) > 50
    assert parse_qs(urlsplit(page.url).query)["compare"] == [f"{second}.{first}"]

    page.locator(f".st-key-rename-{first} button").first.click()
    box = page.get_by_role("textbox", name="Name", exact=True)
    box.fill("the <b>small</b> one")
    box.press("Enter")
    page.get_by_text("the <b>small</b> one").first.wait_for()
    page.keyboard.press("Escape")
    wait_idle(page)

    page.locator(f".st-key-delete-{first} button").first.click()
    page.get_by_role("button", name="Undo").wait_for()
    wait_idle(page)
    assert page.locator(f".st-key-tick-{first}").count() == 0
    shoot(page, "deleted")
    page.get_by_role("button", name="Undo").click()
    page.locator(f".st-key-tick-{first}").wait_for()
    wait_idle(page)
    assert "What differs" in page.locator("[data-testid=stMain]").inner_text()

    page.locator(f".st-key-away-{second} button").first.click()
    wait_idle(page)
    rows = list(csv.DictReader(io.StringIO(saved(page, "History, CSV").decode())))
    assert [int(row["update"]) for row in rows] == list(range(61)) and float(rows[-1]["held_out"]) > 0
    book = json.loads(saved(page, "Notebook"))
    assert book["nbformat"] == 4 and "rc.train(spec, log)" in json.dumps(book)
    assert saved(page, "For MLflow")[:2] == saved(page, "The whole run")[:2] == b"PK"
    shoot(page, "take away")
    page.keyboard.press("Escape")

    page.locator(f".st-key-hand-{first} button").first.click()
    page.get_by_role("heading", name="What does it remember?").wait_for()
    wait_idle(page)
    assert parse_qs(urlsplit(page.url).query)["run"] == [first]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_sees_the_shipped_run_and_needs_no_sideways_scroll(page: Page, wait_idle, shoot, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto("/Runs?compare=0123456789abcdef.shipped")
    wait_idle(page)
    page.locator(".js-plotly-plot").first.wait_for()
    page.wait_for_timeout(800)
    shoot(page)
    assert page.get_by_text("Not here any more").count() == 1
    assert near(picture(page, ".js-plotly-plot"), tone("hidden", scheme), 60) > 50
    wide = page.evaluate("""() => ['stMain', 'stMainBlockContainer'].flatMap(
        name => [...document.querySelectorAll(`[data-testid=${name}]`)]).some(
        e => e.scrollWidth > e.clientWidth + 1)""")
    assert not wide
