"""The operations of COR that the sandbox has, each with its page in COR's documentation and with what is assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.convertors import Convertor, register_url_convertor

from cor_provider.sandbox.main_api import MAX_NUMBER, ListedLeave
from cor_provider.sandbox.marks import Marks, details
from cor_provider.sandbox.payloads import (
    ME,
    DeleteLeaveBody,
    DeleteUserBody,
    LeaveAnswer,
    LeaveBody,
    LeaveDeletedAnswer,
    NewLeaveBody,
    NewUserBody,
    TokenAnswer,
    UserAnswer,
    UserBody,
    UserDeletedAnswer,
)
from cor_provider.sandbox.shapes import Schema, schema_of_examples, schema_of_type

DOCS = "https://developers.projectcor.com/"
QUICKSTART = DOCS + "quickstart"
MAIN_API = "COR's OpenAPI file of https://api.projectcor.com/v1"

LEAVES = "/v2/integrations/leaves"
ONE_LEAVE = LEAVES + "/{leave_id:external_id}"
USERS = "/v2/integrations/users"
ONE_USER = USERS + "/{user_id:external_id}"


class ExternalIds(Convertor[str]):
    """External ids in a path: any text, decoded. Starlette's own ``path`` has no line breaks, but may be empty."""

    regex = r"[\s\S]+"

    def convert(self, value: str) -> str:
        """Return the id that is in a path."""
        return value

    def to_string(self, value: str) -> str:
        """Return what stands in a path for an id."""
        return value


register_url_convertor("external_id", ExternalIds())


@dataclass(frozen=True)
class Parameter:
    """A parameter in the path or the query."""

    name: str
    place: Literal["path", "query"]
    schema: Schema
    required: bool = True
    marks: Marks = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """
    An operation of COR.

    :param path: as FastAPI takes it.
    :param example: COR's documented example of ``body``.
    :param page: where COR documents it.
    :param status: of the answer if all is well, whose body is ``answer``.
    :param errors: the names of COR's errors that its page lists and the sandbox answers with.
    :param assumed_errors: those that it does not list.
    :param assumptions: words of the assumptions that are about the operation as a whole; see ``marks.details``.
    :param links: operations for which its answer has the ids, by name, as OpenAPI describes them.
    :param status_assumption: words of the one about its status, if COR does not document it.
    :param faulty: whether the sandbox's faults affect it.
    """

    name: str
    method: str
    path: str
    summary: str
    page: str
    answer: Schema
    status: int = 200
    body: Schema | None = None
    example: Any = None
    links: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[str, ...] = ()
    assumed_errors: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    status_assumption: str | None = None
    security: Literal["token", "key"] = "token"
    faulty: bool = True


def _number(name: str, *assumptions: str, **schema: Any) -> Parameter:
    return Parameter(
        name,
        "query",
        {"type": "integer", "minimum": 1, "maximum": MAX_NUMBER, **schema},
        required="default" not in schema,
        marks=details("usersId, offset and size are one whole number", *assumptions),
    )


def _external_id(name: str) -> Parameter:
    schema: Schema = {"type": "string", "minLength": 1}
    return Parameter(name, "path", schema, marks=details("External ids in a path are percent-encoded"))


_LEAVE_ID = _external_id("leave_id")
_EVERY_BODY = ("A body is read only", "Unknown fields are ignored")
_OF_USERS = ("External ids are unique per source", "Positions and seniorities come from the seed")
_EVERY_LEAVE = (*_EVERY_BODY, "Order of checks", "External ids are unique per source")
_EXAMPLE = {
    "metadata": {"source": "GLOBANT"},
    "userId": "external-user-id-3",
    "leaveTypeId": "external-type-3",
    "start": "2026-05-11T00:00:00-00:00",
    "end": "2026-05-11T23:59:00-00:00",
    "allDay": True,
}
_OF_LEAVE_ANSWERS = "The HTTP status of a success"

