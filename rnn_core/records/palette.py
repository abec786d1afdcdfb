"""The colours that mean something, the same hue for the same quantity in every picture.

`PALETTE["sem"][meaning]` holds four hex colours (light, dark, and the two variants dark enough to be read as text);
`PALETTE["scale"]` holds the colour scales: `div` signed, `seq` from nothing to much, `grad` for error sizes.
"""

from __future__ import annotations

import json
from pathlib import Path

PALETTE: dict = json.loads(Path(__file__).with_name("palette.json").read_text(encoding="utf-8"))
TONES = tuple(PALETTE["sem"])


def tone(name: str, theme: str = "light", text: bool = False) -> str:
    """Return the hex colour of a meaning such as "hidden" or "forget".

    theme is "light" or "dark"; text asks for the variant with at least 4.5:1 contrast against the ground.
    Raises KeyError for a meaning that is not in `TONES`.
    """
    return PALETTE["sem"][name][f"{theme}_text" if text else theme]


def scale(name: str, theme: str = "light", stops: int = 21) -> list[str]:
    """Return a colour scale ("div", "seq" or "grad") as 21 or 10 hex colours, low to high."""
    return list(PALETTE["scale"][f"{name}_{theme}_{stops}"])
