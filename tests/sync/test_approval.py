"""Approved plans: that and nothing else is done, and once."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cor_provider._compat import AirflowFailException
from cor_provider.exceptions import (
    CorConfigurationError,
    CorLeavesRejectedError,
    CorPlanChangedError,
    CorPushIncompleteError,
)
from cor_provider.sandbox import Sandbox
from support import Connect, leave
from sync_support import Run, TaskInstance, counts, held, plan_rows, planned, remembered, sent


def test_an_approved_plan_is_done(sync: Run, sandbox: Sandbox, tmp_path: Path) -> None:
    sync([leave("gone"), leave("changed")])
    leaves = [leave("changed", end="2026-05-20"), leave("new")]
    sync(leaves, plan_only=True, plan_path=f"{tmp_path}/plan.jsonl", plan_shows_types=True)
    returned = sync(leaves, approved_plan=f"{tmp_path}/plan.jsonl")
    assert returned == counts(received=2, created=1, updated=1, deleted=1)


@pytest.mark.parametrize("good", [0, 1, 2])
def test_an_approved_plan_that_was_cut_short_is_done_by_another_try(
    good: int, sync: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    sync([leave("gone"), leave("changed")])
    leaves = [leave("changed", end="2026-05-20"), leave("new")]
    sync(leaves, plan_only=True, plan_path=f"{tmp_path}/plan.jsonl")
    for _ in range(good):
        sandbox.answer_next(204, commit=True)
    sandbox.answer_next(503)
    options = {"approved_plan": f"{tmp_path}/plan.jsonl", "concurrency": 1}
    with pytest.raises(CorPushIncompleteError):
        sync(leaves, max_attempts=1, **options)
    sync(leaves, **options)
    assert {one.external_id: one.end[:10] for one in sandbox.leaves} == {"changed": "2026-05-20", "new": "2026-05-12"}


def test_an_approved_delete_that_is_no_longer_due_is_refused(sync: Run, tmp_path: Path) -> None:
    sync([leave("back"), leave("stays")])
    sync([leave("stays")], plan_only=True, plan_path=f"{tmp_path}/plan.jsonl")
    with pytest.raises(CorPlanChangedError, match="0 operations are new, 1 are gone, 0 are different"):
        sync([leave("back"), leave("stays")], approved_plan=f"{tmp_path}/plan.jsonl")


@pytest.mark.parametrize(
    ("leave_requests", "message"),
    [
        ([leave("new"), leave("newer")], "1 operations are new, 0 are gone, 0 are different"),
        ([], "0 operations are new, 1 are gone, 0 are different"),
        ([leave("new", leave_type_id="external-type-3")], "0 operations are new, 0 are gone, 1 are different"),
    ],
)
def test_another_plan_than_the_approved_one_is_refused(
    leave_requests: Any, message: str, sync: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    sync([leave("new")], plan_only=True, plan_path=f"{tmp_path}/plan.jsonl")
    with pytest.raises(CorPlanChangedError, match=message) as refusal:
        sync(leave_requests, approved_plan=f"{tmp_path}/plan.jsonl")
    assert isinstance(refusal.value, AirflowFailException)
    assert sandbox.leaves == ()


def test_an_approved_plan_of_another_key_is_refused_with_the_remedy(
    sync: Run, connect: Connect, sandbox: Sandbox, tmp_path: Path
) -> None:
    sync([leave()], plan_only=True, plan_path=f"{tmp_path}/plan.jsonl")
    connect(extra={"ledger_secret": "some long random text"})
    with pytest.raises(CorPlanChangedError, match="Extra ledger_secret"):
        sync([leave()], approved_plan=f"{tmp_path}/plan.jsonl")


def test_a_plan_that_is_missing_or_malformed_is_an_error(sync: Run, tmp_path: Path) -> None:
    with pytest.raises(CorConfigurationError, match="there is no file"):
        sync([leave()], approved_plan=f"{tmp_path}/plan.jsonl")
    (tmp_path / "plan.jsonl").write_text("[]")
    with pytest.raises(CorConfigurationError, match="is not a plan"):
        sync([leave()], approved_plan=f"{tmp_path}/plan.jsonl")


# What an approval binds


@pytest.fixture
def approve(sync: Run, tmp_path: Path) -> Callable[..., str]:
    """Return a function that plans, and returns the path of the plan that is approved then."""
    numbers = itertools.count()

    def write_plan(leave_requests: Any, **parameters: Any) -> str:
        path = f"{tmp_path}/approved-{next(numbers)}.jsonl"
        sync(leave_requests, plan_only=True, plan_path=path, **parameters)
        return path

    return write_plan


def refused(sync: Run, sandbox: Sandbox, message: str, leave_requests: Any, **parameters: Any) -> None:
    before = sandbox.leaves
    sent(sandbox)
    with pytest.raises(CorPlanChangedError, match=message):
        sync(leave_requests, **parameters)
    assert sent(sandbox) == []
    assert sandbox.leaves == before


CHANGED = [
    leave(user_id="u2"),
    leave(start="2026-05-18", end="2026-05-19"),
    leave(leave_type_id="external-type-3"),
]


@pytest.mark.parametrize("changed", CHANGED)
def test_an_approved_delete_is_not_of_what_became_of_the_leave_since(
    changed: dict[str, Any], sync: Run, sandbox: Sandbox, approve: Callable[..., str]
) -> None:
    sync([leave(), leave("L2")])
    plan = approve([leave("L2")])
    sync([changed, leave("L2")])
    refused(sync, sandbox, "0 are gone, 1 are different", [leave("L2")], approved_plan=plan)


def test_an_approval_is_used_up_by_the_run_that_does_it(
    sync: Run, sandbox: Sandbox, approve: Callable[..., str]
) -> None:
    sync([leave(), leave("L2")])
    plan = approve([leave("L2")])
    assert sync([leave("L2")], approved_plan=plan)["deleted"] == 1
    sync([leave(), leave("L2")])  # created anew, just as it was
    refused(sync, sandbox, "each approval is for one run", [leave("L2")], approved_plan=plan)
    assert sync([leave("L2")], approved_plan=approve([leave("L2")]))["deleted"] == 1


def test_a_run_that_was_approved_and_has_nothing_left_to_do_is_green(
    sync: Run, sandbox: Sandbox, approve: Callable[..., str]
) -> None:
    plan = approve([leave()])
    assert sync([leave()], approved_plan=plan)["created"] == 1
    sent(sandbox)
    assert sync([leave()], approved_plan=plan)["unchanged"] == 1
    assert sent(sandbox) == []


def test_an_approval_that_one_run_has_begun_to_use_is_not_for_another(
    sync: Run, sandbox: Sandbox, approve: Callable[..., str]
) -> None:
    plan = approve([leave(), leave("L2")])
    sandbox.answer_next(503)
    with pytest.raises(CorPushIncompleteError):
        sync([leave(), leave("L2")], approved_plan=plan, max_attempts=1, concurrency=1)
    another = TaskInstance()
    another.run_id = "another"
    refused(
        sync, sandbox, "each approval is for one run", [leave(), leave("L2")], approved_plan=plan,
        context={"ti": another},
    )  # fmt: skip
    assert sync([leave(), leave("L2")], approved_plan=plan)["created"] == 2


def test_an_approval_is_for_its_window(sync: Run, sandbox: Sandbox, approve: Callable[..., str]) -> None:
    sync([leave(), leave("L2")])
    plan = approve([leave("L2")])
    window = ("2026-05-02", "2026-05-31")
    refused(sync, sandbox, "approved for another window", [leave("L2")], approved_plan=plan, window=window)


def test_an_approval_is_of_what_is_forgotten(sync: Run, sandbox: Sandbox, approve: Callable[..., str]) -> None:
    sync([leave()])
    july = {"window": ("2026-07-01", "2026-07-31")}
    new = leave("new", start="2026-07-01", end="2026-07-02")
    plan = approve([new], **july)
    sync([leave(), leave("L2")])
    refused(sync, sandbox, "1 operations are new", [new], approved_plan=plan, **july)
    sync([leave()])  # deletes L2
    assert sync([new], approved_plan=plan, **july)["created"] == 1


# Creates that overwrite


def by_hand(sandbox: Sandbox, leave_id: str = "L1") -> None:
    """Put leave into COR that the sync knows nothing of."""
    sandbox.store.create_leave(
        source="GLOBANT", external_id=leave_id, user_id="u2", leave_type_id="vacation",
        start="2026-09-01T00:00:00-00:00", end="2026-09-02T23:59:00-00:00", all_day=True,
    )  # fmt: skip


def test_a_plan_says_which_creates_may_overwrite(
    sync: Run, sandbox: Sandbox, task_instance: TaskInstance, approve: Callable[..., str]
) -> None:
    (row,) = plan_rows(Path(approve([leave()])))
    assert (row["operation"], row["may_overwrite"]) == ("create", True)  # no ledger: COR may have anything
    assert task_instance.xcoms["planned"] == planned(create=1, may_overwrite=1)
    sync([leave()])
    (row,) = plan_rows(Path(approve([leave(), leave("L2")])))
    assert (row["id"], row["operation"], row["may_overwrite"]) == ("L2", "create", False)
    assert task_instance.xcoms["planned"] == planned(create=1, unchanged=1)


def test_the_page_says_so_too(sync: Run, tmp_path: Path) -> None:
    sync([leave()], plan_only=True, plan_path=f"{tmp_path}/plan.jsonl")
    page = (tmp_path / "plan.html").read_text()
    assert "Create,</span> or overwrite if COR has it" in page
    assert "<b>1</b> to create or overwrite if COR has it</span>" in page
    assert "</b> to create<" not in page


def test_an_approved_overwrite_is_done(sync: Run, sandbox: Sandbox, approve: Callable[..., str]) -> None:
    by_hand(sandbox)
    assert sync([leave()], approved_plan=approve([leave()]))["updated"] == 1


def test_a_create_that_was_approved_as_no_more_overwrites_nothing(
    sync: Run, sandbox: Sandbox, ledger: Path, task_instance: TaskInstance, approve: Callable[..., str]
) -> None:
    sync([leave("L2")])
    by_hand(sandbox)
    plan = approve([leave(), leave("L2")])
    with pytest.raises(CorLeavesRejectedError):
        sync([leave(), leave("L2")], approved_plan=plan)
    assert task_instance.xcoms["rejected"][0]["error"] == "DuplicateExternalIdError"
    assert {one.external_id: one.user_id for one in sandbox.leaves} == {"L1": "u2", "L2": "u1"}
    assert remembered(ledger) == {"L1": "foreign", "L2": "yes"}
    again = approve([leave(), leave("L2")])
    assert [row["may_overwrite"] for row in plan_rows(Path(again))] == [True]
    assert sync([leave(), leave("L2")], approved_plan=again)["updated"] == 1


def test_leave_that_was_not_overwritten_is_not_deleted_either(
    sync: Run, sandbox: Sandbox, ledger: Path, approve: Callable[..., str]
) -> None:
    sync([leave("L2")])
    by_hand(sandbox)
    assert sync([leave(), leave("L2")], approved_plan=approve([leave(), leave("L2")]), max_rejected=1)["rejected"] == 1
    assert sync([leave("L2")], max_deletes=0)["unchanged"] == 1
    assert held(sandbox) == ["L1", "L2"]
    assert remembered(ledger) == {"L2": "yes"}


def test_creates_that_were_approved_as_no_more_are_refused_once_the_ledger_is_gone(
    sync: Run, sandbox: Sandbox, ledger: Path, approve: Callable[..., str]
) -> None:
    sync([leave("L2")])
    plan = approve([leave(), leave("L2")])
    sync([], allow_empty=True)
    ledger.unlink()
    refused(sync, sandbox, "1 operations are new", [leave(), leave("L2")], approved_plan=plan)
    refused(sync, sandbox, "overwrite leave in COR. The approval does not cover that", [leave()], approved_plan=plan)


def test_a_plan_of_an_older_version_is_refused_by_name(sync: Run, tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    row = {"operation": "delete", "id": "L1", "user_id": "u1", "start": "2026-05-01", "end": "2026-05-02"}
    path.write_text(json.dumps({**row, "digest": "0" * 32}))
    with pytest.raises(CorConfigurationError, match="is not a plan that this version"):
        sync([leave()], approved_plan=str(path))


def test_a_retry_overwrites_no_more_than_was_approved(
    sync: Run, sandbox: Sandbox, ledger: Path, approve: Callable[..., str]
) -> None:
    sync([leave("L2")])
    by_hand(sandbox)
    leaves = [leave(), leave("L2"), leave("L3")]
    plan = approve(leaves)
    sandbox.answer_next(409, {"error": "DuplicateExternalIdError"})
    sandbox.answer_next(503)
    with pytest.raises(CorPushIncompleteError):
        sync(leaves, approved_plan=plan, max_attempts=1, concurrency=1)
    assert remembered(ledger)["L1"] == "foreign"
    sent(sandbox)
    assert sync(leaves, approved_plan=plan, max_rejected=1, concurrency=1)["created"] == 1
    assert sent(sandbox) == ["POST L1", "POST L3"]
    assert {one.external_id: one.user_id for one in sandbox.leaves} == {"L1": "u2", "L2": "u1", "L3": "u1"}


def test_a_create_that_was_cut_short_is_not_taken_for_anothers_leave(
    sync: Run, sandbox: Sandbox, ledger: Path, approve: Callable[..., str]
) -> None:
    sync([leave("L2")])
    plan = approve([leave(), leave("L2")])
    sandbox.drop_next(commit=True)
    with pytest.raises(CorPushIncompleteError):
        sync([leave(), leave("L2")], approved_plan=plan, max_attempts=1)
    assert sync([leave(), leave("L2")], approved_plan=plan, max_rejected=1)["rejected"] == 1
    assert remembered(ledger) == {"L1": "unknown", "L2": "yes"}
    assert sync([leave("L2")])["deleted"] == 1
    assert held(sandbox) == ["L2"]


def test_leave_that_may_be_anothers_after_a_lost_answer_is_not_taken_for_ours(
    sync: Run, sandbox: Sandbox, ledger: Path, approve: Callable[..., str]
) -> None:
    sync([leave("L2")])
    by_hand(sandbox)
    plan = approve([leave(), leave("L2")])
    sandbox.answer_next(500)
    sync([leave(), leave("L2")], approved_plan=plan)
    assert remembered(ledger) == {"L1": "unknown", "L2": "yes"}
    assert [row["may_overwrite"] for row in plan_rows(Path(approve([leave(), leave("L2")])))] == [True]


@pytest.mark.parametrize("left", [[leave(end="2026-05-20"), leave("L2")], [leave("L2")]])
def test_a_duplicate_that_answers_an_update_or_a_delete_makes_no_leave_foreign(
    left: list[dict[str, Any]], sync: Run, sandbox: Sandbox, ledger: Path, approve: Callable[..., str]
) -> None:
    sync([leave(), leave("L2")])
    plan = approve(left)
    sandbox.answer_next(409, {"error": "DuplicateExternalIdError"})
    with pytest.raises(CorLeavesRejectedError):
        sync(left, approved_plan=plan)
    assert remembered(ledger)["L1"] != "foreign"


def test_an_approval_that_finds_nothing_to_do_is_used_up(
    sync: Run, sandbox: Sandbox, approve: Callable[..., str]
) -> None:
    sync([leave(), leave("L2")])
    plan = approve([leave("L2")])
    sync([leave("L2")])  # another run deletes it
    assert sync([leave("L2")], approved_plan=plan) == counts(received=1, unchanged=1)
    sync([leave(), leave("L2")])
    refused(sync, sandbox, "each approval is for one run", [leave("L2")], approved_plan=plan)


def test_the_rest_of_an_approved_plan_is_done_if_another_run_did_a_part_of_it_meanwhile(
    sync: Run, sandbox: Sandbox, approve: Callable[..., str]
) -> None:
    sync([leave("gone"), leave("stays")])
    leaves = [leave("stays"), leave("new")]
    plan = approve(leaves)
    assert sync([leave("stays")])["deleted"] == 1
    assert sync(leaves, approved_plan=plan) == counts(received=2, created=1, unchanged=1)


def test_a_plan_that_has_an_operation_twice_is_not_ours(sync: Run, approve: Callable[..., str]) -> None:
    path = Path(approve([leave()]))
    path.write_text(path.read_text() * 2)
    with pytest.raises(CorConfigurationError, match="is not a plan that this version"):
        sync([leave()], approved_plan=str(path))


def test_foreign_leave_is_forgotten_without_a_guard_since_it_was_never_ours(
    sync: Run, sandbox: Sandbox, ledger: Path, approve: Callable[..., str]
) -> None:
    sync([leave("L2")])
    by_hand(sandbox)
    may = leave(start="2026-07-01", end="2026-07-02")
    assert sync([may, leave("L2")], approved_plan=approve([may, leave("L2")]), max_rejected=1)["rejected"] == 1
    assert sync([leave("L2")], max_deletes=0, max_delete_fraction=0.0)["unchanged"] == 1
    assert held(sandbox) == ["L1", "L2"]


def test_foreign_leave_that_becomes_ours_is_ours_alone(
    sync: Run, sandbox: Sandbox, ledger: Path, approve: Callable[..., str]
) -> None:
    sync([leave("L2")])
    by_hand(sandbox)
    sync([leave(), leave("L2")], approved_plan=approve([leave(), leave("L2")]), max_rejected=1)
    sandbox.answer_next(500)
    with pytest.raises(CorPushIncompleteError):
        sync([leave(end="2026-05-20"), leave("L2")], max_attempts=1)
    (row,) = [row for row in plan_rows(ledger) if row.get("id") == "L1"]
    assert row["versions"] == [["u1", "2026-05-11", "2026-05-20"]]


def test_what_was_forgotten_by_a_try_that_was_cut_short_is_done(
    sync: Run, sandbox: Sandbox, ledger: Path, approve: Callable[..., str]
) -> None:
    sync([leave()])
    july = {"window": ("2026-07-01", "2026-07-31")}
    new = [leave("new", start="2026-07-01", end="2026-07-02")]
    plan = approve(new, **july)
    sandbox.answer_next(503)
    with pytest.raises(CorPushIncompleteError):
        sync(new, approved_plan=plan, max_attempts=1, **july)
    assert sync(new, approved_plan=plan, **july)["created"] == 1
    assert remembered(ledger) == {"new": "yes"}


def test_that_the_key_changed_is_guessed_only_if_all_digests_differ(sync: Run, approve: Callable[..., str]) -> None:
    plan = approve([leave(), leave("L2")])
    for now in ([leave(), leave("L2", end="2026-05-20")], [leave(end="2026-05-20")]):
        with pytest.raises(CorPlanChangedError) as changed:
            sync(now, approved_plan=plan)
        assert "All digests differ" not in changed.value.message
