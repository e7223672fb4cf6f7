"""Which CPU the threads of a push run on."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import suppress


def one_cpu() -> Callable[[], None]:
    """
    Return what a thread calls to share one CPU with all others that call it.

    Python lets one thread run at a time, and these let go of its lock many times per request. Handing that lock from
    CPU to CPU costs more than the work: on one CPU, a push is a third faster. Other threads are free to move away. What
    one of these starts, a thread or a process, is there already, and stays there.
    """
    if not hasattr(os, "sched_setaffinity"):  # only Linux has it
        return lambda: None
    cpu = random.choice(sorted(os.sched_getaffinity(0)))  # noqa: S311  # so that several pushes spread

    def stay_there() -> None:
        with suppress(OSError):  # a container may not allow it
            os.sched_setaffinity(0, {cpu})

    return stay_there
