"""A card: what the gallery, the controls and the pictures may say about one member of the catalogue."""
from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Card:
    """What a visitor should know about one architecture, wiring, task, learner or analysis.

    ``short`` is the title as it fits on a label, where that is another. ``row`` names the catalogue row, ``equations``
    are keyed by the probe they compute, ``carried`` by what else goes on to the next step, such as a delay line;
    ``symbols`` give a probe its colour meaning, ``parameters`` is the count without readout in the letters I, H and O.
    """

    title: str
    row: str
    year: int
    reference: str
    summary: str
    equations: dict[str, str] = field(default_factory=dict)
    carried: dict[str, str] = field(default_factory=dict)
    symbols: dict[str, str] = field(default_factory=dict)
    parameters: str = ""
    use: str = ""
    short: str = ""

    @property
    def label(self) -> str:
        """The title as it fits on a label."""
        return self.short or self.title
