"""Dates and date-times: what is read as which, and what is refused rather than guessed."""

from __future__ import annotations

import sys
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pendulum
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from cor_provider.fields.when import DateFormat, read_when
from gaps import GAPS

UTC = timezone.utc
TWO_HOURS = timezone(timedelta(hours=2))
MADRID = ZoneInfo("Europe/Madrid")
MAY_11 = date(2026, 5, 11)
NINE = datetime(2026, 5, 11, 9)
NINE_AND_A_BIT = datetime(2026, 5, 11, 9, 0, 0, 123456)

NO_DATE = "is not a date: write 2026-05-11, or 2026-05-11T09:00:00+02:00 for a time of day"
OTHER_FORM = f"{NO_DATE}, or set the task's parameter date_format to the form of its dates"
NO_SUCH_YEAR = "is outside the years 1 to 9999"


def refusal(value: object) -> str:
    with pytest.raises(PydanticCustomError) as raised:
        read_when(value)
    return raised.value.message()


def assert_same(read: date, expected: date) -> None:
    """Compare types and offsets too: a date-time at midnight is no date, and one moment has several offsets."""
    assert type(read) is type(expected)
    if isinstance(read, datetime) and isinstance(expected, datetime):
        assert read.utcoffset() == expected.utcoffset()
        # A time that the clocks skip equals none in another zone.
        read, expected = read.replace(tzinfo=None), expected.replace(tzinfo=None)
    assert read == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-11", MAY_11),
        ("\u00a02026-05-11\n", MAY_11),
        (np.str_("2026-05-11"), MAY_11),
        ("2026-05-11T09:00", NINE),
        ("2026-05-11T09:00:00", NINE),
        ("2026-05-11t09:00:00z", NINE.replace(tzinfo=UTC)),
        ("2026-05-11T09:00:00 Z", NINE.replace(tzinfo=UTC)),
        ("2026-05-11T09:00+02:00", NINE.replace(tzinfo=TWO_HOURS)),
        ("2026-05-11T09:00:00+0200", NINE.replace(tzinfo=TWO_HOURS)),
        ("2026-05-11T09:00:00 +02:00", NINE.replace(tzinfo=TWO_HOURS)),
        ("2026-05-11T09:00:00 +0200", NINE.replace(tzinfo=TWO_HOURS)),
        ("2026-05-11T09:00:00.123456789+02:00", NINE_AND_A_BIT.replace(tzinfo=TWO_HOURS)),
        ("2026-05-11T09:00:00,123456", NINE_AND_A_BIT),
        # As PostgreSQL writes it.
        ("2026-05-11 09:00:00", NINE),
        ("2026-05-11 09:00:00+02", NINE.replace(tzinfo=TWO_HOURS)),
        ("2026-05-11 09:00:00 +02", NINE.replace(tzinfo=TWO_HOURS)),
        ("2026-05-11 09:00:00-03", NINE.replace(tzinfo=timezone(timedelta(hours=-3)))),
        ("2026-05-11 09:00:00+05:30", NINE.replace(tzinfo=timezone(timedelta(hours=5, minutes=30)))),
        ("2026-05-11 09:00:00.123456+02:00", NINE_AND_A_BIT.replace(tzinfo=TWO_HOURS)),
        ("2026-05-11 09:00:00.123456+02", NINE_AND_A_BIT.replace(tzinfo=TWO_HOURS)),
        ("2026-05-11 09:00+00", NINE.replace(tzinfo=UTC)),
        ("0001-01-01", date.min),
        ("9999-12-31T23:59:59.999999", datetime(9999, 12, 31, 23, 59, 59, 999999)),
    ],
)
def test_text_is_read_as_it_is_written(text: str, expected: date) -> None:
    assert_same(read_when(text), expected)


