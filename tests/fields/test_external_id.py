"""External ids: what is one, wherever ids are read, and what is too doubtful to be one."""

from __future__ import annotations

import json
import math
import re
from datetime import date
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.exceptions import CorValidationError
from cor_provider.extract.spans import group_days, prefix_id, to_spans
from cor_provider.fields.external_id import LONGEST
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.inputs.inspection import label
from cor_provider.inputs.leaves import iter_leave_keys, iter_leaves
from cor_provider.leave import (
    LeaveRequest,
    UnreadableLeave,
    read_external_id,
    read_leave,
    read_leave_id,
    read_leave_key,
)
from cor_provider.sandbox import Sandbox
from gaps import GAPS
from support import leave

LOST = "is a number that may have lost digits: extract the column as text"
FRACTION = "is not a whole number: extract the column as text"
TOO_LONG = "is longer than 7,500 characters once encoded for a URL"

INEXACT = [
    (9007199254740993.0, LOST),  # which is 9007199254740992.0, and may be either
    (9007199254740992.0, LOST),
    (-9007199254740992.0, LOST),
    (1e22, LOST),
    (1e308, LOST),
    (math.inf, LOST),
    (-math.inf, LOST),
    (Decimal("Infinity"), LOST),
    (12.5, FRACTION),  # "12.50" was another id
    (0.1, FRACTION),
    (5e-324, FRACTION),
    (np.float64(2**53), LOST),
    (np.float32(2**24), LOST),  # a narrower number loses digits earlier
    (np.float32(-(2**24)), LOST),
    (np.float16(2**11), LOST),
    (np.float32("inf"), LOST),
    (np.longdouble(2**53), LOST),
    (np.float64(12.5), FRACTION),
    (np.float32(0.1), FRACTION),
    (np.float16(12.5), FRACTION),
    (np.longdouble("12.00000000000000001"), FRACTION),
]
TOO_LONG_ONES = [
    "x" * (LONGEST + 1),
    "ñ" * (LONGEST // 6 + 1),  # six characters each in a URL
    "x" * 5_000_000,
    "ñ" * 5_000_000,
    10**LONGEST,
    -(1 << 20_000_000),  # which takes minutes to write out
    Decimal(f"1E+{LONGEST}"),
    Decimal("1E+999999"),
    Decimal("1." + "1" * LONGEST),
]


class Grade(IntEnum):
    SENIOR = 12


class Kind(str, Enum):
    ANNUAL = "vacation"


class WholeNumber:
    """A whole number of a library that this package does not know."""

    def __index__(self) -> int:
        return 12


def as_id(value: object) -> str:
    return read_external_id("id", value)


def refusal(value: object) -> str:
    with pytest.raises(CorValidationError) as raised:
        read_external_id("user_id", value)
    return raised.value.message


@pytest.mark.parametrize(("value", "problem"), INEXACT)
def test_a_number_that_is_not_exact_is_no_id(value: object, problem: str) -> None:
    assert refusal(value) == f"user_id: {problem}"


@pytest.mark.parametrize("field", ["id", "user_id", "leave_type_id"])
def test_the_field_is_named_and_the_value_is_not(field: str) -> None:
    read = read_leave(leave() | {field: 9007199254740993.0})
    assert isinstance(read, UnreadableLeave)
    assert read.error.message == f"{field}: {LOST}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (9007199254740991.0, "9007199254740991"),
        (-12.0, "-12"),
        (-0.0, "0"),
        (9007199254740993, "9007199254740993"),
        (10**30, "1" + "0" * 30),
        (10**5000, "1" + "0" * 5000),  # more digits than Python makes text of by itself
        (Decimal("9007199254740993.0"), "9007199254740993"),
        (Decimal("1E+5"), "100000"),
        (Decimal("12.50"), "12.50"),
        (Decimal("-0.00"), "0"),
        (Decimal("0E+999999"), "0"),
        (Decimal("1E-999999"), "1E-999999"),
        ("9007199254740993.0", "9007199254740993.0"),  # text is what it says
        ("1e400", "1e400"),
        (np.int8(-7), "-7"),
        (np.uint64(2**64 - 1), "18446744073709551615"),
        (np.float64(2**53 - 1), "9007199254740991"),
        (np.float32(2**24 - 1), "16777215"),
        (np.float16(2**11 - 1), "2047"),
        (np.longdouble(12), "12"),
        (np.str_(" E-7 "), "E-7"),
        (UUID("6f9619ff-8b86-4011-b42d-00cf4fc964ff"), "6f9619ff-8b86-4011-b42d-00cf4fc964ff"),
        (Grade.SENIOR, "12"),
        (Kind.ANNUAL, "vacation"),
        (WholeNumber(), "12"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_exact_is_an_id(value: object, expected: str) -> None:
    assert as_id(value) == expected


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "bool"),
        (np.bool_(True), "bool"),
        (b"E-7", "bytes"),
        (np.bytes_(b"E-7"), "bytes_"),
        (bytearray(b"E-7"), "bytearray"),
        (["E-7"], "list"),
        (np.array([7]), "ndarray"),
        (np.array([math.nan]), "ndarray"),
        (pd.Series([7]), "Series"),
        (np.timedelta64(7, "D"), "timedelta64"),
        (np.datetime64("2026-05-11"), "datetime64"),
        (pd.Timestamp("2026-05-11"), "Timestamp"),
        (date(2026, 5, 11), "date"),
        (12 + 0j, "complex"),
        (object(), "object"),
    ],
)
def test_what_is_neither_text_nor_a_number_is_no_id(value: object, kind: str) -> None:
    assert refusal(value) == f"user_id: must be text or a number, not {kind}"


