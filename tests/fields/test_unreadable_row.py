"""The mark of a row that could not be read, wherever a record of it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from cor_provider.exceptions import CorUnreadableRowError
from cor_provider.fields.unreadable_row import mark_refused_row, mark_row, problem_of
from cor_provider.leave import UnreadableLeave, read_leave, read_leave_key
from operators_support import Create
from support import leave

MARK = mark_row("KeyError", "at line 7 of hr.py")


@pytest.mark.parametrize("read", [read_leave, read_leave_key])
@pytest.mark.parametrize("record", [{"id": "L1", "user_id": MARK}, {**leave(), "user_id": MARK}])
def test_whatever_else_a_record_has_its_row_could_not_be_read(read: object, record: dict[str, str]) -> None:
    found = read(record)  # type: ignore[operator]
    assert isinstance(found, UnreadableLeave)
    assert found.id == "L1"
    assert isinstance(found.error, CorUnreadableRowError)
    assert str(found.error) == "The extract could not read this row: KeyError at line 7 of hr.py."


@pytest.mark.parametrize("reason", ['column "Status" is none of approved', 'column "Status" is none of approved.'])
def test_the_extract_may_give_the_reason_in_its_own_words(reason: str) -> None:
    problem = problem_of(mark_refused_row(reason))
    assert problem is not None
    assert problem.message() == 'The extract could not read this row: column "Status" is none of approved.'


@pytest.mark.parametrize("text", ["", "KeyError", f"{MARK}7", MARK.replace("KeyError", "Ana Smith"), "\0row: \0"])
def test_no_other_text_is_the_mark(text: str) -> None:
    assert problem_of(text) is None


@pytest.mark.parametrize("ending", ["jsonl", "csv", "xlsx"])
def test_the_rejected_record_is_refused_again_until_somebody_has_completed_it(
    create: Create, tmp_path: Path, ending: str
) -> None:
    path = f"{tmp_path}/rejected.{ending}"
    create([leave(), {"id": "L2", "user_id": MARK}], rejected_path=path, max_rejected=1)
    again = create([{**leave(), "id": "L3"}, path], max_rejected=1)
    assert (again["created"], again["rejected"]) == (1, 1)
