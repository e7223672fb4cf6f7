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


@pytest.mark.parametrize(
    ("counts", "is_complete", "sentence"),
    [
        ({"audited": 2, "confirmed": 2}, True, "Nothing differs: COR holds what HR says."),
        ({"audited": 2, "confirmed": 2}, False, "Nothing differs as far as COR could be asked"),
        ({"audited": 2, "confirmed": 1, "unknown": 1}, True, "Nothing differs as far as COR could be asked"),
        ({"audited": 2, "unverifiable": 2}, False, "No leave could be compared."),
        ({"audited": 0}, True, "There was nothing to compare"),
        ({}, False, "There was nothing to compare"),
    ],
)
def test_an_audit_without_differences_says_how_much_that_means(
    counts: dict[str, int], is_complete: bool, sentence: str
) -> None:
    shown = PublishedAudit(counts=counts, reasons=[], is_complete=is_complete).without_differences
    assert shown is not None
    assert shown.startswith(sentence)


@pytest.mark.parametrize("kind", ["missing", "changed", "foreign"])
def test_one_with_differences_says_nothing_of_the_kind(kind: str) -> None:
    counts = {"audited": 2, "confirmed": 2, kind: 1}
    assert PublishedAudit(counts=counts, reasons=[], is_complete=True).without_differences is None


@pytest.mark.parametrize("xcom", [None, "audit", [], {}, {"counts": {"audited": "many"}, "reasons": []}])
def test_another_tasks_xcom_is_none(xcom: Any) -> None:
    assert read_published_audit(xcom) is None