@pytest.mark.parametrize("value", [*GAPS, np.longdouble("nan"), Decimal("-sNaN12")])
def test_a_gap_is_no_id(value: object) -> None:
    assert refusal(value) == "user_id: is missing"


def test_blanks_around_an_id_are_not_part_of_it() -> None:
    assert as_id("\u00a0 E-7\u2003\n") == "E-7"


@pytest.mark.parametrize("value", TOO_LONG_ONES, ids=range(len(TOO_LONG_ONES)))
def test_an_id_that_no_url_can_carry_is_refused(value: object) -> None:
    assert refusal(value) == f"user_id: {TOO_LONG}"


@pytest.mark.parametrize("field", ["id", "user_id", "leave_type_id"])
def test_the_bound_is_that_of_every_id(field: str) -> None:
    assert read_leave(leave() | {field: "x" * LONGEST}).__class__ is LeaveRequest
    too_long = read_leave(leave() | {field: "x" * (LONGEST + 1)})
    assert isinstance(too_long, UnreadableLeave)
    assert too_long.error.message == f"{field}: {TOO_LONG}"


def test_an_id_at_the_bound_reaches_cor_and_can_be_changed_and_deleted_there(
    hook: CorIntegrationsHook, sandbox: Sandbox
) -> None:
    leave_id = "ñ" * (LONGEST // 6)
    hook.create_leave(leave(leave_id))
    hook.update_leave(leave(leave_id, end="2026-05-30"))
    assert [stored.external_id for stored in sandbox.leaves] == [leave_id]
    hook.delete_leave(leave_id, user_id="u1")
    assert sandbox.leaves == ()


@pytest.mark.parametrize(("value", "problem"), [*INEXACT, ("x" * (LONGEST + 1), TOO_LONG)])
def test_the_same_holds_wherever_an_id_is_read(value: object, problem: str) -> None:
    for record in (leave() | {"id": value}, {"id": value, "user_id": "u1"}):
        key = read_leave_key(record)
        assert isinstance(key, UnreadableLeave)
        assert (key.leave_id, key.error.message) == (None, f"id: {problem}")
        assert read_leave_id(record) is None
        assert label(record) is None
        assert label([record, record]) == "leave and 1 more"


@pytest.mark.parametrize("field", ["id", "user_id", "leave_type_id"])
@pytest.mark.parametrize(
    ("number", "problem"), [("1e400", LOST), ("-1e400", LOST), ("9007199254740993.0", LOST), ("12.5", FRACTION)]
)
@pytest.mark.parametrize("suffix", [".json", ".jsonl", ""])
def test_a_number_of_json_that_is_not_exact_is_no_id(
    field: str, number: str, problem: str, suffix: str, tmp_path: Path
) -> None:
    text = json.dumps(leave() | {field: "@"}).replace('"@"', number)
    (tmp_path / f"leave{suffix}").write_text(text)
    (read,) = iter_leaves(str(tmp_path / f"leave{suffix}") if suffix else text)
    assert isinstance(read, UnreadableLeave)
    assert f"{field}: {problem}" in read.error.message


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ""])
def test_the_error_of_a_json_number_with_too_many_digits_names_the_record(suffix: str, tmp_path: Path) -> None:
    texts = [json.dumps(leave() | {"id": "@"}).replace('"@"', "7" * digits) for digits in (20, 5_000, 100_000)]
    text = "\n".join(texts) if suffix == ".jsonl" else f"[{','.join(texts)}]"
    (tmp_path / f"leave{suffix}").write_text(text)
    first, second, third = iter_leaves(str(tmp_path / f"leave{suffix}") if suffix else text)
    assert (first.__class__, second.__class__) == (LeaveRequest, LeaveRequest)
    assert isinstance(third, UnreadableLeave)
    assert f"id: {TOO_LONG}" in third.error.message
    assert re.search(r"(Record|record|line) 3", third.error.message)


