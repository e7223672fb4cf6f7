"""What a ledger remembers of one leave."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from cor_provider import _clock
from cor_provider.leave import LeaveRequest
from cor_provider.outcome import LeaveOutcome
from cor_provider.sync.ledger_entry import InCor, LeaveVersion, LedgerEntry
from cor_provider.sync.window import Window
from support import leave

MAY = LeaveVersion("u1", date(2026, 5, 11), date(2026, 5, 12))
JUNE = LeaveVersion("u2", date(2026, 6, 1), date(2026, 6, 2))
NOW = 1_790_000_000


def read(**fields: Any) -> LeaveRequest:
    return LeaveRequest.model_validate(leave(**fields))


def test_a_leave_that_may_be_in_either_place_overlaps_if_one_does() -> None:
    assert LedgerEntry((MAY, JUNE), "unknown").overlaps(Window(date(2026, 6, 1), date(2026, 6, 1)))
    assert not LedgerEntry((MAY, JUNE), "unknown").overlaps(Window(date(2026, 5, 20), date(2026, 5, 25)))


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(10, 11, True), (12, 13, True), (1, 31, True), (11, 11, True), (9, 10, False), (13, 14, False)],
)
def test_both_ends_of_a_window_count(first: int, last: int, expected: bool) -> None:
    assert MAY.overlaps(Window(date(2026, 5, first), date(2026, 5, last))) is expected


# COR's own ids

KNOWN = LedgerEntry((MAY,), "yes", "digest", cor_id=1, cor_user_id=2)


def cor_ids(entry: LedgerEntry) -> tuple[int | None, int | None]:
    return entry.cor_id, entry.cor_user_id


def test_an_update_under_way_keeps_cors_ids() -> None:
    assert cor_ids(KNOWN.replaced_by(read(end="2026-05-20"), "new")) == (1, 2)


def test_while_it_is_unknown_whose_leave_it_is_so_is_cors_id_of_the_user() -> None:
    assert cor_ids(KNOWN.replaced_by(read(user_id="u2"), "new")) == (1, None)


def test_cors_answer_brings_its_ids() -> None:
    outcome = LeaveOutcome("L1", "updated", cor_id=3, cor_user_id=4)
    assert cor_ids(KNOWN.sent(read(), "new", outcome)) == (3, 4)


@pytest.mark.parametrize(("status", "expected"), [("updated", (1, 2)), ("created", (None, None))])
def test_without_them_an_update_keeps_the_known_ones(status: Any, expected: tuple[int | None, int | None]) -> None:
    assert cor_ids(KNOWN.sent(read(), "new", LeaveOutcome("L1", status))) == expected


def test_leave_that_cor_does_not_have_has_no_id_there() -> None:
    assert cor_ids(KNOWN.deleted().missing()) == (None, None)


# Its row


def test_a_row_has_everything() -> None:
    line = LedgerEntry((MAY, JUNE), "changing", "0f", cor_id=12345, cor_user_id=678).to_line("Ł/2 ")
    assert line.decode() == (
        '{"id": "Ł/2 ", "in_cor": "changing", "digest": "0f", "cor_id": 12345, "cor_user_id": 678, '
        '"versions": [["u1", "2026-05-11", "2026-05-12"], ["u2", "2026-06-01", "2026-06-02"]]}\n'
    )


def test_a_row_says_when_the_leave_was_sent_and_its_instants_if_it_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_clock, "timestamp", lambda: NOW + 0.9)
    clock = {"start": "2026-05-11T09:00:00+02:00", "end": "2026-05-11T13:00:00+02:00", "all_day": False}
    timed = KNOWN.replaced_by(read(**clock), "0f" * 16)
    assert timed.written_at == NOW
    assert timed.instants == ("2026-05-11T07:00:00", "2026-05-11T11:00:00")
    assert timed.sent(read(**clock), "0f" * 16, LeaveOutcome("L1", "updated")).instants == timed.instants
    assert timed.replaced_by(read(), "").instants is None
    assert timed.without("u1").written_at is None
    row = json.loads(timed.to_line("L1"))
    assert (row["written_at"], row["instants"]) == (NOW, [*timed.instants])
    assert LedgerEntry.from_row(row) == timed


@pytest.mark.parametrize("in_cor", ["yes", "unknown"])
def test_rows_of_earlier_versions_have_no_ids_of_cor_and_need_no_digest(in_cor: InCor) -> None:
    row = {"id": "L1", "in_cor": in_cor, "versions": [["u1", "2026-05-11", "2026-05-12"]]}
    assert LedgerEntry.from_row(row) == LedgerEntry((MAY,), in_cor)
