"""Associative memory: how does it recall?"""

from __future__ import annotations

from pages.shared.frame import frame
from pages.shared.recalling import capacity, damage_survived, recalling
from pages.shared.sections import sections

frame(
    "Associative memory",
    "How does it recall?",
    "A Hopfield network of 64 units stores letters as **valleys of an energy**. Damage one, or draw your own, and see "
    "where it rolls.",
)
recalling()
sections("memory", {"How much damage it survives": damage_survived, "How many patterns it holds": capacity})
