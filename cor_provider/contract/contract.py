"""What a COR answers to each call of ``prove``, as shapes; the file ``cor-contract.json``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from requests import Response

from cor_provider.client.parsed_response import ParsedResponse
from cor_provider.contract.shape import Shape, shape_of
from cor_provider.contract.words import HEADERS

LEAVES = "/v2/integrations/leaves"
LEAVE = f"{LEAVES}/{{id}}"
USER_LEAVES = "/user/leaves?usersId={id}"

CallName = Literal[
    "create",
    "create again",
    "end before start",
    "unknown leave type",
    "update",
    "update of an unknown id",
    "list",
    "delete",
    "delete again",
    "delete of the refused dates",
    "delete of the refused type",
    "delete of the refused update",
]


def _check_headers(names: tuple[str, ...]) -> tuple[str, ...]:
    if not HEADERS.issuperset(names):
        raise ValueError("has a header that a contract may not have")
    return names


class Call(BaseModel):
    """
    What COR answered to a call.

    :param path: with ids replaced; without the address of COR, and without what a proxy puts before it.
    :param headers: the names of the answer's headers. ``other_headers``: how many more it has.
    :param form: what kind of body it has; ``body`` is its shape.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    call: CallName
    method: Literal["POST", "PUT", "DELETE", "GET"]
    path: Literal["/v2/integrations/leaves", "/v2/integrations/leaves/{id}", "/user/leaves?usersId={id}"]
    status: Annotated[int, Field(ge=200, le=599)]
    headers: Annotated[tuple[str, ...], AfterValidator(_check_headers)]
    other_headers: Annotated[int, Field(ge=0, le=1000)] = 0
    form: Literal["JSON", "text", "web page", "nothing"]
    body: Shape | None = None

    @classmethod
    def of(cls, name: CallName, response: Response) -> Call:
        """Return what an answer tells, without its content."""
        method, path = _request_of(name)
        parsed = ParsedResponse.parse(response, "create")  # only how its body is parsed counts here
        names = {header.lower() for header in response.headers}
        known = sorted(names & HEADERS)
        return cls(
            call=name,
            method=method,
            path=path,
            status=response.status_code if 200 <= response.status_code <= 599 else 599,  # noqa: PLR2004  # HTTP's
            headers=tuple(known),
            other_headers=min(len(names) - len(known), 1000),
            form=parsed.form,
            body=None if parsed.form == "nothing" else shape_of(parsed.body),
        )


class Contract(BaseModel):
    """The answers of one COR."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    version: Literal[1]
    calls: tuple[Call, ...]

    @classmethod
    def read(cls, text: str | bytes) -> Contract:
        """
        Read the content of a file.

        :raises ValueError: if it is no contract; it says where.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"] if isinstance(part, int) or part.isidentifier())
            raise ValueError(f"not a contract that prove wrote: {place or 'all of it'}: {first['msg']}") from None

    def write(self) -> str:
        """Return the content of the file."""
        return self.model_dump_json(indent=2, exclude_defaults=True) + "\n"


def _request_of(name: CallName) -> tuple[Literal["POST", "PUT", "DELETE", "GET"], str]:
    if name == "list":
        return "GET", USER_LEAVES
    if name.startswith("update"):
        return "PUT", LEAVE
    if name.startswith("delete"):
        return "DELETE", LEAVE
    return "POST", LEAVES
