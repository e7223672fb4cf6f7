"""
One leave to be in COR: read in the shapes that HR extracts produce, written as COR expects it.

The fields and their spelling are those of COR's create-leave page
(developers.projectcor.com/api-reference/integrations/user-leaves/create-leave).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Annotated, Any, TypeVar

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from cor_provider import _external_id
from cor_provider.exceptions import CorInvalidDateRangeError, CorRecordError, CorValidationError

__all__ = ["LeaveKey", "LeaveRequest", "UnreadableLeave", "read_external_id"]


def read_external_id(field: str, value: object) -> str:
    """
    Return an external id as text.

    :param field: what to call it in an error.
    :raises CorValidationError: if it is blank or cannot be an id.
    """
    try:
        return _external_id.read_text(value)
    except PydanticCustomError as error:
        raise CorValidationError(f"{field}: {error.message()}") from None


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", re.ASCII | re.IGNORECASE)
_LONGEST_DATE_TIME = 64  # a fraction of the second as long as any, and some more
_date_time_parser = TypeAdapter(datetime)


def _read_when(value: object) -> date:
    """Return the date or date-time as written: no zone is applied here."""
    if isinstance(value, str):
        value = value.strip()
        try:
            if _DATE.fullmatch(value):
                return date.fromisoformat(value)
            if len(value) <= _LONGEST_DATE_TIME and _DATE_TIME.match(value):
                return _date_time_parser.validate_python(value)
        except ValueError:
            pass  # the calendar has no such day: told below, without the value
    elif isinstance(value, date) and value == value:  # noqa: PLR0124  # a data frame's NaT is unequal to itself
        return value
    if value is None or value == "":
        raise PydanticCustomError("when", "is missing")
    raise PydanticCustomError("when", "is not a date: write 2026-05-11, or for a time of day 2026-05-11T09:00:00+02:00")


_bool_parser = TypeAdapter(bool)


def _read_all_day(value: object) -> bool | None:
    """Return whether it is all-day, or None where the source does not say: a CSV file's blank says nothing."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return _bool_parser.validate_python(value.strip() if isinstance(value, str) else value)
    except ValidationError:
        raise PydanticCustomError("all_day", "must be true or false, or left out") from None


ExternalId = Annotated[str, BeforeValidator(_external_id.read_text)]
When = Annotated[date, PlainValidator(_read_when)]


class LeaveRequest(BaseModel):
    """
    One leave to be in COR.

    Keys may be spelt as here or as COR spells them (``userId``, ``leaveTypeId``, ``allDay``); other keys are ignored
    and never sent. Once read, ``start`` and ``end`` are dates for an all-day leave and date-times in UTC for a timed
    one.

    :param id: external leave id, text or a number that is exact, of at most 7,500 characters as a URL has it; the key
        under which COR knows the leave.
    :param user_id: external id of a user that was created through COR's Integrations API.
    :param leave_type_id: external id of a leave type, likewise.
    :param start: first day or moment: a ``date``, a ``datetime``, or ISO 8601 text of either.
    :param end: last day (inclusive) or moment, likewise.
    :param all_day: may be left out when ``start`` and ``end`` are dates alone. For an all-day leave the calendar date
        as written counts, whatever the offset beside it. A timed leave needs offsets, or the validation context
        ``{"timezone": tzinfo}`` for times without one. Of a local time that a clock change repeats, the first is
        meant; one that it skips is read with the offset from before the change.

    :raises CorValidationError: naming every field that is missing or cannot be read, and never its value.
    :raises CorInvalidDateRangeError: if it ends before it starts.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    _days: tuple[date, date] | None = None

    id: ExternalId
    user_id: ExternalId = Field(validation_alias=AliasChoices("user_id", "userId"))
    leave_type_id: ExternalId = Field(validation_alias=AliasChoices("leave_type_id", "leaveTypeId"))
    start: When
    end: When
    all_day: Annotated[bool, PlainValidator(_read_all_day)] = Field(
        default=None,  # type: ignore[assignment]  # `_settle_dates` decides
        validation_alias=AliasChoices("all_day", "allDay"),
    )

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day that it touches: calendar dates as they were written, whatever their offsets."""
        return self._days or (self.start, self.end)

    def to_payload(self, source: str) -> dict[str, Any]:
        """
        Return the body of COR's create-leave request, key for key as the page's example has it.

        An all-day leave runs from ``00:00`` of its first to ``23:59`` of its last day; a timed one is in UTC. The
        offset is spelt ``-00:00`` as in the example: whether COR reads any other spelling is not documented.

        :param source: ``metadata.source``, the namespace of the external ids.
        """
        if self.all_day:
            start, end = f"{self.start.isoformat()}T00:00:00-00:00", f"{self.end.isoformat()}T23:59:00-00:00"
        else:
            start, end = (f"{moment.isoformat()[:19]}-00:00" for moment in (self.start, self.end))
        return {
            "metadata": {"source": source},
            "id": self.id,
            "userId": self.user_id,
            "leaveTypeId": self.leave_type_id,
            "start": start,
            "end": end,
            "allDay": self.all_day,
        }

    def __repr_args__(self) -> Iterator[tuple[str, str]]:
        # Whose leave of what kind is personal data, and reprs end in logs.
        yield "id", self.id

    def __str__(self) -> str:
        return repr(self)

    @model_validator(mode="wrap")
    @classmethod
    def _refuse_without_values(cls, data: Any, handler: ModelWrapValidatorHandler[LeaveRequest]) -> LeaveRequest:
        if not isinstance(data, (Mapping, cls)):
            raise CorValidationError(
                "A leave request is a mapping with id, user_id, leave_type_id, start and end, not "
                f"{type(data).__name__}."
            )
        try:
            return handler(data)
        except ValidationError as error:
            raise CorValidationError(_list_problems(error)) from None

    @model_validator(mode="after")
    def _settle_dates(self, info: ValidationInfo) -> LeaveRequest:
        start, end, all_day = self.start, self.end, self.all_day
        timed = [field for field in ("start", "end") if isinstance(getattr(self, field), datetime)]
        if all_day is None:
            if timed:
                raise CorValidationError(
                    f"{' and '.join(timed)}: a time of day needs all_day: true if only the dates count, false if "
                    "the hours do."
                )
            all_day = True
        if all_day:
            start, end = _calendar_date(start), _calendar_date(end)
        else:
            zone = (info.context or {}).get("timezone")
            written = start, end
            start, end = _moment("start", start, zone), _moment("end", end, zone)
            self._days = _days(*written)
        if end < start:
            raise CorInvalidDateRangeError("end: lies before start.")
        # The model is frozen for everyone else.
        self.__dict__.update(start=start, end=end, all_day=all_day)
        return self


