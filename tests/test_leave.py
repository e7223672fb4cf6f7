"""LeaveRequest: what it reads, what it refuses, what it sends."""

from __future__ import annotations

import json
import pickle
import re
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

import pandas as pd
import pendulum
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from rich.pretty import pretty_repr

from cor_provider.exceptions import CorInvalidDateRangeError, CorRecordError, CorValidationError
from cor_provider.leave import (
    LeaveKey,
    LeaveRequest,
    UnreadableLeave,
    pack,
    read_external_id,
    read_leave,
    read_leave_key,
    unpack,
)
from gaps import GAPS

DOCUMENTED_EXAMPLE = (
    '{"metadata":{"source":"GLOBANT"},"id":"external-id-3","userId":"external-user-id-3",'
    '"leaveTypeId":"external-type-3","start":"2026-05-11T00:00:00-00:00","end":"2026-05-11T23:59:00-00:00","allDay":true}'
)
MADRID = ZoneInfo("Europe/Madrid")
BUENOS_AIRES = ZoneInfo("America/Argentina/Buenos_Aires")


def read(timezone: ZoneInfo | None = None, /, **fields: Any) -> LeaveRequest:
    record = {"id": "1", "user_id": "u1", "leave_type_id": "vacation", **fields}
    return LeaveRequest.model_validate(record, context={"timezone": timezone})


def sent_dates(leave: LeaveRequest) -> tuple[str, str]:
    payload = leave.to_payload("GLOBANT")
    return payload["start"], payload["end"]


def test_the_payload_is_the_documented_example_character_for_character() -> None:
    leave = LeaveRequest(
        id="external-id-3",
        user_id="external-user-id-3",
        leave_type_id="external-type-3",
        start=date(2026, 5, 11),
        end=date(2026, 5, 11),
    )
    assert json.dumps(leave.to_payload("GLOBANT"), separators=(",", ":")) == DOCUMENTED_EXAMPLE


def test_the_documented_example_can_be_read_as_a_leave_request() -> None:
    leave = LeaveRequest.model_validate(json.loads(DOCUMENTED_EXAMPLE))
    assert json.dumps(leave.to_payload("GLOBANT"), separators=(",", ":")) == DOCUMENTED_EXAMPLE


@pytest.mark.parametrize(
    ("start", "end", "all_day", "sent"),
    [
        # Dates alone need no all_day.
        ("2026-05-11", "2026-05-13", None, ("2026-05-11", "2026-05-13")),
        ("2026-05-11", "2026-05-13", True, ("2026-05-11", "2026-05-13")),
        (" 2026-05-11 ", "2026-05-13", "", ("2026-05-11", "2026-05-13")),
        (date(2026, 5, 11), date(2026, 5, 13), None, ("2026-05-11", "2026-05-13")),
        (pendulum.date(2026, 5, 11), "2026-05-13", None, ("2026-05-11", "2026-05-13")),
        # Of a date-time the date as written counts, whatever the offset.
        ("2026-05-11T00:00:00+02:00", "2026-05-11T00:00:00+02:00", True, ("2026-05-11", "2026-05-11")),
        ("2026-05-11T23:30:00-03:00", "2026-05-12T00:00:00-03:00", True, ("2026-05-11", "2026-05-12")),
        ("2026-05-11T00:00:00Z", "2026-05-11T23:59:00Z", True, ("2026-05-11", "2026-05-11")),
        ("2026-05-11T00:00:00-00:00", "2026-05-11T23:59:00-00:00", True, ("2026-05-11", "2026-05-11")),
        ("2017-12-27T00:00:00+0100", "2017-12-28T00:00:00+0100", True, ("2017-12-27", "2017-12-28")),  # as Personio
        ("2026-05-11 00:00", "2026-05-12", True, ("2026-05-11", "2026-05-12")),
        (datetime(2026, 5, 11, tzinfo=MADRID), datetime(2026, 5, 12, 23), True, ("2026-05-11", "2026-05-12")),
        (pendulum.datetime(2026, 5, 11, tz="Pacific/Auckland"), "2026-05-11", True, ("2026-05-11", "2026-05-11")),
        # The days on which clocks change are days like others.
        ("2026-03-29T00:00:00+01:00", "2026-03-29T00:00:00+01:00", True, ("2026-03-29", "2026-03-29")),
        ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", True, ("2026-10-25", "2026-10-26")),
        ("2025-12-29", "2026-01-02", None, ("2025-12-29", "2026-01-02")),
        ("2024-02-29", "2024-02-29", None, ("2024-02-29", "2024-02-29")),
    ],
)
def test_an_all_day_leave_runs_from_its_first_to_its_last_calendar_date(
    start: Any, end: Any, all_day: Any, sent: tuple[str, str]
) -> None:
    leave = read(start=start, end=end, all_day=all_day)
    assert leave.all_day is True
    assert sent_dates(leave) == (f"{sent[0]}T00:00:00-00:00", f"{sent[1]}T23:59:00-00:00")


