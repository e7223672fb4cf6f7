"""Files packed with gzip."""

from __future__ import annotations

import gzip
import random
import re
import tracemalloc
from pathlib import Path

import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.leave import LeaveRequest
from input_files import ids, problems, read_all, write_csv, write_parquet
from support import leave

ROWS = 20


@pytest.fixture
def table(tmp_path: Path) -> bytes:
    notes = random.Random(7)  # noqa: S311  # only hard to pack
    write_csv(tmp_path / "table", [leave(f"L{row}", note=notes.randbytes(20_000).hex()) for row in range(ROWS)])
    return (tmp_path / "table").read_bytes()


def refusal(path: Path) -> str:
    with pytest.raises(CorConfigurationError) as raised:
        read_all(path)
    return raised.value.message


def _problem(path: Path) -> str:
    """Return why a file, or its first record, is refused."""
    try:
        return problems(path)[0]
    except CorConfigurationError as error:
        return error.message


@pytest.mark.parametrize("name", ["leave.csv.gz", "Leave.CSV.GZ"])
def test_a_packed_file_is_read(name: str, table: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(gzip.compress(table))
    assert len(ids(tmp_path / name)) == ROWS


def test_a_file_packed_in_several_parts_is_read(table: bytes, tmp_path: Path) -> None:
    (tmp_path / "leave.csv.gz").write_bytes(
        gzip.compress(table[:1000]) + gzip.compress(b"") + gzip.compress(table[1000:])
    )
    assert len(ids(tmp_path / "leave.csv.gz")) == ROWS


@pytest.mark.parametrize("name", ["leave.csv", "leave.jsonl", "leave.json", "leave.parquet"])
def test_a_packed_file_under_the_name_of_a_plain_one_is_refused(name: str, table: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(gzip.compress(table))
    assert refusal(tmp_path / name) == f"leave_requests: {name}: is gzip: add .gz to its name."


def test_a_plain_file_under_the_name_of_a_packed_one_is_refused(table: bytes, tmp_path: Path) -> None:
    (tmp_path / "leave.csv.gz").write_bytes(table)
    assert refusal(tmp_path / "leave.csv.gz") == (
        "leave_requests: leave.csv.gz: is not gzip: remove .gz from its name, or pack it."
    )


def test_a_file_that_is_packed_twice_is_refused(table: bytes, tmp_path: Path) -> None:
    (tmp_path / "leave.csv.gz").write_bytes(gzip.compress(gzip.compress(table)))
    assert "is packed twice" in refusal(tmp_path / "leave.csv.gz")


@pytest.mark.parametrize("name", ["leave.csv.gz", "leave.jsonl.gz", "leave.json.gz", "leave.parquet.gz"])
@pytest.mark.parametrize("size", [0, 1, 2, 9, 15, 2_000, -1])
def test_a_packed_file_that_is_cut_off_is_an_error_that_airflow_retries(
    size: int, name: str, table: bytes, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(gzip.compress(table)[:size])
    with pytest.raises(EOFError, match=f"^leave_requests: {re.escape(name)}: is cut off"):
        read_all(tmp_path / name)


def test_what_comes_before_the_cut_is_read(table: bytes, tmp_path: Path) -> None:
    (tmp_path / "leave.csv.gz").write_bytes(gzip.compress(table)[:-8])
    leaves = iter_leaves(tmp_path / "leave.csv.gz")
    assert isinstance(next(leaves), LeaveRequest)
    with pytest.raises(EOFError):
        list(leaves)


@pytest.mark.parametrize("damage", [slice(3000, 3010), slice(-8, -4), slice(2, 3)])
def test_a_damaged_packed_file_is_refused(damage: slice, table: bytes, tmp_path: Path) -> None:
    content = bytearray(gzip.compress(table))
    content[damage] = bytes(255 - one for one in content[damage])
    (tmp_path / "leave.csv.gz").write_bytes(content)
    assert refusal(tmp_path / "leave.csv.gz").startswith("leave_requests: leave.csv.gz: is damaged")


def test_what_follows_the_packed_content_is_no_record(table: bytes, tmp_path: Path) -> None:
    (tmp_path / "leave.csv.gz").write_bytes(gzip.compress(table) + b"L1,u1,vacation,2026-05-11,2026-05-12")
    assert "is damaged" in refusal(tmp_path / "leave.csv.gz")


@pytest.mark.parametrize(
    ("name", "problem"),
    [("leave.jsonl.gz", "line 1 is longer than"), ("leave.csv.gz", "line 1 on: a line is longer than")],
)
def test_a_file_that_unpacks_to_far_more_does_not_fill_the_memory(
    name: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cor_provider.inputs.formats.lines.LONGEST_LINE", 1_000)
    with gzip.open(tmp_path / name, "wb", 1) as stream:
        for _ in range(50):
            stream.write(b"0" * 1_000_000)
    tracemalloc.start()
    try:
        assert problem in _problem(tmp_path / name)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_the_temporary_copy_of_a_packed_file_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_parquet(tmp_path / "leave.parquet", [leave()])
    (tmp_path / "leave.parquet.gz").write_bytes(gzip.compress((tmp_path / "leave.parquet").read_bytes()))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(tmp_path.iterdir())
    assert ids(tmp_path / "leave.parquet.gz") == ["L1"]
    assert set(tmp_path.iterdir()) == before