@dataclass(frozen=True, repr=False)
class LeaveKey:
    """
    What COR wants to know of a leave that is to be deleted.

    :param id: external leave id.
    :param user_id: external id of the user whose leave it is.
    """

    id: str
    user_id: str

    def __repr__(self) -> str:
        return f"LeaveKey(id={self.id!r})"


Leave = TypeVar("Leave", LeaveRequest, LeaveKey)


@dataclass(frozen=True)
class UnreadableLeave:
    """A record that is no leave request: its external id, as far as it has one, and why."""

    leave_id: str | None
    error: CorRecordError


def read_leave(record: object, *, timezone: tzinfo | None = None) -> LeaveRequest | UnreadableLeave:
    """
    Read one record of an extract. What cannot be read is a result too, so that the records after it are not lost.

    :param record: a :class:`LeaveRequest`, or a mapping that it accepts.
    :param timezone: the zone of times that carry no offset.
    """
    if isinstance(record, (LeaveRequest, UnreadableLeave)):
        return record
    try:
        return LeaveRequest.model_validate(record, context={"timezone": timezone})
    except CorRecordError as error:
        return UnreadableLeave(read_leave_id(record), error)


def read_leave_key(record: object) -> LeaveKey | UnreadableLeave:
    """
    Read what is needed to delete a leave; what cannot be read is a result too.

    :param record: a :class:`LeaveRequest`, or a mapping with ``id`` and ``user_id`` (or ``userId``).
    """
    if isinstance(record, UnreadableLeave):
        return record
    if isinstance(record, (LeaveRequest, LeaveKey)):
        return LeaveKey(record.id, record.user_id)
    try:
        if not isinstance(record, Mapping):
            raise CorValidationError(
                f"A leave to delete is a mapping with id and user_id, not {type(record).__name__}."
            )
        user_id = record.get("user_id", record.get("userId"))
        return LeaveKey(read_external_id("id", record.get("id")), read_external_id("user_id", user_id))
    except CorRecordError as error:
        return UnreadableLeave(read_leave_id(record), error)


def read_leave_id(record: object) -> str | None:
    """Return the external leave id of a record, or None if it has none that can be read."""
    if isinstance(record, LeaveRequest):
        return record.id
    try:
        return _external_id.read_text(record["id"]) if isinstance(record, Mapping) else None
    except (KeyError, ValueError):
        return None


def _list_problems(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(
        f"{'.'.join(map(str, problem['loc']))}: {'is missing' if problem['type'] == 'missing' else problem['msg']}"
        for problem in problems
    )


def _calendar_date(when: date) -> date:
    return when.date() if isinstance(when, datetime) else when


def _days(start: date, end: date) -> tuple[date, date]:
    """Return the days of a timed leave; one until midnight does not touch the day that begins then."""
    first, last = _calendar_date(start), _calendar_date(end)
    is_until_midnight = isinstance(end, datetime) and end.time() == time() and last > first
    return first, last - timedelta(days=is_until_midnight)


def _moment(field: str, when: date, zone: tzinfo | None) -> datetime:
    if not isinstance(when, datetime):
        raise CorValidationError(f"{field}: needs a time of day, since all_day is false.")
    if when.utcoffset() is None:
        if zone is None:
            raise CorValidationError(f"{field}: needs an offset such as +02:00, or the task the parameter timezone.")
        when = when.replace(tzinfo=zone)
    try:
        return when.astimezone(timezone.utc)
    except (OverflowError, ValueError):
        raise CorValidationError(f"{field}: lies outside the years that can be sent.") from None
