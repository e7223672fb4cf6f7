"""Check parameters twice: when the DAG is read, if they are literal, and when the task runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cor_provider._compat import XComArg
from cor_provider.exceptions import CorConfigurationError


def check_literal(read: Callable[..., object], name: str, value: object) -> None:
    """
    Check a parameter when the DAG is read, unless its value is known only when the task runs.

    :param read: reads the parameter, given its name and value.
    :raises ValueError: naming the parameter.
    """
    if has_template(value):
        return
    try:
        read(name, value)
    except CorConfigurationError as error:
        raise ValueError(error.message) from None


@contextmanager
def at_run_time() -> Iterator[None]:
    """Turn errors in parameters into those of a task that cannot work, which Airflow does not retry."""
    try:
        yield
    except ValueError as error:
        raise CorConfigurationError(str(error)) from None


def has_template(value: Any) -> bool:
    """Return whether Airflow renders a value, or some part of it, only when the task runs."""
    if isinstance(value, str):
        return any(mark in value for mark in ("{{", "{%", "{#"))
    if isinstance(value, Mapping):
        return any(map(has_template, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(has_template, value))
    return isinstance(value, XComArg)
