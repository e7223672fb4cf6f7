"""The clock, in the only place where tests replace it."""

from __future__ import annotations

import threading
import time


def now() -> float:
    """Return monotonic seconds."""
    return time.monotonic()


def wait(stopping: threading.Event, seconds: float) -> None:
    """Wait until the time is over or the event is set."""
    stopping.wait(seconds)


def timestamp() -> float:
    """Return the seconds since the epoch, by this machine's clock."""
    return time.time()
