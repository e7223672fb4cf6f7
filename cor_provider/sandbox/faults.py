"""Faults: slowness, server errors, a rate limit, lost answers; by chance or on demand."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi.responses import Response

from cor_provider.sandbox.error_styles import render
from cor_provider.sandbox.errors import http_refusal
from cor_provider.sandbox.hangup import HangUp

SERVER_ERRORS = (500, 502, 503, 504)


@dataclass(frozen=True)
class Fault:
    """Send ``answer`` instead of the real one; with ``commit``, carry the request out first."""

    answer: Response
    commit: bool = False


class Faults:
    """Decide for each request what goes wrong. See ``Sandbox`` for the parameters."""

    def __init__(
        self,
        *,
        latency_ms: float,
        error_rate: float,
        drop_rate: float,
        rate_limit: float | None,
        random_seed: int | None,
        error_style: str,
        clock: Callable[[], float],
    ) -> None:
        if latency_ms < 0:
            raise ValueError("latency_ms must not be negative")
        if not (0 <= error_rate <= 1 and 0 <= drop_rate <= 1):
            raise ValueError("error_rate and drop_rate must be between 0 and 1")
        if rate_limit is not None and rate_limit <= 0:
            raise ValueError("rate_limit must be above 0")
        self.latency = latency_ms / 1000
        self._error_rate = error_rate
        self._drop_rate = drop_rate
        self._bucket = _TokenBucket(rate_limit, clock) if rate_limit else None
        self._random = random.Random(random_seed)  # noqa: S311  # repeatable, and no cryptography
        self._error_style = error_style
        self._queue: deque[Fault] = deque()
        self._requests_until_down: float = math.inf

    def queue(self, fault: Fault) -> None:
        """Apply a fault to the next request, after those queued before."""
        self._queue.append(fault)

    def go_down(self, *, after: int) -> None:
        """Answer 500 to every request after this many more, until :meth:`clear`."""
        self._requests_until_down = after

    def clear(self) -> None:
        """Drop the queue, and come up again."""
        self._queue.clear()
        self._requests_until_down = math.inf

    def next_fault(self) -> Fault | None:
        """Return the fault of the current request, if it has one."""
        if self._requests_until_down <= 0:
            return Fault(Response(status_code=HTTPStatus.INTERNAL_SERVER_ERROR))
        self._requests_until_down -= 1
        if self._queue:
            return self._queue.popleft()
        if self._bucket and (wait := self._bucket.wait()):
            answer = render(http_refusal(429), self._error_style)
            answer.headers["Retry-After"] = str(math.ceil(wait))
            return Fault(answer)
        if self._random.random() < self._error_rate:
            return Fault(render(http_refusal(self._random.choice(SERVER_ERRORS)), self._error_style))
        if self._random.random() < self._drop_rate:
            return Fault(HangUp(), commit=True)
        return None


class _TokenBucket:
    """``rate`` requests per second, evenly, with bursts of at most a tenth of a second's worth."""

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._burst = max(1.0, rate / 10)
        self._tokens = self._burst
        self._filled_at = clock()

    def wait(self) -> float:
        """Return 0 if a request may pass now, otherwise the seconds until it may."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1:
            return (1 - self._tokens) / self._rate
        self._tokens -= 1
        return 0.0
