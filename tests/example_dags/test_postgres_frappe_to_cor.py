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
SUCCESS = dict.fromkeys(("extract", "delete", "push", "remember"), "success")

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
    extract = transfer.dag.get_task("extract").python_callable
    monkeypatch.setitem(extract.__globals__, "OVERLAP", timedelta())


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


def test_a_late_commit_is_found_by_the_overlap_and_only_by_it(
    transfer: Transfer, second: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_id, moved = "frappe-HALF-BETWEEN", whole_days("UTC", "2026-07-06", "2026-07-13")
    with closing(transfer.database.connect()) as session, session.cursor() as cursor:
        cursor.execute(MOVE, ["2026-07-13"])
        transfer.run()
        session.commit()
    with monkeypatch.context() as patch:
        patch.setitem(transfer.dag.get_task("extract").python_callable.__globals__, "OVERLAP", timedelta())
        assert transfer.run().in_cor[leave_id] == IN_COR[leave_id]
    assert transfer.run().in_cor[leave_id] == moved


@pytest.mark.usefixtures("without_overlap")
def test_refused_leave_is_read_again_by_the_next_run(transfer: Transfer) -> None:
    transfer.run()
    transfer.database.execute(ADD_BAD_ROWS)
    for _ in range(2):
        run = transfer.run()
        assert run.tasks == {**SUCCESS, "push": "failed", "remember": "upstream_failed"}
        assert run.outcomes == {("frappe-NEWCOMER", "rejected"), ("frappe-BACKWARDS", "rejected")}


@pytest.mark.usefixtures("without_overlap")
def test_the_start_of_the_extract_can_be_set_for_a_run(transfer: Transfer) -> None:
    assert set(IN_COR) - CANCELLED <= transfer.run(since="2020-01-01T00:00:00Z").extracted


def test_airflow_keeps_no_hr_data(second: Run) -> None:
    kept = xcoms_and_rendered_fields("postgres_frappe_to_cor")
    assert "report.jsonl" in kept
    assert [one for one in ("Secret", "Annual Leave", "vacation", "2026-05-12", "BUE") if one in kept] == []