@given(st.datetimes(timezones=st.just(MADRID)) | st.datetimes() | st.dates(), st.sampled_from(["T", " "]))
def test_text_of_any_date_is_that_date(when: date, separator: str) -> None:
    text = when.isoformat(separator) if isinstance(when, datetime) else when.isoformat()
    if len(text) <= len("2026-05-11T09:00:00.123456+02:00"):  # old zones have seconds, which ISO 8601 does not know
        assert_same(read_when(text), when)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-02-30", "2026-13-01", "2026-00-10", "0000-01-01", "2026-05-11T25:00:00Z", "2026-05-11T09:60"),
        *("2026-05-11 BC", "2026-05-11T9:00", "2026-05-11T09", "2026-05-11T09:00:00+2", "2026-05-11T09:00+24:00"),
        *("2026-05-11T09:00:00 Europe/Madrid", "2026-05-11T09:00:00+02:00:30", "2026-05-11/2026-05-12"),
    ],
)
def test_text_that_looks_like_iso_8601_and_is_no_date_is_refused(text: str) -> None:
    assert refusal(text) == NO_DATE


@pytest.mark.parametrize(
    "text",
    [
        *("11/05/2026", "05/11/2026", "25/12/2026", "11.05.2026", "11-05-2026", "11-May-2026", "May 11, 2026"),
        *("20260511", "2026/05/11", "26-05-11", "2026-5-11", "2026-W20-1", "2026-131", "infinity", "today", "soon"),
        *("1778457600", "46153", "x" * 1_000_000, "\u0662\u0660\u0662\u0666-05-11"),
    ],
)
def test_text_in_another_form_is_not_guessed_and_the_way_out_is_told(text: str) -> None:
    assert refusal(text) == OTHER_FORM


@pytest.mark.parametrize(
    "value",
    [
        *(0, 1778457600, 20260511, 46153.0, True, False, np.int64(20260511), np.float64(46153), np.bool_(True)),
        *(b"2026-05-11", ["2026-05-11"], {}, (2026, 5, 11), time(9), timedelta(1), np.timedelta64(1, "D"), object()),
        *(pd.Timedelta(1), np.array(["2026-05-11"], "datetime64[D]"), pd.Series([NINE]), pd.Period("2026-05")),
        np.array("2026-05-11", "datetime64[D]"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_neither_text_nor_a_date_is_never_one(value: object) -> None:
    assert refusal(value) == NO_DATE


@pytest.mark.parametrize("value", GAPS)
def test_a_gap_is_missing(value: object) -> None:
    assert refusal(value) == "is missing"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (MAY_11, MAY_11),
        (NINE, NINE),
        (datetime(2026, 5, 11), datetime(2026, 5, 11)),
        (NINE.replace(tzinfo=MADRID), NINE.replace(tzinfo=MADRID)),
        (pendulum.date(2026, 5, 11), MAY_11),
        (pendulum.datetime(2026, 5, 11, 9, tz="Europe/Madrid"), NINE.replace(tzinfo=MADRID)),
        (pendulum.naive(2026, 5, 11, 9), NINE),
        (pd.Timestamp("2026-05-11"), datetime(2026, 5, 11)),
        (pd.Timestamp("2026-05-11T09:00:00.123456789"), NINE_AND_A_BIT),
        (pd.Timestamp("2026-05-11T09:00:00.123456999", tz="Europe/Madrid"), NINE_AND_A_BIT.replace(tzinfo=MADRID)),
        (pd.Timestamp("2026-05-11T09:00:00+02:00"), NINE.replace(tzinfo=TWO_HOURS)),
        (np.datetime64("2026-05-11"), MAY_11),
        (np.datetime64("2026-05-11T09"), NINE),
        (np.datetime64("2026-05-11T09:00"), NINE),
        (np.datetime64("2026-05-11T09:00:00"), NINE),
        (np.datetime64("2026-05-11T09:00:00.000"), NINE),
        (np.datetime64("2026-05-11T09:00:00.123456"), NINE_AND_A_BIT),
        (np.datetime64("2026-05-11T09:00:00.123456789"), NINE_AND_A_BIT),
        (np.datetime64("1969-12-31T23:59:59.999999999"), datetime(1969, 12, 31, 23, 59, 59, 999999)),
        (np.datetime64("1970-01-01T09:00:00.123456789012"), datetime(1970, 1, 1, 9, 0, 0, 123456)),
        (np.datetime64(3600 * 10**15, "fs"), datetime(1970, 1, 1, 1)),
        (np.datetime64(10**18, "as"), datetime(1970, 1, 1, 0, 0, 1)),
        (np.datetime64("2026"), datetime(2026, 1, 1)),
        (np.datetime64("2026-05"), datetime(2026, 5, 1)),
        (np.datetime64("2026-05-11", "W"), datetime(2026, 5, 7)),
        (np.array(["2026-05-11"], ">M8[D]")[0], MAY_11),
    ],
)
def test_dates_of_every_library_become_those_of_python(value: Any, expected: date) -> None:
    assert_same(read_when(value), expected)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pd.Series([NINE]), NINE),
        (pd.Series([NINE]).to_numpy(), NINE),
        (pd.Series([NINE]).dt.tz_localize("Europe/Madrid"), NINE.replace(tzinfo=MADRID)),
        (pl.Series([NINE]), NINE),
        (pl.Series([NINE]).dt.replace_time_zone("Europe/Madrid"), NINE.replace(tzinfo=MADRID)),
        (pl.Series([MAY_11]), MAY_11),
        (pl.Series([MAY_11]).to_numpy(), MAY_11),
    ],
)
def test_the_dates_of_a_data_frame_are_read(column: Any, expected: date) -> None:
    assert_same(read_when(column[0]), expected)


