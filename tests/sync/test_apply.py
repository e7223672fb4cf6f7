"""How a plan is carried out: what the ledger knows when a run is cut short, and what the next one makes of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import pytest

from cor_provider import _clock, _files
from cor_provider.client.session import CorSession
from cor_provider.exceptions import (
    CorConfigurationError,
    CorLeavesRejectedError,
    CorLedgerBusyError,
    CorPushIncompleteError,
)
from cor_provider.sandbox import Sandbox
from cor_provider.sync.ledger import Ledger
from operators_support import Create
from support import leave
from sync_support import (
    Run,
    TaskInstance,
    counts,
    during_the_first_request,
    fill_the_disk,
    held,
    plan_rows,
    remembered,
    sent,
)

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


# COR's own ids


def test_the_ledger_has_cors_own_ids_of_leave_and_user(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sync([leave(), leave("L2", user_id="u2")])
    users = sandbox.store.user_cor_ids
    ids = {one.external_id: (one.cor_id, users["GLOBANT", one.user_id]) for one in sandbox.leaves}
    rows = [row for row in plan_rows(ledger) if "in_cor" in row]
    assert {row["id"]: (row["cor_id"], row["cor_user_id"]) for row in rows} == ids
    sync([leave(end="2026-05-20"), leave("L2", user_id="u2")])
    (row, _) = [row for row in plan_rows(ledger) if "in_cor" in row]
    assert (row["cor_id"], row["cor_user_id"]) == ids["L1"]


def test_the_ids_of_leave_that_cor_had_already_come_with_the_next_update(
    sync: Run, sandbox: Sandbox, ledger: Path, create: Create
) -> None:
    create([leave()])
    sandbox.answer_next(409, {"error": "DuplicateExternalIdError"})
    sandbox.answer_next(204, commit=True)  # without a body
    sync([leave()])
    assert [row["cor_id"] for row in plan_rows(ledger) if "in_cor" in row] == [None]
    sync([leave(end="2026-05-20")])
    assert [row["cor_id"] for row in plan_rows(ledger) if "in_cor" in row] == [sandbox.leaves[0].cor_id]


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


# What goes wrong while a plan is carried out


def test_after_a_delete_that_failed_nothing_else_is_sent(
    sync: Run, sandbox: Sandbox, ledger: Path, task_instance: TaskInstance, tmp_path: Path
) -> None:
    sync([leave(), leave("L2")])
    sent(sandbox)
    sandbox.answer_next(500)
    with pytest.raises(CorPushIncompleteError, match="2 received: 1 unchanged, 1 not_sent; 1 to delete: 1 failed"):
        sync([leave("L3"), leave()], max_attempts=1, report_path=f"{tmp_path}/report.jsonl")
    assert sent(sandbox) == ["DELETE L2"]
    returned = counts(received=2, unchanged=1, not_sent=1, report=f"{tmp_path}/report.jsonl")
    assert task_instance.xcoms["return_value"] == returned
    assert remembered(ledger) == {"L1": "yes", "L2": "unknown"}
    rows = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    assert [(row["id"], row["status"], row["position"]) for row in rows] == [
        ("L1", "unchanged", 2), ("L2", "failed", None), ("L3", "not_sent", 1),
    ]  # fmt: skip
    assert sync([leave("L3"), leave()]) == counts(received=2, unchanged=1, created=1, deleted=1)


def test_a_delete_that_is_rejected_fails_the_task(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sync([leave(), leave("L2")])
    sandbox.answer_next(400, {"error": "ValidationError"})
    with pytest.raises(CorLeavesRejectedError, match="1 to delete: 1 rejected"):
        sync([leave()])
    assert remembered(ledger) == {"L1": "yes", "L2": "yes"}


def test_intents_are_written_before_the_first_request(
    sync: Run, sandbox: Sandbox, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync([leave("gone"), leave("changed"), leave("same")])
    during = []
    send = CorSession.request

    def look(*args: Any, **kwargs: Any) -> Any:
        during.append(remembered(ledger))
        return send(*args, **kwargs)

    monkeypatch.setattr(CorSession, "request", look)
    sync([leave("changed", end="2026-05-20"), leave("same"), leave("new")])
    assert during == [{"gone": "unknown", "changed": "changing", "same": "yes", "new": "unknown"}] * 3
    assert remembered(ledger) == dict.fromkeys(("changed", "same", "new"), "yes")


@pytest.mark.parametrize("error", [OSError("disk full"), CorLedgerBusyError("another run has taken over")])
def test_without_intents_written_nothing_is_sent_and_everything_accounted_for(
    error: Exception, sync: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, task_instance: TaskInstance
) -> None:
    def fail(_self: Ledger, **_: Any) -> None:
        raise error

    monkeypatch.setattr(Ledger, "write", fail)
    with pytest.raises(type(error)):
        sync([leave(), leave("L2")])
    assert sent(sandbox) == []
    assert task_instance.xcoms["return_value"] == counts(received=2, not_sent=2)


def test_an_update_cut_short_that_moved_a_leave_can_be_deleted_whosever_it_is(
    sync: Run, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for commit in (False, True):
        sync([leave()])
        sandbox.answer_next(500, commit=commit)
        with pytest.raises(CorPushIncompleteError):
            sync([leave(user_id="u2")], max_attempts=1)
        assert sandbox.leaves[0].user_id == ("u2" if commit else "u1")
        assert sync([], allow_empty=True)["deleted"] == 1
        assert held(sandbox) == []


def cut_short(sync: Run, sandbox: Sandbox) -> None:
    """Leave L2 with u1, while the ledger knows no more than that it is u1's or u2's."""
    sync([leave(), leave("L2")])
    sandbox.answer_next(500)
    with pytest.raises(CorPushIncompleteError):
        sync([leave(), leave("L2", user_id="u2")], max_attempts=1)


@pytest.mark.parametrize("lost", [False, True])
def test_what_cor_lacks_of_the_wrong_user_does_not_end_a_delete(lost: bool, sync: Run, sandbox: Sandbox) -> None:
    cut_short(sync, sandbox)
    if lost:
        sandbox.drop_next(commit=False)
    sandbox.answer_next(404, {"error": "LeaveNotFoundError"})  # as COR may say of a leave that is another's
    assert sync([leave()])["deleted"] == 1
    assert held(sandbox) == ["L1"]


def test_a_configuration_error_leaves_no_delete_without_an_outcome(
    sync: Run, sandbox: Sandbox, ledger: Path, tmp_path: Path
) -> None:
    cut_short(sync, sandbox)
    sandbox.answer_next(403)
    with pytest.raises(CorConfigurationError):
        sync([], allow_empty=True, concurrency=1, report_path=f"{tmp_path}/report.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    assert {row["id"]: row["status"] for row in rows} == {"L1": "failed", "L2": "not_sent"}
    assert sync([], allow_empty=True)["deleted"] == 2
    assert held(sandbox) == []


def test_what_is_not_sent_is_remembered_as_it_was(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    leaves = [leave("gone"), leave("gone too"), leave("changed")]
    sync(leaves)
    sandbox.answer_next(500)
    with pytest.raises(CorPushIncompleteError):
        sync([leave("changed", end="2026-05-20"), leave("new")], max_attempts=1, concurrency=1)
    assert remembered(ledger) == {"gone": "unknown", "gone too": "yes", "changed": "yes"}
    sent(sandbox)
    assert sync(leaves, concurrency=1) == counts(received=3, updated=1, unchanged=2)
    assert sent(sandbox) == ["POST gone", "PUT gone"]


def test_a_ledger_that_cannot_be_written_for_a_while_stops_nothing(
    sync: Run, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cor_provider.sync.apply.SECONDS_BETWEEN_WRITES", 0.0)
    write = Ledger.write
    writes = iter(range(1000))

    def fail_twice(self: Ledger, **options: Any) -> None:
        if next(writes) in {1, 2}:
            raise RuntimeError("what a store's client raises need not be an OSError")
        write(self, **options)

    monkeypatch.setattr(Ledger, "write", fail_twice)
    leaves = [leave(f"L{number}") for number in range(20)]
    assert sync(leaves, concurrency=1) == counts(received=20, created=20)
    assert set(remembered(ledger).values()) == {"yes"}


def each_request_takes(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    send, now = CorSession.request, [1_000.0]
    monkeypatch.setattr(_clock, "now", lambda: now[0])

    def take_time(*args: Any, **kwargs: Any) -> Any:
        now[0] += seconds
        return send(*args, **kwargs)

    monkeypatch.setattr(CorSession, "request", take_time)


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many leaves each write of a ledger knew to be in COR."""
    writes: list[int] = []
    write = Ledger.write

    def count(self: Ledger, **options: Any) -> None:
        writes.append(sum(entry.in_cor == "yes" for entry in self.entries.values()))
        write(self, **options)

    monkeypatch.setattr(Ledger, "write", count)
    return writes


