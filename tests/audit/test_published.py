"""What an audit publishes for its readers."""

from __future__ import annotations

from typing import Any

import pytest

from cor_provider.audit.published import PublishedAudit, PublishedReason, read_published_audit

AUDIT = PublishedAudit(
    source="GLOBANT",
    counts={"audited": 2, "missing": 1},
    reasons=[PublishedReason(finding="missing", reason="gone", count=1)],
    healed=1,
)


def test_what_was_published_is_read_again() -> None:
    assert read_published_audit(AUDIT.model_dump(mode="json")) == AUDIT


@pytest.mark.parametrize("xcom", [None, "audit", [], {}, {"counts": {"audited": "many"}, "reasons": []}])
def test_another_tasks_xcom_is_none(xcom: Any) -> None:
    assert read_published_audit(xcom) is None
