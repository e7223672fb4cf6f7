"""The kinds of records that a task carries to COR, and what people read of each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """
    A kind of records.

    :param one: what people call one of them.
    :param many: what they call several.
    :param some: what they call an amount of them: "Some … could not be sent".
    :param were: the verb after it.
    :param parameter: the parameter of an operator that takes them.
    :param metric: the first part of their metrics' names.
    """

    one: str
    many: str
    some: str
    were: str
    parameter: str
    metric: str


LEAVE = Kind("leave request", "leave requests", "leave", "was", "leave_requests", "cor.leaves")
USERS = Kind("user", "users", "users", "were", "users", "cor.users")
