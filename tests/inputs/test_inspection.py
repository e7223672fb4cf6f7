"""What is said about an input without reading it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cor_provider.inputs.inspection import label
from support import leave


@pytest.mark.parametrize(
    ("leave_requests", "name"),
    [
        ("s3://key:secret@bucket/hr/de/leave.csv", "de/leave.csv"),
        (Path("/srv/hr/leave.jsonl"), "hr/leave.jsonl"),
        ("/srv/hr/leave.csv.gz", "hr/leave.csv.gz"),
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
