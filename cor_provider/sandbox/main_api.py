"""
COR's main API: the list of a user's leave, and the readings of what its documentation leaves open.

Fields, forms and defaults are those of GET /user/leaves in COR's OpenAPI file (api.projectcor.com/v1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timezone, tzinfo
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from pydantic import Field
from typing_extensions import TypedDict

from cor_provider.sandbox.errors import Refusal
from cor_provider.sandbox.marks import assumed, details
from cor_provider.sandbox.payloads import COMPANY_ID, in_utc, read_instant
from cor_provider.sandbox.store import Store, StoredLeave

if TYPE_CHECKING:  # it needs the optional web server, and `--help` must not
    from fastapi.datastructures import QueryParams

CHOICES: Mapping[str, Mapping[str, str]] = {
    "paging": {
        "page": "offset is the number of a page",
        "row": "offset is the number of the first leave",
        "ignored": "every page is the first",
    },
    "dates": {
        "civil": "an all-day leave has the dates that were sent, in UTC",
        "local": "it has the instants of the user's local day, in `zone`",
    },
    "deleted": {
        "kept": "deleted leave is listed with `deleted_at`",
        "absent": "it is not listed",
        "cut": "it is left out once a page is cut, which is short then",
    },
    "unknown_user": {
        "404": "UserNotFoundError",
        "empty": "an empty list",
        "400": "ValidationError",
    },
}
"""What may be chosen, and what it means. The first of each is the default."""

LOCAL_ZONE = "America/Argentina/Buenos_Aires"
"""Three hours behind UTC, as in COR's documented example of an all-day leave."""


MAX_NUMBER = 10**18 - 1
"""The largest id, offset or size: what any int64 holds."""

Instant = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
        json_schema_extra=details("an all-day leave has the civil dates"),
    ),
]
TIMESTAMP = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$"
Timestamp = Annotated[str, Field(pattern=TIMESTAMP)]


class ListedLeaveType(TypedDict):
    """A leave type in the list of a user's leave."""

    id: int
    name: str
    type_code: Annotated[str, Field(json_schema_extra=assumed("type_code UL and its id"))]
    company_id: int
    icon_name: Annotated[str, Field(json_schema_extra=assumed("type_code UL and its id"))]
    deleted_at: None


class ListedLeave(TypedDict):
    """A leave in the list of a user's leave."""

    id: int
    user_id: int
    company_id: int
    leave_type_id: int
    start: Instant
    end: Instant
    created_at: Timestamp
    updated_at: Timestamp
    deleted_at: Annotated[
        str | None, Field(pattern=TIMESTAMP, json_schema_extra=details("deleted leave stays in the list"))
    ]
    all_day: Annotated[bool, Field(json_schema_extra=details("an all-day leave has the civil dates"))]
    leaveType: ListedLeaveType


@dataclass(frozen=True)
class Readings:
    """How the documentation of the main API is read where it is silent; see ``CHOICES``."""

    paging: str = "page"
    dates: str = "civil"
    zone: str = LOCAL_ZONE
    deleted: str = "kept"
    unknown_user: str = "404"

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Readings:
        """
        Return the readings with these options; the others are the defaults.

        :raises ValueError: if there is no such option or value.
        """
        for name, value in options.items():
            if name == "zone":
                _zone(value)
            elif name not in CHOICES:
                raise ValueError(f"main_api has no {name}, only {', '.join(asdict(cls()))}")
            elif value not in CHOICES[name]:
                raise ValueError(f"main_api: {name} must be one of {', '.join(CHOICES[name])}")
        return cls(**options)


def read_pairs(text: str) -> dict[str, str]:
    """
    Read ``name=value,name=value``.

    :raises ValueError: if a part is no such pair.
    """
    pairs = [part.split("=", 1) for part in text.split(",")]
    if any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004  # a name and a value
        raise ValueError("main_api must be NAME=VALUE, or several of these with commas between them")
    return {name.strip(): value.strip() for name, value in pairs}


def list_leaves(store: Store, query: QueryParams, readings: Readings) -> list[ListedLeave]:
    """
    Return what COR answers to GET /user/leaves.

    :param query: ``usersId``, COR's id of a user; ``offset``, by default 1; ``size``, by default 10.
    :raises Refusal: if a number is missing or malformed, or nobody has this id.
    """
    user_cor_id = _number(query, "usersId")
    offset = _number(query, "offset", default="1")
    size = _number(query, "size", default="10")
    leaves = store.leaves_of_user(user_cor_id)
    if leaves is None:
        leaves = _leaves_of_nobody(readings)
    if readings.deleted == "absent":
        leaves = [leave for leave in leaves if leave.deleted_at is None]
    first = {"page": (offset - 1) * size, "row": offset - 1, "ignored": 0}[readings.paging]
    shown = (leave for leave in leaves[first : first + size] if readings.deleted == "kept" or leave.deleted_at is None)
    return [_listed(leave, user_cor_id, store, readings) for leave in shown]


def _number(query: QueryParams, name: str, default: str = "") -> int:
    text, *repeats = query.getlist(name) or [default]
    # int() would take more: other scripts, signs, underscores, and a thousand digits.
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_NUMBER)) and int(text)) or repeats:
        raise Refusal("ValidationError", fields=[name])
    return int(text)


def _leaves_of_nobody(readings: Readings) -> list[StoredLeave]:
    if readings.unknown_user == "404":
        raise Refusal("UserNotFoundError")
    if readings.unknown_user == "400":
        raise Refusal("ValidationError", fields=["usersId"])
    return []


def _listed(leave: StoredLeave, user_cor_id: int, store: Store, readings: Readings) -> ListedLeave:
    leave_type = (leave.source, leave.leave_type_id)
    type_cor_id = store.leave_type_cor_ids[leave_type]
    return {
        "id": leave.cor_id,
        "user_id": user_cor_id,
        "company_id": COMPANY_ID,
        "leave_type_id": type_cor_id,
        "start": _instant(leave.start, leave, readings),
        "end": _instant(leave.end, leave, readings),
        "created_at": _timestamp(leave.created_at),
        "updated_at": _timestamp(leave.updated_at),
        "deleted_at": leave.deleted_at and _timestamp(leave.deleted_at),
        "all_day": False,  # as in COR's own example of a leave that was sent with true
        "leaveType": {
            "id": type_cor_id,
            "name": store.leave_types[leave_type],
            "type_code": f"UL{type_cor_id}",
            "company_id": COMPANY_ID,
            "icon_name": "Futbol",
            "deleted_at": None,
        },
    }


def _instant(text: str, leave: StoredLeave, readings: Readings) -> str:
    """Return an end of a leave in the form ``2024-10-18T03:00:00.000Z``."""
    instant = read_instant(text)
    if leave.all_day:
        instant = instant.replace(tzinfo=_zone(readings.zone) if readings.dates == "local" else timezone.utc)
    return in_utc(instant).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _timestamp(text: str) -> str:
    """Return ``2024-10-21T14:19:01Z`` in the form ``2024-10-21 14:19:01``."""
    return text.removesuffix("Z").replace("T", " ")


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ValueError(f"main_api: zone must be the name of a time zone, such as {LOCAL_ZONE}") from None
