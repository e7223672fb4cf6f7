"""The plan of a sync: what it would send, delete and forget, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cor_provider.exceptions import CorDeleteGuardError, CorLeavesRejectedError
from cor_provider.sandbox import Sandbox
from cor_provider.sync.plan import Operation, Plan
from cor_provider.sync.window import Window
from support import Connect, leave
from sync_support import MAY, Run, TaskInstance, counts, held, plan_rows, planned, remembered, sent

# What is sent


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
    with pytest.raises(CorLeavesRejectedError):
        sync([leave(user_id="later")])
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


# What a plan says


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


def test_leave_types_are_in_a_plan_only_if_asked_for(sync: Run, tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    sync([leave()], plan_only=True, plan_path=str(path))
    assert "vacation" not in path.read_text()
    sync([leave()], plan_only=True, plan_path=str(path), plan_shows_types=True)
    assert plan_rows(path)[0]["leave_type_id"] == "vacation"


def test_rejections_of_the_plan_are_named(sync: Run, task_instance: TaskInstance) -> None:
    sync([leave(), leave(end="2026-05-20"), leave("L2", start="soon")], max_rejected=2)
    rejected = [(one["id"], one["error"]) for one in task_instance.xcoms["rejected"]]
    assert rejected == [("L1", "ConflictingRepeatError"), ("L2", "ValidationError")]


@pytest.mark.parametrize(
    ("create", "may_overwrite", "words"),
    [
        (3, 0, "3 create, 0 update"),
        (3, 2, "1 create, 2 create or overwrite if COR has it, 0 update"),
        (3, 3, "3 create or overwrite if COR has it, 0 update"),
        (0, 0, "0 create, 0 update"),
    ],
)
def test_the_log_tells_creates_that_may_overwrite_from_others(create: int, may_overwrite: int, words: str) -> None:
    operations = [
        Operation("create", f"L{number}", None, None, None, may_overwrite=number < may_overwrite)
        for number in range(create)
    ]
    assert str(Plan(Window.read(MAY), operations=operations)).startswith(words)
