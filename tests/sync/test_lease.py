"""The lease of a ledger: one run has it at a time."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider import _clock, _files
from cor_provider.exceptions import CorLedgerBusyError
from cor_provider.sync.lease import SECONDS, Lease, Owner


@pytest.fixture
def path(tmp_path: Path) -> ObjectStoragePath:
    return ObjectStoragePath(f"file://{tmp_path}/ledger/GLOBANT.jsonl")


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Any:
    now = [1_800_000_000.0]
    monkeypatch.setattr(_clock, "timestamp", lambda: now[0])

    def pass_seconds(seconds: float) -> None:
        now[0] += seconds

    return pass_seconds


def lease(path: ObjectStoragePath, task: str = "dag run sync", attempt: int = 1) -> Lease:
    return Lease(path, Owner(task, attempt, "token"))


def test_a_second_run_is_told_who_is_at_work_and_until_when(path: ObjectStoragePath, pass_time: Any) -> None:
    lease(path).take()
    with pytest.raises(CorLedgerBusyError, match="dag run sync works on it, and has until 2027-01-15 08:10:00 UTC"):
        lease(path, "dag other_run sync").take()


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
    assert [file.name for file in path.parent.iterdir()] == ["GLOBANT.lock.3"]


def test_a_later_try_of_the_same_task_takes_over_at_once(path: ObjectStoragePath) -> None:
    first, second = lease(path), lease(path, attempt=2)
    first.take()
    second.take()
    second.check()
    with pytest.raises(CorLedgerBusyError, match="taken over"):
        first.check()


def test_a_lease_that_ran_out_can_be_taken(path: ObjectStoragePath, pass_time: Any) -> None:
    first = lease(path)
    first.take()
    pass_time(SECONDS - 1)
    with pytest.raises(CorLedgerBusyError):
        lease(path, "other").take()
    pass_time(1)
    lease(path, "other").take()
    for late in (first.check, first.renew):
        with pytest.raises(CorLedgerBusyError):
            late()


def test_a_renewed_lease_lasts(path: ObjectStoragePath, pass_time: Any) -> None:
    held = lease(path)
    held.take()
    pass_time(SECONDS - 1)
    held.renew()
    pass_time(SECONDS - 1)
    with pytest.raises(CorLedgerBusyError):
        lease(path, "other").take()


def test_releasing_a_lost_lease_leaves_it_to_the_other(path: ObjectStoragePath) -> None:
    first, second = lease(path), lease(path, attempt=2)
    first.take()
    second.take()
    first.release()
    with pytest.raises(CorLedgerBusyError):
        lease(path, "other").take()


def test_who_comes_late_does_not_get_in_by_an_old_number(
    path: ObjectStoragePath, pass_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease(path, "a").take()
    pass_time(SECONDS)
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
def test_what_was_made_this_moment_counts_as_held_until_it_would_have_run_out(
    content: bytes, path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path(path.path).parent / "GLOBANT.lock.1"
    file.parent.mkdir()
    file.write_bytes(content)
    with pytest.raises(CorLedgerBusyError, match="just begun"):
        lease(path).take()
    monkeypatch.setattr(_clock, "timestamp", lambda: file.stat().st_mtime + SECONDS + 1)
    lease(path).take()


def test_other_sources_have_leases_of_their_own(path: ObjectStoragePath) -> None:
    lease(path).take()
    lease(path.parent / "GLOBANT.lock.jsonl").take()
    lease(path.parent / "SAP.jsonl").take()


def test_it_is_renewed_while_a_run_goes_on(path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cor_provider.sync.lease.SECONDS_BETWEEN_RENEWALS", 0.001)
    held, renewed, stop = lease(path), threading.Event(), threading.Event()
    held.take()
    monkeypatch.setattr(held, "renew", renewed.set)
    with held.kept(stop):
        assert renewed.wait(10)
    assert not stop.is_set()


def test_a_run_that_lost_it_is_stopped(path: ObjectStoragePath, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cor_provider.sync.lease.SECONDS_BETWEEN_RENEWALS", 0.001)
    held, stop = lease(path), threading.Event()
    held.take()
    lease(path, attempt=2).take()
    with held.kept(stop):
        assert stop.wait(10)


def test_a_run_that_cannot_renew_it_stops_when_it_runs_out(
    path: ObjectStoragePath, pass_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cor_provider.sync.lease.SECONDS_BETWEEN_RENEWALS", 0.001)
    held, stop, tried = lease(path), threading.Event(), threading.Semaphore(0)
    held.take()

    def fail() -> None:
        tried.release()
        raise RuntimeError("what a store's client raises need not be an OSError")

    monkeypatch.setattr(held, "renew", fail)
    with held.kept(stop):
        pass_time(SECONDS - 1)
        assert all(tried.acquire(timeout=10) for _ in range(3))
        assert not stop.is_set()
        pass_time(1)
        assert stop.wait(10)


def test_a_lease_that_cannot_be_released_runs_out(
    path: ObjectStoragePath, pass_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = lease(path)
    held.take()

    def fail(*_: Any) -> None:
        raise RuntimeError("the store is away")

    with monkeypatch.context() as patch:
        patch.setattr(_files, "replace", fail)
        held.release()
    with pytest.raises(CorLedgerBusyError):
        lease(path, "other").take()
    pass_time(SECONDS)
    lease(path, "other").take()


def test_a_task_is_the_owner_for_all_its_tries() -> None:
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, try_number=1)
    again = SimpleNamespace(**{**vars(ti), "try_number": 2})
    one, other = Owner.from_context({"ti": ti}), Owner.from_context({"ti": again})
    assert (one.task, one.attempt, other.attempt) == (other.task, 1, 2)
    assert Owner.from_context({"ti": SimpleNamespace(**{**vars(ti), "map_index": 3})}).task == "d r t [3]"
    assert Owner.from_context({}).task != Owner.from_context({}).task


RACE = """
import sys
from airflow.providers.common.compat.sdk import ObjectStoragePath
from cor_provider.exceptions import CorLedgerBusyError
from cor_provider.sync.lease import Lease, Owner
lease = Lease(ObjectStoragePath(sys.argv[1]), Owner(sys.argv[2], 1, sys.argv[2]))
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
            for file in Path(path.path).parent.iterdir():  # let it run out
                file.write_text(json.dumps({"task": "gone", "attempt": 1, "until": 0}))
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
        for file in Path(path.path).parent.iterdir():
            file.write_text(json.dumps({"task": "gone", "attempt": 1, "until": 0}))
