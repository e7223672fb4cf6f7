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
    COR refuses a request; the message never quotes it.

    :param name: a key of ``ERRORS``.
    :param fields: names of the offending fields.
    """

    def __init__(self, name: str, *, fields: Sequence[str] = ()) -> None:
        spec = ERRORS[name]
        self.name = name
        self.code = spec.code or name
        self.status = spec.status
        self.fields = tuple(fields)
        self.message = f"{spec.message}: {', '.join(self.fields)}" if self.fields else spec.message
        self.named_message = self.message if self.message == name else f"{name}: {self.message}"
        self.about_the_record = spec.about_the_record
        super().__init__(self.named_message)


def http_refusal(status: int) -> Refusal:
    """Return a refusal whose only name is its HTTP status: 401, 429 or 5xx."""
    return Refusal(HTTPStatus(status).phrase)


@dataclass(frozen=True)
class _ErrorSpec:
    status: int
    message: str
    code: str | None = None
    about_the_record: bool = True


ERRORS = {
    "ValidationError": _ErrorSpec(400, "A required field is missing or malformed"),
    "InvalidSourceError": _ErrorSpec(400, "The metadata source is not valid"),
    "InvalidRoleError": _ErrorSpec(400, "The role is not valid"),
    "UserNotFoundError": _ErrorSpec(404, "The user is not in the integration mappings"),
    "LeaveTypeNotFoundError": _ErrorSpec(404, "The leave type is not in the integration mappings"),
    "LeaveNotFoundError": _ErrorSpec(404, "The leave is not in the integration mappings", "ZC001"),
    "ZC001": _ErrorSpec(404, "The entity is not associated", "ZC001"),
    "ZC002": _ErrorSpec(422, "The position or seniority does not exist in the integration mappings", "ZC002"),
    "DuplicateExternalIdError": _ErrorSpec(409, "The external id is already used for this source", "ZC004"),
    "DuplicateEmailError": _ErrorSpec(409, "The email is already used"),
    "InvalidDateRangeError": _ErrorSpec(422, "The end must be equal to or after the start"),
    **{
        HTTPStatus(status).phrase: _ErrorSpec(status, HTTPStatus(status).phrase, about_the_record=False)
        for status in (401, 429, 500, 502, 503, 504)
    },
}
