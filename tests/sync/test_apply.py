"""How a plan is carried out: what the ledger knows when a run is cut short, and what the next one makes of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from cor_provider import _clock
from cor_provider.client.session import CorSession
from cor_provider.exceptions import CorLeavesRejectedError, CorLedgerBusyError, CorPushIncompleteError
from cor_provider.sandbox import Sandbox
from cor_provider.sync.lease import Lease
from support import leave
from sync_support import Run, TaskInstance, counts, held, plan_rows, remembered, sent


@pytest.fixture
def waiting_ages_leases(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the wait for a lease pass at once, also for the store that it lies in."""
    pass_time = _clock.wait

    def wait(stopping: Event, seconds: float) -> None:
        if seconds < 100:  # the pace of a push
            pass_time(stopping, seconds)
            return
        for file in ledger.parent.glob("*.lock.*"):
            os.utime(file, (0, file.stat().st_mtime - seconds))

    monkeypatch.setattr(_clock, "wait", wait)


def during_the_first_request(monkeypatch: pytest.MonkeyPatch, work: Callable[[], None]) -> None:
    """Do something right before the first request of those that follow arrives at COR."""
    send = CorSession.request

    def work_first(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(CorSession, "request", send)
        work()
        return send(*args, **kwargs)

    monkeypatch.setattr(CorSession, "request", work_first)


# Two tries at once


@pytest.mark.usefixtures("waiting_ages_leases")
def test_leave_that_a_lost_try_still_puts_into_cor_is_known_and_deleted(
    sync: Run, sandbox: Sandbox, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = {"context": {"ti": TaskInstance(try_number=2)}, "allow_empty": True}

    def take_over() -> None:
        assert sync([], **second)["deleted"] == 1  # COR has nothing to delete yet
        assert remembered(ledger) == {"L1": "missing"}

    during_the_first_request(monkeypatch, take_over)
    monkeypatch.setattr("cor_provider.sync.lease.SECONDS_BETWEEN_CHECKS", 0.0)
    with pytest.raises(CorLedgerBusyError, match="taken over"):
        sync([leave()])
    assert held(sandbox) == ["L1"]
    assert remembered(ledger) == {"L1": "missing"}
    assert sync([], **second)["deleted"] == 1
    assert held(sandbox) == []
    assert remembered(ledger) == {}


@pytest.mark.usefixtures("waiting_ages_leases")
def test_a_try_that_was_taken_over_sends_nothing_more(
    sync: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, task_instance: TaskInstance
) -> None:
    leaves = [leave(f"L{number}") for number in range(5)]

    def take_over() -> None:
        sync(leaves, context={"ti": TaskInstance(try_number=2)}, concurrency=1)

    during_the_first_request(monkeypatch, take_over)
    monkeypatch.setattr("cor_provider.sync.lease.SECONDS_BETWEEN_CHECKS", 0.0)
    with pytest.raises(CorLedgerBusyError):
        sync(leaves, concurrency=1)
    assert sent(sandbox) == [f"POST L{number}" for number in (*range(5), 0)]
    assert task_instance.xcoms["return_value"] == counts(received=5, not_sent=5)


def test_a_run_that_gave_up_on_an_answer_keeps_the_next_one_waiting(
    sync: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, task_instance: TaskInstance
) -> None:
    monkeypatch.setattr("cor_provider.push.engine.STOP_SECONDS", 0)
    arrived, answer = Event(), Event()

    def never_answer(*_: Any, **__: Any) -> Any:
        task_instance.operator.on_kill()
        arrived.set()
        answer.wait(10)
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(CorSession, "request", never_answer)
        with pytest.raises(CorPushIncompleteError):
            sync([leave()])
    answer.set()
    with pytest.raises(CorLedgerBusyError):
        sync([leave()])


# What the ledger remembers of what was under way


def test_an_update_that_was_cut_short_stays_an_update(
    sync: Run, sandbox: Sandbox, ledger: Path, tmp_path: Path
) -> None:
    leaves = [leave(f"L{number}") for number in range(5)]
    sync(leaves)
    later = [{**one, "end": "2026-05-20"} for one in leaves]
    sandbox.answer_next(500)
    with pytest.raises(CorPushIncompleteError):
        sync(later, max_attempts=1, concurrency=1)
    assert remembered(ledger) == {"L0": "changing"} | dict.fromkeys(("L1", "L2", "L3", "L4"), "yes")
    sent(sandbox)
    assert sync(later, plan_path=f"{tmp_path}/plan.jsonl", concurrency=1) == counts(
        received=5, updated=5, plan=f"{tmp_path}/plan.jsonl"
    )
    assert {row["operation"] for row in plan_rows(tmp_path / "plan.jsonl")} == {"update"}
    assert sent(sandbox) == [f"PUT L{number}" for number in range(5)]


def test_after_a_kill_updates_are_repeated_by_one_request_each(
    sync: Run, sandbox: Sandbox, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaves = [leave(f"L{number}") for number in range(10)]
    sync(leaves)
    intents = ledger.read_bytes()
    later = [{**one, "end": "2026-05-20"} for one in leaves]

    def remember() -> None:
        nonlocal intents
        intents = ledger.read_bytes()

    during_the_first_request(monkeypatch, remember)
    sync(later)
    ledger.write_bytes(intents)  # as a kill leaves it that comes before the next write
    assert set(remembered(ledger).values()) == {"changing"}
    sent(sandbox)
    assert sync(later)["updated"] == 10
    assert sorted(sent(sandbox)) == [f"PUT L{number}" for number in range(10)]


def test_a_delete_of_what_may_still_arrive_is_repeated_by_the_next_run(
    sync: Run, sandbox: Sandbox, ledger: Path
) -> None:
    sandbox.drop_next(commit=False)
    with pytest.raises(CorPushIncompleteError):
        sync([leave()], max_attempts=1)
    assert remembered(ledger) == {"L1": "unknown"}
    assert sync([], allow_empty=True)["deleted"] == 1
    assert remembered(ledger) == {"L1": "missing"}
    assert sync([], allow_empty=True)["deleted"] == 1
    assert remembered(ledger) == {}
    assert sync([], allow_empty=True) == counts()


def test_leave_that_was_missing_and_comes_back_is_created(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sandbox.drop_next(commit=False)
    with pytest.raises(CorPushIncompleteError):
        sync([leave()], max_attempts=1)
    sync([], allow_empty=True)
    assert sync([leave()])["created"] == 1
    assert remembered(ledger) == {"L1": "yes"}


# With the user gone the leave is gone


def test_leave_of_a_user_who_was_removed_is_deleted_and_forgotten(
    sync: Run, sandbox: Sandbox, ledger: Path, tmp_path: Path
) -> None:
    sync([leave(), leave("L2", user_id="u2")])
    sandbox.answer_next(404, {"error": "UserNotFoundError"})
    report = tmp_path / "report.jsonl"
    assert sync([leave("L2", user_id="u2")], report_path=str(report))["deleted"] == 1
    assert remembered(ledger) == {"L2": "yes"}
    (row,) = [row for row in plan_rows(report) if row["id"] == "L1"]
    assert (row["status"], row["error"]) == ("deleted", "UserNotFoundError")
    assert "user" in row["message"]


def test_leave_that_moved_to_a_user_who_was_removed_may_be_the_former_users(
    sync: Run, sandbox: Sandbox, ledger: Path
) -> None:
    sync([leave()])
    sandbox.answer_next(500)
    with pytest.raises(CorPushIncompleteError):
        sync([leave(user_id="u2")], max_attempts=1)
    sandbox.answer_next(404, {"error": "UserNotFoundError"})
    assert sync([], allow_empty=True)["deleted"] == 1
    assert held(sandbox) == []


# A timed leave whose ends have different offsets


WESTWARDS = leave(start="2026-05-12T00:30:00+14:00", end="2026-05-11T12:00:00-11:00", all_day=False)


def test_days_are_in_order_whatever_the_offsets(sync: Run, sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    sync([WESTWARDS], plan_path=str(path))
    (row,) = plan_rows(path)
    assert (row["start"], row["end"]) == ("2026-05-11", "2026-05-12")
    assert (tmp_path / "plan.html").exists()
    assert sync([], window=("2026-05-12", "2026-05-12"), allow_empty=True)["deleted"] == 1
    assert held(sandbox) == []


def test_a_delete_that_cor_rejects_keeps_its_leave_in_the_ledger(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sync([leave(), leave("L2")])
    sandbox.answer_next(400, {"error": "ZC001", "message": "Required validation failed. Missing required fields"})
    with pytest.raises(CorLeavesRejectedError):
        sync([leave()])
    assert remembered(ledger) == {"L1": "yes", "L2": "yes"}


def test_a_user_who_is_gone_says_nothing_of_leave_that_may_be_anothers(
    sync: Run, sandbox: Sandbox, ledger: Path
) -> None:
    for user in ("u1", "u2"):
        sandbox.drop_next(commit=False)
        with pytest.raises(CorPushIncompleteError):
            sync([leave(user_id=user)], max_attempts=1)
    sandbox.answer_next(404, {"error": "LeaveNotFoundError"})  # u2's
    sandbox.answer_next(404, {"error": "UserNotFoundError"})  # u1's
    assert sync([], allow_empty=True)["deleted"] == 1
    assert remembered(ledger) == {"L1": "missing"}


def test_leave_that_was_changing_and_is_missing_is_deleted_once_more(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sync([leave()])
    sandbox.answer_next(500)
    with pytest.raises(CorPushIncompleteError):
        sync([leave(end="2026-05-20")], max_attempts=1)
    sandbox.answer_next(404, {"error": "LeaveNotFoundError"})
    assert sync([], allow_empty=True)["deleted"] == 1
    assert remembered(ledger) == {"L1": "missing"}


# What ends a run before its time


def test_a_run_that_ends_in_an_error_of_its_report_keeps_the_next_one_waiting(
    sync: Run, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> bool:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("cor_provider.task.recorder.Tally.add", fail)
        with pytest.raises(MemoryError):
            sync([leave(), leave("L2")], concurrency=1)
    with pytest.raises(CorLedgerBusyError):
        sync([leave()])


def test_a_lease_that_is_lost_while_the_input_is_read_is_said_to_be(
    sync: Run, sandbox: Sandbox, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cor_provider.sync.lease.SECONDS_BETWEEN_RENEWALS", 0.001)
    monkeypatch.setattr("cor_provider.sync.lease.SECONDS_BETWEEN_CHECKS", 0.0)
    lost = Event()
    check = Lease.check

    def notice(self: Lease) -> None:
        try:
            check(self)
        except CorLedgerBusyError:
            lost.set()
            raise

    monkeypatch.setattr(Lease, "check", notice)

    def read() -> Iterator[Any]:
        yield leave()
        for file in ledger.parent.glob("*.lock.*"):
            file.unlink()
        assert lost.wait(10)

    with pytest.raises(CorLedgerBusyError, match="taken over") as busy:
        sync(read())
    assert busy.value.retry_after == 180
    assert sent(sandbox) == []


def test_leave_that_may_be_either_users_is_deleted_once(sync: Run, sandbox: Sandbox) -> None:
    sync([leave()])
    sandbox.answer_next(500, commit=True)
    with pytest.raises(CorPushIncompleteError):
        sync([leave(user_id="u2")], max_attempts=1)
    sent(sandbox)
    assert sync([], allow_empty=True)["deleted"] == 1
    assert sent(sandbox) == ["DELETE L1"]


def test_a_create_that_was_cut_short_shows_nothing_before_it(sync: Run, sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.answer_next(500)
    with pytest.raises(CorPushIncompleteError):
        sync([leave()], max_attempts=1)
    sync([leave(end="2026-05-20")], plan_only=True, plan_path=f"{tmp_path}/plan.jsonl")
    (row,) = plan_rows(tmp_path / "plan.jsonl")
    assert (row["operation"], row["may_overwrite"]) == ("create", True)
    assert not [name for name in row if name.startswith("previous_")]


def test_rejections_of_the_plan_are_named(sync: Run, task_instance: TaskInstance) -> None:
    sync([leave(), leave(end="2026-05-20"), leave("L2", start="soon")], max_rejected=2)
    rejected = [(one["id"], one["error"]) for one in task_instance.xcoms["rejected"]]
    assert rejected == [("L1", "ConflictingRepeatError"), ("L2", "ValidationError")]
