"""The causes of outcomes: which error, how often, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cor_provider import exceptions
from cor_provider.exceptions import CorError
from cor_provider.outcome import Status


@dataclass
class Cause:
    """
    One cause that several outcomes share.

    :param status: the status of these outcomes.
    :param error: the error's name.
    :param message: the error's message, which quotes no field of a record; None if the outcomes have different ones.
    :param count: how many outcomes there are.
    :param example: the external id of one leave, or the position of one user; None if none has a readable one.
    :param has_number: whether one of them is about an unknown external id that may be a number: see :func:`is_number`.
    """

    status: Status
    error: str
    message: str | None
    count: int = 0
    example: str | None = None
    has_number: bool = False

    def advice(self, source: str | None) -> str:
        """
        Return what is wrong and what to do about all these outcomes, in one line.

        :param source: COR's ``metadata.source``; None if it is not known.
        """
        known = _ERRORS.get(self.error)
        if known and known.advice and self.message in {None, known.default_message}:
            return known.advice.format(
                source=f"source {source}" if source else "the same source",
                lost_zeros=" (leading zeros lost?)" if self.has_number else "",
            )
        return (self.message or "the messages differ: see the report.").replace("\n", " ")

    def __str__(self) -> str:
        """Return the name, the count and an example, such as ``UserNotFoundError 32, such as L-7``."""
        return f"{self.error} {self.count}" + (f", such as {self.example}" if self.example else "")


def is_number(external_id: str | None) -> bool:
    """Return whether an external id may be what a number has left of it, without the zeros that it began with."""
    return external_id is not None and external_id.isdecimal() and not external_id.startswith("0")


def largest_first(causes: Iterable[Cause]) -> list[Cause]:
    """Return causes in the order of their counts, those of equal counts by name."""
    return sorted(causes, key=lambda cause: (-cause.count, cause.error, cause.message or ""))


def without_place(message: str | None) -> str | None:
    """Return a message without the place of its record in the input, so that equal causes are one."""
    return message and _PLACE.sub("", message)


def place_in(message: str) -> str | None:
    """Return the place of a record that its message names, such as ``row 12``; None if it names none."""
    found = _PLACE.search(message)
    return found and next(filter(None, found.groups()))


_PLACE = re.compile(r"^(\w+ \d+):? | \([^()]*, (\w+ \d+)\)(?=\.?$)")
"""What :mod:`cor_provider.inputs.leaves` adds: ``Record 12: …``, ``line 12 …``, ``… (leave.csv, row 12)``."""

_ERRORS: dict[str, type[CorError]] = {
    one.default_name: one for one in vars(exceptions).values() if isinstance(one, type) and issubclass(one, CorError)
}
