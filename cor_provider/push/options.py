"""The options that every push takes, and their checks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict, get_args

IfExists = Literal["skip", "update", "fail"]
IfMissing = Literal["skip", "fail"]
IfMissingOnUpdate = Literal["create", "skip", "fail"]

Permit = Callable[[], bool]
"""Returns whether a request may go out now."""


def always() -> bool:
    """Let every request go out."""
    return True


@dataclass(frozen=True, kw_only=True)
class PushOptions:
    """
    How a push sends: how much at once, how patiently, and who can stop it.

    :param concurrency: the maximum number of requests under way at once.
    :param max_attempts: how often one leave request is sent before the push gives up; 8 attempts are about a minute of
        waiting. A 429 is a pause and not an attempt.
    :param max_wait: seconds that the push may spend waiting in total; simultaneous waits count once, and those for the
        rate limit only until COR accepts requests again.
    :param stopping: set it, from any thread, to stop sending and still get every outcome.
    :param permit: called right before each request, in the thread that sends it; if it returns False, the push stops.
    :raises ValueError: naming the option that is wrong.
    """

    concurrency: int = 8
    max_attempts: int = 8
    max_wait: float = 3600.0
    stopping: threading.Event = field(default_factory=threading.Event)
    permit: Permit = always

    def __post_init__(self) -> None:
        for name, value in (("concurrency", self.concurrency), ("max_attempts", self.max_attempts)):
            if not _is_number(value, int) or value < 1:
                raise ValueError(f"{name}: expected a whole number of at least 1; got {value!r}.")
        if not (_is_number(self.max_wait, (int, float)) and self.max_wait >= 0):
            raise ValueError(f"max_wait: expected a number of seconds of at least 0; got {self.max_wait!r}.")


class Options(TypedDict, total=False):
    """The same options as keyword arguments, for ``Unpack``."""

    concurrency: int
    max_attempts: int
    max_wait: float
    stopping: threading.Event
    permit: Permit


def read_options(method: str, options: Mapping[str, Any]) -> PushOptions:
    """
    Return the options of a push.

    :param method: the method that takes them.
    :raises TypeError: naming the method and an option that does not exist.
    :raises ValueError: naming the option that is wrong.
    """
    if unknown := sorted(options.keys() - Options.__annotations__.keys()):
        known = ", ".join(Options.__annotations__)
        raise TypeError(f"{method}: there is no option {', '.join(unknown)}. The options are {known}.")
    return PushOptions(**options)


def check_choice(name: str, value: object, choices: Any) -> None:
    """
    Check an option that takes one of a few values.

    :param choices: a ``Literal`` of these values.
    :raises ValueError: naming the option.
    """
    if value not in get_args(choices):
        raise ValueError(f"{name}: expected one of {', '.join(get_args(choices))}; got {value!r}.")


def _is_number(value: object, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)  # True would pass for 1
