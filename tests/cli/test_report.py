"""`report`: by cause, what to do, who and what is missing, and what became of one leave."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cor_provider._compat import Context
from cor_provider.exceptions import CorError
from cor_provider.operators.users import CreateUsersOperator
from operators_support import Create
from support import Connect, leave
from user_support import user

from .conftest import Cor


@pytest.fixture
def report(create: Create, tmp_path: Path) -> Path:
    """The report of a push: 2 created, 3 of users and 1 of a leave type that COR does not know, 1 without a user."""
    path = tmp_path / "report.jsonl"
    unknown = [leave("L3", user_id="E-7"), leave("L4", user_id="E-8"), leave("L5", user_id="E-7")]
    leaves = [leave(), leave("L2"), *unknown, leave("L6", leave_type_id="yoga"), {**leave("L7"), "user_id": ""}]
    with suppress(CorError):
        create(leaves, report_path=str(path), concurrency=1)
    return path


def write(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "report.jsonl"
    fields = {"cor_id": None, "error": None, "message": None, "attempts": 1, "position": 1}
    path.write_text("".join(json.dumps({**fields, **row}) + "\n" for row in rows))
    return path


def test_it_shows_the_counts_then_each_cause_largest_first_and_what_is_missing(cor: Cor, report: Path) -> None:
    ran = cor("report", report)
    assert ran.code == 1
    lines = ran.out.splitlines()
    assert lines[:3] == ["7 leave requests", "created   2", "rejected  5"]
    causes = [line for line in lines if "rejected, such as" in line]
    assert causes == [
        "UserNotFoundError 3 rejected, such as L3",
        "LeaveTypeNotFoundError 1 rejected, such as L6",
        "ValidationError 1 rejected, such as L7",
    ]
    assert "under source GLOBANT" in ran.text
    assert ran.out.endswith(
        """
user that COR does not know  leaves
E-7                               2
E-8                               1

leave type that COR does not know  leaves
yoga                                    1
"""
    )


def test_it_is_readable_at_80_columns(cor: Cor, report: Path) -> None:
    assert max(map(len, cor("report", report).out.splitlines())) <= 80


def test_scripts_get_the_same_as_json(cor: Cor, report: Path) -> None:
    ran = cor("report", report, "--output", "json")
    assert ran.code == 1
    assert (ran.data["received"], ran.data["created"], ran.data["rejected"]) == (7, 2, 5)
    assert ran.data["users"] == {"E-7": 2, "E-8": 1}
    assert ran.data["leave_types"] == {"yoga": 1}
    assert ran.data["causes"][0]["count"] == 3


def test_one_leave_is_shown_with_what_to_do(cor: Cor, report: Path) -> None:
    ran = cor("report", report, "--id", "L4")
    assert ran.code == 1
    for text in ("outcome rejected", "error UserNotFoundError", "COR does not know E-8", "record 4"):
        assert text in ran.text


def test_one_leave_that_cor_has_ends_with_0(cor: Cor, report: Path) -> None:
    ran = cor("report", report, "--id", "L1", "--output", "json")
    assert ran.code == 0
    assert [(one["id"], one["status"]) for one in ran.data] == [("L1", "created")]


def test_a_leave_that_is_not_in_it_is_an_error(cor: Cor, report: Path) -> None:
    ran = cor("report", report, "--id", "L9")
    assert (ran.code, ran.err) == (2, "error: the report has no leave 'L9': give its external id.\n")


@pytest.mark.parametrize(
    ("status", "code"), [("created", 0), ("unchanged", 0), ("rejected", 1), ("failed", 1), ("not_sent", 1)]
)
def test_the_exit_code_says_whether_cor_lacks_any_leave(cor: Cor, tmp_path: Path, status: str, code: int) -> None:
    assert cor("report", write(tmp_path, {"id": "L1", "status": status})).code == code


def test_without_a_summary_beside_it_the_advice_names_no_source(cor: Cor, tmp_path: Path) -> None:
    row = {"id": "L1", "status": "rejected", "error": "UserNotFoundError", "unknown_id": "E-7"}
    assert "under the same source" in cor("report", write(tmp_path, row)).text


def test_an_empty_report_has_nothing(cor: Cor, tmp_path: Path) -> None:
    ran = cor("report", write(tmp_path))
    assert (ran.code, ran.out) == (0, "0 leave requests\n")


@pytest.mark.parametrize("row", [{"id": "L1"}, {"id": "L1", "status": "done"}, {"operation": "create", "id": "L1"}])
def test_another_file_is_refused(cor: Cor, tmp_path: Path, row: dict[str, str]) -> None:
    path = write(tmp_path, row)
    ran = cor("report", path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"error: {path} is not a report as report_path has it (JSON Lines): line 1 is something else.\n"


def test_its_summary_is_named_as_what_it_is(cor: Cor, tmp_path: Path) -> None:
    path = tmp_path / "report.summary.json"
    path.write_text(json.dumps({"format": "airflow-provider-cor summary"}, indent=2))
    assert cor("report", path).code == 2


def test_a_report_of_users_counts_users_and_names_one_only_if_asked(cor: Cor, connect: Connect, tmp_path: Path) -> None:
    connect()
    path = tmp_path / "users.jsonl"
    users = CreateUsersOperator(
        task_id="users", users=[user("E-1"), user("E-2", role_id=9)], report_path=str(path), max_rejected=1
    )
    users.execute(Context())
    ran = cor("report", path)
    assert ran.out.splitlines()[:3] == ["2 users", "created   1", "rejected  1"]
    assert "InvalidRoleError 1 rejected, such as record 2" in ran.out
    assert "E-2" not in ran.out
    assert "InvalidRoleError" in cor("report", path, "--id", "E-2").out
    assert "the report has no user 'E-3'" in cor("report", path, "--id", "E-3").err
