"""What an audit's task publishes for its readers, without people: the XCom ``audit``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from cor_provider.audit.compare import DIFFERENCES

WHAT_TO_DO: Mapping[str, str] = {
    "missing": "heal=True has the next sync create it again. If HR is to follow COR, cancel it in HR.",
    "changed": "heal=True has the next sync update it. If HR is to follow COR, change it in HR.",
    "foreign": "Nothing: neither audit nor sync touches it. If it should not be there, delete it in COR.",
    "unverifiable": "Run the audit again later. If COR refuses a user for long, look whether COR still has the user.",
    "unknown": "Nothing: the next update brings COR's id, and leave that HR has cancelled needs none.",
    "confirmed": "Nothing: COR holds it as HR says.",
}
"""For each status of a report's row, drift first."""


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
    :param is_complete: whether it ended well: COR was asked about everybody, and what it found was noted.
    """

    source: str | None = None
    counts: dict[str, int]
    reasons: list[PublishedReason]
    healed: int = 0
    is_complete: bool = False

    @property
    def without_differences(self) -> str | None:
        """A sentence for an audit that found no differences, which is no news if it compared little; None otherwise."""
        count = Counter(self.counts)
        if any(count[one] for one in DIFFERENCES):
            return None
        if self.is_complete and 0 < count["audited"] == count["confirmed"]:
            return "Nothing differs: COR holds what HR says."
        if count["confirmed"]:
            return "Nothing differs as far as COR could be asked, but not all leave was compared."
        if count["audited"]:
            return "No leave could be compared."
        return "There was nothing to compare: the sync's ledger has no leave in the window."


def read_published_audit(xcom: object) -> PublishedAudit | None:
    """Return what an audit has published in an XCom; None if it is none, or another task's of that name."""
    try:
        return PublishedAudit.model_validate(xcom)
    except ValidationError:
        return None
