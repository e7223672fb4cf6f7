"""How COR took the requests of a task's pushes, for the end of its log."""

from __future__ import annotations

import math
import threading

from cor_provider import _clock
from cor_provider.push.control import Sent
from cor_provider.push.turns import Turns

EXACT_FROM = 10.0
"""Requests per second: of a lower rate, tenths matter."""


class Traffic:
    """
    The requests of one push, or of several after each other, such as those of a sync.

    :ivar sent: how many there were.
    :ivar taken: how many COR carried out or rejected.
    :ivar refused: how many it answered with 429.
    :ivar seconds: how long that took, from the first request of a push to its last answer.
    :ivar shared_over: what people call the Redis over which they shared their pace; empty for none.
    :ivar seconds_alone: for how long it could not be used.
    """

    def __init__(self) -> None:
        self.sent = self.taken = self.refused = 0
        self.seconds = self.seconds_alone = 0.0
        self.shared_over = ""
        self._lock = threading.Lock()

    def watch(self, turns: Turns, *, shared_over: str = "") -> Turns:
        """Return the turns of another push, whose requests count from now on."""
        self.shared_over = shared_over
        return _WatchedTurns(turns, self)

    def add(self, *, sent: int = 0, taken: int = 0, refused: int = 0) -> None:
        """Count requests."""
        with self._lock:
            self.sent += sent
            self.taken += taken
            self.refused += refused

    def __str__(self) -> str:
        """Return what is worth knowing; empty if no request was sent, or no 429 came and there is no Redis."""
        if not self.sent or not (self.refused or self.shared_over):
            return ""
        met = "no 429."
        if self.refused:
            met = f"COR took about {self._rate} requests per second, and answered {self.refused:,} with 429."
        return f"{met} {self._sharing}".rstrip()

    @property
    def _rate(self) -> str:
        rate = self.taken / self.seconds if self.seconds else 0.0
        return f"{rate:,.0f}" if rate >= EXACT_FROM else f"{rate:.1f}"

    @property
    def _sharing(self) -> str:
        if not self.seconds_alone:
            return f"Shared over {self.shared_over}." if self.shared_over else ""
        alone = math.ceil(self.seconds_alone)
        return f"{self.shared_over} could not be used for {alone} of {max(alone, math.ceil(self.seconds))} s."


class _WatchedTurns:
    """Turns that tell what becomes of them."""

    def __init__(self, turns: Turns, traffic: Traffic) -> None:
        self._turns = turns
        self._traffic = traffic
        self._began_at: float | None = None
        self._ended_at = 0.0

    def take(self, late: float) -> Sent | float:
        turn = self._turns.take(late)
        if isinstance(turn, Sent):
            self._began_at = _clock.now() if self._began_at is None else self._began_at
            self._traffic.add(sent=1)
        return turn

    def accepted(self, sent: Sent) -> None:
        self._turns.accepted(sent)
        self._end(taken=1)

    def refused(self, sent: Sent, retry_after: float | None) -> None:
        self._turns.refused(sent, retry_after)
        self._end(refused=1)

    def failed(self, sent: Sent) -> None:
        self._turns.failed(sent)
        self._end()

    @property
    def pause(self) -> float:
        return self._turns.pause

    @property
    def seconds_alone(self) -> float:
        return self._turns.seconds_alone

    def close(self) -> None:
        self._turns.close()
        self._traffic.seconds_alone += self._turns.seconds_alone
        if self._began_at is not None:
            self._traffic.seconds += max(0.0, self._ended_at - self._began_at)

    def _end(self, **counts: int) -> None:
        self._ended_at = _clock.now()
        self._traffic.add(**counts)
