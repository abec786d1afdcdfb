"""On the loss surface: where each optimiser goes from the weights in hand, on a plane through them."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.optimisers import RATE, RULES, SEQUENCES
from pages.shared.theme import mode
from pages.shared.words import note, plain, say, table_twin

STEPS, UPDATES, RATES = 1600, (1, 5, 10, 20, 50), (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
FIRST = ("SGD", "momentum", "Adam")
PLANES = {"ways": "Of the ways", "random": "Random"}
TOLD = {
    "ways": "The plane is the one that holds most of these ways, each counted alike.",
    "random": "A random plane sees next to nothing of where the rules go: their ways run at right angles to it.",
}


@st.cache_resource(max_entries=64, show_spinner=False)
def _surface(
    key: str, rules: tuple[str, ...], rate: float, updates: int, plane: str, seed: int, _run: rc.Run
) -> rc.Result:
    rows = min(SEQUENCES, STEPS // _run.held_out.target.shape[1] + 1)
    return rc.loss_surface(_run, rules, rate=rate, updates=updates, plane=plane, seed=seed, rows=rows)


def on_the_surface(hand: Hand) -> None:
    """The section: a map of the loss around the weights in hand, and what some updates of each rule make of it."""
    st.markdown(
        "The loss on **one plane** through all weights, like a map from above. Each rule starts at the ring and takes "
        "the gradient of the same sequences again and again, a dot for every update."
    )
    now = float(getattr(hand.spec, "learning_rate", RATE))
    rules = st.pills("Optimisers", RULES, default=FIRST, selection_mode="multi", key="surface_rules")
    picture, controls = st.columns([3, 1], gap="large")
    with controls:
        updates = st.select_slider("Updates", UPDATES, 20, key="surface_updates")
        rates = sorted({*RATES, now})
        rate = st.select_slider("Learning rate (η)", rates, now, format_func=_shown, key=f"surface_rate_{now:g}")
        plane = st.segmented_control(
            "Plane", PLANES, format_func=PLANES.get, default="ways", required=True, key="surface_plane"
        )
        seed = 0
        if plane == "random":
            seed = int(st.number_input("Draw", 1, 1000, 1, key="surface_draw", help="Another random plane for each."))
    with picture:
        if not rules:
            st.info("Choose an optimiser to send on its way.", icon=":material/info:")
            return
        ordered = tuple(rule for rule in RULES if rule in rules)
        with st.spinner("Walking, and measuring the loss at 961 places …"):
            found = _surface(hand.key, ordered, rate, updates, plane, seed, hand.then)
        show(rc.figures.loss_surface(found, theme=mode()), key="loss_surface")
        note(
            f"{TOLD[plane]} {_held(found)}Each field has the loss of its middle; the loss at the end of a way is that "
            "of the way itself, wherever it went."
        )
    say(found.says, found.says_not)
    table_twin(found.frame, "Every update on the surface as a table")


def _held(found: rc.Result) -> str:
    """How much of each way lies in the plane, in words; "" when no rule moved."""
    shares = {rule: found.shown(rule) for rule in found.ways}
    known = ", ".join(f"{rule} {share:.0%}" for rule, share in shares.items() if share == share)
    return f"Of the squared length of each way it holds: {plain(known)}. " if known else ""


def _shown(rate: float) -> str:
    return f"{rate:g}"