@pytest.mark.parametrize(
    ("timezone", "start", "end", "sent"),
    [
        # Offsets as written.
        (
            None,
            "2026-05-11T09:00:00+02:00",
            "2026-05-11T13:00:00+02:00",
            ("2026-05-11T07:00:00", "2026-05-11T11:00:00"),
        ),
        (
            None,
            "2026-05-11T22:00:00-03:00",
            "2026-05-12T01:00:00-03:00",
            ("2026-05-12T01:00:00", "2026-05-12T04:00:00"),
        ),
        (None, "2026-05-11T09:00Z", "2026-05-11T13:00z", ("2026-05-11T09:00:00", "2026-05-11T13:00:00")),
        (
            None,
            "2026-05-11T09:00:00-00:00",
            "2026-05-11T13:00:00.999-0000",
            ("2026-05-11T09:00:00", "2026-05-11T13:00:00"),
        ),
        (
            None,
            datetime(2026, 5, 11, 9, tzinfo=timezone.utc),
            pendulum.datetime(2026, 5, 11, 15, tz="Europe/Madrid"),
            ("2026-05-11T09:00:00", "2026-05-11T13:00:00"),
        ),
        # A time without an offset is in the task's zone; one with an offset is not.
        (MADRID, "2026-05-11T09:00:00", "2026-05-11T13:00:00Z", ("2026-05-11T07:00:00", "2026-05-11T13:00:00")),
        (MADRID, "2026-01-12T09:00:00", "2026-01-12T13:00:00", ("2026-01-12T08:00:00", "2026-01-12T12:00:00")),
        (
            BUENOS_AIRES,
            datetime(2026, 5, 11, 22),
            datetime(2026, 5, 11, 23),
            ("2026-05-12T01:00:00", "2026-05-12T02:00:00"),
        ),
        # Over the hour that the clock skips, and over the one that it repeats (its first is meant).
        (MADRID, "2026-03-29T01:30:00", "2026-03-29T03:30:00", ("2026-03-29T00:30:00", "2026-03-29T01:30:00")),
        (MADRID, "2026-03-29T02:30:00", "2026-03-29T04:00:00", ("2026-03-29T01:30:00", "2026-03-29T02:00:00")),
        (MADRID, "2026-10-25T02:30:00", "2026-10-25T03:30:00", ("2026-10-25T00:30:00", "2026-10-25T02:30:00")),
        # A moment is not refused: COR's rule is that the end must not lie before the start.
        (None, "2026-05-11T09:00:00Z", "2026-05-11T11:00:00+02:00", ("2026-05-11T09:00:00", "2026-05-11T09:00:00")),
    ],
)
def test_a_timed_leave_is_sent_in_utc(timezone: ZoneInfo | None, start: Any, end: Any, sent: tuple[str, str]) -> None:
    leave = read(timezone, start=start, end=end, all_day=False)
    assert leave.all_day is False
    assert sent_dates(leave) == (f"{sent[0]}-00:00", f"{sent[1]}-00:00")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"start": "2026-05-11T09:00:00", "end": "2026-05-11T13:00:00", "all_day": False}, "start: has no offset"),
        ({"start": "2026-05-11T09:00:00Z", "end": "2026-05-11T13:00:00", "all_day": False}, "end: has no offset"),
        ({"start": "2026-05-11", "end": "2026-05-11T13:00:00Z", "all_day": False}, "start: needs a time of day"),
        ({"start": "2026-05-11", "end": "2026-05-11", "all_day": False}, "start: needs a time of day"),
        (
            {"start": "2026-05-11T09:00:00Z", "end": "2026-05-11T13:00:00Z"},
            "start and end: a time of day needs all_day",
        ),
        ({"start": "2026-05-11", "end": "2026-05-11T00:00:00Z"}, "end: a time of day needs all_day"),
        ({"start": "2026-02-30", "end": "2026-05-11"}, "start: is not a date"),
        ({"start": "11/05/2026", "end": "20260511"}, "^start and end: is not a date: write 2026-05-11(?!.*write)"),
        ({"start": 1778457600, "end": "2026-05-11"}, "start: is not a date"),
        ({"start": "2026-05-11T25:00:00Z", "end": "2026-05-11"}, "start: is not a date"),
        ({"start": None, "end": ""}, "start: is missing; end: is missing"),
        ({"start": "2026-05-11", "end": "2026-05-11", "all_day": "perhaps"}, "all_day: must be true or false"),
        ({"start": "0001-01-01T00:00:00+05:00", "end": "2026-05-11T00:00Z", "all_day": False}, "start: is outside"),
    ],
)
def test_dates_that_would_have_to_be_guessed_are_refused(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(CorValidationError, match=problem):
        read(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"start": "2026-05-11", "end": "2026-05-10"},
        {"start": "2026-05-11T23:00:00-03:00", "end": "2026-05-10T23:59:00+02:00", "all_day": True},
        {"start": "2026-05-11T09:00:00Z", "end": "2026-05-11T10:00:00+02:00", "all_day": False},
    ],
)
def test_an_end_before_the_start_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(CorInvalidDateRangeError, match="end: is before start"):
        read(**fields)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("HR-LAP-1", "HR-LAP-1"),
        (" 007 ", "007"),
        (12, "12"),
        (12.0, "12"),  # what a data frame makes of 12 beside a gap
        (Decimal("12.00"), "12"),  # a NUMERIC column
        (UUID("6f9619ff-8b86-4011-b42d-00cf4fc964ff"), "6f9619ff-8b86-4011-b42d-00cf4fc964ff"),
        ("año/1 b", "año/1 b"),
    ],
)
def test_ids_are_sent_as_text(written: Any, sent: str) -> None:
    leave = read(id=written, user_id=written, leave_type_id=written, start="2026-05-11", end="2026-05-11")
    assert (leave.id, leave.user_id, leave.leave_type_id) == (sent, sent, sent)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("", "is missing"),
        ("  ", "is missing"),
        (None, "is missing"),
        (float("nan"), "is missing"),
        (12.5, "is not a whole number: extract the column as text"),  # where text was, "12.50" is another id
        (True, "must be text or a number, not bool"),
        (["1"], "must be text or a number, not list"),
        ("..", "has characters that an id cannot have"),
        ("a\nb", "has characters that an id cannot have"),
        ("\ud800", "has characters that an id cannot have"),
    ],
)
@pytest.mark.parametrize("field", ["id", "user_id", "leave_type_id"])
def test_ids_that_are_none_are_refused(field: str, written: Any, problem: str) -> None:
    with pytest.raises(CorValidationError, match=f"^{field}: {problem}$"):
        read(**{"start": "2026-05-11", "end": "2026-05-11", field: written})