OPERATIONS = (
    Operation(
        "createLeave",
        "POST",
        LEAVES,
        "Create a leave",
        DOCS + "api-reference/integrations/user-leaves/create-leave",
        schema_of_type(LeaveAnswer),
        status=201,
        body=schema_of_type(NewLeaveBody),
        example={"id": "external-id-3", **_EXAMPLE},
        links={
            "updateLeave": {"parameters": {"leave_id": "$request.body#/id"}},
            "deleteLeave": {
                "parameters": {"leave_id": "$request.body#/id"},
                "requestBody": {
                    "metadata": {"source": "$request.body#/metadata/source"},
                    "userId": "$request.body#/userId",
                },
            },
            "listLeaves": {"parameters": {"usersId": "$response.body#/data/userId"}},
        },
        errors=(
            "ValidationError",
            "UserNotFoundError",
            "LeaveTypeNotFoundError",
            "InvalidDateRangeError",
            "DuplicateExternalIdError",
        ),
        assumed_errors=("InvalidSourceError",),
        assumptions=(
            *_EVERY_LEAVE,
            "Overlapping leaves are not refused",
            "A deleted external id can be used again",
            "Leave types come from the seed",
            "Leave that is moved by hand",
        ),
        status_assumption=_OF_LEAVE_ANSWERS,
    ),
    Operation(
        "updateLeave",
        "PUT",
        ONE_LEAVE,
        "Replace a leave",
        DOCS + "api-reference/integrations/user-leaves/update-leave",
        schema_of_type(LeaveAnswer),
        body=schema_of_type(LeaveBody),
        example=_EXAMPLE,
        parameters=(_LEAVE_ID,),
        errors=("ValidationError", "UserNotFoundError", "LeaveTypeNotFoundError", "InvalidDateRangeError", "ZC001"),
        assumed_errors=("InvalidSourceError",),
        assumptions=(*_EVERY_LEAVE, "PUT of an unknown external id", "Overlapping leaves are not refused"),
        status_assumption=_OF_LEAVE_ANSWERS,
    ),
    Operation(
        "deleteLeave",
        "DELETE",
        ONE_LEAVE,
        "Delete a leave",
        DOCS + "api-reference/integrations/user-leaves/delete-leave",
        schema_of_type(LeaveDeletedAnswer),
        body=schema_of_type(DeleteLeaveBody),
        example={"metadata": {"source": "GLOBANT"}, "userId": "external-user-id-3"},
        parameters=(_LEAVE_ID,),
        errors=("ValidationError", "UserNotFoundError", "LeaveNotFoundError"),
        assumed_errors=("InvalidSourceError",),
        assumptions=(*_EVERY_LEAVE, "PUT of an unknown external id", "DELETE with another user's userId"),
        status_assumption=_OF_LEAVE_ANSWERS,
    ),
    Operation(
        "createUser",
        "POST",
        USERS,
        "Create a user",
        DOCS + "api-reference/integrations/users/create",
        schema_of_type(UserAnswer),
        status=201,
        body=schema_of_type(NewUserBody),
        example={
            "metadata": {"source": "OKTA"},
            "id": "OKTA-USER-12345",
            "email": "john.doe@company.com",
            "first_name": "John",
            "last_name": "Doe",
            "phone": "+1 555-0100",
            "role_id": 4,
            "daily_hours": 8,
        },
        links={
            "updateUser": {
                "parameters": {"user_id": "$request.body#/id"},
                "requestBody": {"metadata": {"source": "$request.body#/metadata/source"}},
            }
        },
        errors=("ValidationError", "InvalidRoleError", "DuplicateExternalIdError", "DuplicateEmailError"),
        assumed_errors=("InvalidSourceError", "ZC002"),
        assumptions=(*_EVERY_BODY, *_OF_USERS, "An e-mail address is taken once"),
        status_assumption="POST users answers 201",
    ),
    Operation(
        "updateUser",
        "PUT",
        ONE_USER,
        "Change fields of a user",
        DOCS + "api-reference/integrations/users/update",
        schema_of_type(UserAnswer),
        body=schema_of_type(UserBody),
        example={"metadata": {"source": "OKTA"}, "role_id": 3, "daily_hours": 6},
        parameters=(_external_id("user_id"),),
        errors=("ValidationError", "InvalidRoleError", "ZC001"),
        assumed_errors=("InvalidSourceError", "ZC002"),
        assumptions=(*_EVERY_BODY, *_OF_USERS, "PUT of an unknown external id"),
        status_assumption="POST users answers 201",
    ),
    Operation(
        "deleteUser",
        "DELETE",
        ONE_USER,
        "Delete a user",
        DOCS + "api-reference/integrations/users/delete",
        schema_of_type(UserDeletedAnswer),
        body=schema_of_type(DeleteUserBody),
        example={"metadata": {"source": "OKTA"}},
        parameters=(_external_id("user_id"),),
        errors=("ValidationError", "ZC001"),
        assumed_errors=("InvalidSourceError",),
        assumptions=(*_EVERY_BODY, "External ids are unique per source", "A deleted user takes its leave along"),
    ),
    Operation(
        "listLeaves",
        "GET",
        "/v1/user/leaves",
        "List the leave of a user, newest first",
        MAIN_API,
        schema_of_type(list[ListedLeave]),
        parameters=(
            _number("usersId", "an unknown usersId"),
            _number("offset", "offset is the number of a page", default=1),
            _number("size", default=10),
        ),
        assumed_errors=("ValidationError", "UserNotFoundError"),
        assumptions=("newest first is by creation",),
    ),
    Operation(
        "mintToken",
        "POST",
        "/v1/oauth/token",
        "Get a token for an API key and its secret",
        QUICKSTART,
        schema_of_type(TokenAnswer),
        parameters=(Parameter("grant_type", "query", {"type": "string", "enum": ["client_credentials"]}),),
        assumed_errors=("ValidationError",),
        assumptions=("A refused token request",),
        security="key",
        faulty=False,
    ),
    Operation(
        "me",
        "GET",
        "/v1/me",
        "Show who the token belongs to",
        QUICKSTART,
        schema_of_examples([ME]),
        faulty=False,
    ),
)
