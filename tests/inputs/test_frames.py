"""Data frames: pandas, polars and pyarrow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.frames import is_frame, is_used_up, iter_frame
from cor_provider.inputs.inspection import can_be_read_again, files_in, label
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.inputs.translation import Translation
from cor_provider.leave import LeaveRequest
from input_files import ids, problems, read_all
from support import leave

Make = Callable[[dict[str, list[Any]]], Any]

MAKERS: dict[str, Make] = {
    "pandas": pd.DataFrame,
    "polars": lambda columns: pl.DataFrame(columns, strict=False),
    "table": pa.table,
    "batch": pa.RecordBatch.from_pydict,
    "reader": lambda columns: pa.table(columns).to_reader(),
}
each = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
again = pytest.mark.parametrize("make", [MAKERS[one] for one in MAKERS if one != "reader"])


def columns(size: int = 1, **others: Any) -> dict[str, Any]:
    names = [f"L{number}" for number in range(1, size + 1)]
    days = [date(2026, 5, 11)] * size
    return {"id": names, "user_id": names, "leave_type_id": names, "start": days, "end": days, **others}


def fields(frame: Any, field: str) -> list[Any]:
    return [record.problem or record.fields[field] for record in iter_frame(frame)]


@each
def test_the_rows_of_a_frame_are_leave_requests(make: Make) -> None:
    assert ids(make(columns(2_500))) == [f"L{number}" for number in range(1, 2_501)]


@each
def test_frames_in_a_list_are_read_one_after_another(make: Make) -> None:
    assert ids([make(columns()), leave("X"), [make(columns(2))]]) == ["L1", "X", "L1", "L2"]


@each
def test_a_refused_row_is_named_by_its_number_from_one(make: Make) -> None:
    assert problems(make(columns(3, user_id=["u", None, "u"]))) == ["user_id: is missing (the data frame, row 2)"]


@each
def test_columns_are_translated_and_others_ignored(make: Make) -> None:
    frame = make(columns(No=["L7"], note=["x"]))
    translation = Translation({"id": "No"})
    assert [leave.id for leave in iter_leaves(frame, translation=translation)] == ["L7"]
    assert all(
        "note" not in record.fields for record in iter_frame(make(columns(note=["x"])), translation=Translation())
    )


@each
def test_missing_columns_are_one_error_for_the_frame(make: Make) -> None:
    frame = make({"Request No": ["L1"] * 9, "user_id": ["u1"] * 9})
    with pytest.raises(CorConfigurationError, match="the data frame: has no column for id, leave_type_id, start, end"):
        read_all(frame)


@each
def test_a_frame_without_rows_has_no_leave_requests_but_needs_its_columns(make: Make) -> None:
    assert ids(make(columns(0))) == []
    with pytest.raises(CorConfigurationError, match="the data frame: has no column for"):
        read_all(make({"id": []}))


@pytest.mark.parametrize("frame", [pd.DataFrame(), pl.DataFrame(), pa.table({}), pd.DataFrame([])])
def test_a_frame_without_rows_and_columns_has_no_leave_requests(frame: Any) -> None:
    assert ids(frame) == []


@again
def test_a_frame_gives_the_same_leave_requests_again(make: Make) -> None:
    frame = make(columns(2))
    assert can_be_read_again(frame)
    assert can_be_read_again([frame])
    assert ids(frame) == ids(frame) == ["L1", "L2"]


def test_a_reader_of_batches_is_used_up_by_reading() -> None:
    reader = MAKERS["reader"](columns())
    assert is_used_up(reader)
    assert not can_be_read_again(reader)


@each
def test_nothing_is_told_of_a_frame_without_reading_it(make: Make) -> None:
    frame = make({"leave.csv": ["x"]})
    assert list(files_in(frame)) == list(files_in([frame])) == []
    assert label(frame) is None
    assert label([frame]) is None


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (pd.Series([12, None, 2**60], dtype="Int64"), [12, None, 2**60]),
        (pd.Series([12.0, np.nan, 2.0**53]), [12.0, None, 2.0**53]),
        (pd.Series([12.0, np.nan, 2.0**24], dtype="float32"), [12.0, None, np.inf]),
        (pd.Series([12.0, None, 2.0**24], dtype="Float32"), [12.0, None, np.inf]),
        (pd.Series([1.0, None, 2048.0], dtype="float16"), [1.0, None, np.inf]),
        (pd.Series([1.0, None, 2.0**24], dtype=pd.ArrowDtype(pa.float32())), [1.0, None, np.inf]),
        (pd.Series(["a", None, "c"], dtype="string"), ["a", None, "c"]),
        (pd.Series(["a", None, "c"], dtype="string[pyarrow]"), ["a", None, "c"]),
        (pd.Series(["a", None, "c"], dtype="category"), ["a", None, "c"]),
        (pd.Series(["a", pd.NA, np.nan], dtype=object), ["a", None, None]),
        (pd.Series([1, pd.NaT, b"c"], dtype=object), [1, None, "c"]),
        (pd.Series([True, None, False], dtype="boolean"), [True, None, False]),
        (
            pd.Series(pd.to_datetime(["2026-05-11", None, "2026-05-12"])),
            [datetime(2026, 5, 11), None, datetime(2026, 5, 12)],
        ),
        (
            pd.Series([pd.Timestamp("2026-05-11 09:00:00.000001999"), pd.NaT, date(2026, 5, 11)], dtype=object),
            [datetime(2026, 5, 11, 9, microsecond=1), None, date(2026, 5, 11)],
        ),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")),
)
def test_values_of_pandas_are_pythons_and_gaps_are_gaps(series: pd.Series, expected: list[Any]) -> None:
    assert fields(pd.DataFrame(columns(3, id=series)), "id") == expected


def test_times_of_pandas_keep_their_zone() -> None:
    moment = pd.Series(pd.to_datetime(["2026-05-11 09:00"]).tz_localize("Europe/Madrid"))
    (when,) = fields(pd.DataFrame(columns(start=moment)), "start")
    assert (type(when), when.utcoffset(), when.hour) == (datetime, timedelta(hours=2), 9)


def test_a_date_beyond_those_of_python_is_the_problem_of_its_row() -> None:
    problem = 'has a value that cannot be read, such as a date after the year 9999, in column "end"'
    far = pd.Series(np.array(["2026-05-11", "20000-01-01"], dtype="datetime64[s]"))
    assert fields(pd.DataFrame(columns(2, end=far)), "end") == [datetime(2026, 5, 11), problem]
    days = pl.Series([20_584, 10**8, None], dtype=pl.Int32).cast(pl.Date)
    assert fields(pl.DataFrame(columns(3, end=days)), "end") == [date(2026, 5, 11), problem, None]
    times = pl.Series([0, 10**18], dtype=pl.Int64).cast(pl.Datetime("us"))
    assert fields(pl.DataFrame(columns(2, end=times)), "end") == [datetime(1970, 1, 1), problem]


def test_the_index_of_pandas_is_ignored() -> None:
    frame = pd.DataFrame(columns(3), index=["x", "x", "y"])
    assert ids(frame) == ["L1", "L2", "L3"]
    assert ids(frame.set_index("start", drop=False)) == ["L1", "L2", "L3"]


def test_columns_of_pandas_need_not_have_text_for_names() -> None:
    frame = pd.DataFrame([["L1", "x"]]).join(pd.DataFrame(columns()).drop(columns="id"))
    (one,) = iter_leaves(frame, translation=Translation({"id": 0}))
    assert isinstance(one, LeaveRequest)
    assert one.id == "L1"
    with pytest.raises(CorConfigurationError, match="the data frame: has no column for id"):
        read_all(frame)


def test_a_doubled_column_is_refused_by_its_name() -> None:
    frame = pd.concat([pd.DataFrame(columns()), pd.DataFrame({"id": ["L2"], "note": ["x"]})], axis=1)
    for doubled in (frame, pa.table(columns()).append_column("id", pa.array(["L2"]))):
        with pytest.raises(CorConfigurationError, match='the data frame: has more than one column "id"'):
            read_all(doubled)


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (pl.Series([12, None], dtype=pl.UInt64), [12, None]),
        (pl.Series([12.0, float("nan")]), [12.0, None]),
        (pl.Series([12.0, 2.0**24], dtype=pl.Float32), [12.0, np.inf]),
        (pl.Series(["a", None], dtype=pl.Categorical), ["a", None]),
        (pl.Series([b"a", b"\xff"]), ["a", 'has text that is not UTF-8 in column "id"']),
        (pl.Series([Decimal("1.50"), None]), [Decimal("1.50"), None]),
        (
            pl.Series([datetime(2026, 5, 11, tzinfo=timezone.utc), None]),
            [datetime(2026, 5, 11, tzinfo=timezone.utc), None],
        ),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")),
)
def test_values_of_polars_are_pythons_and_gaps_are_gaps(series: pl.Series, expected: list[Any]) -> None:
    assert fields(pl.DataFrame(columns(2, id=series)), "id") == expected


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (pl.LazyFrame(columns()), "a LazyFrame of polars is not read: call its .collect()"),
        (pd.Series([1]), "a Series of pandas is not read: pass the data frame"),
        (pl.Series([1]), "a Series of polars is not read: pass the data frame"),
        (np.array([[1]]), "a ndarray of numpy is not read: make it a DataFrame"),
        (pa.array([1]), "of pyarrow is not read: pass the Table"),
        (pa.chunked_array([[1]]), "a ChunkedArray of pyarrow is not read: pass the Table"),
    ],
)
@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: [value]])
def test_what_is_nearly_a_frame_is_refused_with_what_to_pass_instead(
    value: Any, advice: str, wrap: Callable[[Any], Any]
) -> None:
    assert not is_frame(value)
    with pytest.raises(CorConfigurationError, match=advice.replace("(", r"\(").replace(")", r"\)")):
        read_all(wrap(value))


def test_a_dataset_is_refused_with_what_to_call(tmp_path: Any) -> None:
    import pyarrow.dataset  # noqa: PLC0415  # it defines the class

    with pytest.raises(CorConfigurationError, match=r"a \w+ of pyarrow.dataset is not read: call its \.to_table\(\)"):
        read_all(pyarrow.dataset.dataset(pa.table(columns())))


def test_a_class_of_the_same_name_is_no_frame() -> None:
    class DataFrame:
        pass

    assert not is_frame(DataFrame())
    with pytest.raises(TypeError):
        list(iter_frame(DataFrame()))


def test_dates_that_pandas_has_as_midnights_are_whole_days_if_the_values_say_so() -> None:
    frame = pd.DataFrame([leave()])
    frame[["start", "end"]] = frame[["start", "end"]].apply(pd.to_datetime)
    translation = Translation(values={"all_day": {"": True}})
    (read,) = iter_leaves(frame, translation=translation)
    assert isinstance(read, LeaveRequest)
    assert read.to_payload("X") == LeaveRequest.model_validate(leave()).to_payload("X")
    assert "values={'all_day': {'': True}}" in problems(frame)[0]
