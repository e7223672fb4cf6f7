"""E-mail addresses. Only their form is checked: whether mail arrives is another matter."""

from __future__ import annotations

import re

from pydantic_core import PydanticCustomError

from cor_provider.fields.gaps import is_gap, missing

_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;.]+(?:\.[^\s@<>,;.]+)+")


def read_email(value: object) -> str:
    """
    Return an address without the blanks around it, otherwise as it was written: its case may matter to the mail server.

    :raises PydanticCustomError: if it is missing or no address; the message does not quote it.
    """
    if is_gap(value):
        raise missing()
    text = str.strip(value) if isinstance(value, str) else ""
    if not text.isprintable() or not _ADDRESS.fullmatch(text):
        raise PydanticCustomError("email", "must be an e-mail address, such as name@company.com")
    return text


def same_address(one: str, other: str) -> bool:
    """Return whether two addresses differ at most in case: hardly any server tells those apart."""
    return comparable(one) == comparable(other)


def comparable(address: str) -> str:
    """Return an address in the form in which equal ones are equal."""
    return address.strip().casefold()