@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("field", ["id", "user_id", "leave_type_id", "start", "end"])
def test_a_gap_in_a_field_is_a_field_that_is_missing(field: str, gap: Any) -> None:
    with pytest.raises(CorValidationError, match=f"^{field}: is missing$"):
        read(**{"start": "2026-05-11", "end": "2026-05-11", field: gap})


@pytest.mark.parametrize("gap", GAPS)
def test_a_gap_in_all_day_leaves_it_out(gap: Any) -> None:
    assert read(start="2026-05-11", end="2026-05-11", all_day=gap).all_day is True
    with pytest.raises(CorValidationError, match=r"^start and end: a time of day needs all_day"):
        read(start="2026-05-11T09:00Z", end="2026-05-11T10:00Z", all_day=gap)


def test_cors_spelling_of_the_keys_is_read_too() -> None:
    record = {"id": 1, "userId": 2, "leaveTypeId": 3, "start": "2026-05-11T09:00Z", "end": "2026-05-11T10:00Z"}
    leave = LeaveRequest.model_validate({**record, "allDay": False})
    assert (leave.user_id, leave.leave_type_id, leave.all_day) == ("2", "3", False)


def test_other_keys_are_never_sent() -> None:
    leave = read(start="2026-05-11", end="2026-05-11", reason="operation", metadata={"source": "X"}, employee="Ana")
    assert set(leave.to_payload("GLOBANT")) == {"metadata", "id", "userId", "leaveTypeId", "start", "end", "allDay"}
    assert leave.to_payload("GLOBANT")["metadata"] == {"source": "GLOBANT"}


