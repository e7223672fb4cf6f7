"""What is read of a task's files, and what is refused."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.sync.page import MOST_DRAWN
from cor_provider.ui import contents
from cor_provider.ui.contents import MOST_REJECTED, read_plan, read_rejected, read_summary
from cor_provider.ui.published import TaskKey, UnavailableError

KEY = TaskKey("dag", "run", "task", -1)
COUNTS = {"received": 3, "created": 1, "rejected": 2, "causes": []}
SUMMARY = {"format": "airflow-provider-cor summary", "task": vars(KEY), **COUNTS}
SECRET = "surgery-zq7"


def file(tmp_path: Path, *rows: object) -> ObjectStoragePath:
    path = tmp_path / "file"
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return ObjectStoragePath(str(path))


def outcome(number: int, status: str = "rejected", **fields: Any) -> dict[str, Any]:
    row = {"id": f"L{number}", "status": status, "cor_id": None, "error": "E", "message": "m", "attempts": 1}
    return {**row, "position": number, **fields}


def operation(number: int = 1, **fields: Any) -> dict[str, Any]:
    row = {"operation": "create", "id": f"L{number}", "user_id": "u1", "start": "2026-05-11", "end": "2026-05-12"}
    return {**row, "digest": "0", "window": "2026-05-01/2026-05-31", "plan": "p1", "may_overwrite": True, **fields}


def test_a_summary_is_that_of_its_task_instance(tmp_path: Path) -> None:
    summary = read_summary(file(tmp_path, {**SUMMARY, "users": {"u9": 2}, "leave_types": {}}), KEY)
    assert (summary.rejected, summary.users) == (2, {"u9": 2})


@pytest.mark.parametrize("name", ["dag_id", "run_id", "task_id", "map_index"])
def test_the_summary_of_another_task_instance_is_refused(tmp_path: Path, name: str) -> None:
    path = file(tmp_path, {**SUMMARY, "task": {**vars(KEY), name: 0 if name == "map_index" else "other"}})
    with pytest.raises(UnavailableError, match="Another task has overwritten this report"):
        read_summary(path, KEY)


@pytest.mark.parametrize("content", ["", "{", SECRET, [SECRET], {**SUMMARY, "format": SECRET}, {"task": vars(KEY)}])
def test_what_is_no_summary_is_refused_and_not_quoted(tmp_path: Path, content: object) -> None:
    with pytest.raises(UnavailableError, match="not a summary") as raised:
        read_summary(file(tmp_path, content), KEY)
    assert SECRET not in str(raised.value)


def test_a_missing_file_is_a_note(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(UnavailableError, match="The summary is not there"):
            read_summary(ObjectStoragePath(str(path)), KEY)


def test_nobody_waits_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnavailableError, match="not there"):
        read_rejected(ObjectStoragePath(str(tmp_path / "pipe")))


def test_the_first_rejected_records_are_read(tmp_path: Path) -> None:
    rows = [outcome(number, "rejected" if number % 2 else "created") for number in range(3 * MOST_REJECTED)]
    rejected = read_rejected(file(tmp_path, *rows))
    assert [one.id for one in rejected] == [f"L{2 * number + 1}" for number in range(MOST_REJECTED)]


def test_a_record_without_an_id_is_found_by_its_position(tmp_path: Path) -> None:
    (one,) = read_rejected(file(tmp_path, outcome(7, id=None)))
    assert (one.id, one.position) == (None, 7)


@pytest.mark.parametrize("row", [SECRET, [], {}, {"status": "rejected"}, outcome(1, id=[SECRET])])
def test_what_is_no_report_is_refused_and_not_quoted(tmp_path: Path, row: object) -> None:
    with pytest.raises(UnavailableError, match="not a report") as raised:
        read_rejected(file(tmp_path, row))
    assert SECRET not in str(raised.value)


def test_a_long_report_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MOST_BYTES", 1000)
    rejected = read_rejected(file(tmp_path, *map(outcome, range(50)), SECRET))
    assert 0 < len(rejected) < 50


def test_a_plan_is_counted_and_its_rows_are_shown(tmp_path: Path) -> None:
    rows = [operation(1, operation="delete"), operation(2, operation="update", previous_end="2026-05-20"), operation(3)]
    plan = read_plan(file(tmp_path, *rows), "p1")
    assert [row["id"] for row in plan.rows] == ["L1", "L2", "L3"]
    assert plan.rows[1]["previous_end"] == "2026-05-20"
    assert plan.counts == {"create": 1, "may_overwrite": 3, "update": 1, "delete": 1, "forget": 0}
    assert (plan.overview, str(plan.window)) == (None, "2026-05-01/2026-05-31")


def test_of_a_plan_with_more_rows_than_can_be_drawn_there_is_an_overview(tmp_path: Path) -> None:
    rows = [operation(number, user_id=f"u{number % 7}") for number in range(MOST_DRAWN + 1)]
    plan = read_plan(file(tmp_path, *rows), "p1")
    assert plan.overview is not None
    assert (plan.overview.user_count, plan.overview.most_changes[0].id) == (7, "u0")
    assert (len(plan.rows), plan.counts["create"]) == (MOST_DRAWN, MOST_DRAWN + 1)


def test_a_plan_for_which_there_is_no_room_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(_files, "scratch", fail)
    with pytest.raises(UnavailableError, match="no room for the plan"):
        read_plan(file(tmp_path, operation()), "p1")


def test_a_plan_without_changes_is_empty(tmp_path: Path) -> None:
    plan = read_plan(file(tmp_path), "p1")
    assert (plan.rows, plan.window, plan.overview) == ([], None, None)


@pytest.mark.parametrize("plan_id", ["p2", None])
def test_another_plan_is_refused(tmp_path: Path, plan_id: str | None) -> None:
    with pytest.raises(UnavailableError, match="Another task has overwritten this plan"):
        read_plan(file(tmp_path, operation()), plan_id)


@pytest.mark.parametrize(
    "row", [SECRET, {}, operation(start=SECRET), operation(operation=SECRET), operation(window=SECRET), outcome(1)]
)
def test_what_is_no_plan_is_refused_and_not_quoted(tmp_path: Path, row: object) -> None:
    with pytest.raises(UnavailableError, match="not a plan") as raised:
        read_plan(file(tmp_path, row), "p1")
    assert SECRET not in str(raised.value)


def test_a_plan_that_is_too_long_is_not_shown_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MOST_BYTES_OF_PLAN", 1000)
    with pytest.raises(UnavailableError, match=r"too long to be shown here\. Use: python -m cor_provider plan FILE\."):
        read_plan(file(tmp_path, *map(operation, range(50))), "p1")
