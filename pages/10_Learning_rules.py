"""Learning rules: must it be backpropagation?"""

import streamlit as st

from pages.shared.asked import ask
from pages.shared.evolved import evolved
from pages.shared.frame import frame
from pages.shared.reward import reward
from pages.shared.rule_bench import bench, draft
from pages.shared.rule_views import AGREEMENT, INFLUENCE, LEDGER, agreement, costs
from pages.shared.sections import sections

hand = frame(
    "Learning rules",
    "Must it be backpropagation?",
    "The same network, sequences and seed under several rules. Some look back, some carry everything forward; their "
    "gradients may be the very same, at a very different cost.",
    keep=("rules",),
)
picture, controls = st.columns([3, 1], gap="large")
with controls:
    chosen = draft(hand)
with picture:
    bench(hand, chosen)
sections(
    "rules",
    {
        AGREEMENT: lambda: agreement(hand),
        "Influence, growing forward": lambda: ask(hand, "influence", INFLUENCE, "Influence as a table", rows=1),
        "What it costs": lambda: costs(hand),
        "Who needs what": lambda: ask(hand, "locality", LEDGER, "The ledger as a table"),
        "Population": lambda: evolved(hand),
        "Reward": lambda: reward(hand),
    },
)
