"""What an extract hands on."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from cor_provider.extract.json_lines import split_lines, write_lines
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.leave import LeaveRequest
from support import attach_memory, leave


def test_a_push_reads_what_was_written(tmp_path: Path) -> None:
    path = write_lines(f"file://{tmp_path}/run/leaves.jsonl", (leave(f"L{number}") for number in range(3)))
    assert ids_in(path) == ["L0", "L1", "L2"]


def test_another_attempt_replaces_the_file(tmp_path: Path) -> None:
    for leave_id in ("L1", "L2"):
        path = write_lines(f"file://{tmp_path}/leaves.jsonl", [leave(leave_id)])
    assert ids_in(path) == ["L2"]


def test_no_leave_is_a_file_too(tmp_path: Path) -> None:
    assert ids_in(write_lines(f"file://{tmp_path}/leaves.jsonl", [])) == []


def test_rows_that_end_in_an_error_leave_no_file(tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, str]]:
        yield {"id": "L1"}
        raise LookupError

    with pytest.raises(LookupError):
        write_lines(f"file://{tmp_path}/leaves.jsonl", rows())
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_of_people_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    write_lines(f"file://{tmp_path}/run/today/leaves.jsonl", [leave()])
    os.umask(before)
    modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in tmp_path.rglob("*")}
    assert modes == {"run": "0o700", "today": "0o700", "leaves.jsonl": "0o600"}


def test_until_all_is_written_the_file_of_an_earlier_attempt_stays(tmp_path: Path) -> None:
    def rows() -> Iterator[dict[str, str]]:
        yield leave("L2")
        raise LookupError

    path = write_lines(f"file://{tmp_path}/leaves.jsonl", [leave("L1")])
    with pytest.raises(LookupError):
        write_lines(path, rows())
    assert ids_in(path) == ["L1"]


def test_what_a_database_returns_is_written_as_text(tmp_path: Path) -> None:
    madrid = timezone(timedelta(hours=2))
    row = leave(
        "L1", user_id=Decimal(42), leave_type_id=UUID(int=7), start=date(2026, 5, 11), end=datetime(2026, 5, 12, 18)
    )
    rows = [row, {**row, "id": "L2", "end": datetime(2026, 5, 12, 18, tzinfo=madrid)}]
    written, with_zone = [json.loads(line) for line in lines_of(write_lines(f"{tmp_path}/leaves.jsonl", rows))]
    assert written == {
        **row,
        "user_id": "42",
        "leave_type_id": "00000000-0000-0000-0000-000000000007",
        "start": "2026-05-11",
        "end": "2026-05-12T18:00:00",
    }
    assert with_zone["end"] == "2026-05-12T18:00:00+02:00"


def test_a_value_that_has_no_text_is_named_by_its_type(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown type: <class 'object'>"):
        write_lines(f"{tmp_path}/leaves.jsonl", [leave("L1", user_id=object())])


def test_an_extract_goes_to_an_object_store_too() -> None:
    assert ids_in(write_lines(f"{attach_memory()}/run/leaves.jsonl", [leave("L1")])) == ["L1"]


class TestSplitting:
    def test_every_line_is_in_one_file_and_all_of_one_id_in_the_same(self, tmp_path: Path) -> None:
        rows = [leave(str(number % 50), end=f"2026-06-{1 + number // 50:02}") for number in range(200)]
        path = write_lines(f"{tmp_path}/leaves.jsonl", rows)
        parts = [f"file://{tmp_path}/parts/{number}.jsonl" for number in range(4)]
        assert split_lines(path, parts) == 200
        split = [[json.loads(line) for line in lines_of(part)] for part in parts]
        assert sorted(map(str, (row for part in split for row in part))) == sorted(map(str, rows))
        assert all(split)
        homes = {row["id"]: number for number, part in enumerate(split) for row in part}
        assert all(homes[row["id"]] == number for number, part in enumerate(split) for row in part)
        assert [row["end"] for row in split[homes["7"]] if row["id"] == "7"] == [
            f"2026-06-0{day}" for day in range(1, 5)
        ]

    def test_an_id_is_the_same_as_a_number(self, tmp_path: Path) -> None:
        path = write_lines(f"{tmp_path}/leaves.jsonl", [{"id": one} for one in (7, "7", 7.0, " 7 ")])
        parts = [f"{tmp_path}/{number}.jsonl" for number in range(9)]
        split_lines(path, parts)
        assert sorted(len(lines_of(part)) for part in parts) == [0] * 8 + [4]

    def test_lines_without_a_readable_id_are_in_the_first_file(self, tmp_path: Path) -> None:
        unreadable = [b"no JSON", b"[]", b"5", b"{}", b'{"id": null}', b"\xff", b"[" * 100_000]
        (tmp_path / "leaves.jsonl").write_bytes(b"\n\n".join(unreadable) + b"\n \n")
        first, second = f"{tmp_path}/1.jsonl", f"{tmp_path}/2.jsonl"
        assert split_lines(f"{tmp_path}/leaves.jsonl", [first, second]) == len(unreadable)
        assert lines_of(first) == unreadable
        assert lines_of(second) == []

    def test_a_file_that_is_missing_leaves_no_parts(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            split_lines(f"{tmp_path}/missing.jsonl", [f"{tmp_path}/1.jsonl"])
        assert list(tmp_path.iterdir()) == []


def lines_of(path: str) -> list[bytes]:
    return Path(path.removeprefix("file://")).read_bytes().splitlines()


def ids_in(path: str) -> list[str]:
    return [one.id for one in iter_leaves(path) if isinstance(one, LeaveRequest)]
