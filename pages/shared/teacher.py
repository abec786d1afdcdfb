"""A network that hears itself: how well it does with its teacher’s words in its ear, and alone."""

from __future__ import annotations

from pages.shared.asked import ask
from pages.shared.hand import Hand


def with_and_without(hand: Hand) -> None:
    """The section: the loss of every step, forced and free."""
    ask(
        hand,
        "exposure",
        "The same held-out sequences twice: once the right answer is fed back, once the network’s own.",
        "Both losses as a table",
    )
