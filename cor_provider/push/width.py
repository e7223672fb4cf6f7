"""How many requests of a push may be under way at once."""

from __future__ import annotations

import math

DECREASE = 0.5
"""The factor by which it shrinks when COR says that it is overloaded."""


class Width:
    """
    Additive increase, multiplicative decrease. Only a 503 narrows it: a 429 is about the rate.

    :param maximum: where it begins, and what it never exceeds.
    """

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._width = float(maximum)
        self._decreased_at = -math.inf

    @property
    def requests(self) -> int:
        """The number of requests; at least one."""
        return int(self._width)

    def increase(self) -> None:
        """Widen it by one for each round of good responses."""
        if self._width < self._maximum:
            self._width = min(self._width + 1 / self._width, self._maximum)

    def decrease(self, sent_at: float, now: float) -> None:
        """Narrow it, once for all requests that were under way together."""
        if sent_at > self._decreased_at:
            self._width = max(1.0, self._width * DECREASE)
            self._decreased_at = now
