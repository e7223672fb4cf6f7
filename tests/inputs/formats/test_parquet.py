"""Parquet files, of any types and in any state, with and without pyarrow."""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.formats.parquet import read
from cor_provider.inputs.input_file import InputFile
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.inputs.translation import PLAIN_KEYS
from cor_provider.leave import LeaveRequest
from input_files import ids, problems, read_all, write_parquet
from support import leave

FIELDS = ["id", "user_id", "leave_type_id", "start", "end"]
LONGEST_DIGITS = 38  # of a decimal


def table(size: int = 1, **columns: Any) -> pa.Table:
    """Return a table of leave requests, some of its columns replaced."""
    days = pa.array([date(2026, 5, 11)] * size)
    names = pa.array([f"L{number}" for number in range(1, size + 1)])
    columns = {"id": names, "user_id": names, "leave_type_id": names, "start": days, "end": days, **columns}
    return pa.table(columns)


def content(parquet: pa.Table, **options: Any) -> bytes:
    stream = BytesIO()
    pyarrow.parquet.write_table(parquet, stream, **options)
    return stream.getvalue()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(parquet: pa.Table | bytes, **options: Any) -> Path:
        path = tmp_path / "leave.parquet"
        path.write_bytes(parquet if isinstance(parquet, bytes) else content(parquet, **options))
        return path

    return write


Write = Callable[..., Path]


def test_dates_and_numbers_of_a_parquet_file_are_read(tmp_path: Path) -> None:
    write_parquet(tmp_path / "leave.parquet", [leave() | {"id": 7, "start": date(2026, 5, 11), "all_day": True}])
    assert ids(tmp_path / "leave.parquet") == ["7"]


def test_a_parquet_file_without_pyarrow_is_an_error_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CorConfigurationError, match=re.escape("pip install 'airflow-provider-cor[parquet]'")):
        read_all(tmp_path / "leave.parquet")


def test_a_packed_parquet_file_is_read(tmp_path: Path) -> None:
    write_parquet(tmp_path / "leave.parquet", [leave(), leave("L2")])
    (tmp_path / "leave.parquet.gz").write_bytes(gzip.compress((tmp_path / "leave.parquet").read_bytes()))
    assert ids(tmp_path / "leave.parquet.gz") == ["L1", "L2"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array(["L7"], pa.large_string()), "L7"),
        (pa.array(["L7"], pa.string_view()), "L7"),
        (pa.array(["L7"]).dictionary_encode(), "L7"),
        (pa.array(["Añó".encode()], pa.binary()), "Añó"),
        (pa.array([b"L7"], pa.large_binary()), "L7"),
        (pa.array([b"L7"], pa.binary(2)), "L7"),
        (pa.array([12], pa.int8()), "12"),
        (pa.array([2**64 - 1], pa.uint64()), "18446744073709551615"),
        (pa.array([12.0], pa.float64()), "12"),
        (pa.array([4095.0], pa.float32()), "4095"),
        (pa.array([Decimal("12.00")]), "12"),
        (pa.array([Decimal("9" * LONGEST_DIGITS)]), "9" * LONGEST_DIGITS),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
def test_an_id_of_any_type_is_read_exactly(write: Write, values: pa.Array, expected: str) -> None:
    assert ids(write(table(id=values))) == [expected]


@pytest.mark.parametrize(
    "values",
    [pa.array([2.0**24], pa.float32()), pa.array([2048.0], pa.float16()), pa.array([2.0**53])],
    ids=lambda value: str(value.type),
)
def test_an_id_that_may_have_lost_digits_is_refused(write: Write, values: pa.Array) -> None:
    assert problems(write(table(id=values))) == [
        "id: is a number that may have lost digits: extract the column as text (leave.parquet, row 1)"
    ]


@pytest.mark.parametrize(
    ("values", "options"),
    [
        (pa.array([date(2500, 1, 1)]), {}),
        (pa.array([date(2500, 1, 1)], pa.date64()), {}),
        (pa.array([datetime(2500, 1, 1)], pa.timestamp("ms")), {}),
        (pa.array([datetime(2500, 1, 1)], pa.timestamp("us")), {}),
        (pa.array([datetime(2500, 1, 1)], pa.timestamp("us")), {"use_deprecated_int96_timestamps": True}),
    ],
)
def test_a_far_date_is_that_date_whatever_holds_it(write: Write, values: pa.Array, options: dict[str, Any]) -> None:
    path = write(table(end=values, all_day=pa.array([True])), **options)
    (one,) = iter_leaves(path)
    assert isinstance(one, LeaveRequest)
    assert one.end == date(2500, 1, 1)


def test_a_date_beyond_those_of_python_is_refused_by_its_row_and_column(write: Write) -> None:
    far = pa.array([20_584, 10**8], pa.int32()).cast(pa.date32())
    path = write(table(2, end=far))
    assert problems(path) == [
        'row 2 has a value that cannot be read, such as a date after the year 9999, in column "end" (leave.parquet).'
    ]


@pytest.mark.parametrize(
    "values",
    [pa.array([[1]]), pa.array([{"a": 1}]), pa.array([True]), pa.array([3], pa.duration("s")), pa.array([b"\xff"])],
    ids=lambda value: str(value.type),
)
def test_what_is_no_id_refuses_its_row(write: Write, values: pa.Array) -> None:
    (problem,) = problems(write(table(id=values)))
    assert "row 1" in problem
    assert "id" in problem
    assert "leave.parquet" in problem


