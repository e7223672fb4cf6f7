"""The operations of a plan: they come back as they were added, by the kind of change."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date
from typing import Any

import pytest

from cor_provider.leave import LeaveRequest
from cor_provider.sync.ledger_entry import LeaveVersion, LedgerEntry
from cor_provider.sync.operations import Operation, Operations
from support import leave
from sync_support import fill_the_disk

BEFORE = LedgerEntry((LeaveVersion("u1", date(2026, 5, 11), date(2026, 5, 12)),), "changing", "0f", 1, 2)


def read(**fields: Any) -> LeaveRequest:
    return LeaveRequest.model_validate(leave(**fields))


TIMED = read(id="timed", start="2026-05-12T00:30:00+14:00", end="2026-05-11T12:00:00-11:00", all_day=False)
ADDED = [
    Operation("create", "new", read(id="new"), None, "1", 3, may_overwrite=True),
    Operation("forget", "past", None, BEFORE, None),
    Operation("update", "timed", TIMED, BEFORE, "2", 1),
    Operation("create", "again", read(id="again"), BEFORE, "3", 2),
    Operation("delete", "gone", None, BEFORE, "4"),
]


def test_they_come_back_in_the_order_in_which_they_are_made() -> None:
    with closing(Operations(ADDED)) as operations:
        assert [one.id for one in operations] == ["gone", "timed", "new", "again", "past"]
        assert list(operations.of("create")) == [ADDED[0], ADDED[3]]
        assert sorted(operations, key=lambda one: one.id) == sorted(ADDED, key=lambda one: one.id)


def test_a_leave_keeps_the_days_as_they_were_written() -> None:
    with closing(Operations(ADDED)) as operations:
        (update,) = operations.of("update")
        assert update.version == LeaveVersion.of(TIMED)


def test_they_can_be_read_more_than_once_at_a_time() -> None:
    with closing(Operations(ADDED)) as operations:
        assert [(one.id, other.id) for one, other in zip(operations, operations, strict=True)] == [
            (one.id, one.id) for one in operations
        ]


def test_they_are_counted() -> None:
    with closing(Operations(ADDED)) as operations:
        pass
    assert len(operations) == 5
    assert operations.counts == {"create": 2, "update": 1, "delete": 1, "forget": 1}
    assert operations.may_overwrite == 1
    assert not Operations()


def test_a_leave_that_is_added_is_known_by_its_digest() -> None:
    with closing(Operations(ADDED)) as operations:
        assert operations.digest_of("timed") == "2"
        assert operations.digest_of("another") is None


def test_what_is_forgotten_sends_nothing() -> None:
    with closing(Operations(ADDED)) as operations:
        assert list(operations.sent()) == [(1, "new", 3), (3, "timed", 1), (4, "again", 2), (5, "gone", None)]


def test_what_was_added_before_the_disk_was_full_is_still_known(monkeypatch: pytest.MonkeyPatch) -> None:
    fill_the_disk(monkeypatch, 3_000, of=1)
    added: list[tuple[int, str, int | None]] = []
    with closing(Operations()) as operations:
        with pytest.raises(sqlite3.OperationalError, match="disk is full"):  # noqa: PT012
            while True:
                number = len(added) + 1
                operations.add(Operation("create", f"L{number}", ADDED[0].leave, BEFORE, "1", number))
                added.append((number, f"L{number}", number))
        assert len(added) > 2_000
        assert list(operations.sent()) == added


@pytest.mark.parametrize("show_type", [False, True])
def test_a_row_shows_the_leave_type_only_if_asked_to(show_type: bool) -> None:
    assert ("leave_type_id" in ADDED[0].to_row(show_type=show_type)) is show_type
