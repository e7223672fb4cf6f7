"""SyncLeavesOperator: what it sends, what it must not delete, and what it remembers."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, ObjectStoragePath

from cor_provider import _clock
from cor_provider.client.session import CorSession
from cor_provider.exceptions import (
    CorConfigurationError,
    CorDeleteGuardError,
    CorLeavesRejectedError,
    CorLedgerBusyError,
    CorLedgerError,
    CorPushIncompleteError,
)
from cor_provider.sandbox import Sandbox
from cor_provider.sync.lease import Lease, Owner
from cor_provider.sync.ledger import Ledger
from support import Connect, leave
from sync_support import ZERO, Run, TaskInstance, counts, held, plan_rows, planned, remembered, sent

# What is sent


def test_the_first_run_creates(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    assert sync([leave(), leave("L2")]) == counts(received=2, created=2)
    assert held(sandbox) == ["L1", "L2"]
    assert remembered(ledger) == {"L1": "yes", "L2": "yes"}


def test_the_counts_are_in_the_order_of_the_contract(sync: Run) -> None:
    assert list(sync([leave()])) == [*ZERO, "report", "plan"]


def test_what_did_not_change_costs_no_request(sync: Run, sandbox: Sandbox) -> None:
    sync([leave(), leave("L2")])
    sent(sandbox)
    assert sync([leave(), leave("L2")]) == counts(received=2, unchanged=2)
    assert sent(sandbox) == []


def test_deletes_come_first_then_updates_then_creates(sync: Run, sandbox: Sandbox) -> None:
    sync([leave("gone"), leave("changed")])
    sent(sandbox)
    returned = sync([leave("new"), leave("changed", end="2026-05-20")])
    assert returned == counts(received=2, created=1, updated=1, deleted=1)
    assert sent(sandbox) == ["DELETE gone", "PUT changed", "POST new"]
    assert held(sandbox) == ["changed", "new"]


def test_a_change_of_the_user_moves_the_leave(sync: Run, sandbox: Sandbox) -> None:
    sync([leave()])
    assert sync([leave(user_id="u2")])["updated"] == 1
    assert sandbox.leaves[0].user_id == "u2"
    assert sync([], allow_empty=True)["deleted"] == 1
    assert held(sandbox) == []


def test_reassert_sends_what_did_not_change(sync: Run, sandbox: Sandbox) -> None:
    sync([leave(), leave("L2")])
    sandbox.store.delete_leave(source="GLOBANT", external_id="L1", user_id="u1")
    sent(sandbox)
    assert sync([leave(), leave("L2")], reassert=True, concurrency=1) == counts(received=2, created=1, updated=1)
    assert sent(sandbox) == ["PUT L1", "POST L1", "PUT L2"]
    assert held(sandbox) == ["L1", "L2"]


def test_a_repeat_is_unchanged_and_a_contradiction_is_rejected(sync: Run, sandbox: Sandbox) -> None:
    returned = sync([leave(), leave(), leave(end="2026-05-20")], max_rejected=1)
    assert returned == counts(received=3, created=1, unchanged=1, rejected=1)
    assert sent(sandbox) == ["POST L1"]


def test_what_was_rejected_is_tried_again(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    with pytest.raises(CorLeavesRejectedError):
        sync([leave(user_id="later")])
    assert remembered(ledger) == {}
    sandbox.store.add_user("GLOBANT", "later", "Later")
    assert sync([leave(user_id="later")])["created"] == 1


def test_an_update_that_was_rejected_is_tried_again(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sync([leave()])
    assert sync([leave(user_id="later")], max_rejected=1)["rejected"] == 1
    assert remembered(ledger) == {"L1": "yes"}
    sandbox.store.add_user("GLOBANT", "later", "Later")
    assert sync([leave(user_id="later")])["updated"] == 1


def test_a_lost_ledger_heals(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sync([leave(), leave("L2")])
    ledger.unlink()
    assert sync([leave(), leave("L2", end="2026-05-20")]) == counts(received=2, updated=2)
    assert sync([leave()])["deleted"] == 1


def test_a_new_token_sends_everything_again_and_says_how_to_avoid_that(
    sync: Run, connect: Connect, sandbox: Sandbox, logged: Callable[[], str]
) -> None:
    sync([leave(), leave("L2"), leave("L3")])
    sandbox.token = sandbox.mint_token()
    connect()
    assert sync([leave(), leave("L2")]) == counts(received=2, updated=2, deleted=1)
    assert "Extra ledger_secret" in logged()
    assert sync([leave(), leave("L2")])["unchanged"] == 2


def test_a_ledger_secret_outlives_tokens(sync: Run, connect: Connect, sandbox: Sandbox) -> None:
    connect(extra={"ledger_secret": "some long random text"})
    sync([leave()])
    sandbox.token = sandbox.mint_token()
    connect(extra={"ledger_secret": "some long random text"})
    assert sync([leave()])["unchanged"] == 1


# What is deleted, and what is not


def test_what_is_no_longer_in_the_input_is_deleted(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sync([leave(), leave("L2")])
    assert sync([leave()]) == counts(received=1, unchanged=1, deleted=1)
    assert held(sandbox) == ["L1"]
    assert remembered(ledger) == {"L1": "yes"}


def test_what_fell_out_of_the_window_is_left_alone_and_forgotten(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sync([leave("past"), leave("now", start="2026-05-30", end="2026-06-02")])
    assert sync([], window=("2026-06-01", "2026-06-30"), allow_empty=True)["deleted"] == 1
    assert held(sandbox) == ["past"]
    assert remembered(ledger) == {}


def test_what_fell_out_of_the_window_is_forgotten_even_if_nothing_else_changes(sync: Run, ledger: Path) -> None:
    now = leave("now", start="2026-05-30", end="2026-06-02")
    sync([leave("past"), now])
    assert sync([now], window=("2026-06-01", "2026-06-30"))["unchanged"] == 1
    assert remembered(ledger) == {"now": "yes"}


def test_a_leave_outside_the_window_is_sent_and_remembered_like_others(sync: Run, sandbox: Sandbox) -> None:
    assert sync([leave(start="2027-01-01", end="2027-01-02")])["created"] == 1
    assert sync([leave(start="2027-01-01", end="2027-01-03")])["updated"] == 1


def test_leave_that_the_sync_did_not_put_there_is_never_deleted(sync: Run, sandbox: Sandbox) -> None:
    sandbox.store.create_leave(
        source="GLOBANT",
        external_id="by hand",
        user_id="u1",
        leave_type_id="vacation",
        start="2026-05-01T00:00:00-00:00",
        end="2026-05-02T23:59:00-00:00",
        all_day=True,
    )
    sync([leave()])
    sync([], allow_empty=True)
    assert held(sandbox) == ["by hand"]


def test_deleting_what_somebody_deleted_by_hand_is_fine(sync: Run, sandbox: Sandbox) -> None:
    sync([leave(), leave("L2")])
    sandbox.store.delete_leave(source="GLOBANT", external_id="L2", user_id="u1")
    assert sync([leave()])["deleted"] == 1


def test_an_unreadable_record_protects_its_leave(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sync([leave(), leave("L2")])
    returned = sync([leave(), leave("L2", start="soon")], max_rejected=1)
    assert returned == counts(received=2, unchanged=1, rejected=1)
    assert held(sandbox) == ["L1", "L2"]
    assert remembered(ledger) == {"L1": "yes", "L2": "yes"}


def test_an_unreadable_record_without_an_id_refuses_every_delete(sync: Run, sandbox: Sandbox) -> None:
    sync([leave(), leave("L2")])
    with pytest.raises(CorDeleteGuardError, match="1 records have no readable id"):
        sync([leave(), {}], max_rejected=1)
    assert held(sandbox) == ["L1", "L2"]
    assert sync([leave(), leave("L2"), {}], max_rejected=1)["unchanged"] == 2


# Trouble


def test_after_a_failed_delete_nothing_else_is_sent(
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


def test_a_configuration_error_accounts_for_everything(
    sync: Run, connect: Connect, sandbox: Sandbox, task_instance: TaskInstance
) -> None:
    sync([leave("gone"), leave("changed")])
    sandbox.revoke_tokens()
    with pytest.raises(CorConfigurationError):
        sync([leave("changed", end="2026-05-20"), leave("new")], concurrency=1)
    assert task_instance.xcoms["return_value"] == counts(received=2, not_sent=2)


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


def test_the_ledger_is_written_now_and_then_while_a_long_push_goes_on(
    sync: Run, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    each_request_takes(monkeypatch, 1.0)
    monkeypatch.setattr("cor_provider.sync.apply.SECONDS_BETWEEN_WRITES", 5.0)
    writes: list[int] = []
    write = Ledger.write

    def count(self: Ledger, **options: Any) -> None:
        writes.append(sum(entry.in_cor == "yes" for entry in self.entries.values()))
        write(self, **options)

    monkeypatch.setattr(Ledger, "write", count)
    sync([leave(f"L{number}") for number in range(20)], concurrency=1)
    assert writes == [0, 5, 10, 15, 20, 20]


def test_the_ledger_is_written_after_so_many_outcomes_however_little_time_they_take(
    sync: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cor_provider.sync.apply.FEWEST_BETWEEN_WRITES", 5)
    monkeypatch.setattr("cor_provider.sync.apply.LARGEST_SHARE_BETWEEN_WRITES", 0.5)
    writes: list[int] = []
    write = Ledger.write

    def count(self: Ledger, **options: Any) -> None:
        writes.append(sum(entry.in_cor == "yes" for entry in self.entries.values()))
        write(self, **options)

    monkeypatch.setattr(Ledger, "write", count)
    sync([leave(f"L{number}") for number in range(8)], concurrency=1)
    assert writes == [0, 5, 8]
    writes.clear()
    sync([leave(f"L{number}", end="2026-05-20") for number in range(40)], concurrency=1)
    assert writes == [0, 20, 40, 40]


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
        assert renewed.wait(10)
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
    assert busy.value.retry_after == pytest.approx(180, abs=10)  # a minute, and four times the timeout

    def wait(_stopping: threading.Event, seconds: float) -> None:
        for file in ledger.parent.glob("*.lock.*"):
            os.utime(file, (0, file.stat().st_mtime - seconds))

    monkeypatch.setattr(_clock, "wait", wait)
    assert sync([leave()], context={"ti": TaskInstance(try_number=2)})["unchanged"] == 1


def test_a_ledger_that_is_not_whole_stops_the_run(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sync([leave()])
    ledger.write_bytes(ledger.read_bytes()[:-20])
    sent(sandbox)
    with pytest.raises(CorLedgerError, match="cut off or altered"):
        sync([leave(), leave("L2")])
    assert sent(sandbox) == []


def test_an_input_that_breaks_off_sends_nothing(
    sync: Run, sandbox: Sandbox, tmp_path: Path, task_instance: TaskInstance
) -> None:
    def broken() -> Any:
        yield leave()
        yield leave("L2", start="soon")
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        sync(broken())
    assert sent(sandbox) == []
    assert task_instance.xcoms["return_value"] == counts(received=2, rejected=1, not_sent=1)


def test_nothing_personal_is_logged_or_handed_on(
    sync: Run, task_instance: TaskInstance, logged: Callable[[], str]
) -> None:
    sync([leave(), leave("L2")])
    with pytest.raises(CorDeleteGuardError) as refusal:
        sync([leave("L3", start="2026-05-07")], max_deletes=0)
    told = logged() + json.dumps(task_instance.xcoms) + str(refusal.value)
    for personal in ("u1", "vacation", "2026-05-1", "2026-05-07"):
        assert personal not in told


# Plans


def test_plan_only_sends_nothing_and_remembers_nothing(
    sync: Run, sandbox: Sandbox, ledger: Path, tmp_path: Path, task_instance: TaskInstance
) -> None:
    sync([leave("gone"), leave("changed"), leave("same")])
    before = ledger.read_bytes()
    sent(sandbox)
    path = tmp_path / "plans" / "plan.jsonl"
    leaves = [leave("changed", end="2026-05-20", user_id="u2"), leave("same"), leave("new"), leave("bad", start="soon")]
    returned = sync(leaves, plan_only=True, plan_path=str(path), max_rejected=1)
    assert returned == counts(received=4, unchanged=1, rejected=1, not_sent=2, plan=str(path))
    assert task_instance.xcoms["planned"] == planned(create=1, update=1, delete=1, unchanged=1, rejected=1)
    assert sent(sandbox) == []
    assert ledger.read_bytes() == before
    rows = plan_rows(path)
    assert all(len(row.pop("digest")) == 32 for row in rows)
    assert {row.pop("window") for row in rows} == {"2026-05-01/2026-05-31"}
    assert len({row.pop("plan") for row in rows}) == 1
    dates = {"start": "2026-05-11", "end": "2026-05-12"}
    assert rows == [
        {"operation": "delete", "id": "gone", "user_id": "u1", **dates},
        {
            "operation": "update",
            "id": "changed",
            "user_id": "u2",
            "start": "2026-05-11",
            "end": "2026-05-20",
            "previous_user_id": "u1",
            "previous_end": "2026-05-12",
        },
        {"operation": "create", "id": "new", "user_id": "u1", **dates, "may_overwrite": False},
    ]


def test_a_plan_waits_for_nobody(sync: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lease, "release", lambda _self: None)
    sync([leave()])
    assert sync([leave()], plan_only=True)["unchanged"] == 1


def test_a_plan_that_would_be_refused_is_written_with_a_warning(
    sync: Run, tmp_path: Path, logged: Callable[[], str]
) -> None:
    sync([leave()])
    sync([], plan_only=True, plan_path=f"{tmp_path}/plan.jsonl")
    assert len(plan_rows(tmp_path / "plan.jsonl")) == 1
    assert "This plan would be refused. The input is empty" in logged()


def test_leave_types_are_in_a_plan_only_if_asked_for(sync: Run, tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    sync([leave()], plan_only=True, plan_path=str(path))
    assert "vacation" not in path.read_text()
    sync([leave()], plan_only=True, plan_path=str(path), plan_shows_types=True)
    assert plan_rows(path)[0]["leave_type_id"] == "vacation"


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        (
            {"plan_path": "{folder}/a.jsonl", "report_path": "{folder}/a.jsonl"},
            "report_path: would overwrite the file of plan_path",
        ),
        ({"plan_path": "{folder}/a.jsonl", "approved_plan": "{folder}/a.jsonl"}, "plan_path: .*approved_plan"),
        ({"report_path": "{folder}/in.jsonl"}, "report_path: would overwrite the file of leave_requests"),
    ],
)
def test_no_file_overwrites_another(parameters: dict[str, str], told: str, sync: Run, tmp_path: Path) -> None:
    options = {name: path.format(folder=tmp_path) for name, path in parameters.items()}
    with pytest.raises(CorConfigurationError, match=told):
        sync(f"{tmp_path}/in.jsonl", **options)


def test_a_page_of_the_plan_is_written_beside_it(sync: Run, tmp_path: Path) -> None:
    sync([leave("new")], plan_path=f"{tmp_path}/a.b/plan.v1.jsonl")
    assert sorted(file.name for file in (tmp_path / "a.b").iterdir()) == ["plan.v1.html", "plan.v1.jsonl"]
    page = (tmp_path / "a.b" / "plan.v1.html").read_text()
    assert "u1: Create, Mon 11 May 2026 to Tue 12 May 2026; external id new" in page
    assert "vacation" not in page
    with pytest.raises(CorConfigurationError, match=r"plan\.jsonl"):
        sync([leave("new")], plan_path=f"{tmp_path}/plan.html")


def test_a_leave_that_was_refused_after_a_lost_answer_may_be_in_cor(sync: Run, sandbox: Sandbox, ledger: Path) -> None:
    sandbox.drop_next(commit=True)
    sandbox.answer_next(404, {"error": "UserNotFoundError"})
    assert sync([leave()], max_rejected=1)["rejected"] == 1
    assert remembered(ledger) == {"L1": "unknown"}
    assert sync([], allow_empty=True)["deleted"] == 1
    assert held(sandbox) == []
