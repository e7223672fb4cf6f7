"""The summary beside the report, written by real operators."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cor_provider.exceptions import CorPushIncompleteError
from cor_provider.sandbox import Sandbox
from operators_support import Create
from support import leave

LEAVES = [leave("L1"), leave("L2", user_id="E-7"), leave("L3", user_id="E-7"), leave("L4", leave_type_id="burnout")]


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "report.jsonl"


def summary_beside(report: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(report.with_suffix(".summary.json").read_text())
    return content


def test_it_lists_the_users_and_leave_types_that_cor_does_not_know(create: Create, report: Path) -> None:
    create(LEAVES, max_rejected=3, report_path=str(report))
    summary = summary_beside(report)
    assert (summary["users"], summary["leave_types"]) == ({"E-7": 2}, {"burnout": 1})


def test_it_has_the_counts_and_the_causes_that_the_task_publishes(
    create: Create, report: Path, task_instance: Any
) -> None:
    create(LEAVES, max_rejected=3, report_path=str(report))
    assert summary_beside(report).items() >= task_instance.xcoms["summary"].items()


def test_it_names_its_task_and_the_files_of_the_task(create: Create, report: Path, tmp_path: Path) -> None:
    rejected = tmp_path / "rejected.csv"
    create(LEAVES, max_rejected=3, report_path=str(report), rejected_path=str(rejected))
    summary = summary_beside(report)
    assert summary["task"].keys() == {"dag_id", "run_id", "task_id", "map_index"}
    assert summary["files"] == {
        "report": str(report),
        "summary": str(tmp_path / "report.summary.json"),
        "rejected": str(rejected),
    }


def test_a_mapped_task_says_that_it_has_replaced_the_report_of_another(
    create: Create, report: Path, task_instance: Any, logged: Callable[[], str]
) -> None:
    task_instance.map_index = 2
    create(LEAVES, max_rejected=3, report_path=str(report))
    create(LEAVES, max_rejected=3, report_path=str(report))
    assert "mapped task" not in logged()
    task_instance.map_index = 3
    create(LEAVES, max_rejected=3, report_path=str(report))
    assert "has replaced that of mapped task 2 of the same run. Put {{ ti.map_index }} into the path." in logged()


def test_only_its_owner_can_read_it(create: Create, report: Path) -> None:
    create(LEAVES, max_rejected=3, report_path=str(report))
    assert report.with_suffix(".summary.json").stat().st_mode & 0o777 == 0o600


def test_a_report_that_goes_to_a_stream_has_none(create: Create, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    create([leave()], report_path=str(pipe))
    os.close(reader)
    assert [one.name for one in tmp_path.iterdir()] == ["pipe"]


def test_a_failed_task_has_one_too(create: Create, report: Path, sandbox: Sandbox) -> None:
    sandbox.answer_next(503)
    with pytest.raises(CorPushIncompleteError):
        create(LEAVES, report_path=str(report), max_attempts=1, concurrency=1)
    assert summary_beside(report)["failed"] == 1


def test_it_is_no_reason_to_fail_that_it_cannot_be_written(
    create: Create, report: Path, logged: Callable[[], str]
) -> None:
    report.with_suffix(".summary.json").mkdir()
    assert create([leave()], report_path=str(report))["created"] == 1
    assert "The summary of the report could not be written" in logged()
