"""Shield work from interruptions of the main thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

GRACE_SECONDS = 60.0
"""How long an interrupted push may wait for responses; Airflow kills the task after about the same time."""


def run_shielded(work: Callable[[], None], stop: Callable[[], None]) -> None:
    """
    Run a function in its own thread, where no interruption can reach it.

    Airflow can interrupt the main thread at any point, for a timeout or, before Airflow 3, for a termination. The first
    interruption stops the work, and is raised once the work has ended. Further ones are ignored in the meantime.

    :param work: the function.
    :param stop: asks the function to end early.
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
