"""The example DAG for Frappe HR on a real PostgreSQL server: COR holds what HR says, run after run, leave by leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from example_dags.in_cor import timed, whole_days, xcoms_and_rendered_fields
from example_dags.postgres import Run, Transfer, start_transfer

NOW = "now() AT TIME ZONE 'Europe/Madrid'"
SUCCESS = dict.fromkeys(("extract", "delete", "push", "settle", "remember"), "success")

IN_COR = {
    "frappe-WEEK": whole_days("BUE", "2026-05-11", "2026-05-15"),
    "frappe-NEW-YEAR": whole_days("AKL", "2026-12-28", "2027-01-04"),
    "frappe-CLOCKS": whole_days("BER", "2026-03-28", "2026-03-30"),
    "frappe-SICK": whole_days("UTC", "2026-06-01", "2026-06-02", "absence"),
    "frappe-HALF-BUE": timed("BUE", "2026-06-08T12:00", "2026-06-08T16:00"),
    "frappe-HALF-BER": timed("BER", "2026-06-08T07:00", "2026-06-08T11:00"),
    "frappe-HALF-AKL": timed("AKL", "2026-06-07T21:00", "2026-06-08T01:00"),
    "frappe-HALF-UTC": timed("UTC", "2026-06-08T09:00", "2026-06-08T13:00"),
    "frappe-HALF-MAD": timed("MAD", "2026-06-08T07:00", "2026-06-08T11:00"),
    # The clocks change in between.
    "frappe-HALF-FIRST": timed("BER", "2026-10-23T11:00", "2026-10-26T17:00"),
    "frappe-HALF-LAST": timed("AKL", "2026-09-24T21:00", "2026-09-28T00:00"),
    "frappe-HALF-BETWEEN": whole_days("UTC", "2026-07-06", "2026-07-10"),
    "frappe-AMENDED": whole_days("UTC", "2026-08-05", "2026-08-07", "training"),
    "frappe-LOST": whole_days("UTC", "2026-08-17", "2026-08-18", "training"),
}
CHANGED = {
    "frappe-WEEK": whole_days("BUE", "2026-05-12", "2026-05-18"),
    "frappe-NEW-YEAR": whole_days("AKL", "2026-12-28", "2027-01-08"),
    "frappe-DRAFT": whole_days("UTC", "2026-08-14", "2026-08-14"),
}
CANCELLED = {"frappe-SICK", "frappe-CLOCKS"}
CHANGE = f"""
UPDATE "tabLeave Application" SET docstatus = 2, status = 'Cancelled', modified = {NOW}
WHERE name IN ('WEEK', 'SICK', 'CLOCKS');
INSERT INTO "tabLeave Application"
(name, amended_from, employee, leave_type, from_date, to_date, docstatus, status, modified) VALUES
('WEEK-1', 'WEEK', 'BUE', 'Annual Leave', '2026-05-12', '2026-05-18', 1, 'Approved', {NOW}),
('CLOCKS-1', 'CLOCKS', 'BER', 'Annual Leave', '2026-03-29', '2026-03-30', 0, 'Open', {NOW});
UPDATE "tabLeave Application" SET to_date = '2027-01-08', modified = {NOW} WHERE name = 'NEW-YEAR';
UPDATE "tabLeave Application" SET docstatus = 1, status = 'Approved', modified = {NOW} WHERE name = 'DRAFT';
"""  # noqa: S608  # nothing of it comes from outside
TOUCH = f"""UPDATE "tabLeave Application" SET modified = {NOW} WHERE name = 'HALF-AKL'"""  # noqa: S608
MOVE = f"""UPDATE "tabLeave Application" SET to_date = %s, modified = {NOW} WHERE name = 'HALF-BETWEEN'"""  # noqa: S608
ADD_BAD_ROWS = f"""
INSERT INTO "tabLeave Application" (name, employee, leave_type, from_date, to_date, modified) VALUES
('NEWCOMER', 'nobody', 'Annual Leave', '2026-09-01', '2026-09-02', {NOW}),
('BACKWARDS', 'UTC', 'Annual Leave', '2026-09-02', '2026-09-01', {NOW})
"""  # noqa: S608


@pytest.fixture(scope="module")
def transfer(
    load_dag: Callable[[str], Any],
    leave_exchange: Path,
    module_patch: pytest.MonkeyPatch,
    airflow_db: None,
) -> Iterator[Transfer]:
    dag = load_dag("postgres_frappe_to_cor")
    users = ("BUE", "BER", "AKL", "UTC", "MAD")
    with start_transfer(
        dag, "hr_frappe", "frappe.sql", users=users, folder=leave_exchange, patch=module_patch
    ) as transfer:
        yield transfer


@pytest.fixture(scope="module")
def first(transfer: Transfer) -> Run:
    return transfer.run()


@pytest.fixture(scope="module")
def second(first: Run, transfer: Transfer) -> Run:
    transfer.database.execute(CHANGE)
    return transfer.run()


@pytest.fixture
def without_overlap(transfer: Transfer, second: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(of_the_extract(transfer), "OVERLAP", timedelta())


def test_the_first_run_brings_exactly_the_approved_leave(first: Run) -> None:
    assert first.tasks == SUCCESS
    assert first.in_cor == IN_COR


def test_the_next_run_brings_what_changed_and_deletes_what_was_cancelled(second: Run) -> None:
    assert second.tasks == SUCCESS
    kept = {leave_id: leave for leave_id, leave in IN_COR.items() if leave_id not in CANCELLED}
    assert second.in_cor == {**kept, **CHANGED}


def test_the_next_run_reads_only_what_changed(second: Run) -> None:
    assert second.extracted == set(CHANGED)
    assert {leave_id for leave_id, status in second.outcomes if status == "deleted"} == CANCELLED


def test_leave_that_ended_before_the_first_day_is_not_sent(first: Run) -> None:
    assert {leave_id for leave_id in first.extracted if leave_id.startswith("frappe-OLD")} == set()


@pytest.mark.parametrize(
    ("leave_id", "change"),
    [
        ("frappe-HALF-MAD", """UPDATE "tabLeave Application" SET status = 'Rejected' WHERE name = 'HALF-MAD'"""),
        ("frappe-HALF-UTC", """DELETE FROM "tabLeave Application" WHERE name = 'HALF-UTC'"""),
    ],
    ids=["rejected after it was submitted", "deleted"],
)
def test_leave_that_is_no_longer_approved_is_deleted(
    transfer: Transfer, second: Run, leave_id: str, change: str
) -> None:
    assert leave_id in second.in_cor
    transfer.database.execute(change)
    run = transfer.run()
    assert run.tasks == SUCCESS
    assert leave_id not in run.in_cor
    assert (leave_id, "deleted") not in transfer.run().outcomes


@pytest.mark.usefixtures("second")
def test_leave_is_deleted_as_the_users_whose_it_was_when_it_was_sent(transfer: Transfer) -> None:
    transfer.database.execute("""UPDATE "tabLeave Application" SET employee = 'BER-2' WHERE employee = 'BER'""")
    transfer.database.execute("""UPDATE "tabLeave Application" SET docstatus = 2 WHERE name = 'HALF-BER'""")
    run = transfer.run()
    assert run.tasks == SUCCESS
    assert "frappe-HALF-BER" not in run.in_cor
    assert run.in_cor["frappe-HALF-FIRST"].user_id == "BER"


@pytest.mark.usefixtures("second")
def test_many_deletes_at_once_fail_the_run_until_a_person_allows_them(transfer: Transfer) -> None:
    transfer.database.execute("""UPDATE "tabLeave Application" SET docstatus = 2 WHERE name LIKE 'AMENDED%'""")
    assert transfer.run(max_deletes=0).tasks["extract"] == "failed"
    assert "frappe-AMENDED" not in transfer.run(max_deletes=1).in_cor


@pytest.mark.usefixtures("second")
def test_a_row_that_cannot_be_read_is_rejected_by_its_id_and_stops_nobody(transfer: Transfer) -> None:
    transfer.database.execute("""INSERT INTO "tabEmployee" VALUES ('ODD', 'Secret Name', 'Madrid')""")
    transfer.database.execute(
        """INSERT INTO "tabLeave Application" (name, employee, leave_type, from_date, to_date, half_day) VALUES
        ('ODD', 'ODD', 'Annual Leave', '2026-09-07', '2026-09-07', 1),
        ('EVEN', 'UTC', 'Annual Leave', '2026-09-07', '2026-09-07', 0)"""
    )
    run = transfer.run()
    transfer.database.execute("""DELETE FROM "tabLeave Application" WHERE name = 'ODD'""")
    assert run.tasks == {**SUCCESS, "remember": "skipped"}
    assert ("frappe-ODD", "rejected") in run.outcomes
    assert "frappe-EVEN" in run.in_cor


def test_a_zone_too_far_west_fails_the_run_with_the_name_of_the_constant(
    transfer: Transfer,
    second: Run,
    monkeypatch: pytest.MonkeyPatch,
    logged: Callable[[], str],
) -> None:
    transfer.database.execute(TOUCH)
    with monkeypatch.context() as patch:
        patch.setitem(of_the_extract(transfer), "COMPANY_ZONE", "America/Argentina/Buenos_Aires")
        assert transfer.run().tasks["extract"] == "failed"
    # Airflow 3 prints the log of a task, Airflow 2 logs it.
    assert "Set COMPANY_ZONE to the time zone in which HR writes" in logged()


@pytest.mark.usefixtures("second")
def test_a_zone_too_far_east_loses_no_change(transfer: Transfer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(of_the_extract(transfer), "COMPANY_ZONE", "Asia/Tokyo")
    transfer.run()
    transfer.database.execute(
        f"""UPDATE "tabLeave Application" SET to_date = '2026-08-15', modified = {NOW} WHERE name = 'DRAFT'"""  # noqa: S608
    )
    assert transfer.run().in_cor["frappe-DRAFT"] == whole_days("UTC", "2026-08-14", "2026-08-15")


@pytest.mark.usefixtures("second")
def test_a_dry_run_sends_nothing_and_the_next_run_reads_the_same(transfer: Transfer) -> None:
    transfer.database.execute(
        f"""UPDATE "tabLeave Application" SET to_date = '2026-08-19', modified = {NOW} WHERE name = 'LOST-1'"""  # noqa: S608
    )
    dry = transfer.run(dry_run=True)
    assert set(dry.tasks.values()) == {"skipped"}
    assert dry.in_cor["frappe-LOST"].end[:10] == "2026-08-18"
    assert transfer.run().in_cor["frappe-LOST"].end[:10] == "2026-08-19"


@pytest.mark.usefixtures("without_overlap")
def test_a_run_that_starts_later_does_not_skip_what_was_refused(transfer: Transfer) -> None:
    transfer.run()
    transfer.database.execute(
        f"""UPDATE "tabLeave Application" SET leave_type = 'Unheard of', modified = {NOW} WHERE name = 'WEEK-1'"""  # noqa: S608
    )
    refused = ("frappe-WEEK", "rejected")
    assert refused in transfer.run().outcomes
    transfer.database.execute(TOUCH)
    assert refused in transfer.run(since="2035-01-01T00:00:00Z").outcomes
    assert refused in transfer.run().outcomes
    transfer.database.execute("""UPDATE "tabLeave Application" SET leave_type = 'Annual Leave' WHERE name = 'WEEK-1'""")


def test_a_late_commit_is_found_by_the_overlap_and_only_by_it(
    transfer: Transfer, second: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_id, moved = "frappe-HALF-BETWEEN", whole_days("UTC", "2026-07-06", "2026-07-13")
    with closing(transfer.database.connect()) as session, session.cursor() as cursor:
        cursor.execute(MOVE, ["2026-07-13"])
        transfer.database.execute(TOUCH)
        transfer.run()
        session.commit()
    with monkeypatch.context() as patch:
        patch.setitem(of_the_extract(transfer), "OVERLAP", timedelta())
        assert transfer.run().in_cor[leave_id] == IN_COR[leave_id]
    assert transfer.run().in_cor[leave_id] == moved


@pytest.mark.usefixtures("without_overlap")
def test_refused_leave_is_read_again_by_the_next_run(transfer: Transfer) -> None:
    transfer.run()
    transfer.database.execute(ADD_BAD_ROWS)
    for _ in range(2):
        run = transfer.run()
        assert (run.tasks["settle"], run.tasks["remember"]) != ("success", "success")
        assert {("frappe-NEWCOMER", "rejected"), ("frappe-BACKWARDS", "rejected")} <= run.outcomes


@pytest.mark.usefixtures("without_overlap")
def test_the_start_of_the_extract_can_be_set_for_a_run(transfer: Transfer) -> None:
    in_cor = set(transfer.run().in_cor)
    assert in_cor <= transfer.run(since="2020-01-01T00:00:00Z").extracted


@pytest.mark.usefixtures("second")
def test_no_log_lists_leave(transfer: Transfer, logged: Callable[[], str]) -> None:
    assert transfer.run().tasks["extract"] == "success"
    # Airflow 3 prints the log of a task, Airflow 2 logs it.
    assert "frappe-WEEK" not in logged()


def test_airflow_keeps_no_hr_data(second: Run) -> None:
    kept = xcoms_and_rendered_fields("postgres_frappe_to_cor")
    assert "report.jsonl" in kept
    assert [one for one in ("Secret", "Annual Leave", "vacation", "2026-05-12", "BUE") if one in kept] == []


def of_the_extract(transfer: Transfer) -> dict[str, Any]:
    """Return the constants of the DAG, as its extract sees them."""
    constants: dict[str, Any] = transfer.dag.get_task("extract").python_callable.__globals__
    return constants
