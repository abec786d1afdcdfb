"""Train: what can it learn?"""

import streamlit as st

import rnn_core as rc
from pages.shared.acting import acting
from pages.shared.controls import settings_form
from pages.shared.curve import watch
from pages.shared.frame import frame
from pages.shared.further import further
from pages.shared.own_data import own_data
from pages.shared.sections import sections
from pages.shared.teacher import with_and_without
from pages.shared.three_numbers import three_numbers
from pages.shared.transport import transport
from pages.shared.without_memory import without_memory
from pages.shared.words import plain

hand = frame("Train", "What can it learn?")
task = rc.tasks()[hand.spec.task]
st.markdown(
    f"{plain(task.summary)} A net without memory could {plain(hand.baseline.sentence)}: "
    f"that scores **{hand.baseline.value:.3g}**."
)
three_numbers(hand)
transport(hand, follow=False)
picture, controls = st.columns([3, 1], gap="large")
with picture:
    watch(hand)
    questions = {
        "Would it do without memory?": lambda: without_memory(hand),
        "Does it go further?": lambda: further(hand),
    }
    if hand.run.task.plays:
        questions = {"Watch it act": lambda: acting(hand), **questions}
    if hand.run.network.feeds_back:
        questions["With and without its teacher"] = lambda: with_and_without(hand)
    sections("train", questions)


def pick(label: str, cards: dict[str, rc.Card], field: str) -> None:
    names = list(cards)
    now = getattr(hand.spec, field)
    chosen = st.selectbox(
        label,
        names,
        index=names.index(now),
        format_func=lambda n: cards[n].title,
        key=f"{field}_{now}",
        help=cards[now].summary,
    )
    if chosen != now:
        hand.change(**{field: chosen})


with controls:
    pick("Architecture", {n: c for n, c in rc.architectures().items() if hand.fits(architecture=n)}, "architecture")
    pick("Task", rc.tasks(), "task")
    own_data(hand)
    pick("Learner", {n: c for n, c in rc.learners().items() if hand.fits(learner=n)}, "learner")
    parts = {"cell": hand.spec.cell_settings, "task": hand.spec.task_settings, "learner": hand.spec.learner_settings}
    changes = {}
    for part, settings in parts.items():
        changes |= settings_form(settings, part, only_main=True)
    with st.expander("All settings", icon=":material/tune:"):
        pick("Wiring", rc.wirings(), "wiring")
        changes |= settings_form(hand.spec.wiring_settings, "wiring")
        for part, settings in parts.items():
            changes |= settings_form(settings, part, only_main=False)
        seed = st.number_input(
            "Seed",
            0,
            2**31 - 1,
            hand.spec.seed,
            key=f"seed_{hand.spec.seed}",
            help="Feeds separate streams for weights, data, order and noise.",
        )
        devices = ["cpu", "cuda", "mps"]
        device = st.selectbox(
            "Device", devices, index=devices.index(hand.spec.device), key=f"device_{hand.spec.device}"
        )
    changes |= {k: v for k, v in (("seed", seed), ("device", device)) if v != getattr(hand.spec, k)}
    if changes:
        hand.change(**changes)
