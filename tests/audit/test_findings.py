"""The leave that an audit looks at: which it is, whom to ask about, and what is counted and reported."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import Any

import pytest

from cor_provider.audit.compare import Judgement
from cor_provider.audit.findings import (
    LONGEST_DATE,
    MAY_BE_OUTSIDE,
    MOST_REASONS,
    NO_COR_ID,
    NO_COR_USER,
    NOT_ASKED,
    NOTHING_TO_DELETE,
    Findings,
)
from cor_provider.sync.ledger_entries import LedgerEntries
from cor_provider.sync.ledger_entry import LeaveVersion, LedgerEntry
from cor_provider.sync.window import Window
from main_api import row
from sync_support import COR

MAY = Window(date(2026, 5, 1), date(2026, 5, 31))


def entry(user_id: str = "u1", day: int = 11, **fields: Any) -> LedgerEntry:
    return LedgerEntry((LeaveVersion(user_id, date(2026, 5, day), date(2026, 5, day)),), **{"cor_user_id": 1, **fields})


def load(findings: Findings, entries: dict[str, LedgerEntry], window: Window = MAY) -> None:
    with closing(LedgerEntries()) as loaded:
        loaded.load([b"".join(one.to_line(leave_id) for leave_id, one in entries.items())])
        findings.load(loaded, window)


def rows(findings: Findings) -> list[dict[str, Any]]:
    return [json.loads(line) for line in findings.lines()]


@pytest.fixture
def findings() -> Iterator[Findings]:
    with closing(Findings(source="GLOBANT", cor=COR)) as findings:
        yield findings


def test_leave_of_the_window_is_looked_at_user_by_user(findings: Findings) -> None:
    load(
        findings,
        {
            "a": entry(cor_id=10),
            "b": entry("u2", cor_user_id=2, cor_id=11),
            "c": entry(cor_id=12),
            "foreign": entry(cor_id=13, in_cor="foreign"),
            "outside": LedgerEntry((LeaveVersion("u3", date(2026, 6, 1), date(2026, 6, 1)),), cor_id=14, cor_user_id=3),
        },
    )
    assert (findings.user_count, list(findings.users())) == (2, [1, 2])
    assert [one.id for one in findings.of_user(1)] == ["a", "c"]
    assert findings.cor_ids_of(1) == {10, 12}
    assert findings.knows(14)
    assert not findings.knows(13)


def test_another_leave_of_the_same_user_says_what_cor_calls_the_user(findings: Findings) -> None:
    outside = LedgerEntry((LeaveVersion("u1", date(2026, 6, 1), date(2026, 6, 1)),), cor_id=14, cor_user_id=7)
    load(findings, {"a": entry(cor_user_id=None, cor_id=10), "outside": outside})
    assert list(findings.users()) == [7]


def test_leave_whose_user_cor_calls_nobody_knows_what_is_unknown(findings: Findings) -> None:
    load(findings, {"a": entry(cor_user_id=None, cor_id=10), "b": entry(cor_user_id=None)})
    assert findings.counts()["unknown"] == 2
    assert [one["reason"] for one in rows(findings)] == [NO_COR_USER, NO_COR_ID]
    assert sorted(findings.reasons()) == sorted([("unknown", NO_COR_USER, 1), ("unknown", NO_COR_ID, 1)])


def test_leave_without_an_id_of_cors_is_unknown_before_cor_is_asked(findings: Findings) -> None:
    load(findings, {"a": entry(), "b": entry(cor_id=10), "cancelled": entry(in_cor="missing")})
    assert [(one["status"], one["reason"]) for one in rows(findings)] == [
        ("unknown", NO_COR_ID), ("unverifiable", NOT_ASKED), ("unknown", NOTHING_TO_DELETE),
    ]  # fmt: skip
    assert [one.id for one in findings.of_user(1)] == ["a", "b", "cancelled"]


def test_of_many_reasons_the_most_frequent_are_told_apart(findings: Findings) -> None:
    many = MOST_REASONS + 5
    load(findings, {f"L{number}": entry(cor_id=number + 1) for number in range(many + 1)})
    for one in findings.of_user(1)[1:]:
        findings.settle(one, Judgement("unverifiable", reason=f"E{max(one.number, 4):02}"))
    findings.settle(findings.of_user(1)[0], Judgement("missing", reason="gone"))
    reasons = findings.reasons()
    assert reasons[0] == ("unverifiable", "E04", 3)
    assert reasons[MOST_REASONS - 1 :] == [
        ("unverifiable", "E23", 1),
        ("unverifiable", "other reasons (3)", 3),
        ("missing", "other reasons (1)", 1),
    ]
    assert sum(count for _, _, count in reasons) == many + 1


def test_what_was_not_asked_about_is_unverifiable(findings: Findings) -> None:
    load(findings, {"a": entry(cor_id=10), "b": entry(cor_id=11)})
    findings.settle(findings.of_user(1)[1], Judgement("confirmed"), row(11))
    assert [(one["status"], one["reason"]) for one in rows(findings)] == [
        ("unverifiable", NOT_ASKED), ("confirmed", None),
    ]  # fmt: skip
    counts = findings.counts()
    assert (counts["audited"], counts["unverifiable"], counts["confirmed"]) == (2, 1, 1)
    assert findings.reasons() == [("unverifiable", NOT_ASKED, 1)]


def test_drift_may_be_settled_while_it_is_read(findings: Findings) -> None:
    load(findings, {f"L{number}": entry(cor_id=number + 1) for number in range(2500)})
    for one in findings.of_user(1):
        findings.settle(one, Judgement("missing" if one.number % 2 else "changed"))
    assert len(list(findings.drift())) == 2500
    for one, finding in findings.drift():
        findings.settle(one, Judgement("unverifiable" if finding == "missing" else "confirmed"))
    assert list(findings.drift()) == []
    assert findings.counts()["confirmed"] == 1250


def test_reasons_are_counted_and_those_of_foreign_leave_too(findings: Findings) -> None:
    load(findings, {f"L{number}": entry(cor_id=number + 1) for number in range(3)})
    first, second, _ = findings.of_user(1)
    findings.settle(first, Judgement("missing", reason="gone"))
    findings.settle(second, Judgement("confirmed"))
    for number in range(90, 93):
        findings.add_foreign(1, row(number), MAY_BE_OUTSIDE if number > 90 else None)
    assert findings.reasons() == [
        ("foreign", MAY_BE_OUTSIDE, 2),
        ("missing", "gone", 1),
        ("unverifiable", NOT_ASKED, 1),
    ]


def test_each_row_says_whose_leave_it_is(findings: Findings) -> None:
    load(findings, {"a": entry(cor_id=10), "b": entry(cor_id=11)})
    findings.settle(findings.of_user(1)[0], Judgement("confirmed"))
    findings.add_foreign(1, row(99))
    assert [(one["source"], one["cor"]) for one in rows(findings)] == [("GLOBANT", COR)] * 3


def test_a_report_shows_no_more_of_what_cor_sends_than_dates_and_ids(findings: Findings) -> None:
    load(findings, {"a": entry(cor_id=10)})
    sent = row(
        99, start="x" * 999, end={"secret": 1}, leave_type_id="surgery", reason="surgery", deleted_at=["surgery"]
    )
    findings.settle(findings.of_user(1)[0], Judgement("changed", ("start",)), sent)
    findings.add_foreign(1, sent)
    ours, foreign = rows(findings)
    for one in (ours, foreign):
        assert (one["cor_start"], one["cor_end"], one["cor_leave_type_id"]) == ("x" * LONGEST_DATE, None, None)
    assert list(ours) == list(foreign)
    assert (foreign["user_id"], foreign["cor_id"], foreign["id"]) == ("u1", 99, None)
    assert "surgery" not in json.dumps([ours, foreign])


def test_its_memory_does_not_grow_with_the_ledger() -> None:
    def peak(users: int) -> int:
        tracemalloc.start()
        try:
            with closing(Findings(source="GLOBANT", cor=COR)) as findings, closing(LedgerEntries()) as entries:
                entries.load(
                    entry(f"u{user}", cor_user_id=user + 1 if user % 2 else None, cor_id=number).to_line(f"L{number}")
                    for user in range(users)
                    for number in range(2 * user + 1, 2 * user + 3)
                )
                findings.load(entries, MAY)
                for user in findings.users():
                    for one in findings.of_user(user):
                        findings.settle(one, Judgement("confirmed"), row(one.number))
                assert sum(1 for _ in findings.lines()) == 2 * users
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(4000) < peak(500) + 2**20
