"""Small traced networks for the viewer's tests, and a browser page in which the shipped module is mounted."""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Callable, Iterator

import pytest
import torch
from playwright.sync_api import Browser, Page, sync_playwright

from rnn_core.analysis.costates import costates
from rnn_core.cells.gru import GRU
from rnn_core.cells.lstm import LSTM
from rnn_core.networks.bidirectional import Bidirectional
from rnn_core.networks.single import Single
from rnn_core.tasks.adding import Adding
from rnn_core.viewer import HERE, timeline

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LIGHT = "--st-text-color:#1f242b;--st-background-color:#fbfaf7;--st-border-color:#dcd8ce;--st-primary-color:#1f4fd0"
DARK = "--st-text-color:#edeae3;--st-background-color:#14171c;--st-border-color:#343b45;--st-primary-color:#3570e0"

MOUNT = """async ([source, css, data, shape]) => {
    const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0)), at = document.getElementById("root")
    const style = Object.assign(document.createElement("style"), { textContent: css })
    const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })))
    window.picks = []
    if (shape === "streamlit") {
        const root = at.shadowRoot ?? at.attachShadow({ mode: "open" })
        root.append(style)
        const place = root.appendChild(document.createElement("div"))
        const context = { data: bytes, parentElement: place, setTriggerValue: (k, v) => window.picks.push(v) }
        const end = module.default(context)
        window.again = data => {
            if (data) context.data = Uint8Array.from(atob(data), c => c.charCodeAt(0))
            module.default(context)
        }
        window.unmount = () => { place.remove(); end() }
    } else {
        document.head.append(style)
        const place = at.appendChild(document.createElement("div")), values = { packed: new DataView(bytes.buffer) }
        const model = {
            get: name => values[name], set: (name, value) => { values[name] = value; window.picks.push(value) },
            save_changes() {}, on() {}, off() {},
        }
        const end = module.default().render({ model, el: place })
        window.unmount = () => { end(); place.remove() }
    }
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
}"""


def drawn(cls, generator: torch.Generator, inputs: int = 2, outputs: int = 1, **settings):
    """A single-cell network whose weights are drawn small but not zero."""
    made = Single.build(lambda i, o: cls(i, cls.Settings(**settings)), inputs, outputs, None)
    return shaken(made, generator)


def shaken(network, generator: torch.Generator):
    """The network with normal weights of size 0.4."""
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(0.4 * torch.randn(weight.shape, generator=generator))
    return network


@pytest.fixture
def adding(generator):
    """Four sequences of the adding task, 12 long."""
    task = Adding(Adding.Settings(length=12))
    return task, task.sample(4, generator)


@pytest.fixture
def lstm(generator):
    """An LSTM of 5 cells with a readout."""
    return drawn(LSTM, generator, hidden_size=5)


@pytest.fixture
def gru(generator):
    """A GRU of 5 units with a readout."""
    return drawn(GRU, generator, hidden_size=5)


@pytest.fixture
def both_ways(generator):
    """A bidirectional LSTM of 3 cells each way."""
    made = Bidirectional.build(lambda i, o: LSTM(i, LSTM.Settings(hidden_size=3)), 2, 1, Bidirectional.Settings())
    return shaken(made, generator)


@pytest.fixture
def payload(lstm, adding, generator) -> bytes:
    """A timeline with a tape of three moments."""
    task, batch = adding
    with torch.no_grad():
        moments = [(update, shaken(lstm, generator).trace(batch.x)) for update in (0, 10, 400)]
    story = task.story(batch, 0, moments[-1][1].outputs)
    return timeline(moments[-1][1], batch=batch, story=story, moments=moments, key="test")


@pytest.fixture
def long(generator) -> bytes:
    """A timeline of 80 steps with a tape of three moments and the gradient."""
    task = Adding(Adding.Settings(length=80))
    batch = task.sample(2, generator)
    network = drawn(LSTM, generator, hidden_size=6)
    with torch.no_grad():
        moments = [(update, shaken(network, generator).trace(batch.x)) for update in (0, 10, 400)]
    back = costates(network, batch, task.loss)
    told = {"batch": batch, "story": task.story(batch, 0), "moments": moments, "costates": back}
    return timeline(moments[-1][1], **told, key="long", start={"t": 40})


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    """One headless Chromium; without one the tests fail where CI=true and are skipped elsewhere."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        missing = "no Chromium was found: looked for " + ", ".join(CHROMIUMS)
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--disable-gpu", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def bare(window: Browser) -> Iterator[Callable[..., Page]]:
    """Opens an empty offline page and mounts a payload in it: `bare(payload, shape="anywidget", width=375)`."""
    opened, said = [], []

    def mount(payload: bytes, shape: str = "streamlit", width: int = 1280, dark: bool = False, **options) -> Page:
        context = window.new_context(viewport={"width": width, "height": 800}, offline=True, **options)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text))
        style = f"margin:16px;{DARK if dark else LIGHT};background:var(--st-background-color)"
        page.set_content(f'<html lang="en"><body style="{style}"><div id="root"></div></body></html>')
        put(page, payload, shape)
        return page

    yield mount
    for context in opened:
        context.close()
    assert said == []


def put(page: Page, payload: bytes, shape: str = "streamlit") -> None:
    """Mounts a payload in an open page, as Streamlit or as anywidget would."""
    source, css = (HERE / "viewer.js").read_text("utf-8"), (HERE / "viewer.css").read_text("utf-8")
    page.evaluate(MOUNT, [source, css, base64.b64encode(payload).decode(), shape])