@pytest.mark.parametrize(
    ("column", "problem"),
    [
        (pa.array([9007199254740993.0], pa.float64()), LOST),
        (pa.array([12.5], pa.float64()), FRACTION),
        (pa.array([16777217.0], pa.float32()), LOST),  # a narrower number loses digits earlier
        (pa.array([16777216.0], pa.float32()), LOST),
    ],
)
def test_a_column_of_numbers_that_is_not_exact_holds_no_ids(column: Any, problem: str, tmp_path: Path) -> None:
    columns = {name: [value] for name, value in leave().items()} | {"user_id": column}
    pyarrow.parquet.write_table(pa.table(columns), tmp_path / "leave.parquet")
    (read,) = iter_leaves(tmp_path / "leave.parquet")
    assert isinstance(read, UnreadableLeave)
    assert read.error.message == f"user_id: {problem} (leave.parquet, row 1)"


def test_a_column_of_narrow_numbers_that_is_exact_holds_ids(tmp_path: Path) -> None:
    table = pa.table({"id": pa.array([16777215.0], pa.float32()), "user_id": pa.array([7.0], pa.float32())})
    pyarrow.parquet.write_table(table, tmp_path / "leave.parquet")
    (read,) = iter_leave_keys(tmp_path / "leave.parquet")
    assert repr(read) == "LeaveKey(id='16777215')"


def laid_out(leave_id: object) -> list[dict[str, Any]]:
    return to_spans(leave_id, date(2026, 5, 11), date(2026, 5, 13), half_first="afternoon", policy="split")


def grouped(leave_id: object) -> list[dict[str, Any]]:
    return group_days(leave_id, [date(2026, 5, 11), date(2026, 5, 13)])


