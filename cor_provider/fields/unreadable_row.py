"""A row that could not be turned into a record: a mark in a field of the record says so to whoever reads it."""

from __future__ import annotations

import re

from pydantic_core import PydanticCustomError

TYPE = "unreadable_row"
"""Pydantic's type of the problem."""

_MARK = re.compile(r"\0row: (\w+(?: at line \d+ of [\w.-]+)?)\0|\0row refused: ([^\0]+)\0")


def mark_row(error: str, place: str = "") -> str:
    """
    Return text that no field takes.

    :param error: the kind of the error.
    :param place: where in the code it was raised, such as ``at line 7 of hr.py``; nothing else is shown of it.
    """
    return f"\0row: {error}{f' {place}' if place else ''}\0"


def mark_refused_row(reason: str) -> str:
    """Return the same for a row that the extract itself refuses, with the reason as errors show it."""
    return f"\0row refused: {reason.replace(chr(0), '')}\0"


def problem_of(text: str) -> PydanticCustomError | None:
    """Return the problem if a text is such a mark."""
    found = _MARK.fullmatch(text)
    if found is None:
        return None
    reason = found[1] or found[2].rstrip(".")
    return PydanticCustomError(TYPE, "The extract could not read this row: {reason}.", {"reason": reason})
