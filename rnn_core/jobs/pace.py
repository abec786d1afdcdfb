"""How fast a run may go."""
from __future__ import annotations

import math

SLOWEST, FASTEST = 0.1, 1000.0
LAG = 0.1


class Pace:
    """``speed`` updates a second, 0 for as fast as it can; it never waits, it only says when the next one is due.

    A run that was kept from its turn makes up for a tenth of a second, not for more.
    """

    def __init__(self, speed: float = 0.0) -> None:
        self.speed = speed
        self._last = -math.inf

    @property
    def due(self) -> float:
        """When the next update may begin; a change of ``speed`` changes it at once."""
        return self._last + 1 / self.speed if self.speed else -math.inf

    def done(self, now: float) -> None:
        """Another update is done."""
        self._last = min(now, max(self.due, now - LAG))


def check_speed(value: float) -> None:
    """Raise ValueError, in one sentence, for a speed that no run can have."""
    if value != 0 and not SLOWEST <= value <= FASTEST:
        raise ValueError(f"A speed is {SLOWEST:g} to {FASTEST:g} updates a second, or 0 for as fast as it can.")
