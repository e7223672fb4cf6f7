"""A user's role in COR: a number from 1 to 6, or its name (developers.projectcor.com, integrations/users/create)."""

from __future__ import annotations

import re

from pydantic_core import PydanticCustomError

from cor_provider.fields import external_id
from cor_provider.fields.gaps import is_gap

ROLES = {
    1: "C-Level",
    2: "Director",
    3: "Project Manager",
    4: "Collaborator",
    5: "Freelancer",
    6: "Client",
}

NOT_A_ROLE = "role"
"""The type of the error of what is no role."""

_NUMBER = re.compile(r"([0-9]+)(?:\.0+)?")


def read_role(value: object) -> int | None:
    """
    Return the number of a role, or None for a gap. Case, blanks and hyphens of a name do not matter.

    :raises PydanticCustomError: if it is no role; the message does not quote it.
    """
    if is_gap(value):
        return None
    try:
        text = external_id.read_text(value)  # numbers of any library, if they are whole
    except PydanticCustomError:
        raise _no_role() from None
    if (found := _NUMBER.fullmatch(text)) and text.isascii() and len(text) <= _LONGEST:
        number: int | None = int(found[1])
    else:
        number = _NUMBERS.get(_plain(text))
    if number not in ROLES:
        raise _no_role()
    return number


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).casefold()


_NUMBERS = {_plain(name): number for number, name in ROLES.items()}
_LONGEST = 20


def _no_role() -> PydanticCustomError:
    names = ", ".join(f"{number} {name}" for number, name in ROLES.items())
    return PydanticCustomError(NOT_A_ROLE, "must be one of COR's roles, by number or name: {names}", {"names": names})
