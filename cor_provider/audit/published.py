"""What an audit's task publishes for its readers, without people: the XCom ``audit``."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError


class PublishedReason(BaseModel):
    """A reason that findings have, and how often it occurs."""

    finding: str
    reason: str
    count: int


class PublishedAudit(BaseModel):
    """
    How an audit ended.

    :param source: COR's ``metadata.source``.
    :param counts: the number of leaves audited, of those of each finding, and of foreign leave.
    :param reasons: most often first.
    :param healed: how many leaves are marked in the ledger.
    """

    source: str | None = None
    counts: dict[str, int]
    reasons: list[PublishedReason]
    healed: int = 0


def read_published_audit(xcom: object) -> PublishedAudit | None:
    """Return what an audit has published in an XCom; None if it is none, or another task's of that name."""
    try:
        return PublishedAudit.model_validate(xcom)
    except ValidationError:
        return None