def test_the_error_names_every_problem_of_a_record() -> None:
    with pytest.raises(CorValidationError) as refusal:
        LeaveRequest.model_validate({"start": "soon"})
    assert refusal.value.message == (
        "id: is missing; user_id: is missing; leave_type_id: is missing; "
        "start: is not a date: write 2026-05-11, or 2026-05-11T09:00:00+02:00 for a time of day, "
        "or set the task's parameter date_format to the form of its dates; end: is missing"
    )


def test_a_leave_shows_nothing_but_its_id() -> None:
    leave = read(id="L1", user_id="ana", leave_type_id="surgery", start="2026-05-11", end="2026-05-11")
    assert pretty_repr(leave) == "LeaveRequest(id='L1')"
    assert f"{leave} {leave!r} {[leave]}" == "LeaveRequest(id='L1') LeaveRequest(id='L1') [LeaveRequest(id='L1')]"


@pytest.mark.parametrize("record", [None, 5, "text", ["id"], b"{}"])
def test_what_is_no_mapping_is_an_unreadable_leave(record: object) -> None:
    leave = read_leave(record)
    assert isinstance(leave, UnreadableLeave)
    assert type(record).__name__ in leave.error.message


def test_an_unreadable_leave_keeps_its_external_id() -> None:
    leave = read_leave({"id": 7})
    assert isinstance(leave, UnreadableLeave)
    assert leave.leave_id == "7"


field_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.lists(st.integers(), max_size=2),
    st.dates(),
    st.dates().map(str),
    st.datetimes(),
    st.datetimes(timezones=st.just(MADRID)).map(str),
    st.decimals(),
)


@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("id", "user_id", "userId", "leave_type_id", "start", "end", "all_day", "allDay", "other"), field_values
        ),
    )
)
def test_any_record_is_a_leave_request_or_an_unreadable_leave(record: dict[str, Any]) -> None:
    leave = read_leave(record, timezone=MADRID)
    if isinstance(leave, LeaveRequest):
        json.dumps(leave.to_payload("GLOBANT"), allow_nan=False)
    else:
        assert isinstance(leave.error, CorRecordError)


ids = st.from_regex(r"[A-Z]-[0-9]{1,3}", fullmatch=True) | st.sampled_from(
    [7, 7.0, " E-7 ", "año", ".", "\u200bE-7", ""]
)
days = st.dates(date(2026, 5, 1), date(2026, 5, 31))
moments = st.datetimes(datetime(2026, 5, 1), datetime(2026, 5, 31), timezones=st.one_of(st.none(), st.timezones()))
times = moments | moments.map(str) | moments.map(pd.Timestamp)
whens = days | days.map(str) | days.map("{:%d/%m/%Y}".format) | times
no_field = dict.fromkeys(("userId", "other"), field_values)
records = st.fixed_dictionaries(
    {"id": ids, "user_id": ids, "leave_type_id": ids, "start": whens, "end": whens},
    optional=no_field
    | dict.fromkeys(("all_day", "allDay"), st.booleans() | st.sampled_from(["false", "", None, "no?"])),
) | st.fixed_dictionaries(
    {"id": ids, "user_id": ids, "leave_type_id": ids, "start": times, "end": times, "all_day": st.just(False)},
    optional=no_field,
)


