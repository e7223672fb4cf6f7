"""
Whether refusals are those of a window: of a limit that accepts a number of requests per second, and no more.

A fixed window begins anew at some moment of each second, and a sliding one at each moment. Of each beginning that is
possible, the requests from it to a refusal are counted. If one of them gives the same number for refusal after refusal,
that is the limit: any other kind of limit does so only by chance.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import sub

WINDOW = 1.0
"""Seconds: the usual window of a limit. A longer one shows in the pause that it asks for."""

BEGINNINGS = 50
"""How many moments of a second are looked at."""

FEW = 10
"""From fewer requests than this nothing is concluded: any limit may refuse them if others use it too."""

REFUSALS = 3
"""How many must agree: between two there is always a beginning for which they do."""

TOLERANCE = 0.03
"""By how much the numbers may differ to count as equal; by one in any case."""


@dataclass
class Windows:
    """
    The latest refusals, as each possible window sees them: the fixed ones by when they begin, and the sliding one last.

    :ivar counts: of each refusal, how many requests each window had accepted until then.
    :ivar whole: of each refusal, how many requests the whole window before it had accepted.
    :ivar accepted_at: when the requests of the last two seconds before the last refusal were sent.
    """

    counts: deque[list[int]] = field(default_factory=deque)
    whole: deque[list[int]] = field(default_factory=deque)
    accepted_at: list[float] = field(default_factory=list)
    refused_at: float = -math.inf

    def __post_init__(self) -> None:
        self.counts = deque(self.counts, maxlen=REFUSALS)
        self.whole = deque(self.whole, maxlen=REFUSALS)

    def learn(self, sent_at: Sequence[float], refused_at: float) -> float | None:
        """
        Return the number that a window accepts, if refusals agree.

        :param sent_at: when the requests were sent that were accepted since the last refusal.
        """
        since = refused_at - 2 * WINDOW
        self.accepted_at = [moment for moment in (*self.accepted_at, *sent_at) if moment >= since]
        if refused_at < self.refused_at + WINDOW:  # of the same window as the last one
            return None
        self.refused_at = refused_at
        begins = [refused_at - (refused_at - number / BEGINNINGS) % WINDOW for number in range(BEGINNINGS)]
        begins.append(refused_at - WINDOW)
        firsts = [bisect_left(self.accepted_at, begin) for begin in begins]
        befores = [bisect_left(self.accepted_at, begin - WINDOW) for begin in begins]
        self.counts.append([len(self.accepted_at) - first for first in firsts])
        self.whole.append(list(map(sub, firsts, befores)))
        return self._number()

    def _number(self) -> float | None:
        if len(self.counts) < REFUSALS:
            return None
        found: list[tuple[int, float]] = []
        for counts, whole in zip(zip(*self.counts, strict=True), zip(*self.whole, strict=True), strict=True):
            most = max(counts)
            tolerance = max(1, TOLERANCE * most)
            if most >= FEW and most - min(counts) <= tolerance and max(whole) <= most + tolerance:
                found.append((most - min(counts), sum(counts) / len(counts)))
        return min(found)[1] if found else None