class TestPrefixedIds:
    @pytest.mark.parametrize(
        ("value", "problem"),
        [
            *INEXACT,
            ("x" * (LONGEST + 1), TOO_LONG),
            ("..", "has characters that an id cannot have"),
            (["1"], "must be text or a number"),
            (b"1", "must be text or a number"),
            (np.bool_(True), "must be text or a number"),
        ],
    )
    @pytest.mark.parametrize("suffix", ["", "-first"])
    def test_what_kept_an_id_from_being_read_is_what_the_push_says(
        self, value: object, problem: str, suffix: str, tmp_path: Path
    ) -> None:
        record = json.loads(json.dumps(leave(prefix_id("bamboohr", value) + suffix)))  # as an extract hands it on
        read = read_leave(record)
        assert isinstance(read, UnreadableLeave)
        assert (read.leave_id, read.error.message) == (None, f"id: {problem}")

    @pytest.mark.parametrize("make", [laid_out, grouped, lambda value: laid_out(prefix_id("hr", value))])
    @pytest.mark.parametrize(("value", "problem"), [*INEXACT, (b"1", "must be text or a number")])
    def test_laying_it_out_keeps_the_cause(self, make: Any, value: object, problem: str) -> None:
        parts = make(value)
        assert len(parts) == 2
        for part in parts:
            read = read_leave_key({**json.loads(json.dumps(part)), "user_id": "u1"})
            assert isinstance(read, UnreadableLeave)
            assert read.error.message == f"id: {problem}"

    @pytest.mark.parametrize("make", [laid_out, grouped, lambda value: laid_out(prefix_id("hr", value))])
    @pytest.mark.parametrize("value", GAPS)
    def test_an_id_that_is_missing_does_not_become_one_by_what_is_added(self, make: Any, value: object) -> None:
        assert [part["id"] for part in make(value)] == ["", ""]

    @pytest.mark.parametrize("value", [12, 12.0, np.int64(12), np.float32(12), Decimal("12.00"), "12", " 12 "])
    def test_the_type_of_an_id_is_not_part_of_it(self, value: object) -> None:
        assert prefix_id("hr", value) == "hr-12"
        assert [part["id"] for part in laid_out(value)] == ["12-first", "12"]
        assert [part["id"] for part in grouped(value)] == ["12", "12-2026-05-13"]

    @given(st.text())
    def test_no_text_of_hr_puts_words_into_an_error(self, text: str) -> None:
        for value in (f"\0{text}\0", f"a\0digits{text}\0", text):
            read = read_leave_key({"id": value, "user_id": "u1"})
            if isinstance(read, UnreadableLeave):
                assert read.error.message in {
                    "id: is missing",
                    "id: has characters that an id cannot have",
                    f"id: {TOO_LONG}",
                    f"id: {LOST}",
                    f"id: {FRACTION}",
                    "id: must be text or a number",
                }


numbers = st.one_of(
    st.floats(),
    st.integers(),
    st.integers(0, 9_000).map(lambda digits: 10**digits),
    st.floats(width=32).map(np.float32),
    st.floats(width=16).map(np.float16),
    st.integers(-(2**63), 2**63 - 1).map(np.int64),
    st.decimals(),
    st.builds(lambda digit, exponent: Decimal(digit).scaleb(exponent), st.integers(-9, 9), st.integers(-9_000, 9_000)),
)


@given(numbers)
def test_a_number_is_exactly_its_id_or_none(number: Any) -> None:
    try:
        text = as_id(number)
    except CorValidationError as error:
        assert error.message.removeprefix("id: ") in {LOST, FRACTION, TOO_LONG, "is missing"}  # noqa: PT017
        return
    assert len(quote(text, safe="")) <= LONGEST
    assert Decimal(text) == (number.item() if isinstance(number, np.generic) else number)
    if isinstance(number, (float, np.floating)):
        other = type(number)
        assert number not in {other(int(number) - 1), other(int(number) + 1)}  # the float of no other id


@given(st.text(max_size=30).flatmap(lambda text: st.integers(0, 800).map(lambda times: text * times)))
def test_any_text_is_an_id_that_a_url_can_carry_or_none(text: str) -> None:
    try:
        leave_id = as_id(text)
    except CorValidationError:
        return
    assert leave_id == text.strip()
    assert leave_id
    assert len(quote(leave_id, safe="")) <= LONGEST
