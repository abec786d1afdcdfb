"""The main path in a real browser: see, train, watch, look inside, come back; narrow, dark, no stray requests."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page

from rnn_core.records.palette import PALETTE, scale, tone
from tests.browser.waiting import line, until

PAGES = ["", "Train", "Hidden_states", "Gradients", "Unrolled_graph", "Architectures"]
TASK = "architecture=elman&task=adding&hidden_size=8&length=6&learning_rate=0.02&updates=4000"
SLOW = "architecture=gru&task=adding&hidden_size=48&length=60&updates=100000"


def picture(page: Page, selector: str) -> Image.Image:
    """What stands on the screen at the first such element."""
    return Image.open(io.BytesIO(page.locator(selector).first.screenshot())).convert("RGB")


def near(image: Image.Image, colour: str, apart: int = 24) -> int:
    """Number of pixels close to a colour."""
    wanted = tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5))
    counts = image.getcolors(image.width * image.height)
    return sum(n for n, c in counts if sum(abs(a - b) for a, b in zip(c, wanted)) < apart)


def number(text: str) -> int:
    """The update in a line such as “paused after update 1,234 of 4,000”."""
    return int(text.split("update", 1)[1].split()[0].replace(",", ""))


@pytest.mark.timeout(600)
def test_home_shows_a_trained_network_at_once(page: Page, wait_idle, shoot) -> None:
    page.goto("/")
    wait_idle(page)
    page.locator("canvas").first.wait_for()
    page.wait_for_timeout(500)
    shoot(page)
    image = picture(page, "canvas[role=slider]")
    blue, ochre = (sum(near(image, c) for c in part) for part in (scale("div")[14:], scale("div")[:7]))
    assert blue > 200 and ochre > 200, "states of both signs are on the screen"
    assert near(image, tone("prediction")) > 50
    assert "baseline" in page.locator(".st-key-runbar").inner_text()


@pytest.mark.timeout(600)
def test_back_leads_to_the_page_before_in_one_step(page: Page, wait_idle) -> None:
    page.goto("/")
    wait_idle(page)
    page.locator("html[data-history=kept]").wait_for(state="attached")
    for name in ("Train", "Gradients"):
        page.get_by_test_id("stSidebar").get_by_role("link", name=name).click()
        page.wait_for_url(f"**/{name}?**")
        wait_idle(page)
    page.go_back()
    page.wait_for_url("**/Train?**")
    wait_idle(page)
    assert "What can it learn?" in page.locator("h1").inner_text()
    page.go_back()
    page.wait_for_url(lambda url: urlsplit(url).path == "/")
    wait_idle(page)
    assert "See a network remember" in page.locator("h1").inner_text()


def _when_quiet(page: Page, sent: list[object]) -> int:
    """How much was sent, once a page that has just come has asked for nothing more for two seconds."""
    before = -1
    while before != len(sent):
        before = len(sent)
        page.wait_for_timeout(2000)
    return before


@pytest.mark.timeout(600)
def test_scrubbing_makes_no_request(page: Page, wait_idle) -> None:
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.goto("/Hidden_states")
    wait_idle(page)
    cursor = page.locator("canvas[role=slider]").first
    cursor.wait_for()
    page.evaluate("Promise.all([...document.fonts].map(font => font.load())).then(() => null)")
    page.wait_for_load_state("networkidle")
    page.on("request", lambda request: sent.append(request.url))
    before, start = _when_quiet(page, sent), cursor.get_attribute("aria-valuetext")
    cursor.focus()
    for key in ("Home", *["ArrowRight"] * 15, "ArrowDown", "PageUp", "ArrowLeft"):
        page.keyboard.press(key)
    box = cursor.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 60)
    page.mouse.down()
    for k in range(20):
        page.mouse.move(box["x"] + box["width"] * (0.4 + k / 50), box["y"] + 60)
    page.wait_for_timeout(300)
    assert cursor.get_attribute("aria-valuetext") != start
    assert len(sent) == before


@pytest.mark.timeout(600)
def test_train_watch_and_look_inside(page: Page, wait_idle, shoot) -> None:
    page.goto(f"/Train?{TASK}")
    wait_idle(page)
    assert "not trained yet" in page.locator(".st-key-runbar").inner_text()
    page.locator(".st-key-play button").first.click()
    until(page, lambda: "run=" in page.url)
    until(page, lambda: page.get_by_text("done after update").count() == 1, 150)
    wait_idle(page)
    page.wait_for_timeout(500)
    shoot(page, "trained")
    assert number(line(page)) == 4000
    values = [float(v) for v in page.locator("[data-testid=stMetricValue]").all_inner_texts()[:2]]
    assert values[0] < values[1] / 5, "it learnt"
    assert near(picture(page, ".st-key-curve canvas"), tone("prediction"), 60) > 100, "the curve is drawn"
    run = parse_qs(urlsplit(page.url).query)["run"]

    page.get_by_role("link", name="Hidden states", exact=True).click()
    wait_idle(page)
    page.locator("canvas[role=slider]").first.wait_for()
    page.wait_for_timeout(500)
    shoot(page, "inside")
    assert parse_qs(urlsplit(page.url).query)["run"] == run
    assert near(picture(page, "canvas[role=slider]"), tone("prediction")) > 30
    page.get_by_role("link", name="Gradients", exact=True).click()
    wait_idle(page)
    page.locator(".js-plotly-plot").first.wait_for()
    page.wait_for_timeout(500)
    shoot(page, "gradients")
    assert near(picture(page, ".js-plotly-plot"), tone("gradient"), 60) > 100
    page.get_by_role("link", name="Unrolled graph", exact=True).click()
    wait_idle(page)
    page.locator("svg [role=button]").first.wait_for()
    shoot(page, "graph")
    assert page.locator("svg [role=button]").count() > 4


@pytest.mark.timeout(600)
def test_pause_change_the_rate_go_on_and_reload(page: Page, wait_idle, shoot) -> None:
    page.goto(f"/Train?{SLOW}")
    wait_idle(page)
    page.locator(".st-key-play button").first.click()
    until(page, lambda: page.get_by_text("training, update").count() == 1 and number(line(page)) > 3)
    page.locator(".st-key-pause button").first.click()
    page.get_by_text("paused after update").wait_for()
    wait_idle(page)
    stood = number(line(page))
    page.locator(".st-key-once button").first.click()
    until(page, lambda: number(line(page)) == stood + 1)
    wait_idle(page)
    page.get_by_role("button", name="Change now").click()
    rate = page.locator("[data-testid=stPopoverBody] input[aria-label^='Learning rate']")
    rate.fill("0.02")
    rate.press("Enter")
    page.get_by_role("button", name="Apply").click()
    wait_idle(page)
    page.locator(".st-key-play button").first.click()
    until(page, lambda: page.get_by_text("training, update").count() == 1 and number(line(page)) > stood + 3)
    shoot(page, "changed")
    address = page.url
    page.reload()
    wait_idle(page)
    page.get_by_text("training, update").wait_for()
    assert number(line(page)) > stood + 3, "a reload loses nothing"
    other = page.context.new_page()
    other.goto(address)
    other.get_by_text("training, update").wait_for()
    other.close()
    page.locator(".st-key-stop button").first.click()
    page.get_by_text("stopped after update").wait_for()
    wait_idle(page)
    assert page.url == address, "the same browser still holds the same run, not a copy"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("place", PAGES)
def test_a_phone_needs_no_sideways_scroll(page: Page, wait_idle, shoot, place: str) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(f"/{place}")
    wait_idle(page)
    page.wait_for_timeout(800)
    shoot(page)
    wide = page.evaluate("""() => ['stMain', 'stMainBlockContainer'].flatMap(
        name => [...document.querySelectorAll(`[data-testid=${name}]`)]).some(
        e => e.scrollWidth > e.clientWidth + 1)""")
    assert not wide


@pytest.mark.timeout(600)
def test_dark_is_dark_and_still_readable(page: Page, wait_idle, shoot) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto("/Hidden_states")
    wait_idle(page)
    page.wait_for_timeout(800)
    shoot(page)
    image = picture(page, "canvas[role=slider]")
    assert near(image, PALETTE["sem"]["prediction"]["dark"]) > 30


@pytest.mark.timeout(600)
def test_a_hostile_link_is_shown_as_text(page: Page, wait_idle, shoot) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.goto("/Train?architecture=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&hidden_size=%5Bx%5D(javascript%3Aalert(2))")
    wait_idle(page)
    shoot(page)
    notice = page.get_by_text("The link was mended")
    assert notice.count() == 1 and "<img src=x" in notice.inner_text()
    assert dialogs == [] and page.locator("img[src=x]").count() == 0


def test_screenshots_are_kept() -> None:
    shots = Path(__file__).parent / "shots"
    assert any("trained" in path.name for path in shots.glob("*.png"))
