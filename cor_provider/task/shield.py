"""Work that an interruption of the main thread does not tear apart."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

SECONDS_TO_END = 60.0
"""How long an interrupted push may take to settle what is under way; Airflow kills a task about then itself."""


def run_shielded(work: Callable[[], None], stop: Callable[[], None]) -> None:
    """
    Do work in a thread of its own, so that an interruption never hits it in the middle.

    Airflow interrupts the main thread, at any point, for a timeout or, before Airflow 3, a termination. The first such
    interruption stops the work and is raised once the work has ended; others while it ends are ignored.

    :param work: what to do.
    :param stop: tells it to come to an end.
    :raises BaseException: what the work raised, or what interrupted it.
    """
    raised: list[BaseException] = []
    ended = threading.Event()

    def do_work() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # raised again below
            raised.append(error)
        finally:
            ended.set()

    # A daemon, since a read that never returns must not keep the process from ending.
    threading.Thread(target=do_work, name="cor-account", daemon=True).start()
    try:
        ended.wait()
    except BaseException:
        stop()
        give_up_at = time.monotonic() + SECONDS_TO_END
        while not ended.is_set() and (seconds := give_up_at - time.monotonic()) > 0:
            with suppress(BaseException):
                ended.wait(seconds)
        raise
    if raised:
        raise raised[0]
