"""One run of a sync: it holds the ledger's lease, and stops where it may not go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from cor_provider import _clock
from cor_provider._compat import AirflowFailException, ObjectStoragePath
from cor_provider.client.session import CorSession
from cor_provider.exceptions import (
    CorLedgerBusyError,
    CorLedgerError,
    CorPushIncompleteError,
)
from cor_provider.sandbox import Sandbox
from cor_provider.sync.lease import Lease, Owner
from support import leave
from sync_support import Run, TaskInstance, age_leases, counts, during_the_first_request, held, remembered, sent


def test_while_another_run_is_at_work_nothing_is_sent(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    Lease(ObjectStoragePath(f"file://{ledger}"), Owner("d other_run sync", 1, ""), threading.Event()).take()
    with pytest.raises(CorLedgerBusyError, match="d other_run sync is using it") as refusal:
        sync([leave()])
    assert not isinstance(refusal.value, AirflowFailException)
    assert sent(sandbox) == []
    assert not ledger.exists()


def test_a_run_that_lost_its_lease_stops_without_writing(
    sync: Run, sandbox: Sandbox, ledger: Path, monkeypatch: pytest.MonkeyPatch, task_instance: TaskInstance
) -> None:
    send = CorSession.request

    def lose(*args: Any, **kwargs: Any) -> Any:
        number = max(int(file.suffix[1:]) for file in ledger.parent.glob("GLOBANT.lock.*"))
        (ledger.parent / f"GLOBANT.lock.{number + 1}").write_text("{}")  # another run's
        return send(*args, **kwargs)

    monkeypatch.setattr(CorSession, "request", lose)
    monkeypatch.setattr("cor_provider.sync.lease.SECONDS_BETWEEN_CHECKS", 0.0)
    with pytest.raises(CorLedgerBusyError, match="taken over"):
        sync([leave(), leave("L2"), leave("L3")], concurrency=1)
    assert remembered(ledger) == dict.fromkeys(("L1", "L2", "L3"), "unknown")
    assert sent(sandbox) == ["POST L1"]
    assert task_instance.xcoms["return_value"] == counts(received=3, created=1, not_sent=2)


def test_the_lease_is_renewed_while_a_run_goes_on(sync: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    renewed = threading.Event()
    send = CorSession.request

    def wait(*args: Any, **kwargs: Any) -> Any:
        assert renewed.wait(60)
        return send(*args, **kwargs)

    monkeypatch.setattr("cor_provider.sync.lease.SECONDS_BETWEEN_RENEWALS", 0.001)
    monkeypatch.setattr(Lease, "renew", lambda _self: renewed.set())
    monkeypatch.setattr(CorSession, "request", wait)
    assert sync([leave()])["created"] == 1


def test_a_retry_of_a_killed_run_goes_on_once_that_cannot_send_any_more(
    sync: Run, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Lease, "release", lambda _self: None)
        sync([leave()])
    with pytest.raises(CorLedgerBusyError) as busy:
        sync([leave()])
    assert busy.value.retry_after == pytest.approx(155, abs=25)  # a minute and four times the timeout, less a little

    def wait(_stopping: threading.Event, seconds: float) -> None:
        age_leases(ledger.parent, seconds)

    monkeypatch.setattr(_clock, "wait", wait)
    assert sync([leave()], context={"ti": TaskInstance(try_number=2)})["unchanged"] == 1


def test_a_plan_waits_for_nobody(sync: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lease, "release", lambda _self: None)
    sync([leave()])
    assert sync([leave()], plan_only=True)["unchanged"] == 1


def test_a_ledger_that_is_not_whole_stops_the_run(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sync([leave()])
    ledger.write_bytes(ledger.read_bytes()[:-20])
    sent(sandbox)
    with pytest.raises(CorLedgerError, match="cut off or altered"):
        sync([leave(), leave("L2")])
    assert sent(sandbox) == []


def test_an_interrupted_run_stops_and_remembers(
    sync: Run, ledger: Path, monkeypatch: pytest.MonkeyPatch, task_instance: TaskInstance
) -> None:
    send = CorSession.request

    def kill(*args: Any, **kwargs: Any) -> Any:
        task_instance.operator.on_kill()
        return send(*args, **kwargs)

    monkeypatch.setattr(CorSession, "request", kill)
    with pytest.raises(CorPushIncompleteError, match="1 created, 2 not_sent"):
        sync([leave(), leave("L2"), leave("L3")], concurrency=1)
    assert remembered(ledger) == {"L1": "yes"}
    monkeypatch.setattr(CorSession, "request", send)
    assert sync([leave(), leave("L2"), leave("L3")]) == counts(received=3, unchanged=1, created=2)


# Two tries at once


@pytest.fixture
def waiting_ages_leases(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the wait for a lease pass at once, also for the store that it lies in."""
    pass_time = _clock.wait

    def wait(stopping: Event, seconds: float) -> None:
        if seconds < 100:  # the pace of a push
            pass_time(stopping, seconds)
            return
        age_leases(ledger.parent, seconds)

    monkeypatch.setattr(_clock, "wait", wait)


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


# What keeps the next run waiting


def test_a_run_that_gave_up_on_an_answer_keeps_the_next_one_waiting(
    sync: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, task_instance: TaskInstance
) -> None:
    monkeypatch.setattr("cor_provider.push.engine.STOP_SECONDS", 0)
    arrived, answer = Event(), Event()

    def never_answer(*_: Any, **__: Any) -> Any:
        task_instance.operator.on_kill()
        arrived.set()
        answer.wait(60)
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(CorSession, "request", never_answer)
        with pytest.raises(CorPushIncompleteError):
            sync([leave()])
    answer.set()
    with pytest.raises(CorLedgerBusyError):
        sync([leave()])


def test_a_run_that_ends_in_an_error_of_its_report_keeps_the_next_one_waiting(
    sync: Run, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> bool:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("cor_provider.task.recorder.Summary.add", fail)
        with pytest.raises(MemoryError):
            sync([leave(), leave("L2")], concurrency=1)
    with pytest.raises(CorLedgerBusyError):
        sync([leave()])


def test_a_lease_lost_while_the_input_is_read_is_reported_before_anything_is_sent(
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
        for _ in range(6000):  # a renewal under way may put back what is deleted
            for file in ledger.parent.glob("*.lock.*"):
                file.unlink(missing_ok=True)
            if lost.wait(0.01):
                return
        pytest.fail("Nobody noticed.")

    with pytest.raises(CorLedgerBusyError, match="taken over") as busy:
        sync(read())
    assert busy.value.retry_after == 180
    assert sent(sandbox) == []
