"""Which text names a file, and which is never quoted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cor_provider.inputs.inspection import files_in, label
from cor_provider.inputs.leaves import iter_leaves
from cor_provider.inputs.paths import names_a_file
from cor_provider.operators.leaves import CreateLeaveOperator
from cor_provider.task.redaction import redact
from support import leave

HIDDEN = "<leave requests are not shown>"
MARKER = "burnout-zq7"


@pytest.mark.parametrize(
    "text", [f"id,user_id\nL1,{MARKER}\n.csv", f"{MARKER} is ill.csv", f"{MARKER},".ljust(400, "x") + ".csv"]
)
def test_text_that_ends_like_a_file_is_quoted_nowhere(text: str) -> None:
    with pytest.raises(OSError, match="leave_requests: ") as raised:
        list(iter_leaves(text))
    shown = [raised.value, raised.value.filename, label(text), CreateLeaveOperator(task_id="t", leave_requests=text)]
    assert MARKER not in f"{shown} {vars(raised.value)} {raised.value.__cause__}"
    assert label(text) is None


@pytest.mark.parametrize("text", [f"file://[{MARKER}.csv", f"x\0{MARKER}.csv", f"//\u2100{MARKER}/leave.csv"])
def test_text_that_is_no_path_is_quoted_nowhere(text: str) -> None:
    with pytest.raises(Exception, match="leave_requests: ") as raised:
        list(iter_leaves(text))
    assert MARKER not in str(raised.value)


def test_a_file_of_an_odd_name_is_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "leave; of 'today'.jsonl").write_text(json.dumps(leave()))
    path = f"{tmp_path}/leave; of 'today'.jsonl"
    assert repr(redact(path)) == HIDDEN
    assert list(files_in(path)) == [path]
    assert len(list(iter_leaves(path))) == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("leave.csv", True),
        (" s3://bucket/LEAVE.PARQUET\n", True),
        ("s3://bucket/leave.CSV.GZ", True),
        ("leave.gz", False),
        ('\ufeff["leave.csv"', False),
        (Path("leave.docx"), True),
        ("leave.docx", False),
        ("leave.xlsx", True),
        ("leave.XLSX#Absences 2026", True),
        ("leave.csv#Absences", False),
        ("leave.ods", True),
        ('["leave.csv"', False),
        (None, False),
    ],
)
def test_text_names_a_file_by_its_ending_and_a_path_always_does(value: object, expected: bool) -> None:
    assert names_a_file(value) is expected