def test_the_second_of_two_hours_of_the_same_name_is_kept() -> None:
    second = pd.Timestamp("2026-10-25T01:30:00Z").tz_convert(MADRID)
    assert_same(read_when(second), datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=MADRID))


@pytest.mark.parametrize(
    "value",
    [
        np.datetime64("10000-01-01"),
        np.datetime64("0000-12-31"),
        np.datetime64("-0001-01-01T00:00"),
        np.datetime64("10000-01-01T00:00:00"),
        np.datetime64("10000-01-01T00:00:00.000000"),
        np.datetime64("12000"),
        np.datetime64(10**17, "s"),  # NumPy's own conversion of it is in the year 8319
        np.datetime64(10**15, "Y"),
        np.datetime64(-(10**15), "M"),
        pd.Timestamp(np.datetime64("12000-01-01", "s")),
    ],
)
def test_a_year_that_has_no_date_is_refused(value: object) -> None:
    assert refusal(value) == NO_SUCH_YEAR


UNITS: Any = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps"]


@given(st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(-(10**6), 10**6), st.sampled_from(UNITS))
def test_any_date_of_numpy_is_itself_or_refused(count: int, unit: Any) -> None:
    value = np.datetime64(count, unit)
    in_us = value.astype("datetime64[us]") if unit in {"ns", "ps"} else value
    year = int(in_us.astype("datetime64[Y]").astype(int)) + 1970
    try:
        read = read_when(value)
    except PydanticCustomError as error:
        assert error.message() == NO_SUCH_YEAR  # noqa: PT017
        assert not 0 < year < 10_000
    else:
        assert isinstance(read, datetime) is (unit != "D")
        assert read.year == year
        assert np.datetime64(read, "us") == in_us


FORMATS = [
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d", "%d-%b-%Y", "%Y-%d-%m", "%d/%m/%y", "%d/%m/%Y %H:%M"),
    *(
        "%m/%d/%Y %I:%M %p",
        "%Y-%m-%d",
        "%d%m%Y",
        "%B %d, %Y",
        "%A %d %B %Y",
        "%Y-%j",
        "%G-W%V-%u",
        "%Y/%m/%d %H%M%S.%f",
    ),
    *("%d/%m/%Y %H:%M%z", "%Y%m%dT%H%M%S%z", "%d/%m/20%y", "100%% %d/%m/%Y"),
]
zones = st.sampled_from([UTC, TWO_HOURS, timezone(timedelta(hours=-9, minutes=-30))])


