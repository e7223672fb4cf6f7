"""
A user: validated as HR hands it over, and written as COR expects it.

The fields and their spelling are those of COR's pages on creating and updating users
(developers.projectcor.com/api-reference/integrations/users). Everything about a user is personal data, the external id
too: no repr and no error shows any of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, PlainValidator, model_validator
from typing_extensions import Self

from cor_provider.exceptions import CorInvalidRoleError, CorRecordError, CorValidationError
from cor_provider.fields import external_id
from cor_provider.fields.daily_hours import read_hours
from cor_provider.fields.email import read_email
from cor_provider.fields.gaps import is_gap
from cor_provider.fields.plain_text import read_text, require_text
from cor_provider.fields.role import NOT_A_ROLE, read_role
from cor_provider.records.external_ids import ExternalId, UnreadableRecord, external_id_of
from cor_provider.records.record import Label, Record, own_name

__all__ = ["UnreadableUser", "UserRequest", "UserUpdate"]


def read_optional_id(value: object) -> str | None:
    """Return an external id as text; None for a gap."""
    return None if is_gap(value) else external_id.read_text(value)


Text = Annotated[str | None, BeforeValidator(read_text)]
OptionalId = Annotated[str | None, BeforeValidator(read_optional_id)]


class _User(Record):
    """What COR's pages on creating and on updating a user have in common."""

    refusals: ClassVar[Mapping[str, type[CorRecordError]]] = {NOT_A_ROLE: CorInvalidRoleError}

    id: ExternalId
    first_name: Text = None
    last_name: Text = None
    phone: Text = None
    position: Text = None
    department: Text = None
    role_id: Annotated[int | None, BeforeValidator(read_role)] = None
    daily_hours: Annotated[int | float | None, PlainValidator(read_hours)] = None
    user_position_id: OptionalId = None
    seniority_id: OptionalId = None

    def __repr_args__(self) -> Iterator[tuple[str, str]]:
        return iter(())

    def _given(self, *first: str) -> dict[str, Any]:
        """Return the fields that are given, in the order of COR's page."""
        names = (*first, *_USER_FIELDS)
        return {name: value for name in names if (value := getattr(self, name)) is not None}


_USER_FIELDS = tuple(name for name in _User.model_fields if name != "id")


class UserUpdate(_User):
    """
    What to change of a user that COR has: only the fields that are given.

    The address is none of them, since COR documents no update of it: an ``email`` is ignored, like any other key.

    :param id: external id of the user; the other fields are those of :class:`UserRequest`, all optional.
    :raises CorValidationError: naming every field that is unreadable, but never its value; or if nothing is given.
    :raises CorInvalidRoleError: if nothing but the role is unreadable.
    """

    expected: ClassVar[str] = "The changes of a user must be a mapping with id and the fields to change"

    @model_validator(mode="after")
    def _refuse_nothing(self) -> Self:
        if not self._given():
            raise CorValidationError(f"There is nothing to change. Give one of {', '.join(_USER_FIELDS)}.")
        return self

    def to_payload(self, source: str) -> dict[str, Any]:
        """
        Return the body of COR's update-user request: what is not given is not sent, and so does not change.

        :param source: ``metadata.source``, the namespace of the external ids.
        """
        return {"metadata": {"source": source}, **self._given()}


class UserRequest(_User):
    """
    One user that COR should have.

    Keys are spelt as COR spells them. Other keys are ignored and never sent; a blank optional field counts as not
    given, and is not sent either.

    :param id: external id, under which COR will know the user: text or an exact number.
    :param email: the address to which COR may send a link for a password. Its form is checked, its case is kept. COR
        takes each address once.
    :param first_name: text.
    :param last_name: text.
    :param phone: optional, as are all below: text or an exact number.
    :param position: text, likewise.
    :param department: text, likewise.
    :param role_id: 1 to 6, or COR's name for it: C-Level, Director, Project Manager, Collaborator, Freelancer, Client.
    :param daily_hours: a number above 0, at most 24. COR's default is 8.
    :param user_position_id: external id of a position that was created through COR's Integrations API.
    :param seniority_id: likewise of a seniority.
    :raises CorValidationError: naming every field that is missing or unreadable, but never its value.
    :raises CorInvalidRoleError: if nothing but the role is unreadable.
    """

    expected: ClassVar[str] = "A user must be a mapping with id, email, first_name and last_name"

    email: Annotated[str, BeforeValidator(read_email)]
    first_name: Annotated[str, BeforeValidator(require_text)]
    last_name: Annotated[str, BeforeValidator(require_text)]

    def to_payload(self, source: str) -> dict[str, Any]:
        """
        Return the body of COR's create-user request, key for key as its page has it. What is not given is not sent.

        :param source: ``metadata.source``, the namespace of the external ids.
        """
        return {"metadata": {"source": source}, **self._given("id", "email")}

    def to_update(self) -> UserUpdate:
        """Return the update that gives the user that COR has everything that is given here, except for the address."""
        return UserUpdate(id=self.id, **self._given())


class UnreadableUser(UnreadableRecord):
    """A record that is not a valid user: its external id, if it has one, and the reason (``error``)."""

    @property
    def user_id(self) -> str | None:
        """Its external id."""
        return self.id


def read_user(record: object, *, label: Label = own_name) -> UserRequest | UnreadableUser:
    """
    Read one record of an extract. An unreadable record is a result too, so that the records after it are not lost.

    :param record: a :class:`UserRequest`, or a mapping that it accepts.
    :param label: what errors call a field.
    """
    if isinstance(record, (UserRequest, UnreadableUser)):
        return record
    try:
        return UserRequest.model_validate(record, context={"label": label})
    except CorRecordError as error:
        return UnreadableUser(external_id_of(record), error)
