"""`report` of an audit's report: what was found and why, drift first, what to do, and what was found of one leave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cor_provider.sandbox import Sandbox
from support import leave
from sync_support import Run, by_hand

from .conftest import Cor


@pytest.fixture
def report(sync: Run, audit: Run, sandbox: Sandbox, tmp_path: Path) -> Path:
    """The report of an audit that has found one of each kind, and two that are missing."""
    days = [{"start": f"2026-05-{day}", "end": f"2026-05-{day}"} for day in range(11, 15)]
    leaves = [leave(f"L{number}", **one) for number, one in enumerate(days)]
    sync([*leaves, leave("L4", user_id="u2")])
    for missing in ("L0", "L1"):
        sandbox.store.remove_leave("GLOBANT", missing)
    sandbox.store.update_leave(external_id="L2", **by_hand("2026-05-20", "2026-05-21"))
    sandbox.store.create_leave(external_id="by hand", **by_hand("2026-05-25", "2026-05-26"))
    sandbox.store.remove_user("GLOBANT", "u2")
    audit(max_drift=9, report_path=f"{tmp_path}/audit.jsonl")
    return tmp_path / "audit.jsonl"


def test_it_shows_the_counts_then_what_was_found_and_why_drift_first(cor: Cor, report: Path) -> None:
    ran = cor("report", report)
    assert ran.code == 1
    lines = ran.out.splitlines()
    counts = ["missing       2", "changed       1", "foreign       1", "unverifiable  1", "confirmed     1"]
    assert lines[:6] == ["5 leaves audited", *counts]
    assert lines[6:11] == [
        "",
        "missing 2, such as L0",
        "  COR shows it as deleted.",
        "  heal=True has the next sync create it again. If HR is to follow COR, cancel it",
        "  in HR.",
    ]
    found = [line for line in lines[6:] if line and not line.startswith(" ")]
    assert found == ["missing 2, such as L0", "changed 1, such as L2", "foreign 1", "unverifiable 1, such as L4"]
    assert "UserNotFoundError: COR has no user of this id" in ran.text


def test_it_is_readable_at_80_columns(cor: Cor, report: Path) -> None:
    assert max(map(len, cor("report", report).out.splitlines())) <= 80


def test_scripts_get_the_same_as_json(cor: Cor, report: Path) -> None:
    data = cor("report", report, "--output", "json").data
    assert (data["audited"], data["missing"], data["confirmed"], data["foreign"]) == (5, 2, 1, 1)
    assert [(one["status"], one["count"]) for one in data["causes"]] == [
        ("missing", 2),
        ("changed", 1),
        ("foreign", 1),
        ("unverifiable", 1),
    ]
    assert "heal=True" in data["causes"][0]["advice"]


def test_one_leave_is_shown_with_what_to_do(cor: Cor, report: Path) -> None:
    ran = cor("report", report, "--id", "L2")
    assert ran.code == 1
    assert "finding changed" in ran.text
    assert "HR says 2026-05-13 to 2026-05-13" in ran.text
    assert "COR says 2026-05-20T00:00:00.000Z to 2026-05-21T23:59:00.000Z" in ran.text
    assert "differs start, end" in ran.text
    assert "deleted in COR 20" in cor("report", report, "--id", "L0").text
    assert cor("report", report, "--id", "L3").code == 0
    assert cor("report", report, "--id", "L3", "--output", "json").data[0]["status"] == "confirmed"


def test_a_leave_that_is_not_in_it_is_an_error(cor: Cor, report: Path) -> None:
    ran = cor("report", report, "--id", "L9")
    assert (ran.code, ran.err) == (2, "error: the report has no leave 'L9': give its external id.\n")


def test_without_drift_it_ends_with_0(cor: Cor, sync: Run, audit: Run, tmp_path: Path) -> None:
    sync([leave()])
    audit(report_path=f"{tmp_path}/audit.jsonl")
    ran = cor("report", tmp_path / "audit.jsonl")
    assert (ran.code, ran.out) == (0, "1 leave audited\nconfirmed  1\n")


@pytest.mark.parametrize("wrong", [{"status": "created", "differs": []}, {"status": "missing", "differs": []}])
def test_a_file_that_only_begins_like_one_is_refused(cor: Cor, tmp_path: Path, wrong: dict[str, object]) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text(json.dumps(wrong) + "\n")
    ran = cor("report", path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"error: {path} is not the report of an audit (its report_path): line 1 is something else.\n"


@pytest.mark.parametrize("edit", [{"reason": ["x"]}, {"differs": 3}, {"reason": {}}, {"id": 7}], ids=str)
@pytest.mark.parametrize("options", [(), ("--id", "L0")], ids=str)
def test_an_edited_report_is_refused_by_line_and_field(
    edit: dict[str, object], options: tuple[str, ...], cor: Cor, report: Path
) -> None:
    rows = [json.loads(line) for line in report.read_text().splitlines()]
    rows[1] |= edit
    report.write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = cor("report", report, *options)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {report}, line 2: {next(iter(edit))}: must be a valid ")
