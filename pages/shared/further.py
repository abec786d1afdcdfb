"""Does it still work where training never went: longer sequences, longer lags, deeper nesting?"""

from __future__ import annotations

from pages.shared.asked import ask
from pages.shared.hand import Hand


def further(hand: Hand) -> None:
    """The section: the metric on harder versions of the task, each beside what can be had without memory."""
    ask(
        hand,
        "generalisation",
        "Fresh sequences that training never saw: as in training, and beyond it. The marks: what can be had without "
        "memory.",
        "Every version as a table",
    )