def read_by_pydantic(record: dict[str, Any], zone: ZoneInfo | None) -> LeaveRequest | UnreadableLeave:
    try:
        return LeaveRequest.model_validate(record, context={"timezone": zone})
    except CorRecordError as error:
        return UnreadableLeave(None, error)


def all_of(leave: LeaveRequest | UnreadableLeave) -> Any:
    if isinstance(leave, UnreadableLeave):
        return type(leave.error), leave.error.message
    types = [*map(type, leave.__dict__.values())]
    return leave.__getstate__(), [*leave.__dict__], types, hash(leave), leave.days


@settings(max_examples=200)
@given(records, st.sampled_from([None, MADRID]))
def test_a_record_is_read_as_pydantic_reads_it(record: dict[str, Any], zone: ZoneInfo | None) -> None:
    leave = read_leave(record, timezone=zone)  # by a quicker way, if it is valid
    assert all_of(leave) == all_of(read_by_pydantic(record, zone))


@settings(max_examples=200)
@given(records, st.sampled_from([None, MADRID]))
def test_a_leave_that_is_packed_comes_back_as_it_was(record: dict[str, Any], zone: ZoneInfo | None) -> None:
    leave = read_leave(record, timezone=zone)
    if isinstance(leave, LeaveRequest):
        again = unpack(pack(leave))
        assert again == leave
        assert (again.days, again.to_payload("x"), hash(again)) == (leave.days, leave.to_payload("x"), hash(leave))


def test_a_leave_that_was_read_is_one_of_pydantic_s_models() -> None:
    leave = read_leave({"id": 7, "user_id": "E-7", "leave_type_id": "v", "start": "2026-05-11", "end": "2026-05-12"})
    assert isinstance(leave, LeaveRequest)
    assert leave == LeaveRequest.model_validate(leave.model_dump()) == leave.model_copy(deep=True)
    assert leave == pickle.loads(pickle.dumps(leave))  # noqa: S301  # our own
    with pytest.raises(ValidationError):
        leave.id = "8"  # type: ignore[misc]


LONG = "x" * 1_000_000


@pytest.mark.parametrize(
    "value",
    [
        LONG,
        LONG.replace("x", " "),
        LONG.replace("x", "9"),
        "2026-05-11T09:00:00." + LONG.replace("x", "0"),
        "2026-05-11" + LONG,
        "true" + LONG,
        1 << 20_000_000,
        -(1 << 20_000_000),
        Decimal("1E+999999"),
        [LONG],
        {LONG: LONG},
        float("inf"),
    ],
    ids=range(12),
)
@pytest.mark.parametrize("field", ["id", "user_id", "leave_type_id", "start", "end", "all_day", LONG, "other"])
def test_what_is_far_too_long_is_refused_in_few_words(field: str, value: Any) -> None:
    record = {"id": "1", "user_id": "u1", "leave_type_id": "vacation", "start": "2026-05-11", "end": "2026-05-11"}
    leave = read_leave({**record, field: value})
    if field in {LONG, "other"} or (field == "all_day" and value == LONG.replace("x", " ")):
        assert isinstance(leave, LeaveRequest)
    else:
        assert isinstance(leave, UnreadableLeave)
        assert len(leave.error.message) < 200


@pytest.mark.parametrize("key", [None, 7, (1, 2), float("nan"), b"id", True])
def test_a_key_that_is_no_text_is_ignored(key: object) -> None:
    record: dict[Any, str] = {"id": "1", "user_id": "u1", "leave_type_id": "vacation", "start": "2026-05-11"}
    assert isinstance(read_leave(record | {"end": "2026-05-11", key: "x"}), LeaveRequest)


