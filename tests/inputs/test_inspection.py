"""What is said about an input without reading it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cor_provider.inputs.inspection import files_in, label, uris_in
from support import leave


@pytest.mark.parametrize(
    ("leave_requests", "name"),
    [
        ("s3://key:secret@bucket/hr/de/leave.csv", "de/leave.csv"),
        (Path("/srv/hr/leave.jsonl"), "hr/leave.jsonl"),
        ("/srv/hr/leave.csv.gz", "hr/leave.csv.gz"),
        ("/srv/hr/leave.xlsx#Absences 2026", "hr/leave.xlsx#Absences 2026"),
        (leave("L7"), "L7"),
        ([leave("L7")], "L7"),
        ([leave("L7"), leave("L8"), leave("L9")], "L7 and 2 more"),
        ([{"user_id": "u1"}, leave("L8")], "leave and 1 more"),
        ([], None),
        (json.dumps([leave()]), None),
        (iter([leave()]), None),
        (None, None),
    ],
)
def test_a_label_tells_inputs_apart_by_file_or_external_id(leave_requests: Any, name: str | None) -> None:
    assert label(leave_requests) == name


def test_a_sheet_is_of_its_file() -> None:
    sheets = ["/srv/leave.xlsx#Absences", "s3://b/leave.xlsx#2026"]
    assert list(files_in(sheets)) == list(uris_in(sheets)) == ["/srv/leave.xlsx", "s3://b/leave.xlsx"]


def test_a_file_whose_own_name_has_a_hash_is_that_file() -> None:
    assert list(files_in("/srv/leave#1.csv")) == ["/srv/leave#1.csv"]
