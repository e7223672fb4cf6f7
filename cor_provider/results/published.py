"""The summary that a task has published, as its readers find it: the XCom ``summary``."""

from __future__ import annotations

from typing import get_args

from pydantic import BaseModel, ValidationError

from cor_provider.outcome import Status
from cor_provider.records.kinds import LEAVE


class PublishedCause(BaseModel):
    """A cause of outcomes, as :mod:`cor_provider.results` has it."""

    status: Status
    error: str
    count: int
    example: str | None = None
    advice: str


class PublishedSummary(BaseModel):
    """The outcomes of a push by status and cause, without people: what :meth:`Summary.to_dict` returns."""

    received: int
    created: int = 0
    updated: int = 0
    deleted: int = 0
    existing: int = 0
    unchanged: int = 0
    rejected: int = 0
    failed: int = 0
    not_sent: int = 0
    source: str | None = None
    causes: list[PublishedCause]
    plan_id: str | None = None
    records: str = LEAVE.many

    @property
    def counts(self) -> dict[str, int]:
        """The number of records received, and of those by each status that there is."""
        return {name: getattr(self, name) for name in ("received", *get_args(Status)) if name in self.model_fields_set}


def read_published(xcom: object) -> PublishedSummary | None:
    """Return the summary in an XCom; None if there is none, or if it is another task's of that name."""
    try:
        return PublishedSummary.model_validate(xcom)
    except ValidationError:
        return None
