"""Values of pyarrow as Python's."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.arrow import check_zones, iter_parts
from cor_provider.inputs.input_file import Input
from cor_provider.inputs.typed_columns import iter_rows


def read(*values: Any) -> list[Any]:
    batches = [pa.RecordBatch.from_arrays([one], ["start"]) for one in values]
    return [record.problem or record.fields["start"] for record in iter_rows(iter_parts(batches))]


def test_nanoseconds_are_cut_to_microseconds() -> None:
    assert read(pa.array([1_999], pa.timestamp("ns"))) == [datetime(1970, 1, 1, microsecond=1)]


@pytest.mark.parametrize("zone", ["Europe/Madrid", "+05:30"])
def test_a_time_with_a_zone_is_that_of_its_zone(zone: str) -> None:
    moment = datetime(2026, 5, 11, 22, tzinfo=timezone.utc)
    (when,) = read(pa.array([moment], pa.timestamp("ns", zone)))
    expected = ZoneInfo(zone) if "/" in zone else timezone(timedelta(hours=5, minutes=30))
    assert (when, when.utcoffset()) == (moment, moment.astimezone(expected).utcoffset())


def test_a_zone_that_is_not_known_is_refused_by_its_column_if_that_is_used() -> None:
    schema = pa.schema([("start", pa.timestamp("us", "Nowhere/City")), ("end", pa.timestamp("us", "UTC"))])
    check_zones(Input("x"), schema, ["end"])
    with pytest.raises(CorConfigurationError, match='x: the times in column "start" are in a zone that is not known'):
        check_zones(Input("x"), schema, ["end", "start"])


def test_a_long_batch_is_read_in_parts_and_in_order() -> None:
    parts = list(iter_parts([pa.RecordBatch.from_pydict({"start": list(range(2_500))})]))
    assert [size for size, _columns in parts] == [1000, 1000, 500]
    assert [record.fields["start"] for record in iter_rows(parts)] == list(range(2_500))


def test_text_that_is_not_utf_8_is_the_problem_of_its_row_alone() -> None:
    text = pa.Array.from_buffers(pa.string(), 2, pa.array([b"\xff", b"a"]).buffers())
    assert read(text) == ['has text that is not UTF-8 in column "start"', "a"]
