"""The guards of a sync: what it must not delete or forget unless somebody says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cor_provider import _clock
from cor_provider._compat import AirflowFailException
from cor_provider.exceptions import (
    CorDeleteGuardError,
    CorPushIncompleteError,
)
from cor_provider.operators.leaves import SyncLeavesOperator
from cor_provider.sandbox import Sandbox
from support import leave
from sync_support import MAY, Run, TaskInstance, counts, plan_rows, planned, remembered, sent


def refused(sync: Run, sandbox: Sandbox, ledger: Path, leave_requests: Any, **parameters: Any) -> CorDeleteGuardError:
    before, ledger_before = sandbox.leaves, ledger.read_bytes()
    sent(sandbox)
    with pytest.raises(CorDeleteGuardError) as refusal:
        sync(leave_requests, **parameters)
    assert sent(sandbox) == []
    assert (sandbox.leaves, ledger.read_bytes()) == (before, ledger_before)
    return refusal.value


def test_an_empty_input_is_refused(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sync([leave()])
    error = refused(sync, sandbox, ledger, [])
    assert "The input is empty, but the ledger holds 1 leaves" in error.message
    assert isinstance(error, AirflowFailException)


def test_an_empty_input_is_refused_whatever_the_window(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sync([leave()])
    refused(sync, sandbox, ledger, [], window=("2027-01-01", "2027-01-31"))


def test_an_empty_input_is_fine_while_nothing_is_remembered(sync: Run) -> None:
    assert sync([]) == counts()


def test_more_deletes_than_the_most_are_refused(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    leaves = [leave(f"L{number}") for number in range(5)]
    sync(leaves)
    error = refused(sync, sandbox, ledger, leaves[:3], max_deletes=1)
    assert error.message == (
        "The sync would delete 2 of the 5 leaves that its ledger holds in the window,\nmore than max_deletes=1. Check "
        "that the extract is complete. If all of it is right, set max_deletes=2 for this run.\nNothing was sent. The "
        "plan: 0 create, 0 update, 2 delete, 0 forget, 3 unchanged, 0 rejected."
    )
    assert sync(leaves[:3], max_deletes=2)["deleted"] == 2


def test_a_half_empty_extract_is_refused_by_default(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    leaves = [leave(f"L{number}") for number in range(10)]
    sync(leaves)
    error = refused(sync, sandbox, ledger, leaves[:5], max_delete_fraction=0.2)
    assert "more than max_delete_fraction=0.2" in error.message
    assert sync(leaves[:8], max_delete_fraction=0.2)["deleted"] == 2


def test_the_fraction_is_of_what_the_ledger_holds_in_the_window(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    past = [leave(f"P{number}", start="2026-04-01", end="2026-04-02") for number in range(100)]
    leaves = [leave(f"L{number}") for number in range(4)]
    sync([*past, *leaves], window=("2026-01-01", "2026-12-31"))
    refused(sync, sandbox, ledger, leaves[:3], max_delete_fraction=0.2)


def test_a_refusal_is_accounted_for(sync: Run, task_instance: TaskInstance) -> None:
    sync([leave(), leave("L2")])
    with pytest.raises(CorDeleteGuardError):
        sync([leave("L3"), leave("L2")], max_deletes=0)
    assert task_instance.xcoms["return_value"] == counts(received=2, unchanged=1, not_sent=1)
    assert task_instance.xcoms["planned"] == planned(create=1, delete=1, unchanged=1)


@pytest.mark.parametrize(
    "wrong",
    [{"max_deletes": -1}, {"max_deletes": "few"}, {"max_delete_fraction": 20}, {"max_delete_fraction": "20%"}],
)
def test_limits_that_cannot_be_are_refused_when_the_dag_is_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SyncLeavesOperator(task_id="sync", leave_requests=[], window=MAY, ledger="ledger", **wrong)


# What is forgotten


NEXT_YEAR = ("2027-01-01", "2027-12-31")


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that sets the clock."""

    def set_clock(day: str) -> None:
        noon = datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()
        monkeypatch.setattr(_clock, "timestamp", lambda: noon)

    set_clock("2026-05-15")
    return set_clock


