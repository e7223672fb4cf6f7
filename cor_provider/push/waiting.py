"""What a push says in the log while it waits for COR."""

from __future__ import annotations

import logging
import threading

from cor_provider import _clock
from cor_provider.exceptions import CorRateLimitError, CorTransientError

log = logging.getLogger(__name__)

SECONDS_BETWEEN_WARNINGS = 15.0

SHORT_PAUSE = 5.0
"""Seconds: COR's rate limit is found by trying, so pauses that add up to less than this are no news."""


class Waiting:
    """
    Warns while COR does not do its work: at once, then now and then; and says when it does again.

    The threads of a push share one. Times are seconds of :mod:`~cor_provider._clock`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None
        """When the first failure since the last good response came."""
        self._last_failure = float("-inf")
        self._warned_at = float("-inf")
        self._has_warned = False
        """Whether there was a warning since then."""

    def begin(self, error: CorTransientError, seconds: float) -> None:
        """
        Note that a request failed, and that the next one goes out after some seconds.

        A 429 is worth a warning only when the push stands still for a while.
        """
        with self._lock:
            self._last_failure = now = _clock.now()
            self._since = now if self._since is None else self._since
            is_news = not isinstance(error, CorRateLimitError) or now + seconds - self._since >= SHORT_PAUSE
            if is_news and now - self._warned_at >= SECONDS_BETWEEN_WARNINGS:
                self._warned_at, self._has_warned = now, True
                log.warning("%s", _text(error, seconds))

    def end(self, sent_at: float) -> None:
        """Note a good response to a request that was sent at some time."""
        if self._since is None or sent_at < self._last_failure:
            return
        with self._lock:
            if self._has_warned and self._since is not None:
                log.info("COR accepts requests again, after %s.", _seconds(_clock.now() - self._since))
            self._since, self._has_warned = None, False


def _text(error: CorTransientError, seconds: float) -> str:
    """Return the line: the cause, the next try, the advice. Airflow's log view shows the first 150 characters."""
    cause, _, advice = error.message.partition(". ")
    return f"{cause.rstrip('.')}. Next try in {_seconds(seconds)}. {advice}".rstrip()


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"  # noqa: PLR2004  # a tenth matters below
