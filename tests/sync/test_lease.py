"""The lease of a ledger: one run has it at a time, whatever clocks say and whoever was thought dead."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cor_provider import _clock, _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorLedgerBusyError
from cor_provider.sync.lease import (
    SECONDS_BETWEEN_CHECKS,
    SECONDS_TO_EXPIRY,
    SECONDS_TO_SENDING_END,
    Lease,
    Owner,
)
from support import attach_memory
from sync_support import age_leases


@pytest.fixture
def path(tmp_path: Path) -> ObjectStoragePath:
    return ObjectStoragePath(f"file://{tmp_path}/ledger/GLOBANT.jsonl")


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that lets time pass for those who run, and not for what lies in the store."""
    now = [1_000.0]
    monkeypatch.setattr(_clock, "now", lambda: now[0])

    def pass_seconds(seconds: float) -> None:
        now[0] += seconds

    return pass_seconds


def lease(path: ObjectStoragePath, task: str = "dag run sync", attempt: int = 1) -> Lease:
    return Lease(path, Owner(task, attempt, f"{task} {attempt}"), threading.Event())


def age(path: ObjectStoragePath, seconds: float) -> None:
    age_leases(Path(path.path).parent, seconds)


SLACK = 50.0
"""Seconds that may pass on a slow machine between two steps of a test: the store's clock is real."""


def left_of(seconds: float) -> Any:
    """What equals these seconds, less what has passed since."""
    return pytest.approx(seconds - SLACK / 2, abs=SLACK / 2)


def expire(path: ObjectStoragePath) -> None:
    age(path, SECONDS_TO_EXPIRY)


def names(path: ObjectStoragePath) -> list[str]:
    return sorted(file.name for file in Path(path.path).parent.iterdir())


# Who gets it


def test_a_second_run_learns_who_is_at_work_and_when_to_come_back(path: ObjectStoragePath) -> None:
    lease(path).take()
    age(path, 20)
    with pytest.raises(CorLedgerBusyError, match=r"dag run sync is using it\. Run this task again in [0-9]+ s") as busy:
        lease(path, "dag other_run sync").take()
    assert busy.value.retry_after == left_of(100)


def test_the_same_try_does_not_get_it_twice(path: ObjectStoragePath) -> None:
    lease(path).take()
    with pytest.raises(CorLedgerBusyError):
        lease(path).take()


def test_a_released_lease_can_be_taken(path: ObjectStoragePath) -> None:
    for task in "abc":
        held = lease(path, task)
        held.take()
        held.check()
        held.release()
    assert names(path) == ["GLOBANT.lock.3"]


def test_a_lease_that_nobody_renewed_for_long_enough_can_be_taken(path: ObjectStoragePath) -> None:
    first = lease(path)
    first.take()
    age(path, SECONDS_TO_EXPIRY - SLACK)
    with pytest.raises(CorLedgerBusyError):
        lease(path, "other").take()
    age(path, SLACK)
    lease(path, "other").take()
    for late in (first.check, first.renew):
        with pytest.raises(CorLedgerBusyError, match="taken over"):
            late()
    assert not first.permits()


def test_a_renewed_lease_lasts(path: ObjectStoragePath) -> None:
    held = lease(path)
    held.take()
    age(path, SECONDS_TO_EXPIRY - SLACK)
    held.renew()
    age(path, SECONDS_TO_EXPIRY - SLACK)
    with pytest.raises(CorLedgerBusyError):
        lease(path, "other").take()