@pytest.mark.usefixtures("today")
def test_a_mistyped_window_forgets_nothing(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    leaves = [leave(f"L{number}") for number in range(5)]
    sync(leaves)
    error = refused(sync, sandbox, ledger, [leave("L9", start="2027-05-01", end="2027-05-02")], window=NEXT_YEAR,
                    max_delete_fraction=0.2)  # fmt: skip
    assert error.message.startswith(
        "The sync would forget 5 of the 5 leaves in its ledger, since the input lacks them and they lie outside the "
        "window 2027-01-01 to 2027-12-31: if they were cancelled, they would stay in COR,\nmore than "
        "max_delete_fraction=0.2. Check the window"
    )
    assert "5 forget" in error.message


@pytest.mark.parametrize(
    "window",
    [NEXT_YEAR, ("2025-01-01", "2025-12-31"), ("2026-04-01", "2026-05-10"), ("2026-06-01", "2026-06-30")],
)
@pytest.mark.usefixtures("today")
def test_what_is_forgotten_counts_against_the_limits(
    window: tuple[str, str], sync: Run, sandbox: Sandbox, ledger: Path
) -> None:
    sync([leave(f"L{number}", start="2026-05-20", end="2026-05-21") for number in range(3)])
    for limit in ({"max_deletes": 2}, {"max_delete_fraction": 0.9}):
        error = refused(sync, sandbox, ledger, [leave("new")], window=window, **limit)
        assert "would forget 3 of the 3" in error.message
    sync([leave("new")], window=window)
    assert remembered(ledger) == {"new": "yes"}


def test_leave_that_is_over_is_forgotten_freely_as_the_window_moves_on(
    sync: Run, ledger: Path, today: Callable[[str], None]
) -> None:
    leaves = [leave(f"L{number}") for number in range(5)]
    sync(leaves)
    today("2026-06-01")
    june = ("2026-06-01", "2026-06-30")
    now = leave("now", start="2026-06-03", end="2026-06-04")
    assert sync([now], window=june, max_deletes=0, max_delete_fraction=0.0)["created"] == 1
    assert remembered(ledger) == {"now": "yes"}


def test_a_window_that_begins_today_where_the_day_begins_first_has_begun(
    sync: Run, ledger: Path, today: Callable[[str], None]
) -> None:
    sync([leave()])
    today("2026-05-31")  # noon in UTC, and June already on Kiritimati
    sync([leave("now", start="2026-06-03", end="2026-06-04")], window=("2026-06-01", "2026-06-30"), max_deletes=0)
    assert remembered(ledger) == {"now": "yes"}


@pytest.mark.usefixtures("today")
def test_leave_that_has_begun_but_may_be_elsewhere_is_not_forgotten_freely(
    sync: Run, sandbox: Sandbox, ledger: Path
) -> None:
    sync([leave(start="2026-05-01", end="2026-05-02")])
    sandbox.answer_next(500)
    with pytest.raises(CorPushIncompleteError):
        sync([leave(start="2026-08-01", end="2026-08-02")], max_attempts=1)
    refused(sync, sandbox, ledger, [leave("L2")], window=("2026-05-10", "2026-05-31"), max_deletes=0)


@pytest.mark.usefixtures("today")
def test_what_would_be_forgotten_is_in_the_plan_and_counted(
    sync: Run, tmp_path: Path, task_instance: TaskInstance, logged: Callable[[], str]
) -> None:
    sync([leave()])
    sync([leave("L2", start="2027-05-01", end="2027-05-02")], window=NEXT_YEAR, plan_only=True,
         plan_path=f"{tmp_path}/plan.jsonl")  # fmt: skip
    create, forget = plan_rows(tmp_path / "plan.jsonl")
    assert (create["operation"], forget["operation"], forget["id"]) == ("create", "forget", "L1")
    assert task_instance.xcoms["planned"] == planned(create=1, forget=1)
    assert "1 create, 0 update, 0 delete, 1 forget, 0 unchanged, 0 rejected" in logged()
    assert "u1: Forget, Mon 11 May 2026 to Tue 12 May 2026; external id L1" in (tmp_path / "plan.html").read_text()


@pytest.mark.usefixtures("today")
def test_an_unreadable_record_without_an_id_refuses_to_forget_too(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sync([leave()])
    refused(sync, sandbox, ledger, [{}], window=NEXT_YEAR, max_rejected=1)


@pytest.mark.usefixtures("today")
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_window_that_begins_nowhere_yet_has_not_begun_whatever_the_workers_zone(
    zone: str, sync: Run, sandbox: Sandbox, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync([leave()])
    before_june = datetime.fromisoformat("2026-05-31T09:59:00+00:00").timestamp()
    monkeypatch.setattr(_clock, "timestamp", lambda: before_june)
    now, june = [leave("now", start="2026-06-03", end="2026-06-04")], ("2026-06-01", "2026-06-30")
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        refused(sync, sandbox, ledger, now, window=june, max_deletes=0)
    time.tzset()


@pytest.mark.usefixtures("today")
def test_what_would_be_forgotten_is_nothing_that_is_not_sent(sync: Run, tmp_path: Path) -> None:
    sync([leave()])
    report = tmp_path / "report.jsonl"
    new = leave("L2", start="2027-05-01", end="2027-05-02")
    assert sync([new], window=NEXT_YEAR, plan_only=True, report_path=str(report))["not_sent"] == 1
    assert [(row["id"], row["status"]) for row in plan_rows(report)] == [("L2", "not_sent")]
