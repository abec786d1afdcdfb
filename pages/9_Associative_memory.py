"""Associative memory: how does it recall?"""

from __future__ import annotations

from pages.shared.by_chance import by_chance
from pages.shared.capacity import capacity
from pages.shared.frame import frame
from pages.shared.memristors import memristors
from pages.shared.pairs import pairs
from pages.shared.recalling import damage_survived, recalling
from pages.shared.sections import sections
from pages.shared.swinging import swinging

frame(
    "Associative memory",
    "How does it recall?",
    "A Hopfield network of 64 units stores letters and digits as **valleys of an energy**. Damage one, or draw your "
    "own, and see where it rolls.",
)
recalling()
sections(
    "memory",
    {
        "How much damage it survives": damage_survived,
        "How many patterns it holds": capacity,
        "A swing of two": swinging,
        "Pairs (BAM)": pairs,
        "Noise and temperature": by_chance,
        "A memristive circuit": memristors,
    },
)
