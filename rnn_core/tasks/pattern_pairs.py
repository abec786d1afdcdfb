"""Pairs of patterns: one half of a pair is read row by row, damaged; at the end the other half is asked for.

    pair μ = a capital z^μ and its small letter y^μ, 8 × 8 cells of ±1 each
    x_t = row t of one of them, k = round(ν · 64) cells turned round,   t = 1 … 8
    target at the last row = the other, all 64 cells

A bidirectional memory that sums outer products holds few such pairs, for letters resemble one another. They are taken
in an order that begins with five which it holds: A B K X Y. Kosko, *Bidirectional associative memories*, 1988.
"""
from __future__ import annotations

from typing import Literal

from rnn_core.records import Card, Settings, setting
from rnn_core.records.glyphs import CAPITALS, glyphs
from rnn_core.tasks.associative_recall import PictureTask

FIRST = "ABKXY"
ORDER = FIRST + "".join(c for c in CAPITALS if c not in FIRST)


class PatternPairsSettings(Settings):
    """Which way, how many pairs, how damaged."""

    direction: Literal["capital to small", "small to capital"] = setting(
        "capital to small", "Which half of a pair is read, and which is due.", main=True)
    pairs: int = setting(5, "Number of pairs.", symbol="p", ge=2, le=26, main=True)
    noise: float = setting(0.125, "Share of the 64 cells that are turned round.", symbol="ν", ge=0.0, le=0.5,
                           step=1 / 64)


class PatternPairs(PictureTask):
    """Pairs of patterns: shown a capital, draw the small letter, or the other way round."""

    card = Card(title="Pairs of patterns", row="C28", year=1988,
                reference="Kosko, Bidirectional associative memories, IEEE Transactions on Systems, Man, and "
                          "Cybernetics 18, 1988",
                summary="One half of a pair of letters comes in row by row, damaged; at the end the net draws the "
                        "other half.",
                equations={"m": "m = 1/64 Σ_i y_i^μ sgn(y_i)"},
                use="Does it recall a partner that looks unlike what was read?")
    Settings = PatternPairsSettings

    def __init__(self, settings: PatternPairsSettings | None = None) -> None:
        super().__init__(settings)
        capitals = ORDER[:self.settings.pairs]
        halves = [capitals, capitals.lower()]
        asked, due = halves if self.settings.direction == "capital to small" else halves[::-1]
        self.asked, self.due, self.names = glyphs(asked), glyphs(due), list(due)
