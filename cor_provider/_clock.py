"""The clock, in the one place where tests take it over."""

from __future__ import annotations

import threading
import time


def now() -> float:
    """Return seconds that only go forward."""
    return time.monotonic()


def wait(stopping: threading.Event, seconds: float) -> None:
    """Wait, unless and until it is time to stop."""
    stopping.wait(seconds)


def timestamp() -> float:
    """Return the seconds since the epoch, as far as machines agree on them."""
    return time.time()