def test_nothing_in_an_unused_column_fails(write: Write) -> None:
    others = {
        "far": pa.array([10**18], pa.timestamp("us")),
        "zone": pa.array([0], pa.timestamp("us", "Nowhere/City")),
        "bytes": pa.array([b"\xff"]),
        "nested": pa.array([{"id": [b"\xff"]}]),
        "nanoseconds": pa.array([1], pa.duration("ns")),
    }
    doubled = table(**others).append_column("bytes", pa.array([1]))
    assert ids(write(doubled)) == ["L1"]


def test_only_the_columns_that_are_used_are_in_a_record(write: Write) -> None:
    path = write(table(userId=pa.array(["u"]), note=pa.array(["x"])))
    file = InputFile("leave", PLAIN_KEYS, path=ObjectStoragePath(path))
    assert [record.fields for record in read(file)] == [{"id": "L1", "user_id": "L1", "userId": "u"}]


def test_a_zone_that_is_not_known_refuses_the_file_by_its_column(write: Write) -> None:
    path = write(table(start=pa.array([0], pa.timestamp("us", "Nowhere/City"))))
    with pytest.raises(CorConfigurationError, match=r'leave\.parquet: the times in column "start" are in a zone'):
        read_all(path)


def test_a_doubled_column_refuses_the_file_by_its_name(write: Write) -> None:
    with pytest.raises(CorConfigurationError, match=r'leave\.parquet: has more than one column "id"\. Rename'):
        read_all(write(table().append_column("id", pa.array(["L2"]))))


def test_a_file_without_rows_has_no_leave_but_needs_its_columns(write: Write) -> None:
    assert ids(write(table().slice(0, 0))) == []
    with pytest.raises(CorConfigurationError, match="has no column for id"):
        read_all(write(table().slice(0, 0).drop_columns(["id"])))


@pytest.mark.parametrize(
    ("damaged", "problem"),
    [
        (b"", "is empty"),
        (b"PAR1", "not a readable .parquet file"),
        (b"id,user_id\n1,2\n", "not a readable .parquet file"),
        (b"PARE" + b"\0" * 40 + b"PARE", "is encrypted"),
    ],
)
def test_what_is_no_parquet_is_refused_by_the_files_name(write: Write, damaged: bytes, problem: str) -> None:
    with pytest.raises(CorConfigurationError, match=re.escape(problem)) as refusal:
        read_all(write(damaged))
    assert refusal.value.message.startswith("leave_requests: leave.parquet: ")


WHOLE = content(table(50), compression="snappy", data_page_size=100)


@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path_factory: pytest.TempPathFactory, size: int) -> None:
    path = tmp_path_factory.mktemp("cut") / "leave.parquet"
    path.write_bytes(WHOLE[:size])
    with pytest.raises(CorConfigurationError, match=r"leave\.parquet"):
        read_all(path)


@given(st.integers(4, len(WHOLE) - 1), st.binary(min_size=1, max_size=40))
@example(20, b"\x99" * 40)
def test_a_damaged_file_is_refused_or_read_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, start: int, damage: bytes
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "leave.parquet"
    path.write_bytes((WHOLE[:start] + damage + WHOLE[start + len(damage) :])[: len(WHOLE)])
    try:
        read_all(path)
    except CorConfigurationError as refusal:
        assert "leave.parquet" in refusal.message  # noqa: PT017  # not every damage is noticed


def test_an_error_of_the_store_is_no_damage(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(table())

    class Unsteady(BytesIO):
        def readinto(self, _buffer: Any) -> int:
            if self.tell():
                raise ConnectionResetError(104, "reset")
            return super().readinto(_buffer[:8])

    monkeypatch.setattr(ObjectStoragePath, "open", lambda *_: Unsteady(path.read_bytes()))
    with pytest.raises(ConnectionResetError):
        read_all(path)


def test_a_large_file_is_never_in_memory_as_a_whole(write: Write) -> None:
    long = pa.array([f"{number:0500}" for number in range(20_000)])
    path = write(table(20_000, id=long, user_id=long), compression="none", use_dictionary=False)
    assert path.stat().st_size > 20_000_000
    before, most = pa.total_allocated_bytes(), 0
    for count, _leave in enumerate(iter_leaves(path), start=1):
        if count % 1_000 == 0:
            most = max(most, pa.total_allocated_bytes() - before)
    assert count == 20_000
    assert 0 < most < 10_000_000


COLUMNS = st.sampled_from(
    [
        (st.text(), pa.string()),
        (st.integers(-(2**63), 2**63 - 1), pa.int64()),
        (st.integers(0, 2**64 - 1), pa.uint64()),
        (st.dates(), pa.date32()),
        (st.datetimes(), pa.timestamp("us")),
        (st.booleans(), pa.bool_()),
        (st.floats(allow_nan=False), pa.float64()),
        (st.decimals(-(10**9), 10**9, places=2), pa.decimal128(12, 2)),
    ]
)


@given(st.data())
def test_any_values_are_read_as_they_were_written(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    size = data.draw(st.integers(0, 5))
    columns = {}
    for name in FIELDS:
        values, kind = data.draw(COLUMNS)
        columns[name] = pa.array(data.draw(st.lists(st.none() | values, min_size=size, max_size=size)), kind)
    path = tmp_path_factory.mktemp("any") / "leave.parquet"
    path.write_bytes(content(pa.table(columns)))
    records = list(read(InputFile("leave", path=ObjectStoragePath(path))))
    assert [record.fields for record in records] == pa.table(columns).to_pylist()
