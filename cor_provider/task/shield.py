"""Work that an interruption of the main thread cannot break off midway."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

GRACE_SECONDS = 60.0
"""How long an interrupted push may wait for the answers under way; Airflow kills the task after about as long."""


def run_shielded(work: Callable[[], None], stop: Callable[[], None]) -> None:
    """
    Run a function in a thread of its own, where no interruption can hit it.

    Airflow interrupts the main thread at any point, for a timeout or, before Airflow 3, a termination. The first
    interruption stops the work and is raised once the work has ended; further ones are ignored meanwhile.

    :param work: the function.
    :param stop: asks it to end early.
    :raises BaseException: the error of the work, or the interruption.
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

    # A daemon thread: a read that never returns must not keep the process alive.
    thread = threading.Thread(target=do_work, name="cor-push", daemon=True)
    try:
        thread.start()
        ended.wait()
    except RuntimeError:  # no thread could be started
        raise
    except BaseException:
        stop()
        give_up_at = time.monotonic() + GRACE_SECONDS
        while not ended.is_set() and (seconds := give_up_at - time.monotonic()) > 0:
            with suppress(BaseException):
                ended.wait(seconds)
        raise
    if raised:
        raise raised[0]
