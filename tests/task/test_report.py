"""The report as a file: rows, and those of an earlier try."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from cor_provider.outcome import LeaveOutcome
from cor_provider.task.report import EarlierRows, open_report, read_rows
from support import attach_memory


def no_check() -> None:
    pass


def row(position: int) -> bytes:
    return LeaveOutcome(f"L{position}", "created", position=position).line


def positions(rows: Iterable[bytes]) -> list[int]:
    return [json.loads(line)["position"] for line in rows]


@pytest.fixture(params=["disk", "object store"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "out" / "report.jsonl") if request.param == "disk" else f"{attach_memory()}/{tmp_path}.jsonl"


def test_each_outcome_is_a_row_after_those_of_an_earlier_try(path: str) -> None:
    with open_report(path, earlier=EarlierRows(), check=no_check) as report:
        assert report.add(LeaveOutcome("L1", "created", position=1))
    earlier = read_rows(path, until=1, is_complete=lambda rows: positions(rows) == [1])
    assert earlier
    with open_report(path, earlier=earlier, check=no_check) as report:
        report.add(LeaveOutcome("L2", "rejected", position=2))
    everything = read_rows(path, until=2, is_complete=lambda _: True)
    assert everything
    assert positions(everything.rows) == [1, 2]


def test_rows_beyond_the_position_are_left_out(path: str) -> None:
    with open_report(path, earlier=EarlierRows(), check=no_check) as report:
        report.write([row(2), row(3), row(1)])
    found = read_rows(path, until=2, is_complete=lambda _: True)
    assert found
    assert positions(found.rows) == [2, 1]


def test_rows_of_another_run_are_none(path: str) -> None:
    with open_report(path, earlier=EarlierRows(), check=no_check) as report:
        report.write([row(1)])
    assert read_rows(path, until=1, is_complete=lambda _: False) is None


def test_a_row_that_was_cut_off_is_none(tmp_path: Path) -> None:
    (tmp_path / "report.jsonl").write_bytes(row(1) + row(2)[:-1])
    found = read_rows(tmp_path / "report.jsonl", until=2, is_complete=lambda _: True)
    assert found
    assert positions(found.rows) == [1]


def test_without_a_path_there_is_neither_a_report_nor_a_row_to_miss() -> None:
    with open_report(None, earlier=EarlierRows(), check=no_check) as report:
        assert report.add(LeaveOutcome("L1", "created", position=1))
    found = read_rows(None, until=5, is_complete=lambda _: False)
    assert found
    assert positions(found.rows) == []


def test_what_a_killed_try_left_is_deleted_once_its_rows_are_in_the_new_report(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    left_over = tmp_path / ".report.jsonl.killed00"
    left_over.write_bytes(row(1))
    earlier = read_rows(path, until=1, is_complete=lambda _: True)
    assert earlier
    assert earlier.left_over == left_over
    with open_report(path, earlier=earlier, check=no_check):
        assert not left_over.exists()
    assert positions(path.read_bytes().splitlines()) == [1]


def test_an_error_of_writing_is_raised_at_the_end_only() -> None:
    taken = []
    with (  # noqa: PT012  # the block has to go on
        pytest.raises(OSError, match="No space left"),
        open_report("/dev/full", earlier=EarlierRows(), check=no_check) as report,
    ):
        for position in range(1, 4):
            taken.append(report.add(LeaveOutcome(f"L{position}", "created", position=position)))
            report.flush()
    assert taken == [True, False, False]


def test_a_report_that_must_not_replace_what_is_there_leaves_it(tmp_path: Path) -> None:
    def refuse() -> None:
        raise ValueError("this must stay")

    path = tmp_path / "report.jsonl"
    path.write_text("before")
    with (
        pytest.raises(ValueError, match="this must stay"),
        open_report(path, earlier=EarlierRows(), check=refuse) as report,
    ):
        report.add(LeaveOutcome("L1", "created", position=1))
    assert path.read_text() == "before"
    assert [*tmp_path.iterdir()] == [path]
