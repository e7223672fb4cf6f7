"""A row of a written plan, read again."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from cor_provider.sync.plan_row import PlanRow

OPERATION = {
    "operation": "update",
    "id": "L1",
    "user_id": "u1",
    "start": "2026-05-11",
    "end": "2026-05-12",
    "digest": "0",
}
BEFORE = {"previous_user_id": "u2", "previous_end": "2026-05-20"}
ROW = {**OPERATION, **BEFORE, "window": "2026-05-01/2026-05-31", "plan": "p1"}


def test_it_is_read_as_it_was_written() -> None:
    row = PlanRow.model_validate(ROW)
    expected = {name: value for name, value in ROW.items() if name != "digest"} | {"may_overwrite": False}
    assert row.model_dump(mode="json", exclude_none=True) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"operation": "send"},
        {"user_id": None},
        {"user_id": ["u1"]},
        {"id": "\ud800"},
        {"start": "2026-05-32"},
        {"previous_end": "soon"},
        {"may_overwrite": "perhaps"},
    ],
)
def test_a_row_of_another_kind_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PlanRow.model_validate({**ROW, **wrong})


@pytest.mark.parametrize("name", ["operation", "id", "user_id", "start", "end", "window", "plan"])
def test_what_every_row_has_is_required(name: str) -> None:
    with pytest.raises(ValidationError):
        PlanRow.model_validate({key: value for key, value in ROW.items() if key != name})
