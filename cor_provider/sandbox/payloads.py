"""
The bodies of requests to COR's Integrations API, and of its answers.

Fields, types and examples are those of user-leaves/create-leave, update-leave, delete-leave and users/create under
developers.projectcor.com/api-reference/integrations.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from cor_provider.fields.sources import KNOWN_SOURCES
from cor_provider.sandbox.errors import Refusal
from cor_provider.sandbox.marks import details
from cor_provider.sandbox.store import StoredLeave, StoredUser

COMPANY_ID = 2336
ROLE_IDS = range(1, 7)

_FRACTION = re.compile(r"\.[0-9]+")

ME = {
    "id": 12345,
    "first_name": "John",
    "last_name": "Doe",
    "email": "john.doe@company.com",
    "picture": "https://example.com/john.png",
    "role_id": 3,
    "user_position_id": 5,
    "daily_hours": 8,
    "remaining_hours": 6.5,
    "cuil": None,
    "labels": [],
}
"""The documented example of GET /me (developers.projectcor.com/quickstart)."""


def read_instant(text: str) -> datetime:
    """
    Read an ISO 8601 date-time; without an offset it is UTC.

    :raises ValueError: if it is not a date-time.
    """
    # Python 3.10 does not know `Z`, and only takes three or six digits of a fraction.
    text = _FRACTION.sub(lambda fraction: fraction[0][:7].ljust(7, "0"), text.replace("Z", "+00:00"))
    instant = datetime.fromisoformat(text)  # noqa: TID251  # the sandbox shares no code with those whom it tests
    return instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)


def in_utc(instant: datetime) -> datetime:
    """Return an instant in UTC. An open end, 9999-12-31, has none west of Greenwich, and keeps its clock."""
    try:
        return instant.astimezone(timezone.utc)
    except OverflowError:
        return instant.replace(tzinfo=timezone.utc)


def _require_date_time(text: str) -> str:
    if "T" not in text:
        raise ValueError("not a date-time")
    read_instant(text)
    return text


Text = Annotated[str, StringConstraints(min_length=1)]
DateTimeText = Annotated[
    str,
    AfterValidator(_require_date_time),
    Field(
        json_schema_extra={
            "format": "date-time",
            **details("start and end are a date", "start and end are compared"),
        }
    ),
]
Timestamp = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


class _Metadata(BaseModel):
    model_config = ConfigDict(strict=True)

    source: Annotated[
        Text,
        Field(json_schema_extra={"enum": list(KNOWN_SOURCES), **details("outside the twelve documented values")}),
    ]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True)

    metadata: _Metadata

    @property
    def source(self) -> str:
        return self.metadata.source


class LeaveBody(_Body):
    """The body of PUT leaves/{id}."""

    model_config = ConfigDict(alias_generator=to_camel)

    user_id: Text
    leave_type_id: Text
    start: DateTimeText
    end: DateTimeText
    all_day: bool

    def fields(self) -> dict[str, Any]:
        """Return the arguments of ``Store.create_leave`` and ``Store.update_leave``, without the external id."""
        return {
            "source": self.source,
            "user_id": self.user_id,
            "leave_type_id": self.leave_type_id,
            "start": self.start,
            "end": self.end,
            "all_day": self.all_day,
        }


class NewLeaveBody(LeaveBody):
    """The body of POST leaves."""

    id: Text


class DeleteLeaveBody(_Body):
    """The body of DELETE leaves/{id}."""

    model_config = ConfigDict(alias_generator=to_camel)

    user_id: Text


Hours: TypeAlias = "int | Annotated[float, Field(allow_inf_nan=False)]"


class UserBody(_Body):
    """The body of PUT users/{id}: what is not in it stays as it is."""

    first_name: Text | None = None
    last_name: Text | None = None
    phone: str | None = None
    position: str | None = None
    department: str | None = None
    role_id: Annotated[int, Field(json_schema_extra={"enum": list(ROLE_IDS)})] | None = None
    daily_hours: Hours = None  # type: ignore[assignment]  # null is refused
    user_position_id: str | None = None
    seniority_id: str | None = None

    def fields(self) -> dict[str, Any]:
        """Return the fields of ``StoredUser`` that are given."""
        return self.model_dump(exclude={"metadata", "id", "email"}, exclude_none=True)


class DeleteUserBody(_Body):
    """The body of DELETE users/{id}."""


class NewUserBody(UserBody):
    """The body of POST users."""

    id: Text
    email: Text
    first_name: Text
    last_name: Text
    daily_hours: Hours = 8


class LeaveInAnswer(TypedDict):
    """A leave as the Integrations API shows it: by COR's ids."""

    id: int
    userId: int
    leaveTypeId: int
    start: Annotated[str, Field(json_schema_extra=details("are returned as sent"))]
    end: Annotated[str, Field(json_schema_extra=details("are returned as sent"))]
    allDay: bool
    company_id: int
    created_at: Timestamp
    updated_at: Timestamp
    status: Annotated[Literal["pending"], Field(json_schema_extra=details("every leave stays 'pending'"))]


