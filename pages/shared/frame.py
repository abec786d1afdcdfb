"""The first line of every page: the experiment in hand, the way around, the run bar, the question."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

import rnn_core as rc
from pages.shared.boot import boot
from pages.shared.charts import choose_format
from pages.shared.hand import Hand, arrive
from pages.shared.history import one_step_back
from pages.shared.theme import logo
from pages.shared.transport import transport as transport_bar
from pages.shared.words import note, plain

OPTIMISERS = {"adam": "Adam", "sgd": "SGD", "momentum": "Momentum", "rmsprop": "RMSProp"}
ICON = str(Path(__file__).with_name("icon.png"))
PAGES = Path(__file__).parent.parent
ONE_RUN = {
    "Train": "play_circle",
    "Hidden states": "view_timeline",
    "Gradients": "trending_down",
    "Unrolled graph": "account_tree",
    "Dynamics": "cyclone",
}
MORE = {"Architectures": "category", "Race": "sports_score", "Runs": "history", "Associative memory": "apps",
        "Learning rules": "school"}


def way() -> dict[str, list[tuple[str, str, str]]]:
    """The way around: for each section its pages as (file, label, icon), read off the folder."""
    found = {"": [("app.py", "Home", "home")], "One run": [], "Compare": []}
    for path in sorted(PAGES.glob("*_*.py"), key=lambda p: int(p.stem.split("_")[0])):
        label = path.stem.split("_", 1)[1].replace("_", " ")
        icon = (ONE_RUN | MORE).get(label, "article")
        found["One run" if label in ONE_RUN else "Compare"].append((f"pages/{path.name}", label, icon))
    return found


def frame(kicker: str, question: str, lead: str = "", *, transport: bool = False, keep: Sequence[str] = ()) -> Hand:
    """Set the page up and return the experiment in hand; ``lead`` is one sentence of ours, in markdown.

    ``transport`` draws the transport bar and the tape under it; ``keep`` names values of the session that this page's
    address carries too.
    """
    st.set_page_config(page_title=f"{kicker} · RNN explorer", page_icon=ICON, layout="wide", initial_sidebar_state=232)
    boot()
    hand, notices = arrive(keep)
    st.logo(logo(), size="large")
    with st.sidebar.container(gap="xxsmall"):
        for section, pages in way().items():
            if section:
                note(section)
            for file, label, icon in pages:
                st.page_link(file, label=label, icon=f":material/{icon}:", width="stretch")
        one_step_back()
    head = st.container(gap=None)
    with head.container(horizontal=True, vertical_alignment="center", gap="small", key="runbar"):
        st.markdown(headline(hand), width="stretch")
        with st.popover("Change", icon=":material/tune:", type="tertiary"):
            _change(hand)
        with st.popover("Share", icon=":material/ios_share:", type="tertiary"):
            _share(hand)
    head.title(question, anchor=False)
    if lead:
        head.markdown(lead)
    if notices:
        st.warning(plain("The link was mended: " + " ".join(notices)), icon=":material/link_off:")
    if transport:
        transport_bar(hand)
    return hand


def headline(hand: Hand) -> str:
    """The run in hand in one line, where its tape stands."""
    spec, run = hand.spec, hand.then
    cell, task = rc.architectures()[spec.architecture], rc.tasks()[spec.task]
    size = next((f"{v} units" for k, v in spec.cell_settings.model_dump().items() if k == "hidden_size"), "")
    wiring = "" if spec.wiring == "single" else f" :gray[{plain(rc.wirings()[spec.wiring].title.lower())}]"
    length = f" :gray[T = {spec.length}]" if hasattr(spec, "length") else ""
    how = (
        OPTIMISERS.get(spec.optimiser, spec.optimiser)
        if hasattr(spec, "optimiser")
        else rc.learners()[spec.learner].title
    )
    rate = f"{spec.learning_rate:g}, " if hasattr(spec, "learning_rate") else ""
    text = (
        f"**{plain(cell.title)}** :gray[{plain(size)}]{wiring} &nbsp;·&nbsp; **{plain(task.title)}**{length} "
        f"&nbsp;·&nbsp; **{plain(how)}** :gray[{plain(rate)}seed {spec.seed}]"
    )
    latest = next((r for r in reversed(run.records) if r["held_out"] is not None), None)
    if latest is None or run.update == 0:
        return f"{text} &nbsp;·&nbsp; :gray[not trained yet]"
    value, baseline = plain(f"{latest['metric']:.2g}"), plain(f"{hand.baseline.value:.3g}")
    return f"{text} &nbsp;·&nbsp; :gray[{plain(run.task.metric_name)}] **{value}** :gray[(baseline {baseline})]"


def _change(hand: Hand) -> None:
    cells = {name: card.title for name, card in rc.architectures().items() if hand.fits(architecture=name)}
    chosen = st.selectbox(
        "Architecture",
        list(cells),
        index=list(cells).index(hand.spec.architecture),
        format_func=cells.get,
        key=f"bar_architecture_{hand.spec.architecture}",
    )
    if chosen != hand.spec.architecture:
        hand.change(architecture=chosen)
    st.page_link("pages/1_Train.py", label="All settings", icon=":material/tune:")


def _share(hand: Hand) -> None:
    st.markdown("The address of this page is the experiment. The same in a notebook:")
    settings = ", ".join(
        f"{k}={v!r}" for k, v in hand.spec.flat().items() if k not in ("architecture", "task", "learner", "data")
    )
    names = ", ".join(f'"{getattr(hand.spec, k)}"' for k in ("architecture", "task", "learner"))
    st.code(
        f"import rnn_core as rc\nspec = rc.Experiment.of({names}, {settings})\nrun = rc.train(spec)",
        language="python",
        wrap_lines=True,
    )
    choose_format()
    st.page_link("pages/7_Runs.py", label="Numbers, weights, a notebook", icon=":material/download:")
