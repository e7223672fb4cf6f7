"""
Whose turn it is: a request goes out when its push is given one.

A push has its own turns, or shares them with the others that use the same Connection
(:mod:`~cor_provider.push.shared_turns`).
"""

from __future__ import annotations

import math
import threading
from typing import Protocol

from cor_provider import _clock
from cor_provider.push.control import Control, Sent
from cor_provider.push.rate import Rate


class Turns(Protocol):
    """What gives turns, and learns from the answers. Safe to use from many threads."""

    def take(self, late: float) -> Sent | float:
        """
        Return a turn, which is now, or the seconds after which to ask again. One thread asks at a time.

        :param late: seconds that a wait for this turn ended late.
        """

    def accepted(self, sent: Sent) -> None:
        """Learn from a request that COR has carried out or rejected."""

    def refused(self, sent: Sent, retry_after: float | None) -> None:
        """Learn from a 429."""

    def failed(self, sent: Sent) -> None:
        """Learn from another failure."""

    @property
    def pause(self) -> float:
        """Seconds for which nothing may be sent yet, because COR asked for it."""

    @property
    def seconds_alone(self) -> float:
        """Seconds for which they were to be shared and could not be, once they are closed."""

    def close(self) -> None:
        """Let go of what is held: the push has ended."""


class OwnTurns:
    """
    The turns of one push that knows of no other.

    :param ceiling: requests per second, at most; None for as many as COR accepts.
    :param control: what is known already, by this process's clock and with that ceiling; None for nothing.
    """

    def __init__(self, ceiling: float | None, control: Control | None = None) -> None:
        self._control = control or Control(Rate(ceiling or math.inf))
        self._lock = threading.Lock()

    def take(self, late: float) -> Sent | float:
        """Return a turn, or the seconds until there is one."""
        with self._lock:
            now = _clock.now()
            if now >= self._control.next_at:
                return self._control.send(now, late)
            return self._control.next_at - now

    def accepted(self, sent: Sent) -> None:
        """Learn that COR accepts what is sent."""
        with self._lock:
            self._control.accepted(sent, _clock.now())

    def refused(self, sent: Sent, retry_after: float | None) -> None:
        """Learn that COR refuses what is sent."""
        with self._lock:
            self._control.refused(sent, _clock.now(), retry_after)

    def failed(self, sent: Sent) -> None:
        """Learn that a request failed for another reason."""
        with self._lock:
            self._control.failed(sent)

    @property
    def pause(self) -> float:
        """Seconds for which nothing may be sent yet."""
        return max(0.0, self._control.pauses.until - _clock.now())

    @property
    def seconds_alone(self) -> float:
        """None: they are not to be shared."""
        return 0.0

    def close(self) -> None:
        """Do nothing: nothing is held."""
