"""Keeping people's data out of what Airflow stores and shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow.providers.common.compat.sdk import XComArg

from cor_provider.inputs import PATH_TYPES


class Hidden:
    """
    A value that Airflow renders like any other but stores and shows as a placeholder.

    Airflow keeps the rendered value of every template field in its database and shows it to whoever may see the task;
    of an object like this one it keeps the ``repr``.

    :param content: the value itself.
    """

    template_fields = ("content",)

    def __init__(self, content: Any) -> None:
        self.content = content

    def __repr__(self) -> str:
        return "<leave requests are not shown>"


def hide(leave_requests: Any) -> Any:
    """
    Hide leave requests; leave as they are what holds none: paths, templates, references to upstream tasks.

    :param leave_requests: the operator's parameter, before or after Airflow has rendered it.
    """
    if isinstance(leave_requests, str):
        text = leave_requests.lstrip()
        holds_records = text.startswith(("[", "{")) and not text.startswith(("{{", "{%", "{#"))
    else:
        holds_records = not (
            leave_requests is None
            or isinstance(leave_requests, (Hidden, *PATH_TYPES))
            or _refers_upstream(leave_requests)
        )
    return Hidden(leave_requests) if holds_records else leave_requests


def reveal(leave_requests: Any) -> Any:
    """Return what :func:`hide` was given."""
    return leave_requests.content if isinstance(leave_requests, Hidden) else leave_requests


def _refers_upstream(value: Any) -> bool:
    # Airflow finds an upstream task only in a value that it can look through itself.
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple, set)):
        return isinstance(value, XComArg)
    elements: Iterable[Any] = value
    return any(_refers_upstream(element) for element in elements)
