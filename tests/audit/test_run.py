"""What an audit finds, what it marks in the ledger, and what the next sync sends because of that."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cor_provider.audit.compare import ABSENT, DELETED, UNSETTLED
from cor_provider.audit.findings import MAY_BE_OUTSIDE, NOTHING_TO_DELETE
from cor_provider.exceptions import CorAuthenticationError, CorDriftError, CorPushIncompleteError
from cor_provider.sandbox import Sandbox
from main_api import MainApi
from main_api import row as row_of
from support import Connect, leave
from sync_support import Run, TaskInstance, by_hand, found, held, plan_rows, remembered, sent

READINGS: list[dict[str, str]] = [
    {},
    {"paging": "row", "dates": "local"},
    {"paging": "ignored", "deleted": "absent"},
    {"dates": "local", "zone": "Pacific/Auckland", "unknown_user": "400"},
    {"dates": "local", "zone": "Asia/Kolkata", "deleted": "absent", "unknown_user": "empty"},
    {"paging": "row", "deleted": "cut"},
]


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_drift_is_found_and_healed_in_every_reading_of_cors_documentation(
    reading: dict[str, str], sync: Run, audit: Run, sandbox: Sandbox, request: pytest.FixtureRequest
) -> None:
    ledger = request.getfixturevalue("ledger")
    sandbox.main_api = reading
    clock = {"start": "2026-05-14T09:00:00Z", "end": "2026-05-14T13:00:00Z", "all_day": False}
    leaves = [leave(), leave("L2"), leave("L3", user_id="u2"), leave("L4", user_id="u2"), leave("timed", **clock)]
    sync(leaves)
    assert audit() == found(audited=5, confirmed=5)
    cor_ids = {stored.external_id: stored.cor_id for stored in sandbox.leaves}
    sandbox.delete_by_hand(cor_ids["L1"])
    sandbox.delete_by_hand(cor_ids["L3"])
    sandbox.move_by_hand(cor_ids["L2"], "2026-05-11", "2026-05-13")
    sandbox.add_by_hand(sandbox.store.user_cor_ids["GLOBANT", "u2"], "2026-05-30", "2026-06-02")
    drift = found(audited=5, confirmed=2, missing=2, changed=1, foreign=1)
    before = ledger.read_bytes()
    assert audit(max_drift=3) == drift
    assert ledger.read_bytes() == before
    assert audit(max_drift=3, heal=True) == drift
    assert remembered(ledger) == {"L1": "missing", "L2": "changing", "L3": "missing", "L4": "yes", "timed": "yes"}
    sandbox.clear_requests()
    assert sync(leaves)["unchanged"] == 2
    assert sorted(sent(sandbox)) == ["POST L1", "POST L3", "PUT L2"]
    assert audit() == found(audited=5, confirmed=5, foreign=1)
    sandbox.clear_requests()
    sync(leaves)
    assert sent(sandbox) == []


def test_an_audit_before_the_next_sync_finds_the_same_again(sync: Run, audit: Run, sandbox: Sandbox) -> None:
    sync([leave(), leave("L2")])
    sandbox.store.remove_leave("GLOBANT", "L1")
    sandbox.store.update_leave(external_id="L2", **by_hand("2026-05-01", "2026-05-01"))
    for _ in range(2):
        assert audit(max_drift=2, heal=True) == found(audited=2, missing=1, changed=1)
    sandbox.clear_requests()
    sync([leave(), leave("L2")])
    assert sent(sandbox) == ["PUT L2", "POST L1"]


def test_a_healing_audit_says_what_the_next_sync_does(
    sync: Run, audit: Run, sandbox: Sandbox, task_instance: TaskInstance
) -> None:
    sync([leave()])
    sandbox.store.remove_leave("GLOBANT", "L1")
    with pytest.raises(CorDriftError, match="the next sync sends them again"):
        audit(heal=True)
    assert task_instance.xcoms["return_value"]["missing"] == 1


def test_missing_leave_that_hr_has_cancelled_too_is_forgotten(
    sync: Run, audit: Run, sandbox: Sandbox, ledger: Path
) -> None:
    sync([leave(), leave("L2")])
    sandbox.store.remove_leave("GLOBANT", "L1")
    audit(max_drift=1, heal=True)
    sandbox.clear_requests()
    assert sync([leave("L2")])["deleted"] == 1
    assert sent(sandbox) == ["DELETE L1"]
    assert remembered(ledger) == {"L2": "yes"}


def test_changed_leave_that_is_gone_when_hr_cancels_it_is_deleted_once(
    sync: Run, audit: Run, sandbox: Sandbox, ledger: Path
) -> None:
    sync([leave(), leave("L2")])
    sandbox.store.update_leave(external_id="L1", **by_hand("2026-05-01", "2026-05-01"))
    audit(max_drift=1, heal=True)
    sandbox.store.remove_leave("GLOBANT", "L1")
    sandbox.clear_requests()
    assert sync([leave("L2")])["deleted"] == 1
    assert sent(sandbox) == ["DELETE L1"]
    assert remembered(ledger) == {"L2": "yes"}
    sync([leave("L2")])
    assert sent(sandbox) == []


def test_leave_whose_update_was_interrupted_is_not_marked_and_deleted_once_more(
    sync: Run, audit: Run, sandbox: Sandbox, ledger: Path
) -> None:
    sync([leave(), leave("L2")])
    sandbox.drop_next(commit=False)
    with pytest.raises(CorPushIncompleteError):
        sync(
            [leave(all_day=False, start="2026-05-11T09:00:00Z", end="2026-05-12T13:00:00Z"), leave("L2")],
            max_attempts=1,
        )
    assert audit(heal=True) == found(audited=2, confirmed=1, unverifiable=1)
    sandbox.store.remove_leave("GLOBANT", "L1")
    sandbox.clear_requests()
    sync([leave("L2")])
    assert remembered(ledger) == {"L1": "missing", "L2": "yes"}  # that update may have become a create
    sync([leave("L2")])
    assert sent(sandbox) == ["DELETE L1", "DELETE L1"]
    assert remembered(ledger) == {"L2": "yes"}


def test_leave_that_somebody_restores_before_the_sync_is_overwritten(
    sync: Run, audit: Run, sandbox: Sandbox, ledger: Path
) -> None:
    sync([leave()])
    sandbox.store.remove_leave("GLOBANT", "L1")
    audit(max_drift=1, heal=True)
    sandbox.store.create_leave(external_id="L1", **by_hand("2026-05-01", "2026-05-02"))
    assert sync([leave()])["updated"] == 1
    assert remembered(ledger) == {"L1": "yes"}
    assert audit() == found(audited=1, confirmed=1)


def test_leave_whose_external_id_cor_has_kept_is_updated(sync: Run, audit: Run, sandbox: Sandbox, ledger: Path) -> None:
    sync([leave()])
    sandbox.store.remove_leave("GLOBANT", "L1")
    audit(max_drift=1, heal=True)
    sandbox.clear_requests()
    sandbox.answer_next(400, {"error": "DuplicateExternalIdError"})
    sandbox.answer_next(200, {"statusCode": 200, "status": "success", "data": {"id": 5, "userId": 6}})
    assert sync([leave()])["updated"] == 1
    assert sent(sandbox) == ["POST L1", "PUT L1"]
    assert remembered(ledger) == {"L1": "yes"}


def test_without_drift_a_healing_audit_leaves_the_ledger_as_it_is(sync: Run, audit: Run, ledger: Path) -> None:
    sync([leave()])
    before = ledger.read_bytes()
    audit(heal=True)
    assert ledger.read_bytes() == before


def test_what_was_found_before_cor_went_down_is_marked(sync: Run, audit: Run, sandbox: Sandbox, ledger: Path) -> None:
    sync([leave(), leave("L2", user_id="u2"), leave("L3", user_id="external-user-id-3")])
    sandbox.store.remove_leave("GLOBANT", "L3")  # of whom COR lists first
    sandbox.go_down(after=1)
    with pytest.raises(CorPushIncompleteError):
        audit(heal=True, concurrency=1, max_attempts=1)
    assert remembered(ledger) == {"L1": "yes", "L2": "yes", "L3": "missing"}


@pytest.mark.parametrize("heal", [False, True])
def test_leave_that_was_just_sent_is_no_drift_yet(
    heal: bool, sync: Run, audit: Run, sandbox: Sandbox, ledger: Path
) -> None:
    sync([leave(), leave("L2")])
    sandbox.store.remove_leave("GLOBANT", "L1")
    assert audit(hours=0.9, heal=heal) == found(audited=2, confirmed=1, unverifiable=1)
    assert remembered(ledger)["L1"] == "yes"


def test_what_a_sync_sends_while_the_audit_runs_is_no_drift(
    sync: Run, audit: Run, connect: Connect, ledger: Path, sandbox: Sandbox
) -> None:
    sync([leave(), leave("L2")])
    (cor_user_id,) = {row["cor_user_id"] for row in plan_rows(ledger) if "in_cor" in row}
    with MainApi() as cor:
        cor.leaves = {cor_user_id: []}  # as if both were deleted

        def run_a_sync() -> None:
            connect()
            sync([leave(end="2026-05-20"), leave("L2")])

        cor.before = run_a_sync
        connect(extra={"api_url": cor.url})
        assert audit(max_drift=9) == found(audited=2, missing=1, unverifiable=1)
    assert held(sandbox) == ["L1", "L2"]


def test_what_a_sync_creates_while_the_audit_runs_is_not_foreign(
    sync: Run, audit: Run, connect: Connect, ledger: Path, sandbox: Sandbox
) -> None:
    sync([leave()])
    (entry,) = [row for row in plan_rows(ledger) if "in_cor" in row]
    with MainApi() as cor:

        def run_a_sync() -> None:
            connect()
            sync([leave(), leave("L2")])
            days = {"start": "2026-05-11T00:00:00Z", "end": "2026-05-12T23:59:00Z"}
            listed = [row_of(one.cor_id, user_id=entry["cor_user_id"], **days) for one in sandbox.leaves]
            cor.leaves = {entry["cor_user_id"]: [*listed, row_of(99, user_id=entry["cor_user_id"], **days)]}

        cor.before = run_a_sync
        connect(extra={"api_url": cor.url})
        assert audit() == found(audited=1, confirmed=1, foreign=1)


# What the ledger does not know


def test_leave_without_an_id_of_cors_is_unknown(
    sync: Run, audit: Run, sandbox: Sandbox, create: Callable[..., Any], tmp_path: Path
) -> None:
    create([leave()])
    sandbox.answer_next(409, {"error": "DuplicateExternalIdError"})
    sandbox.answer_next(204, commit=True)  # without a body
    sync([leave()])
    report = f"{tmp_path}/audit.jsonl"
    assert audit(report_path=report) == found(audited=1, unknown=1, report=report)
    assert "the next update brings it" in plan_rows(Path(report))[0]["reason"].lower()


def test_leave_in_cor_that_may_be_one_of_these_is_not_foreign(
    sync: Run, audit: Run, sandbox: Sandbox, create: Callable[..., Any]
) -> None:
    create([leave()])
    sync([leave("L2", start="2026-05-20", end="2026-05-20")])  # which says what COR calls the user
    sandbox.answer_next(409, {"error": "DuplicateExternalIdError"})
    sandbox.answer_next(204, commit=True)
    sync([leave("L2", start="2026-05-20", end="2026-05-20"), leave()])
    assert audit() == found(audited=2, confirmed=1, unknown=1)
    sandbox.store.create_leave(external_id="the same days", **by_hand("2026-05-11", "2026-05-12"))
    assert audit() == found(audited=2, confirmed=1, unknown=1, foreign=1)


def test_foreign_leave_has_a_day_in_the_window_and_is_not_deleted(sync: Run, audit: Run, sandbox: Sandbox) -> None:
    sync([leave(), leave("outside", start="2026-06-01", end="2026-06-02")])
    for number, days in enumerate([("2026-04-01", "2026-04-30"), ("2026-04-30", "2026-05-01"), ("2026-05-31",) * 2]):
        sandbox.store.create_leave(external_id=f"by hand {number}", **by_hand(*days))
    sandbox.store.create_leave(external_id="deleted", **by_hand("2026-05-20", "2026-05-20"))
    sandbox.store.remove_leave("GLOBANT", "deleted")
    assert audit() == found(audited=1, confirmed=1, foreign=2)


def test_rows_of_other_users_are_not_foreign(sync: Run, audit: Run, connect: Connect, ledger: Path) -> None:
    sync([leave()])
    (entry,) = [row for row in plan_rows(ledger) if "in_cor" in row]
    with MainApi() as cor:
        days = {"start": "2026-05-11T00:00:00Z", "end": "2026-05-12T23:59:00Z"}
        ours, theirs = row_of(entry["cor_id"], user_id=entry["cor_user_id"], **days), row_of(1, user_id=2, **days)
        cor.leaves = {entry["cor_user_id"]: [ours, theirs]}
        connect(extra={"api_url": cor.url})
        assert audit() == found(audited=1, confirmed=1)


def test_foreign_leave_whose_dates_cannot_be_read_is_listed_with_what_cor_sends(
    sync: Run, audit: Run, connect: Connect, ledger: Path, tmp_path: Path
) -> None:
    sync([leave()])
    (entry,) = [row for row in plan_rows(ledger) if "in_cor" in row]
    user, report = entry["cor_user_id"], f"{tmp_path}/audit.jsonl"
    with MainApi() as cor:
        ours = row_of(entry["cor_id"], user_id=user, start="2026-05-11T00:00:00Z", end="2026-05-12T23:59:00Z")
        cor.leaves = {user: [ours, row_of(99, user_id=user, start="11/05/2026", end=None)]}
        connect(extra={"api_url": cor.url})
        assert audit(report_path=report) == found(audited=1, confirmed=1, foreign=1, report=report)
    foreign = plan_rows(Path(report))[1]
    assert (foreign["cor_id"], foreign["cor_start"], foreign["cor_end"]) == (99, "11/05/2026", None)
    assert foreign["reason"] == MAY_BE_OUTSIDE


@pytest.mark.parametrize("deleted", ["kept", "absent"])
def test_missing_leave_says_whether_cor_shows_it_as_deleted(
    deleted: str, sync: Run, audit: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.main_api = {"deleted": deleted}
    sync([leave()])
    sandbox.store.remove_leave("GLOBANT", "L1")
    audit(max_drift=1, report_path=f"{tmp_path}/audit.jsonl")
    (row,) = plan_rows(tmp_path / "audit.jsonl")
    if deleted == "kept":
        assert row["reason"] == DELETED
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row["cor_deleted_at"])
        assert row["cor_start"] == "2026-05-11T00:00:00.000Z"
    else:
        assert (row["reason"], row["cor_deleted_at"], row["cor_start"]) == (ABSENT, None, None)


def test_what_an_interrupted_run_has_left_is_unverifiable(
    sync: Run, audit: Run, sandbox: Sandbox, ledger: Path
) -> None:
    sync([leave()])
    sandbox.drop_next(commit=False)
    with pytest.raises(CorPushIncompleteError):
        sync([leave(end="2026-06-20")], max_attempts=1)
    sandbox.store.remove_leave("GLOBANT", "L1")
    assert audit() == found(audited=1, unverifiable=1)
    assert audit(heal=True) == found(audited=1, unverifiable=1)
    assert remembered(ledger) == {"L1": "changing"}


def test_leave_whose_delete_is_under_way_is_unverifiable_even_if_cor_shows_it(
    sync: Run, audit: Run, sandbox: Sandbox, ledger: Path, tmp_path: Path
) -> None:
    sync([leave(), leave("L2")])
    sandbox.drop_next(commit=False)
    with pytest.raises(CorPushIncompleteError):
        sync([leave("L2")], max_attempts=1)
    report = f"{tmp_path}/audit.jsonl"
    assert audit(report_path=report) == found(audited=2, confirmed=1, unverifiable=1, report=report)
    assert plan_rows(Path(report))[0]["reason"] == UNSETTLED


def test_leave_that_cor_had_not_when_it_was_to_be_deleted_is_unknown(
    sync: Run, audit: Run, sandbox: Sandbox, ledger: Path, tmp_path: Path
) -> None:
    sync([leave(), leave("L2")])
    sandbox.drop_next(commit=True)
    with pytest.raises(CorPushIncompleteError):
        sync([leave("L2")], max_attempts=1)
    sync([leave("L2")])
    assert remembered(ledger) == {"L1": "missing", "L2": "yes"}
    report = f"{tmp_path}/audit.jsonl"
    assert audit(report_path=report) == found(audited=2, confirmed=1, unknown=1, report=report)
    assert plan_rows(Path(report))[0]["reason"] == NOTHING_TO_DELETE


def test_leave_without_an_id_of_cors_is_unknown_even_if_the_audit_ends_early(
    sync: Run, audit: Run, sandbox: Sandbox, create: Callable[..., Any], task_instance: TaskInstance
) -> None:
    create([leave()])
    sync([leave("L2")])
    sandbox.answer_next(409, {"error": "DuplicateExternalIdError"})
    sandbox.answer_next(204, commit=True)
    sync([leave("L2"), leave()])
    sandbox.answer_next(401)
    with pytest.raises(CorAuthenticationError):
        audit()
    assert task_instance.xcoms["return_value"] == found(audited=2, unknown=1, unverifiable=1)


def test_leave_whose_create_was_not_answered_is_not_foreign(sync: Run, audit: Run, sandbox: Sandbox) -> None:
    sync([leave("L2", start="2026-05-20", end="2026-05-20")])
    sandbox.drop_next(commit=True)
    with pytest.raises(CorPushIncompleteError):
        sync([leave("L2", start="2026-05-20", end="2026-05-20"), leave()], max_attempts=1)
    assert audit() == found(audited=2, confirmed=1, unknown=1)


def test_leave_that_the_sync_left_to_others_is_not_audited(
    sync: Run, audit: Run, create: Callable[..., Any], ledger: Path, tmp_path: Path
) -> None:
    sync([leave("L2")])
    create([leave()])
    plan = f"{tmp_path}/plan.jsonl"
    sync([leave(), leave("L2")], plan_only=True, plan_path=plan)
    sync([leave(), leave("L2")], approved_plan=plan, max_rejected=1)
    assert remembered(ledger) == {"L2": "yes", "L1": "foreign"}
    assert audit() == found(audited=1, confirmed=1, foreign=1)


# How it asks


def test_each_user_is_asked_about_once_and_nobody_who_has_no_leave_in_the_window(
    sync: Run, audit: Run, sandbox: Sandbox
) -> None:
    sync(
        [
            *(leave(f"L{number}") for number in range(9)),
            leave("out", user_id="u2", start="2026-06-01", end="2026-06-01"),
        ]
    )
    sandbox.clear_requests()
    assert audit()["confirmed"] == 9
    (request,) = sandbox.requests
    assert f"usersId={sandbox.store.user_cor_ids['GLOBANT', 'u1']}&" in request.query


@pytest.mark.parametrize("paging", ["page", "row"])
def test_leave_behind_a_page_from_which_cor_leaves_rows_out_is_not_missing(
    sync: Run, audit: Run, sandbox: Sandbox, paging: str
) -> None:
    sync([leave(f"L{number}") for number in range(60)])
    for _ in range(45):
        by_hand_too = sandbox.add_by_hand(sandbox.store.user_cor_ids["GLOBANT", "u1"], "2026-05-30", "2026-05-30")
        sandbox.delete_by_hand(by_hand_too.cor_id)
    sandbox.main_api = {"deleted": "cut", "paging": paging}
    assert audit() == found(audited=60, confirmed=60)
