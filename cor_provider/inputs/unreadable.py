"""Single values that cannot be read, in rows that can."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, repr=False)
class Unreadable:
    """
    Stands for a value that cannot be read.

    :param problem: what it is instead; no personal data.
    :param raw: what was handed in, as far as that can be told.
    """

    problem: str
    raw: Any = None

    def __str__(self) -> str:
        return "" if self.raw is None else str(self.raw)


def without_unreadable(
    fields: Mapping[str, Any], used: Container[str] | None = None
) -> tuple[Mapping[str, Any], str | None]:
    """
    Return the fields of a record as they were handed in, and its problem if one of them cannot be read.

    :param used: the columns that are read; in the others, nothing is a problem. None if all are.
    """
    problem = None
    unreadable = {name: value for name, value in fields.items() if isinstance(value, Unreadable)}
    for name, value in unreadable.items():
        if problem is None and (used is None or name in used):
            problem = f'has {value.problem} in column "{name}"'
    return ({**fields, **{name: value.raw for name, value in unreadable.items()}} if unreadable else fields), problem
