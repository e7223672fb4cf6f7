"""A row of a written plan, as it is read again."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel

from cor_provider.sync.operations import Change


def _storable(text: str) -> str:
    text.encode()  # JSON can spell half a character, which no file or database takes
    return text


Text = Annotated[str, AfterValidator(_storable)]


class PlanRow(BaseModel):
    """An operation in a written plan; what else the row has is ignored."""

    operation: Change
    id: Text
    user_id: Text
    start: date
    end: date
    window: str
    plan: str
    may_overwrite: bool = False
    leave_type_id: Text | None = None
    previous_user_id: Text | None = None
    previous_start: date | None = None
    previous_end: date | None = None
