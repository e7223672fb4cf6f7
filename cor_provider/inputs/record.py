"""One record of a file or data frame, before it is read as a leave request or a user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

NAMELESS = ""
"""The key of what has no column: text that could not be split into fields, or fields beyond the header."""

CORRECT = "Correct this record, then delete this text."


class Record(NamedTuple):
    """
    One record, and where it stands.

    :param fields: its values by column, exactly as they were handed in.
    :param place: where it stands in its file, such as ``line 12``.
    :param problem: why it cannot be read at all, such as ``is not JSON``; None if it can.
    :param file: how errors name its file; no personal data.
    """

    fields: Mapping[str, Any]
    place: str
    problem: str | None = None
    file: str = ""

    @property
    def to_correct(self) -> Mapping[str, Any]:
        """
        Its fields, for a person to correct.

        If it has a problem, its values alone may look right. Text without a column then keeps them from being read as
        they are.
        """
        if not self.problem or NAMELESS in self.fields:
            return self.fields
        return {**self.fields, NAMELESS: CORRECT}

    def __repr__(self) -> str:
        return f"Record({self.place!r})"