@given(st.text(min_size=6, alphabet=st.characters(categories=["Lu"])))
def test_a_refusal_shows_no_value_of_the_record(marker: str) -> None:
    record = {field: [marker] for field in ("id", "user_id", "leave_type_id", "start", "end", "all_day")}
    leave = read_leave(record)
    assert isinstance(leave, UnreadableLeave)
    assert marker not in leave.error.message
    assert marker not in repr(leave)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_the_rows_of_a_data_frame_are_leave_requests(frame: Any) -> None:
    columns = {
        "id": [1, 2],
        "user_id": ["E-7", "E-8"],
        "leave_type_id": ["vacation", "vacation"],
        "start": [datetime(2026, 5, 11, 9), datetime(2026, 5, 12)],
        "end": [datetime(2026, 5, 11, 13), datetime(2026, 5, 13)],
        "all_day": [False, True],
    }
    rows = frame(columns)
    records = rows.to_dict("records") if frame is pd.DataFrame else rows.to_dicts()
    timed, whole = (LeaveRequest.model_validate(record, context={"timezone": MADRID}) for record in records)
    assert (timed.id, *sent_dates(timed)) == ("1", "2026-05-11T07:00:00-00:00", "2026-05-11T11:00:00-00:00")
    assert (whole.id, *sent_dates(whole)) == ("2", "2026-05-12T00:00:00-00:00", "2026-05-13T23:59:00-00:00")


@given(st.dates(min_value=date(1990, 1, 1)), st.integers(0, 400), st.timezones(), st.times(), st.times())
def test_an_all_day_leave_keeps_its_dates_in_every_zone(
    first: date, days: int, zone: ZoneInfo, from_time: Any, to_time: Any
) -> None:
    last = min(first.toordinal() + days, date.max.toordinal())
    start = datetime.combine(first, from_time, tzinfo=zone)
    end = datetime.combine(date.fromordinal(last), to_time, tzinfo=zone)
    leave = read(start=start.isoformat(), end=end, all_day=True)
    assert (leave.start, leave.end) == (first, date.fromordinal(last))


@given(st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1)), st.timezones())
def test_a_timed_leave_keeps_its_moment_in_every_zone(moment: datetime, zone: ZoneInfo) -> None:
    start = moment.replace(microsecond=0, tzinfo=zone)
    leave = read(start=start, end=start + timedelta(days=2), all_day=False)
    sent, _ = sent_dates(leave)
    assert datetime.fromisoformat(sent) == start.astimezone(timezone.utc)


@pytest.fixture
def machine_in_madrid(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A worker whose own zone is not UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Madrid")
        time.tzset()
        yield
    time.tzset()


def test_the_zone_of_the_machine_changes_nothing(machine_in_madrid: None) -> None:
    leave = read(start="2026-05-11T09:00:00-03:00", end="2026-05-11T13:00:00-03:00", all_day=False)
    assert sent_dates(leave) == ("2026-05-11T12:00:00-00:00", "2026-05-11T16:00:00-00:00")


@pytest.mark.parametrize(("written", "all_day"), [(" true ", True), ("True", True), ("1", True), ("false\n", False)])
def test_all_day_may_be_text_with_blanks_around_it(written: str, all_day: bool) -> None:
    leave = read(start="2026-05-11T09:00:00Z", end="2026-05-11T13:00:00Z", all_day=written)
    assert leave.all_day is all_day


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-05-11", "2026-05-15", ("2026-05-11", "2026-05-15")),
        ("2026-05-11T09:00-05:00", "2026-05-11T23:30-05:00", ("2026-05-11", "2026-05-11")),
        # Until midnight is not into the next day.
        ("2026-05-11T00:30+02:00", "2026-05-12T00:00+02:00", ("2026-05-11", "2026-05-11")),
        ("2026-05-11T00:00Z", "2026-05-11T00:00Z", ("2026-05-11", "2026-05-11")),
        ("2026-05-11T22:00+02:00", "2026-05-12T06:00+02:00", ("2026-05-11", "2026-05-12")),
    ],
)
def test_its_days_are_those_that_were_written(start: str, end: str, days: tuple[str, str]) -> None:
    leave = read(start=start, end=end, all_day="T" not in start)
    assert tuple(map(str, leave.days)) == days


@pytest.mark.parametrize("text", ["1778486400", "20260511", "09:00", "x" * 64])
def test_other_text_is_no_date_whatever_it_might_stand_for(text: str) -> None:
    with pytest.raises(CorValidationError, match="start: is not a date"):
        read(start=text, end="2026-05-11T10:00:00Z", all_day=False)


