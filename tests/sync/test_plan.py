"""The plan of a sync: what it would send, delete and forget, and what it leaves alone."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.exceptions import (
    CorDeleteGuardError,
    CorLeavesRejectedError,
    CorUnreadableRowError,
    CorValidationError,
)
from cor_provider.fields.unreadable_row import mark_row
from cor_provider.leave import LeaveRequest, UnreadableLeave
from cor_provider.outcome import LeaveOutcome
from cor_provider.sandbox import Sandbox
from cor_provider.sync.ledger import Ledger
from cor_provider.sync.ledger_entry import InCor, LeaveVersion, LedgerEntry
from cor_provider.sync.operations import CHANGES, Change, Operation, Operations
from cor_provider.sync.plan import Plan, UnfinishedPlanError, make_plan
from cor_provider.sync.window import Window
from support import Connect, leave
from sync_support import MAY, Run, TaskInstance, counts, held, open_ledger, plan_rows, planned, remembered, sent

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


def test_a_row_that_the_extract_could_not_read_protects_every_part_of_its_leave(
    sync: Run, sandbox: Sandbox, ledger: Path
) -> None:
    before = ["L1", "L1-first", "L1-last", "L1-2026-05-18", "L10", "L1.5", "L", "another"]
    sync([leave(one) for one in before])
    returned = sync([leave("L"), {"id": "L1", "user_id": mark_row("KeyError")}], max_rejected=1)
    assert returned == counts(received=2, unchanged=1, deleted=3, rejected=1)
    assert held(sandbox) == sorted(remembered(ledger)) == ["L", "L1", "L1-2026-05-18", "L1-first", "L1-last"]


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
    assert str(Plan(Window.read(MAY), Operations(operations))).startswith(words)


# Of any input and any ledger


LEDGER_DAYS = Window.read(MAY)
any_days = st.tuples(st.integers(1, 60), st.integers(0, 3)).map(
    lambda days: (date(2026, 4, 20) + timedelta(days[0]), date(2026, 4, 20) + timedelta(sum(days)))
)
any_version = st.builds(lambda user, days: LeaveVersion(user, *days), st.sampled_from(["u1", "u2"]), any_days)
any_entry = st.builds(
    LedgerEntry,
    st.lists(any_version, min_size=1, max_size=2).map(tuple),
    st.sampled_from(get_args(InCor)),
    st.none() | st.just("0" * 32),
)
any_id = st.sampled_from(["L1", "L1-first", "L1-last", 'L "4"'])
any_leave = st.builds(
    lambda leave_id, user, days: leave(leave_id, user_id=user, start=str(days[0]), end=str(days[1])),
    any_id,
    st.sampled_from(["u1", "u2"]),
    any_days,
).map(LeaveRequest.model_validate)
any_error = st.sampled_from([CorValidationError("start: is missing"), CorUnreadableRowError()])
unreadable = st.builds(UnreadableLeave, st.none() | any_id, any_error)


def plan_simply(
    leaves: list[LeaveRequest | UnreadableLeave], ledger: dict[str, LedgerEntry], ours: Ledger, *, reassert: bool
) -> tuple[list[tuple[Any, ...]], list[Operation]]:
    """Plan as a sync does, with all leave in memory: it is the model of one that holds none."""
    outcomes: list[tuple[Any, ...]] = []
    operations: list[Operation] = []
    seen: dict[str, str] = {}
    protected: set[str] = set()
    for position, one in enumerate(leaves, start=1):
        if isinstance(one, UnreadableLeave):
            is_row = isinstance(one.error, CorUnreadableRowError) and one.leave_id
            protected |= {one.leave_id or "", *(part for part in ledger if is_row and part.startswith(f"{is_row}-"))}
            outcomes.append((one.leave_id, "rejected", position))
            continue
        digest, before = ours.digest(one), ledger.get(one.id)
        if one.id in seen:
            outcomes.append((one.id, "unchanged" if seen[one.id] == digest else "rejected", position))
            continue
        seen[one.id] = digest
        if before and before.in_cor == "yes" and before.digest == digest and not reassert:
            outcomes.append((one.id, "unchanged", position))
        elif before and before.is_held:
            operations.append(Operation("update", one.id, one, before, digest, position))
        else:
            may_overwrite = ours.is_new or before is not None
            operations.append(Operation("create", one.id, one, before, digest, position, may_overwrite))
    for leave_id, entry in ledger.items():
        if leave_id not in seen and leave_id not in protected:
            change: Change = "delete" if entry.overlaps(LEDGER_DAYS) and not entry.is_foreign else "forget"
            operations.append(Operation(change, leave_id, None, entry, entry.digest))
    return outcomes, [one for change in CHANGES for one in operations if one.change == change]


def outcomes_of(plan: Generator[LeaveOutcome, None, Plan]) -> tuple[list[tuple[Any, ...]], Plan]:
    outcomes: list[tuple[Any, ...]] = []
    while True:
        try:
            one = next(plan)
        except StopIteration as end:
            return outcomes, end.value
        outcomes.append((one.leave_id, one.status, one.position))


@given(
    leaves=st.lists(any_leave | any_leave | unreadable, max_size=6),
    ledger=st.dictionaries(any_id, any_entry, max_size=4),
    gone=st.sets(any_id, max_size=2),
    options=st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
def test_a_plan_is_that_of_one_that_holds_all_in_memory(
    leaves: list[LeaveRequest | UnreadableLeave],
    ledger: dict[str, LedgerEntry],
    gone: set[str],
    options: tuple[bool, bool, bool],
    tmp_path: Path,
) -> None:
    known, is_new, reassert = options
    with closing(open_ledger(tmp_path)) as ours, closing(Operations()) as operations:
        if known:  # some of it is unchanged
            ledger |= {
                one.id: LedgerEntry((LeaveVersion.of(one),), "yes", ours.digest(one))
                for one in leaves[::2]
                if isinstance(one, LeaveRequest)
            }
        ours.entries.load([entry.to_line(leave_id) for leave_id, entry in ledger.items()])
        for leave_id in gone:  # such as those of a person who is to be forgotten
            assert ours.entries.pop(leave_id, None) == ledger.pop(leave_id, None)
        ours.is_new = is_new
        outcomes, plan = outcomes_of(make_plan(leaves, ours, LEDGER_DAYS, operations, reassert=reassert))
        assert (outcomes, list(operations)) == plan_simply(leaves, ledger, ours, reassert=reassert)
        mine = [entry for entry in ledger.values() if not entry.is_foreign]
        assert plan.remembered == len(mine)
        assert plan.in_window == sum(entry.overlaps(LEDGER_DAYS) for entry in mine)
        assert plan.received == len(leaves)
        assert plan.nameless == sum(isinstance(one, UnreadableLeave) and one.leave_id is None for one in leaves)
        statuses = Counter(status for _id, status, _position in outcomes)
        assert (plan.unchanged, plan.rejected) == (statuses["unchanged"], statuses["rejected"])


def test_what_is_read_when_the_input_fails_has_its_outcome_or_its_operation(tmp_path: Path) -> None:
    def read() -> Iterator[LeaveRequest]:
        yield LeaveRequest.model_validate(leave())
        yield LeaveRequest.model_validate(leave())
        raise OSError

    with closing(open_ledger(tmp_path)) as ours, closing(Operations()) as operations:
        making = make_plan(read(), ours, LEDGER_DAYS, operations, reassert=False)
        assert next(making).status == "unchanged"
        with pytest.raises(UnfinishedPlanError) as unfinished:
            next(making)
        assert isinstance(unfinished.value.__cause__, OSError)
        assert [one.position for one in unfinished.value.plan.not_sent()] == [1]


def test_leave_that_cannot_be_planned_since_the_disk_is_full_has_an_outcome_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with closing(open_ledger(tmp_path)) as ours, closing(Operations()) as operations:
        monkeypatch.setattr(operations, "add", fail)
        making = make_plan([LeaveRequest.model_validate(leave())], ours, LEDGER_DAYS, operations, reassert=False)
        one = next(making)
        assert (one.leave_id, one.status, one.position) == ("L1", "not_sent", 1)
        with pytest.raises(UnfinishedPlanError):
            next(making)


def test_a_ledger_that_cannot_be_counted_ends_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[IO[bytes]] = []

    def make() -> IO[bytes]:
        files.append(TemporaryFile())  # noqa: SIM115  # the entries close it
        return files[-1]

    monkeypatch.setattr("cor_provider.sync.ledger_entries.TemporaryFile", make)
    versions = (
        LeaveVersion("u1", date(2026, 5, 1), date(2026, 5, 2)),
        LeaveVersion("u2", date(2026, 5, 1), date(2026, 5, 2)),
    )
    with closing(open_ledger(tmp_path)) as ours, closing(Operations()) as operations:
        ours.entries.load([LedgerEntry(versions, "changing", None).to_line("L1")])
        files[0].close()
        with pytest.raises(UnfinishedPlanError) as unfinished:
            next(make_plan([], ours, LEDGER_DAYS, operations, reassert=False))
    assert isinstance(unfinished.value.__cause__, ValueError)
