"""`check`: what it finds in a file, and what it says about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cor_provider.cli.check import split_message
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.push.engine import check
from cor_provider.sandbox import Sandbox
from support import Connect, leave

from .conftest import Cor

GOOD = "L1,E-7,vacation,2026-05-11,2026-05-12"
HEADER = "id,user_id,leave_type_id,start,end"


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    file = folder / "leave.csv"
    file.write_text("\n".join((header, *rows)) + "\n")
    return file


def test_without_faults_it_ends_with_0_and_lists_types_and_users(
    cor: Cor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, GOOD, "L2,E-8,sick,2026-05-11,2026-05-12", "L3,E-8,sick,2026-06-11,2026-06-12")
    ran = cor("check", "leave.csv")
    assert ran.code == 0
    assert (
        ran.out
        == """\
leave.csv: 3 fine, 0 would be rejected; nothing was sent.

leave type  leaves
sick             2
vacation         1

user  leaves
E-8        2
E-7        1

Only COR knows if these users and leave types exist: a push shows that.
"""
    )


def test_faults_are_shown_by_cause_with_the_first_examples_and_their_lines(
    cor: Cor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    nobody = [f"L{number},,sick,2026-05-11,2026-05-12" for number in range(2, 7)]
    write(tmp_path, GOOD, *nobody, "L9,E-8,sick,2026-05-12,2026-05-11", "L10,x,sick,2026-05-11,2026-05-12,more")
    ran = cor("check", "leave.csv")
    assert ran.code == 1
    assert ran.out.startswith(
        """\
leave.csv: 1 fine, 7 would be rejected; nothing was sent.

ValidationError 5: user_id: is missing
  line 3  L2
  line 4  L3
  line 5  L4
  and 2 more

InvalidDateRangeError 1: end: is before start
  line 8  L9

ValidationError 1: has more fields than the header (leave.csv)
  line 9
"""
    )


def test_scripts_get_the_same_as_json(cor: Cor, tmp_path: Path) -> None:
    file = write(tmp_path, GOOD, "L2,,sick,2026-05-11,2026-05-12")
    ran = cor("check", file, "--output", "json")
    assert ran.code == 1
    assert ran.data == {
        "file": str(file),
        "received": 2,
        "fine": 1,
        "rejected": 1,
        "causes": [
            {
                "error": "ValidationError",
                "problem": "user_id: is missing",
                "count": 1,
                "examples": [{"id": "L2", "place": "line 3"}],
            }
        ],
        "users": {"E-7": 1},
        "leave_types": {"vacation": 1},
        "warnings": [],
    }


def test_it_reads_as_the_operators_do(cor: Cor, tmp_path: Path) -> None:
    file = write(tmp_path, "L1,E-7,Annual,11/05/2026,12/05/2026,09:00", header="Request No,user_id,Kind,start,end,x")
    columns, values = {"id": "Request No", "leave_type_id": "Kind"}, {"leave_type_id": {"Annual": "vacation"}}
    options = ("--columns", json.dumps(columns), "--values", json.dumps(values), "--date-format", "%d/%m/%Y")
    assert cor("check", file, *options, "-o", "json").data["leave_types"] == {"vacation": 1}


def test_a_time_without_an_offset_needs_the_zone(cor: Cor, tmp_path: Path) -> None:
    file = write(tmp_path, "L1,E-7,vacation,2026-05-11T09:00,2026-05-11T10:00,false", header=HEADER + ",all_day")
    assert cor("check", file).code == 1
    assert cor("check", file, "--timezone", "Europe/Madrid").code == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--timezone", "Mars"], "timezone: 'Mars' is not a time zone"),
        (["--columns", "{"], "columns: "),
        (["--conn-id", "nowhere"], "The connection 'nowhere' does not exist"),
    ],
)
def test_a_wrong_option_is_one_line_with_the_fix(cor: Cor, tmp_path: Path, options: list[str], says: str) -> None:
    ran = cor("check", write(tmp_path, GOOD), *options)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err.splitlines()[-1]


def test_a_file_without_a_needed_column_could_not_be_checked(cor: Cor, tmp_path: Path) -> None:
    ran = cor("check", write(tmp_path, "L1", header="id"))
    assert ran.code == 2
    assert "has no column for user_id" in ran.err


def test_a_connection_is_checked_with_its_source_and_nothing_is_sent(
    cor: Cor, tmp_path: Path, connect: Connect, sandbox: Sandbox
) -> None:
    connect(extra={"source": "HOMEMADE"})
    ran = cor("check", write(tmp_path, GOOD), "--conn-id", "cor_default")
    assert ran.code == 0
    assert "warning: COR does not document the source HOMEMADE: it documents ADVERTMIND" in ran.text
    assert "The Connection cor_default is valid. doctor shows whether COR takes its token." in ran.text
    assert not sandbox.requests


def test_of_dates_in_another_form_it_says_once_what_to_do(cor: Cor, tmp_path: Path) -> None:
    ran = cor("check", write(tmp_path, "L1,E-7,vacation,11/05/2026,12/05/2026"))
    assert "ValidationError 1: start and end: is not a date: write 2026-05-11" in ran.text
    assert ran.text.count("date_format") == 1
    assert "Only COR knows" not in ran.text


def messages(leave_requests: Any) -> list[tuple[str, str]]:
    return [split_message(one) for one in check(iter_leaves(leave_requests)) if one.status == "rejected"]


def test_what_has_no_line_is_placed_by_its_record() -> None:
    fine = leave()
    no_user = {**leave("L2"), "user_id": ""}
    assert messages([fine, no_user, 3])[0] == ("user_id: is missing", "record 2")
    assert messages([fine, no_user, 3])[1][1] == "record 3"


def test_lines_that_cannot_be_read_are_one_cause(tmp_path: Path) -> None:
    file = tmp_path / "leave.jsonl"
    file.write_text("{x\n" + json.dumps(leave()) + "\n}\n")
    assert messages(str(file)) == [("is not JSON (leave.jsonl)", "line 1"), ("is not JSON (leave.jsonl)", "line 3")]
