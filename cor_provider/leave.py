"""
A leave request: validated as it comes from HR extracts, and written as COR expects it.

The fields and their spelling are those of COR's page on creating leave
(developers.projectcor.com/api-reference/integrations/user-leaves/create-leave).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AliasChoices, Field, PlainValidator, ValidationInfo, model_validator

from cor_provider.exceptions import CorInvalidDateRangeError, CorRecordError, CorValidationError
from cor_provider.fields import external_id
from cor_provider.fields.all_day import read_all_day
from cor_provider.fields.when import read_when
from cor_provider.records.external_ids import ExternalId, UnreadableRecord, external_id_of, read_external_id
from cor_provider.records.record import Label, Record, label_of, own_name

__all__ = ["LeaveKey", "LeaveRequest", "UnreadableLeave", "read_external_id"]


When = Annotated[date, PlainValidator(read_when)]


class LeaveRequest(Record):
    """
    One leave that COR should hold.

    Keys may have the names below or COR's (``userId``, ``leaveTypeId``, ``allDay``). Other keys are ignored and never
    sent. After validation, ``start`` and ``end`` are dates for all-day leave, and date-times in UTC for timed leave.

    :param id: external leave id, under which COR knows the leave: text or an exact number, at most 7,500 characters
        once encoded for a URL.
    :param user_id: external id of a user that was created through COR's Integrations API.
    :param leave_type_id: external id of a leave type that was created there too.
    :param start: first day or start time: a ``date``, a ``datetime``, their like in data frames, or text of either in
        the form of ISO 8601 or of PostgreSQL.
    :param end: last day (inclusive) or end time, likewise.
    :param all_day: optional if ``start`` and ``end`` are dates. For all-day leave the calendar date as written counts,
        whatever its offset. Timed leave needs offsets, or the validation context ``{"timezone": tzinfo}`` for times
        without one. If a clock change repeats a local time, the first is meant; if it skips one, the offset from before
        the change applies.

    :raises CorValidationError: naming every field that is missing or unreadable, but never its value.
    :raises CorInvalidDateRangeError: if it ends before it starts.
    """

    expected: ClassVar[str] = "A leave request must be a mapping with id, user_id, leave_type_id, start and end"

    _days: tuple[date, date] | None = None

    id: ExternalId
    user_id: ExternalId = Field(validation_alias=AliasChoices("user_id", "userId"))
    leave_type_id: ExternalId = Field(validation_alias=AliasChoices("leave_type_id", "leaveTypeId"))
    start: When
    end: When
    all_day: Annotated[bool, PlainValidator(read_all_day)] = Field(
        default=None,  # type: ignore[assignment]  # `_normalise_dates` decides
        validation_alias=AliasChoices("all_day", "allDay"),
    )

    @property
    def days(self) -> tuple[date, date]:
        """Its first and last day: calendar dates as they were written, whatever their offsets."""
        return (self.start, self.end) if self.all_day else self._days or (self.start, self.end)

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
        # Reprs end up in logs: no personal data.
        yield "id", self.id

    @model_validator(mode="after")
    def _normalise_dates(self, info: ValidationInfo) -> LeaveRequest:
        zone = (info.context or {}).get("timezone")
        start, end, all_day, self._days = _normalise(self.start, self.end, self.all_day, zone, label_of(info))
        # The model is frozen for everybody else.
        self.__dict__.update(start=start, end=end, all_day=all_day)
        return self


@dataclass(frozen=True, repr=False)
class LeaveKey:
    """
    The ids that COR needs to delete a leave.

    :param id: external leave id.
    :param user_id: external id of the user who has the leave.
    """

    id: str
    user_id: str

    def __repr__(self) -> str:
        return f"LeaveKey(id={self.id!r})"


Leave = TypeVar("Leave", LeaveRequest, LeaveKey)


class UnreadableLeave(UnreadableRecord):
    """A record that is not a valid leave request: its external leave id, if it has one, and the reason (``error``)."""

    def __init__(self, leave_id: str | None, error: CorRecordError) -> None:
        super().__init__(leave_id, error)

    @property
    def leave_id(self) -> str | None:
        """Its external leave id."""
        return self.id


def read_leave(
    record: object, *, timezone: tzinfo | None = None, label: Label = own_name
) -> LeaveRequest | UnreadableLeave:
    """
    Read one record of an extract. An unreadable record is a result too, so that the records after it are not lost.

    :param record: a :class:`LeaveRequest`, or a mapping that it accepts.
    :param timezone: the zone for times without an offset.
    :param label: what errors call a field.
    """
    if isinstance(record, (LeaveRequest, UnreadableLeave)):
        return record
    if type(record) is dict and (leave := _read_valid(record, timezone)):
        return leave
    try:
        return LeaveRequest.model_validate(record, context={"timezone": timezone, "label": label})
    except CorRecordError as error:
        return UnreadableLeave(read_leave_id(record), error)


def pack(leave: LeaveRequest) -> str:
    """Return all that a leave request knows as JSON, for :func:`unpack`."""
    days = None if leave.all_day else [day.isoformat()[:10] for day in leave.days]
    ids = leave.id, leave.user_id, leave.leave_type_id
    return json.dumps((*ids, leave.start.isoformat(), leave.end.isoformat(), days))


def unpack(packed: str) -> LeaveRequest:
    """Return the leave request that was packed, as quickly as pickle would."""
    leave_id, user_id, leave_type_id, start, end, days = json.loads(packed)
    read: Callable[[str], date] = datetime.fromisoformat if days else date.fromisoformat  # noqa: TID251  # `pack` wrote it
    first_and_last = (date.fromisoformat(days[0]), date.fromisoformat(days[1])) if days else None
    return _put_together(
        leave_id, user_id, leave_type_id, read(start), read(end), not days, days=first_and_last, names={*_FIELDS}
    )


_FIELDS = frozenset(LeaveRequest.model_fields)


def read_leave_key(record: object, *, label: Label = own_name) -> LeaveKey | UnreadableLeave:
    """
    Read the ids that a delete needs. An unreadable record is a result too.

    :param record: a :class:`LeaveRequest`, or a mapping with ``id`` and ``user_id`` (or ``userId``).
    :param label: what errors call a field.
    """
    if isinstance(record, UnreadableLeave):
        return record
    if isinstance(record, (LeaveRequest, LeaveKey)):
        return LeaveKey(record.id, record.user_id)
    try:
        if not isinstance(record, Mapping):
            raise CorValidationError(
                f"A leave to delete must be a mapping with id and user_id, not {type(record).__name__}."
            )
        user_id = record.get("user_id", record.get("userId"))
        return LeaveKey(read_external_id(label("id"), record.get("id")), read_external_id(label("user_id"), user_id))
    except CorRecordError as error:
        return UnreadableLeave(read_leave_id(record), error)


def read_leave_id(record: object) -> str | None:
    """Return the external leave id of a record, or None if it has none that is readable."""
    return record.id if isinstance(record, LeaveRequest) else external_id_of(record)


def _read_valid(record: dict[str, Any], zone: tzinfo | None) -> LeaveRequest | None:
    """
    Return what the model makes of a record, in a third of the time; None if it has to say what is wrong.

    It calls what the model calls, and puts together what pydantic would.
    """
    names = {"id", "user_id", "leave_type_id", "start", "end"}
    all_day = None
    try:
        leave_id, user_id = external_id.read_text(record["id"]), external_id.read_text(record["user_id"])
        leave_type_id = external_id.read_text(record["leave_type_id"])
        start, end = read_when(record["start"]), read_when(record["end"])
        if "all_day" in record or "allDay" in record:
            names.add("all_day")
            all_day = read_all_day(record["all_day"] if "all_day" in record else record["allDay"])
        start, end, all_day, days = _normalise(start, end, all_day, zone, own_name)
    except (LookupError, AssertionError, ValueError, CorRecordError):
        return None
    return _put_together(leave_id, user_id, leave_type_id, start, end, all_day, days=days, names=names)


def _put_together(  # noqa: PLR0917  # a name for each would take its time
    leave_id: str,
    user_id: str,
    leave_type_id: str,
    start: date,
    end: date,
    all_day: bool,
    *,
    days: tuple[date, date] | None,
    names: set[str],
) -> LeaveRequest:
    """
    Return the leave request of values that are as the model has them.

    :param names: the fields that were given.
    """
    leave = LeaveRequest.__new__(LeaveRequest)
    fields = {"id": leave_id, "user_id": user_id, "leave_type_id": leave_type_id}
    _set(leave, "__dict__", {**fields, "start": start, "end": end, "all_day": all_day})
    _set(leave, "__pydantic_fields_set__", names)
    _set(leave, "__pydantic_extra__", None)
    _set(leave, "__pydantic_private__", {"_days": days})
    return leave


_set = object.__setattr__  # the model is frozen


def _normalise(
    start: date, end: date, all_day: bool | None, zone: tzinfo | None, label: Label
) -> tuple[date, date, bool, tuple[date, date] | None]:
    """
    Return ``start``, ``end`` and ``all_day`` as a leave request has them, and the days if it is timed.

    :raises CorRecordError: if what was written leaves open when the leave is.
    """
    days = None
    if all_day is None:
        if isinstance(start, datetime) or isinstance(end, datetime):
            timed = [field for field, when in (("start", start), ("end", end)) if isinstance(when, datetime)]
            raise CorValidationError(
                f"{' and '.join(map(label, timed))}: a time of day needs all_day. Set it to true if only the dates "
                "count, to false if the hours do. For a whole input, pass values={'all_day': {'': True}}."
            )
        all_day = True
    elif all_day:
        start, end = _calendar_date(start), _calendar_date(end)
    else:
        written = start, end
        start, end = _moment(label("start"), start, zone), _moment(label("end"), end, zone)
        days = _days(*written)
    if end < start:
        raise CorInvalidDateRangeError(f"{label('end')}: is before start.")
    return start, end, all_day, days


def _calendar_date(when: date) -> date:
    return when.date() if isinstance(when, datetime) else when


def _days(start: date, end: date) -> tuple[date, date]:
    """
    Return the days of a timed leave. If it ends at midnight, the day that begins then is not one of them.

    If start and end have different offsets, the date of the later moment may be the earlier date.
    """
    first, last = _calendar_date(start), _calendar_date(end)
    is_until_midnight = isinstance(end, datetime) and end.time() == time() and last > first
    last -= timedelta(days=is_until_midnight)
    return min(first, last), max(first, last)


def _moment(field: str, when: date, zone: tzinfo | None) -> datetime:
    if not isinstance(when, datetime):
        raise CorValidationError(f"{field}: needs a time of day, because all_day is false.")
    if when.utcoffset() is None:
        if zone is None:
            raise CorValidationError(
                f"{field}: has no offset. Add one such as +02:00, or set the parameter timezone of the task."
            )
        when = when.replace(tzinfo=zone)
    try:
        return when.astimezone(timezone.utc)
    except (OverflowError, ValueError):
        raise CorValidationError(f"{field}: is outside the years that can be sent.") from None
