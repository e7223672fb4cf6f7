"""
COR's errors by their documented names.

The names are from developers.projectcor.com/api-reference/integrations/user-leaves/*, users/create and
projects/create. Statuses and messages are assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus


class Refusal(Exception):  # noqa: N818  # `...Error` are COR's names, which this one carries
    """
    COR does not do what it was asked to; the message never repeats what was sent.

    :param name: a key of ``KINDS``.
    :param fields: names of the offending fields.
    """

    def __init__(self, name: str, *, fields: Sequence[str] = ()) -> None:
        kind = KINDS[name]
        self.name = name
        self.code = kind.code or name
        self.status = kind.status
        self.fields = tuple(fields)
        self.message = f"{kind.message}: {', '.join(self.fields)}" if self.fields else kind.message
        self.named_message = self.message if self.message == name else f"{name}: {self.message}"
        self.about_the_record = kind.about_the_record
        super().__init__(self.named_message)


def http_refusal(status: int) -> Refusal:
    """Return the refusal that has no other name than its HTTP status: 401, 429 or 5xx."""
    return Refusal(HTTPStatus(status).phrase)


@dataclass(frozen=True)
class _Kind:
    status: int
    message: str
    code: str | None = None
    about_the_record: bool = True


KINDS = {
    "ValidationError": _Kind(400, "A required field is missing or malformed"),
    "InvalidSourceError": _Kind(400, "The metadata source is not valid"),
    "InvalidRoleError": _Kind(400, "The role is not valid"),
    "UserNotFoundError": _Kind(404, "The user is not in the integration mappings"),
    "LeaveTypeNotFoundError": _Kind(404, "The leave type is not in the integration mappings"),
    "LeaveNotFoundError": _Kind(404, "The leave is not in the integration mappings", "ZC001"),
    "ZC001": _Kind(404, "The entity is not associated", "ZC001"),
    "DuplicateExternalIdError": _Kind(409, "The external id is already used for this source", "ZC004"),
    "DuplicateEmailError": _Kind(409, "The email is already used"),
    "InvalidDateRangeError": _Kind(422, "The end must be equal to or after the start"),
    **{
        HTTPStatus(status).phrase: _Kind(status, HTTPStatus(status).phrase, about_the_record=False)
        for status in (401, 429, 500, 502, 503, 504)
    },
}