class TestDateFormat:
    @pytest.mark.parametrize("text", FORMATS)
    @given(moment=st.datetimes(datetime(1000, 1, 1)), zone=zones)
    def test_any_date_written_in_it_is_read_as_that_date(self, text: str, moment: datetime, zone: tzinfo) -> None:
        if "%y" in text:  # two digits are a year from 1969 to 2068, or of this century
            moment = moment.replace(year=2000 + moment.year % 69, day=min(moment.day, 28))
        if "%z" in text:
            moment = moment.replace(tzinfo=zone)
        written = moment if "%f" in text else moment.replace(microsecond=0)
        written = written if "%S" in text else written.replace(second=0)
        has_time = "%H" in text or "%I" in text
        assert_same(DateFormat(text).read(moment.strftime(text)), written if has_time else moment.date())

    @pytest.mark.parametrize(
        ("text", "value", "expected"),
        [
            ("%d/%m/%Y", "11/05/2026", MAY_11),
            ("%d/%m/%Y", " 11/5/2026\u00a0", MAY_11),
            ("%d/%m/%Y", np.str_("11/05/2026"), MAY_11),
            (" %d/%m/%Y ", "11/05/2026", MAY_11),
            ("%m/%d/%Y", "11/05/2026", date(2026, 11, 5)),
            ("%Y-%d-%m", "2026-11-05", MAY_11),
            ("%d-%b-%Y", "11-MAY-2026", MAY_11),
            ("%d/%m/%Y %H:%M", "11/05/2026 00:00", datetime(2026, 5, 11)),
            ("%m/%d/%Y %I:%M %p", "5/11/2026 9:00 pm", NINE.replace(hour=21)),
            ("%d/%m/%Y %H:%M %z", "11/05/2026 09:00 +02:00", NINE.replace(tzinfo=TWO_HOURS)),
            ("%d/%m/%Y %H:%M %z", "11/05/2026 09:00 Z", NINE.replace(tzinfo=UTC)),
            ("%Y%m%d %H:%M%z", "20260511 09:00+02:00", NINE.replace(tzinfo=TWO_HOURS)),
            ("%Y-%m-%d%z", "2026-05-11+02:00", MAY_11),
        ],
    )
    def test_text_is_read_as_the_format_says(self, text: str, value: str, expected: date) -> None:
        assert_same(DateFormat(text).read(value), expected)

    @pytest.mark.parametrize("text", ["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y%m%d", "%Y/%d/%m", "%d/%m/%Y %H:%M"])
    @pytest.mark.parametrize(
        "value", ["2026-05-11", " 2026-05-11", "2026-05-11T09:00:00+02:00", "2026-05-11 09:00:00+02"]
    )
    def test_iso_8601_is_read_as_usual_where_it_cannot_be_meant_otherwise(self, text: str, value: str) -> None:
        assert DateFormat(text).read(value) is value

    @pytest.mark.parametrize("text", ["%Y-%d-%m", "%Y-%d-%m %H:%M", "(%Y-%d-%m)", "%A %Y-%d-%m"])
    @pytest.mark.parametrize("value", ["2026-05-25", "2026-05-25T09:00:00+02:00", "25/05/2026", "soon"])
    def test_iso_8601_is_refused_where_it_may_be_another_day(self, text: str, value: str) -> None:
        read = DateFormat(text).read(value)
        assert refusal(read) == f"is not a date in the date_format {text}"
        assert value not in repr(read)

    @pytest.mark.parametrize("text", FORMATS)
    @pytest.mark.parametrize(
        "value", ["31/31/2026", "30/02/2026", "2026-02-30", "11/05/2026x", "tomorrow", "0", "x" * 100_000]
    )
    def test_text_that_does_not_match_is_refused(self, text: str, value: str) -> None:
        assert refusal(DateFormat(text).read(value)) in {
            NO_DATE,
            OTHER_FORM,
            f"is not a date in the date_format {text}",
        }

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("%d%m%Y", "1112026"),  # 1 November or 11 January
            ("%m%d%Y", "1112026"),
            ("%Y%m%d", "2026111"),
            ("%d%m%y", "11126"),
            ("%y%m%d", "26111"),
        ],
    )
    def test_numbers_that_touch_are_read_only_with_all_their_digits(self, text: str, value: str) -> None:
        assert refusal(DateFormat(text).read(value)) == f"is not a date in the date_format {text}"
        assert refusal(value) == OTHER_FORM

    @pytest.mark.parametrize(
        "value", [*GAPS, MAY_11, NINE, 20260511, 0, 46153.0, b"11/05/2026", pd.Timestamp(0), ["x"]]
    )
    def test_what_is_no_text_is_left_as_it_is(self, value: object) -> None:
        assert DateFormat("%Y%m%d").read(value) is value
        assert DateFormat("%Y-%d-%m").read(value) is value

    @pytest.mark.parametrize(
        "text", ["", " ", "%d/%m", "%m/%Y", "%Y", "%d/%Y", "%H:%M", "%d/%M/%Y", "dd/mm/yyyy", "%%d/%%m/%%Y", "%Y-%W"]
    )
    def test_a_format_without_a_whole_date_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="needs a year, a month and a day"):
            DateFormat(text)

    @pytest.mark.parametrize(
        "text", ["%d/%m/%Y %I:%M", "%d/%m/%Y %I", "%d/%m/%Y %M", "%d/%m/%Y %p", "%d/%m/%Y %H:%M".replace("H", "S")]
    )
    def test_a_format_with_an_hour_that_is_not_clear_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="needs a clear hour: %H, or %I with %p"):
            DateFormat(text)

    def test_a_format_that_takes_minutes_for_seconds_is_refused(self) -> None:
        with pytest.raises(ValueError, match="has seconds, %S, but no minutes"):
            DateFormat("%d/%m/%Y %H:%S")

    @pytest.mark.parametrize(
        ("text", "advice"),
        [
            ("%x", "write out its parts"),
            ("%c", "write out its parts"),
            ("%d/%m/%Y %X", "write out its parts"),
            ("%d/%m/%Y %H:%M %Z", "use offsets, %z"),
        ],
    )
    def test_a_part_that_is_not_the_same_everywhere_is_refused(self, text: str, advice: str) -> None:
        with pytest.raises(ValueError, match=advice):
            DateFormat(text)

    def test_a_percent_sign_is_no_part(self) -> None:
        assert DateFormat("%d/%m/%Y %%x").read("11/05/2026 %x") == MAY_11

    @pytest.mark.parametrize(
        "text",
        [
            *("%", "%d/%m/%Y %", "%Q", "%d/%d/%Y %m", "%d/%m/%Y %s", "%E"),
            *(() if sys.version_info >= (3, 14) else ("%-d/%m/%Y", "%d/%m/%Y\0", "\ud800%d/%m/%Y")),
        ],
    )
    def test_a_format_that_python_cannot_read_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="is not a format that Python's strptime can read"):
            DateFormat(text)

    @given(st.text("%dmYyHIMSpbBjzZfGVuwUWAa/-:. x0T"))
    def test_any_format_reads_what_it_writes_or_is_refused(self, text: str) -> None:
        try:
            form = DateFormat(text)
        except ValueError:
            return
        sample = datetime(2031, 3, 14, 15, 9, 26, tzinfo=UTC)
        read = form.read(sample.strftime(text))
        assert (read.date() if isinstance(read, datetime) else read) == sample.date()
        assert not isinstance(read, datetime) or read.hour == sample.hour

    def test_a_format_shows_itself(self) -> None:
        assert repr(DateFormat("%d/%m/%Y")) == "DateFormat('%d/%m/%Y')"
