"""A row of an audit's report, read again, which people may have edited."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from cor_provider.audit.report_row import ReportRow
from cor_provider.exceptions import CorConfigurationError
from sync_support import COR

ROW: dict[str, Any] = {
    "id": "L1",
    "status": "confirmed",
    "user_id": "0007",
    "cor_id": 12345,
    "cor_user_id": 678,
    "start": "2026-05-11",
    "end": "2026-05-12",
    "cor_start": "2026-05-11T00:00:00.000Z",
    "cor_end": "2026-05-12T23:59:00.000Z",
    "cor_deleted_at": None,
    "cor_leave_type_id": 9,
    "differs": [],
    "reason": None,
    "source": "GLOBANT",
    "cor": COR,
}
FOREIGN = {**ROW, "status": "foreign", "id": None, "start": None, "end": None}


def test_it_is_read_as_it_was_written() -> None:
    assert ReportRow.read(ROW).model_dump(mode="json") == ROW
    assert ReportRow.read(ROW).days == (date(2026, 5, 11), date(2026, 5, 12))
    assert ReportRow.read(FOREIGN).days is None


def test_rows_of_early_versions_lack_some_fields() -> None:
    early = {name: value for name, value in ROW.items() if name not in {"cor_deleted_at", "source", "cor"}}
    assert ReportRow.read(early).source is None


@pytest.mark.parametrize("lacking", ["id", "user_id", "cor_user_id", "differs", "reason"])
def test_a_row_of_another_kind_has_other_fields(lacking: str) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        ReportRow.read({name: value for name, value in ROW.items() if name != lacking})


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        ({"id": 4711}, "id: must be a valid string"),
        ({"id": ["L1"]}, "id: must be a valid string"),
        ({"id": " "}, "id: is missing"),
        ({"id": None}, "id, start and end: must not be null"),
        ({"id": "L\n1"}, "id: has characters that an id cannot have"),
        ({"user_id": 7}, "user_id: must be a valid string"),
        ({"user_id": None}, "user_id: must be a valid string"),
        ({"user_id": ""}, "user_id: is missing"),
        ({"start": None}, "id, start and end: must not be null"),
        ({"start": "soon"}, "start: must be a date"),
        ({"end": 20260512}, "end: must be a date"),
        ({"end": "2026-05-01"}, "end: is before start"),
        ({"cor_id": "12345"}, "cor_id: must be a valid integer"),
        ({"cor_id": True}, "cor_id: must be a valid integer"),
        ({"cor_id": 0}, "cor_id: is no id of COR's"),
        ({"cor_user_id": 10**18}, "cor_user_id: is no id of COR's"),
        ({"status": "deleted"}, "status: must be 'confirmed'"),
        ({"status": ["confirmed"]}, "status: must be"),
        ({"status": "foreign"}, "id: must be null"),
        ({"differs": 3}, "differs: must be a valid list"),
        ({"reason": ["x"]}, "reason: must be a valid string"),
        ({"cor_start": {}}, "cor_start: must be a valid string"),
        ({"source": ["GLOBANT"]}, "source: must be a valid string"),
    ],
    ids=str,
)
def test_what_was_edited_is_named_and_not_quoted(edit: dict[str, Any], problem: str) -> None:
    with pytest.raises(CorConfigurationError) as raised:
        ReportRow.read({**ROW, **edit})
    assert str(raised.value).startswith(problem)
    assert str(raised.value).endswith("as the audit has written it.")
    assert "4711" not in str(raised.value)


def test_foreign_leave_that_is_edited_to_be_the_syncs_is_refused() -> None:
    with pytest.raises(CorConfigurationError, match="must not be null"):
        ReportRow.read({**FOREIGN, "status": "confirmed"})