class LeaveAnswer(TypedDict):
    """The answer to a POST or PUT of a leave."""

    statusCode: int
    status: Literal["success"]
    data: LeaveInAnswer


class DeletedLeave(TypedDict):
    """What is left of a deleted leave."""

    message: str
    deletedId: str


class LeaveDeletedAnswer(TypedDict):
    """The answer to a DELETE of a leave."""

    statusCode: int
    status: Literal["success"]
    data: DeletedLeave


class UserDeletedAnswer(TypedDict):
    """The answer to a DELETE of a user."""

    message: str
    external_id: str
    cor_id: int


class UserAnswer(TypedDict):
    """The answer to a POST or PUT of a user."""

    id: int
    email: Annotated[str | None, Field(json_schema_extra=details("null for missing fields"))]
    first_name: str
    last_name: str
    phone: Annotated[str | None, Field(json_schema_extra=details("null for missing fields"))]
    role_id: Annotated[int | None, Field(json_schema_extra=details("null for missing fields"))]
    daily_hours: Annotated[int | float, Field(json_schema_extra=details("null for missing fields"))]
    company_id: int
    created_at: Timestamp
    updated_at: Timestamp


class TokenAnswer(TypedDict):
    """The answer to the client-credentials flow."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Field(json_schema_extra=details("tokens last as long"))]
    refresh_token: str


BodyT = TypeVar("BodyT", bound=_Body)


def read_body(model: type[BodyT], body: bytes) -> BodyT:
    """
    Read a body of the given kind.

    :raises Refusal: if the body alone is reason enough.
    """
    try:
        payload = model.model_validate_json(body)
    except ValidationError as error:
        fields = dict.fromkeys(".".join(map(str, detail["loc"])) for detail in error.errors(include_input=False))
        raise Refusal("ValidationError", fields=[field for field in fields if field]) from None
    if payload.source not in KNOWN_SOURCES:
        raise Refusal("InvalidSourceError")
    if isinstance(payload, LeaveBody) and read_instant(payload.end) < read_instant(payload.start):
        raise Refusal("InvalidDateRangeError")
    if isinstance(payload, UserBody) and payload.role_id is not None and payload.role_id not in ROLE_IDS:
        raise Refusal("InvalidRoleError")
    return payload


def leave_answer(status: int, leave: StoredLeave, *, user_cor_id: int, leave_type_cor_id: int) -> LeaveAnswer:
    """Return what COR answers to a POST (201) or PUT (200) of a leave."""
    return {
        "statusCode": status,
        "status": "success",
        "data": {
            "id": leave.cor_id,
            "userId": user_cor_id,
            "leaveTypeId": leave_type_cor_id,
            "start": leave.start,
            "end": leave.end,
            "allDay": leave.all_day,
            "company_id": COMPANY_ID,
            "created_at": leave.created_at,
            "updated_at": leave.updated_at,
            "status": "pending",
        },
    }


def leave_deleted_answer(external_id: str) -> LeaveDeletedAnswer:
    """Return what COR answers to a DELETE of a leave."""
    return {
        "statusCode": 200,
        "status": "success",
        "data": {"message": "Leave request deleted successfully", "deletedId": external_id},
    }


def user_deleted_answer(user: StoredUser) -> UserDeletedAnswer:
    """Return what COR answers to a DELETE of a user."""
    return {"message": "User deleted successfully", "external_id": user.external_id, "cor_id": user.cor_id}


def user_answer(user: StoredUser) -> UserAnswer:
    """Return what COR answers to a POST or PUT of a user."""
    return {
        "id": user.cor_id,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "phone": user.phone,
        "role_id": user.role_id,
        "daily_hours": user.daily_hours,
        "company_id": COMPANY_ID,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }


def token_answer(token: str, *, lifetime: int) -> TokenAnswer:
    """Return what COR answers to the client-credentials flow (developers.projectcor.com/quickstart)."""
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": lifetime,
        "refresh_token": f"refresh-{token}",
    }
