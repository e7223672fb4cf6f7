"""Whom a push of leave found missing: from its report, its summary, or what it returned."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cor_provider.exceptions import CorConfigurationError
from cor_provider.outcome import LeaveOutcome, Status
from cor_provider.task.needed_users import Needed, paths_in, read_needed
from operators_support import Create
from support import leave

NEEDED = Needed(Counter({"nobody": 2, "E-0": 1}), received=6)


@pytest.fixture
def pushed(create: Create, tmp_path: Path) -> dict[str, Any]:
    """Return what a push has returned that COR took one leave of, of six."""
    unknown = [leave("L2", user_id="nobody"), leave("L3", user_id="E-0"), leave("L4", user_id="nobody")]
    other = [leave("L5", leave_type_id="secret"), leave("L6", end="2020-01-01")]
    report = str(tmp_path / "report.jsonl")
    return create([leave(), *unknown, *other], max_rejected=5, report_path=report)


def test_each_form_names_the_users_that_cor_does_not_know(pushed: dict[str, Any]) -> None:
    report = pushed["report"]
    for only_for in (report, Path(report), report.replace(".jsonl", ".summary.json"), pushed, [pushed]):
        assert read_needed(only_for, source="GLOBANT") == NEEDED
    assert read_needed([pushed, report], source="GLOBANT").users["nobody"] == 4
    assert paths_in([pushed, report]) == [report, report]


def test_the_user_of_deleted_leave_is_not_needed(tmp_path: Path) -> None:
    gone = LeaveOutcome("L1", "deleted", error="UserNotFoundError", position=1, unknown_id="nobody")
    (tmp_path / "report.jsonl").write_bytes(gone.line)
    assert read_needed(tmp_path / "report.jsonl", source="GLOBANT").users == Counter()


@pytest.mark.parametrize("only_for", [None, "", "None", 5, {}, {"report": None}, {"users": {"E-0": 1}}, [None]])
def test_what_names_no_report_is_refused_and_never_means_everybody(only_for: object) -> None:
    with pytest.raises(CorConfigurationError, match="only_for: expected the report_path of a push") as refusal:
        read_needed(only_for, source="GLOBANT")
    assert "E-0" not in refusal.value.message
    assert paths_in(only_for) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("leave.csv", "id,user_id\n"),
        ("report.jsonl", '{"id": "zq7"}\n'),
        ("report.jsonl", '{"status": "rejected", "error": "UserNotFoundError"}\n'),
        ("report.jsonl", '{"status": "rejected", "error": "UserNotFoundError", "unknown_id": 7}\n'),
        ("x.summary.json", "[]"),
        ("x.summary.json", '{"format": "zq7", "users": {}}'),
        ("x.summary.json", '{"format": "airflow-provider-cor summary", "records": "users", "users": {}}'),
    ],
)
def test_a_file_that_is_no_report_is_refused(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(CorConfigurationError, match="is not the report of a push of leave") as refusal:
        read_needed(tmp_path / name, source="GLOBANT")
    assert "zq7" not in refusal.value.message


@pytest.mark.parametrize(
    ("statuses", "may_be_more"),
    [((), True), (("created",), False), (("rejected",), False), (("created", "not_sent"), True), (("failed",), True)],
)
def test_a_push_that_was_not_sent_as_a_whole_may_need_more_users(
    statuses: tuple[Status, ...], may_be_more: bool, tmp_path: Path
) -> None:
    rows = [LeaveOutcome(f"L{number}", status, position=number).line for number, status in enumerate(statuses, start=1)]
    (tmp_path / "report.jsonl").write_bytes(b"".join(rows))
    assert read_needed(tmp_path / "report.jsonl", source="GLOBANT").may_be_more is may_be_more


def test_a_summary_says_the_same(create: Create, tmp_path: Path) -> None:
    create([leave()], validate_only=True, report_path=str(tmp_path / "report.jsonl"))
    assert read_needed(tmp_path / "report.summary.json", source="GLOBANT").unsent == 1


def test_a_folder_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(CorConfigurationError, match="only_for: there is no file"):
        read_needed(tmp_path, source="GLOBANT")


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorConfigurationError, match=r"only_for: there is no file .*nowhere\.jsonl"):
        read_needed(tmp_path / "nowhere.jsonl", source="GLOBANT")


@pytest.mark.parametrize("only_for", ["E-4711", "Zacharias Quellenhof", '{"users": {"E-4711": 2}}', "a/b/E-4711.txt"])
def test_text_that_is_no_path_is_not_quoted(only_for: str) -> None:
    with pytest.raises(CorConfigurationError, match="only_for: ") as refusal:
        read_needed(only_for, source="GLOBANT")
    assert not re.search("4711|Quellenhof", refusal.value.message)


@pytest.mark.parametrize("ending", [".jsonl", ".summary.json"])
def test_a_push_under_another_source_is_refused(ending: str, pushed: dict[str, Any]) -> None:
    with pytest.raises(CorConfigurationError, match="is of a push under another source"):
        read_needed(pushed["report"].replace(".jsonl", ending), source="HR-2")


def test_a_report_without_a_summary_does_not_say_its_source(pushed: dict[str, Any]) -> None:
    Path(pushed["report"].replace(".jsonl", ".summary.json")).unlink()
    assert read_needed(pushed["report"], source="HR-2") == NEEDED


def test_a_summary_that_may_not_list_all_users_is_refused(tmp_path: Path) -> None:
    users = {f"E-{number}": 1 for number in range(10_000)}
    content = {"format": "airflow-provider-cor summary", "received": 1, "users": users}
    (tmp_path / "x.summary.json").write_text(json.dumps(content))
    with pytest.raises(CorConfigurationError, match=r"lists the first 10000 users alone\. Give the report"):
        read_needed(tmp_path / "x.summary.json", source="GLOBANT")
