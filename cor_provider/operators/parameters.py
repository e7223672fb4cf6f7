"""Check parameters twice: when the DAG is read, if they are literal, and when the task runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cor_provider._compat import XComArg
from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.translation import is_unset


class NotGiven:
    """The default of a parameter for which ``None``, from a template or a mapped task, must not mean the same."""

    def __repr__(self) -> str:
        return "None"


NOT_GIVEN: Any = NotGiven()


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


def check_switch(name: str, value: object) -> None:
    """
    Refuse None for a switch, which would count as off: a mapped task may get it where its author meant a value.

    :raises ValueError: naming the parameter.
    """
    if value is None:
        raise ValueError(f"{name}: expected True or False, not None.")


class Safeguard:
    """
    A parameter that limits what a task does, so nothing that happens to be empty when the task runs may lift it.

    What reads the parameter takes it as not given only if it is ``None``, so that an empty list, say, is an error.

    The author of a DAG lifts it by leaving it out, or by writing ``None``. A template that renders to nothing does not,
    and neither does ``None`` for a mapped task, which may come from another task.

    :param name: of the parameter.
    :param value: that the operator was made with; :data:`NOT_GIVEN` if it was left out.
    :param otherwise: what the task must not do for want of a value.
    :param to_lift: what the author of a DAG can do to lift it, also for a mapped task.
    """

    def __init__(self, name: str, value: object, *, otherwise: str, to_lift: str = "leave it out of the DAG") -> None:
        self._name = name
        self._otherwise = otherwise
        self._to_lift = to_lift
        self._is_none = value is None
        self._is_set = value is not None and value is not NOT_GIVEN

    def check(self, value: object, *, is_mapped: bool) -> None:
        """
        Refuse an empty value.

        :param value: the parameter as it is when the task runs.
        :param is_mapped: whether the task is mapped.
        :raises CorConfigurationError: naming the parameter.
        """
        if (self._is_set and is_unset(value)) or (self._is_none and is_mapped):
            where = "for this mapped task" if is_mapped else "when the task runs"
            raise CorConfigurationError(
                f"{self._name}: is empty {where}, which must not mean {self._otherwise}. Check what its template or "
                f"the task before it gives. To do without it, {self._to_lift}."
            )


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
