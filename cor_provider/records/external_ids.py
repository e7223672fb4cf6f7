"""The external id of a record, by which everything else knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from cor_provider.exceptions import CorRecordError, CorUnreadableRowError, CorValidationError
from cor_provider.fields import external_id, unreadable_row

ExternalId = Annotated[str, BeforeValidator(external_id.read_text)]


class Identified(Protocol):
    """Has an external id: a leave request, the key of a leave, a user."""

    @property
    def id(self) -> str:
        """The external id."""


@dataclass(frozen=True)
class UnreadableRecord:
    """A record that is not valid: its external id, if it has one that is readable, and the reason."""

    id: str | None = field(repr=False)  # of a user, it is personal data
    error: CorRecordError


def read_external_id(name: str, value: object) -> str:
    """
    Return an external id as text.

    :param name: of the field, in the error.
    :raises CorValidationError: if it is missing or cannot be an id.
    :raises CorUnreadableRowError: if it stands for a row that the extract could not read.
    """
    try:
        return external_id.read_text(value)
    except PydanticCustomError as error:
        if error.type == unreadable_row.TYPE:
            raise CorUnreadableRowError(error.message()) from None
        raise CorValidationError(f"{name}: {error.message()}") from None


def external_id_of(record: object) -> str | None:
    """Return the external id of a record that was handed in as a mapping; None if it has none that is readable."""
    try:
        return external_id.read_text(record["id"]) if isinstance(record, Mapping) else None
    except (KeyError, ValueError):
        return None