def test_the_ledger_is_written_now_and_then_while_a_long_push_goes_on(
    sync: Run, writes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    each_request_takes(monkeypatch, 1.0)
    monkeypatch.setattr("cor_provider.sync.apply.SECONDS_BETWEEN_WRITES", 5.0)
    sync([leave(f"L{number}") for number in range(20)], concurrency=1)
    assert writes == [0, 5, 10, 15, 20, 20]


def test_the_ledger_is_written_after_so_many_outcomes_however_little_time_they_take(
    sync: Run, writes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cor_provider.sync.apply.FEWEST_BETWEEN_WRITES", 5)
    monkeypatch.setattr("cor_provider.sync.apply.LARGEST_SHARE_BETWEEN_WRITES", 0.5)
    sync([leave(f"L{number}") for number in range(8)], concurrency=1)
    assert writes == [0, 5, 8]
    writes.clear()
    sync([leave(f"L{number}", end="2026-05-20") for number in range(40)], concurrency=1)
    assert writes == [0, 20, 40, 40]


def test_a_leave_that_was_refused_after_a_lost_answer_may_be_in_cor(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sandbox.drop_next(commit=True)
    sandbox.answer_next(404, {"error": "UserNotFoundError"})
    with pytest.raises(CorLeavesRejectedError):
        sync([leave()])
    assert remembered(ledger) == {"L1": "unknown"}
    assert sync([], allow_empty=True)["deleted"] == 1
    assert held(sandbox) == []


def test_the_log_says_how_much_of_the_leave_to_create_cor_had_already(
    sync: Run, create: Create, logged: Callable[[], str]
) -> None:
    create([leave(), leave("L2")])
    sync([leave(), leave("L2"), leave("L3")])
    sync([leave(end="2026-05-13"), leave("L2"), leave("L3"), leave("L4")])
    line = "Of the leave to create, COR had 2 of 3 already: overwritten, so it counts as updated."
    text = logged()
    assert line in text
    assert text.count("already") == text.count(line)


# A full disk

FIRST = [leave(f"L{number}") for number in range(30)]
LATER = [leave(f"L{number}", end="2026-05-20") for number in range(10, 50)]


@pytest.mark.parametrize("of", [1, 2], ids=["the ledger's entries", "the plan"])
@pytest.mark.parametrize("pages", range(12, 60, 8))
def test_on_a_full_disk_everything_has_one_outcome_and_the_ledger_is_whole(  # noqa: PLR0917
    pages: int, of: int, sync: Run, sandbox: Sandbox, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(FIRST)
    sent(sandbox)
    report = ledger.parent.parent / "report.jsonl"
    with monkeypatch.context() as full:
        fill_the_disk(full, pages, of=of)
        error = error_of(lambda: sync(LATER, report_path=str(report)))
    assert error in {"", "database or disk is full"}
    rows = plan_rows(report)
    positions = [row["position"] for row in rows if row["position"]]
    assert sorted(positions) == list(range(1, len(positions) + 1))
    assert len(rows) == len({row["id"] for row in rows})
    assert not sent(sandbox) or len(rows) == 50
    assert set(held(sandbox)) <= set(remembered(ledger))
    sync(LATER)
    assert held(sandbox) == sorted(one["id"] for one in LATER)


def test_an_outcome_that_cannot_be_noted_stops_the_run_but_is_kept(
    sync: Run, sandbox: Sandbox, ledger: Path, task_instance: TaskInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    databases = []

    def make_for_any_thread() -> sqlite3.Connection:
        databases.append(sqlite3.connect("", isolation_level=None, check_same_thread=False))
        return databases[-1]

    monkeypatch.setattr(_files, "scratch", make_for_any_thread)

    def refuse_writes() -> None:
        for database in databases:
            database.execute("PRAGMA query_only = ON")

    during_the_first_request(monkeypatch, refuse_writes)
    assert error_of(lambda: sync(FIRST, concurrency=4)) == "attempt to write a readonly database"
    outcomes = task_instance.xcoms["return_value"]
    assert outcomes["created"] == len(sent(sandbox)) > 0
    assert outcomes["not_sent"] == len(FIRST) - outcomes["created"] > 0
    assert set(remembered(ledger).values()) == {"unknown"}


def test_if_the_temporary_file_is_cut_off_the_run_stops_and_the_ledger_has_what_it_intended(
    sync: Run, sandbox: Sandbox, ledger: Path, task_instance: TaskInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(FIRST)
    sent(sandbox)
    files: list[IO[bytes]] = []

    def make() -> IO[bytes]:
        files.append(TemporaryFile())  # noqa: SIM115  # the entries close it
        return files[-1]

    monkeypatch.setattr("cor_provider.sync.ledger_entries.TemporaryFile", make)
    monkeypatch.setattr("cor_provider.sync.apply.SECONDS_BETWEEN_WRITES", 0.0)

    def cut_off() -> None:
        files[0].truncate(0)

    during_the_first_request(monkeypatch, cut_off)
    with pytest.raises(OSError, match="cut off"):
        sync([*FIRST[:5], *LATER], concurrency=1)
    outcomes = task_instance.xcoms["return_value"]
    assert outcomes["not_sent"] > 0
    assert len(sent(sandbox)) == sum(outcomes[name] for name in ("created", "updated", "deleted"))
    assert set(held(sandbox)) <= set(remembered(ledger))
    sync([*FIRST[:5], *LATER])
    assert held(sandbox) == sorted(one["id"] for one in [*FIRST[:5], *LATER])


def error_of(work: Callable[[], object]) -> str:
    """Return what SQLite has raised; nothing if the work succeeds."""
    try:
        work()
    except sqlite3.Error as error:
        return str(error)
    return ""