@pytest.mark.parametrize("wrong", [-660, 660, 86_400])
def test_the_clocks_of_workers_may_be_wrong(
    wrong: float, path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease(path).take()
    timestamp = _clock.timestamp
    monkeypatch.setattr(_clock, "timestamp", lambda: timestamp() + wrong)
    with pytest.raises(CorLedgerBusyError):
        lease(path, "other").take()


# A later try of the same task


def test_a_later_try_waits_until_the_earlier_one_cannot_send_any_more(
    path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease(path).take()
    age(path, 30)
    waited = []

    def wait(_stopping: threading.Event, seconds: float) -> None:
        waited.append(seconds)
        age(path, seconds)

    monkeypatch.setattr(_clock, "wait", wait)
    second = lease(path, attempt=2)
    second.take()
    second.check()
    assert waited == [left_of(90)]


def test_a_later_try_does_not_take_the_lease_of_an_earlier_one_that_still_runs(
    path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lease(path)
    first.take()

    def wait(_stopping: threading.Event, seconds: float) -> None:
        age(path, seconds)
        first.renew()

    monkeypatch.setattr(_clock, "wait", wait)
    with pytest.raises(CorLedgerBusyError) as busy:
        lease(path, attempt=2).take()
    assert busy.value.retry_after == left_of(SECONDS_TO_EXPIRY)
    first.check()


def test_a_try_that_was_killed_is_waited_for_no_longer_than_need_be(
    path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease(path).take()
    expire(path)
    monkeypatch.setattr(_clock, "wait", lambda *_: pytest.fail("nothing to wait for"))
    lease(path, attempt=2).take()


def test_an_earlier_try_does_not_wait_for_a_later_one(path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch) -> None:
    lease(path, attempt=2).take()
    monkeypatch.setattr(_clock, "wait", lambda *_: pytest.fail("it would take over"))
    with pytest.raises(CorLedgerBusyError):
        lease(path).take()


@pytest.mark.parametrize("seconds", [60.0, 120.0, 3600.0])
def test_a_lease_lasts_as_long_as_its_holders_requests_may_take(seconds: float, path: ObjectStoragePath) -> None:
    held = Lease(path, Owner("dag run sync", 1, "token"), threading.Event(), seconds_under_way=seconds)
    held.take()
    age(path, SECONDS_TO_SENDING_END + seconds - SLACK)
    with pytest.raises(CorLedgerBusyError) as busy:
        lease(path, "other").take()
    assert busy.value.retry_after == left_of(SLACK)
    age(path, SLACK)
    lease(path, "other").take()


# Who holds it


def test_a_holder_that_lost_it_may_not_send_once_a_second_has_passed(path: ObjectStoragePath, pass_time: Any) -> None:
    first = lease(path)
    first.take()
    assert first.permits()
    expire(path)
    lease(path, "other").take()
    assert first.permits()
    pass_time(SECONDS_BETWEEN_CHECKS)
    assert not first.permits()
    assert first.lost
    assert not first.permits()


def test_a_holder_asks_the_store_once_a_second(
    path: ObjectStoragePath, pass_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = lease(path)
    asked: list[ObjectStoragePath] = []
    held.take()
    look = _files.names

    def count(folder: ObjectStoragePath) -> list[str]:
        asked.append(folder)
        return look(folder)

    monkeypatch.setattr(_files, "names", count)
    for _ in range(30):
        assert held.permits()
        pass_time(SECONDS_BETWEEN_CHECKS / 10)
    assert len(asked) == 2


def test_a_holder_that_cannot_renew_it_stops_before_another_can_take_it(
    path: ObjectStoragePath, pass_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = lease(path)
    held.take()

    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("what a store's client raises need not be an OSError")

    for name in ("names", "replace"):
        monkeypatch.setattr(_files, name, fail)
    pass_time(SECONDS_TO_SENDING_END - 1)
    with pytest.raises(RuntimeError):
        held.renew()
    assert held.permits()
    pass_time(1)
    assert not held.permits()
    assert SECONDS_TO_SENDING_END < SECONDS_TO_EXPIRY


def test_time_that_a_slow_store_takes_counts(
    path: ObjectStoragePath, pass_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = lease(path)
    held.take()
    look = _files.names

    def take_long(folder: ObjectStoragePath) -> list[str]:
        pass_time(90)
        return look(folder)

    monkeypatch.setattr(_files, "names", take_long)
    pass_time(SECONDS_TO_SENDING_END - 1)
    assert not held.permits()


def test_why_it_could_not_be_renewed_is_said(
    path: ObjectStoragePath, pass_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = lease(path)
    held.take()

    def forbid(*_: Any, **__: Any) -> Any:
        raise PermissionError("a path, perhaps")

    with monkeypatch.context() as patch:
        patch.setattr(_files, "names", forbid)
        pass_time(SECONDS_BETWEEN_CHECKS)
        assert held.permits()
    pass_time(SECONDS_TO_SENDING_END)
    with pytest.raises(CorLedgerBusyError, match=r"could not renew its lease \(PermissionError\), and"):
        held.check()


def test_lock_files_that_somebody_deleted_do_not_make_two_holders(path: ObjectStoragePath) -> None:
    first, second = lease(path, "a"), lease(path, "b")
    first.take()
    for file in Path(path.path).parent.iterdir():
        file.unlink()
    second.take()
    second.check()
    with pytest.raises(CorLedgerBusyError):
        first.check()


def test_a_lock_file_that_somebody_deleted_is_a_lost_lease(path: ObjectStoragePath) -> None:
    held = lease(path)
    held.take()
    for file in Path(path.path).parent.iterdir():
        file.unlink()
    with pytest.raises(CorLedgerBusyError):
        held.renew()


def test_a_store_that_lets_two_make_one_file_does_not_make_two_holders(
    path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create(target: ObjectStoragePath, content: bytes) -> bool:
        _files.replace(target, content)
        return True

    monkeypatch.setattr(_files, "create", create)
    first, second = lease(path, "a"), lease(path, "b")
    first.take()
    with monkeypatch.context() as patch:
        patch.setattr(second, "_highest", iter((0, 1, 1)).__next__)  # it looked before the first was there
        second.take()
    with pytest.raises(CorLedgerBusyError):
        first.check()
    second.check()


def test_old_lock_files_that_cannot_be_deleted_disturb_nobody(
    path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = lease(path, "a")
    held.take()
    held.release()

    def fail(_path: ObjectStoragePath) -> None:
        raise PermissionError

    monkeypatch.setattr(_files, "delete", fail)
    monkeypatch.setattr(_files, "store_time", lambda _probe: 0.0)
    again = lease(path, "b")
    again.take()
    again.check()


def test_releasing_a_lost_lease_leaves_it_to_the_other(path: ObjectStoragePath) -> None:
    first, second = lease(path), lease(path, "other")
    first.take()
    expire(path)
    second.take()
    first.release()
    with pytest.raises(CorLedgerBusyError):
        lease(path, "third").take()


def test_who_comes_late_does_not_get_in_by_an_old_number(
    path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease(path, "a").take()
    expire(path)
    others = [lease(path, "b"), lease(path, "c")]
    create = _files.create

    def come_late(*args: Any) -> bool:
        monkeypatch.setattr(_files, "create", create)
        others[0].take()
        others[0].release()
        others[1].take()  # it deletes the number that the late one is about to use
        return create(*args)

    monkeypatch.setattr(_files, "create", come_late)
    with pytest.raises(CorLedgerBusyError):
        lease(path, "late").take()
    others[1].check()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}"])
def test_what_was_made_this_moment_counts_as_held_until_it_expires(content: bytes, path: ObjectStoragePath) -> None:
    file = Path(path.path).parent / "GLOBANT.lock.1"
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(CorLedgerBusyError, match="just started"):
        lease(path).take()
    expire(path)
    lease(path).take()


def test_a_lease_that_is_deleted_while_it_is_looked_at_is_held_by_somebody(
    path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease(path).take()

    def deleted(_path: ObjectStoragePath) -> float:
        raise FileNotFoundError

    monkeypatch.setattr(_files, "modified", deleted)
    with pytest.raises(CorLedgerBusyError, match="just started"):
        lease(path, "other").take()


def test_other_sources_have_leases_of_their_own(path: ObjectStoragePath) -> None:
    lease(path).take()
    lease(path.parent / "GLOBANT.lock.jsonl").take()
    lease(path.parent / "SAP.jsonl").take()


def test_it_works_in_an_object_store(tmp_path: Path) -> None:
    path = ObjectStoragePath(attach_memory()) / str(tmp_path).strip("/") / "GLOBANT.jsonl"
    first = lease(path)
    first.take()
    first.renew()
    assert first.permits()
    with pytest.raises(CorLedgerBusyError):
        lease(path, "other").take()
    first.release()
    lease(path, "other").take()


# While a run goes on


def test_it_is_renewed_while_a_run_goes_on(path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cor_provider.sync.lease.SECONDS_BETWEEN_RENEWALS", 0.001)
    held, renewed = lease(path), threading.Event()
    held.take()
    monkeypatch.setattr(held, "renew", renewed.set)
    with held.kept():
        assert renewed.wait(60)
    assert not held._stopping.is_set()


def test_a_run_that_lost_it_is_stopped(path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cor_provider.sync.lease.SECONDS_BETWEEN_RENEWALS", 0.001)
    stopping = threading.Event()
    held = Lease(path, Owner("dag run sync", 1, "token"), stopping)
    held.take()
    expire(path)
    lease(path, "other").take()
    with held.kept():
        assert stopping.wait(60)


def test_a_run_that_cannot_renew_it_is_stopped_in_time(
    path: ObjectStoragePath, pass_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cor_provider.sync.lease.SECONDS_BETWEEN_RENEWALS", 0.001)
    stopping, tried = threading.Event(), threading.Semaphore(0)
    held = Lease(path, Owner("dag run sync", 1, "token"), stopping)
    held.take()

    def fail() -> None:
        tried.release()
        raise RuntimeError("what a store's client raises need not be an OSError")

    monkeypatch.setattr(held, "renew", fail)
    with held.kept():
        pass_time(SECONDS_TO_SENDING_END - 1)
        assert all(tried.acquire(timeout=60) for _ in range(3))
        assert not stopping.is_set()
        pass_time(1)
        assert stopping.wait(60)


def test_a_lease_that_cannot_be_released_expires(path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch) -> None:
    held = lease(path)
    held.take()

    def fail(*_: Any) -> None:
        raise RuntimeError("the store is away")

    with monkeypatch.context() as patch:
        patch.setattr(_files, "replace", fail)
        held.release()
    with pytest.raises(CorLedgerBusyError):
        lease(path, "other").take()
    expire(path)
    lease(path, "other").take()


def test_a_task_is_the_owner_for_all_its_tries() -> None:
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, try_number=1)
    again = SimpleNamespace(**{**vars(ti), "try_number": 2})
    one, other = Owner.from_context({"ti": ti}), Owner.from_context({"ti": again})
    assert (one.task, one.attempt, other.attempt) == (other.task, 1, 2)
    assert Owner.from_context({"ti": SimpleNamespace(**{**vars(ti), "map_index": 3})}).task == "d r t [3]"
    assert Owner.from_context({}).task != Owner.from_context({}).task


# Races


RACE = """
import sys, threading
from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorLedgerBusyError
from cor_provider.sync.lease import Lease, Owner
lease = Lease(ObjectStoragePath(sys.argv[1]), Owner(sys.argv[2], 1, sys.argv[2]), threading.Event())
print("ready", flush=True)
for round in sys.stdin:
    try:
        lease.take()
        print("taken", flush=True)
    except CorLedgerBusyError:
        print("busy", flush=True)
"""


def next_word(process: subprocess.Popen[str]) -> str:
    """What a process says next, between what Airflow logs."""
    assert process.stdout
    return next(word for line in process.stdout if (word := line.strip()) in {"ready", "taken", "busy"})


def test_of_processes_that_race_for_it_no_two_get_it(path: ObjectStoragePath) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(path), name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for name in ("a", "b", "c")
    ]
    try:
        for process in processes:
            assert next_word(process) == "ready"
        for number in range(20):
            for process in processes:
                assert process.stdin
                process.stdin.write("go\n")
                process.stdin.flush()
            assert [next_word(process) for process in processes].count("taken") <= 1, number
            expire(path)
    finally:
        for process in processes:
            process.communicate()


def test_of_threads_that_race_for_it_no_two_get_it(path: ObjectStoragePath) -> None:
    taken: list[str] = []
    ready = threading.Barrier(8)

    def race(name: str) -> None:
        mine = lease(path, name)
        ready.wait()
        try:
            mine.take()
            taken.append(name)
        except CorLedgerBusyError:
            pass

    for _ in range(20):
        threads = [threading.Thread(target=race, args=(str(number),)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(taken) <= 1
        taken.clear()
        expire(path)
