"""Limits of every shape that a server may have, each in the time that it is told. None of them knows a push."""

from __future__ import annotations

import heapq
import math
from collections import deque
from typing import Protocol


class Limit(Protocol):
    """Decides for one request after another, in the order in which they arrive."""

    def take(self, now: float, seconds: float) -> float:
        """
        Return 0 if a request is accepted, otherwise the seconds until one would be.

        :param seconds: how long the server works on it.
        """


class Bucket:
    """
    A token bucket. With a burst of one or two it is a leaky bucket, as gateways have it (GCRA).

    :param rate: requests per second.
    :param burst: how many requests it holds.
    :param change: from when on it has another rate, and which.
    """

    def __init__(self, rate: float, burst: float, change: tuple[float, float] = (math.inf, 0.0)) -> None:
        self._rate = rate
        self._burst = burst
        self._change = change
        self._tokens = burst
        self._filled_at = 0.0

    def take(self, now: float, seconds: float) -> float:
        del seconds
        changes_at, rate = self._change
        if now >= changes_at:
            self._fill(changes_at)
            self._burst *= rate / self._rate
            self._rate, self._change = rate, (math.inf, 0.0)
        self._fill(now)
        if self._tokens < 1 - 1e-9:
            return (1 - self._tokens) / self._rate
        self._tokens -= 1
        return 0.0

    def _fill(self, now: float) -> None:
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = max(self._filled_at, now)


class FixedWindow:
    """A count that begins anew every so many seconds, of which the first time after ``phase``."""

    def __init__(self, amount: float, seconds: float, phase: float) -> None:
        self._amount = amount
        self._seconds = seconds
        self._phase = phase
        self._number = -1
        self._count = 0

    def take(self, now: float, seconds: float) -> float:
        del seconds
        number = math.floor((now - self._phase) / self._seconds + 1e-9)
        if number != self._number:
            self._number, self._count = number, 0
        if self._count >= self._amount:
            return (number + 1) * self._seconds + self._phase - now
        self._count += 1
        return 0.0


class SlidingWindow:
    """No more than an amount in any stretch of so many seconds."""

    def __init__(self, amount: int, seconds: float) -> None:
        self._seconds = seconds
        self._accepted: deque[float] = deque([-math.inf] * amount, maxlen=amount)

    def take(self, now: float, seconds: float) -> float:
        del seconds
        free_at = self._accepted[0] + self._seconds
        if now < free_at - 1e-9:
            return free_at - now
        self._accepted.append(now)
        return 0.0


class AtOnce:
    """No more than an amount of requests under way at once."""

    def __init__(self, amount: int) -> None:
        self._amount = amount
        self._done: list[float] = []

    def take(self, now: float, seconds: float) -> float:
        while self._done and self._done[0] <= now + 1e-9:
            heapq.heappop(self._done)
        if len(self._done) >= self._amount:
            return self._done[0] - now
        heapq.heappush(self._done, now + seconds)
        return 0.0
