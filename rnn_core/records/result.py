"""Results: the frozen answers of analyses."""
from __future__ import annotations

from abc import ABC, abstractmethod

import pandas as pd


class Result(ABC):
    """An answer that can be drawn or read: its table, and what it lets one say and what not."""

    @abstractmethod
    def frame(self) -> pd.DataFrame:
        """The numbers as a table, one row an observation."""

    @property
    @abstractmethod
    def says(self) -> str:
        """What this result lets one say, with its numbers."""

    @property
    @abstractmethod
    def says_not(self) -> str:
        """What it does not let one say."""