def test_a_fraction_of_the_second_may_be_long_but_not_endless() -> None:
    longest = "2026-05-11T09:00:00." + "0" * 43 + "Z"
    assert len(longest) == 64
    assert read(start=longest, end="2026-05-11T10:00:00Z", all_day=False)
    with pytest.raises(CorValidationError, match="start: is not a date"):
        read(start=longest.replace("Z", "0Z"), end="2026-05-11T10:00:00Z", all_day=False)


class TestReadExternalId:
    @pytest.mark.parametrize(("value", "text"), [("L-1", "L-1"), (7, "7"), (" L-1 ", "L-1")])
    def test_it_is_text(self, value: object, text: str) -> None:
        assert read_external_id("leave_id", value) == text

    def test_the_field_of_one_that_is_none_is_named(self) -> None:
        with pytest.raises(CorValidationError, match=r"^user_id: "):
            read_external_id("user_id", " ")


class TestReadLeave:
    RECORD: ClassVar = {"id": "L-1", "user_id": "E-7", "leave_type_id": "vacation"}

    def test_times_without_an_offset_are_in_the_zone(self) -> None:
        record = {**self.RECORD, "start": "2026-05-11T09:00:00", "end": "2026-05-11T13:00:00", "all_day": False}
        leave = read_leave(record, timezone=MADRID)
        assert isinstance(leave, LeaveRequest)
        assert sent_dates(leave) == ("2026-05-11T07:00:00-00:00", "2026-05-11T11:00:00-00:00")

    def test_one_that_was_read_is_left_as_it_is(self) -> None:
        leave = read(start="2026-05-11", end="2026-05-11")
        unreadable = UnreadableLeave("L-1", CorValidationError())
        assert [read_leave(leave), read_leave(unreadable)] == [leave, unreadable]


class TestReadLeaveKey:
    KEY = LeaveKey("L-1", "E-7")

    @pytest.mark.parametrize(
        "record",
        [
            {"id": "L-1", "user_id": "E-7"},
            {"id": "L-1", "userId": "E-7"},
            {"id": "L-1", "user_id": "E-7", "userId": "E-8", "start": "no date"},
            KEY,
            LeaveRequest(id="L-1", user_id="E-7", leave_type_id="vacation", start=date.min, end=date.max),
        ],
    )
    def test_an_id_and_a_user_are_all_that_is_read(self, record: object) -> None:
        assert read_leave_key(record) == self.KEY

    @pytest.mark.parametrize(
        ("record", "leave_id", "message"),
        [
            ({"user_id": "E-7"}, None, "^id: "),
            ({"id": " ", "user_id": "E-7"}, None, "^id: "),
            ({"id": "L-1"}, "L-1", "^user_id: "),
            ({"id": "L-1", "user_id": ""}, "L-1", "^user_id: "),
            (["L-1"], None, "not list"),
            (None, None, "not NoneType"),
        ],
    )
    def test_what_cannot_be_read_says_which_leave_and_why(
        self, record: object, leave_id: str | None, message: str
    ) -> None:
        unreadable = read_leave_key(record)
        assert isinstance(unreadable, UnreadableLeave)
        assert unreadable.leave_id == leave_id
        assert re.search(message, unreadable.error.message)

    def test_an_unreadable_one_is_left_as_it_is(self) -> None:
        unreadable = UnreadableLeave("L-1", CorValidationError())
        assert read_leave_key(unreadable) is unreadable


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-05-12T00:30:00+14:00", "2026-05-11T12:00:00-11:00", (11, 12)),
        ("2026-05-12T00:30:00+14:00", "2026-05-11T00:00:00-11:00", (11, 12)),
        ("2026-05-11T09:00:00+00:00", "2026-05-12T00:00:00+00:00", (11, 11)),
        ("2026-05-11T00:00:00+00:00", "2026-05-11T00:00:00+00:00", (11, 11)),
    ],
)
def test_the_days_of_a_timed_leave_are_in_order_and_all_that_were_written(
    start: str, end: str, days: tuple[int, int]
) -> None:
    leave = read(start=start, end=end, all_day=False)
    assert leave.days == tuple(date(2026, 5, day) for day in days)
