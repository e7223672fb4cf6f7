"""The example DAG for Odoo on a real PostgreSQL server: COR holds what HR says, run after run, leave by leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from example_dags.in_cor import timed, whole_days, xcoms_and_rendered_fields
from example_dags.postgres import Run, Transfer, start_transfer

NOW = "now() AT TIME ZONE 'UTC'"
SUCCESS = dict.fromkeys(("extract", "delete", "push", "settle", "remember"), "success")

IN_COR = {
    "odoo-1": whole_days("1", "2026-05-11", "2026-05-15"),
    # In UTC, it begins the day before.
    "odoo-2": whole_days("3", "2026-12-28", "2027-01-04"),
    "odoo-3": whole_days("2", "2026-06-01", "2026-06-02", "absence"),
    "odoo-4": whole_days("1", "2026-08-03", "2026-08-04", "training"),
    "odoo-5": whole_days("2", "2026-07-06", "2026-07-10"),
    "odoo-11": timed("1", "2026-06-08T06:00", "2026-06-08T10:00"),
    "odoo-12": timed("3", "2026-06-08T01:00", "2026-06-08T05:00"),
    "odoo-13": timed("2", "2026-06-09T15:00", "2026-06-09T17:30"),
    "odoo-32": whole_days("2", "2026-12-24", "2026-12-24"),
}
CHANGED = {
    "odoo-1": whole_days("1", "2026-05-12", "2026-05-15"),
    "odoo-2": whole_days("3", "2026-12-28", "2026-12-31"),
    "odoo-6": whole_days("3", "2027-01-04", "2027-01-04"),
    "odoo-21": whole_days("1", "2026-09-01", "2026-09-01"),
}
GONE = {"odoo-3", "odoo-4", "odoo-5"}
CHANGE = f"""
UPDATE hr_leave SET request_date_from = '2026-05-12', write_date = {NOW} WHERE id = 1;
UPDATE hr_leave SET request_date_to = '2026-12-31', write_date = {NOW} WHERE id = 2;
INSERT INTO hr_leave (id, employee_id, request_date_from, request_date_to, write_date)
VALUES (6, 3, '2027-01-04', '2027-01-04', {NOW});
UPDATE hr_leave SET state = 'validate', write_date = {NOW} WHERE id = 21;
UPDATE hr_leave SET state = 'refuse', write_date = {NOW} WHERE id = 3;
DELETE FROM hr_leave WHERE id = 4;
UPDATE hr_leave SET active = false, write_date = {NOW} WHERE id = 5;
"""  # noqa: S608  # nothing of it comes from outside
LATER_VERSIONS = {
    "18": "ALTER TABLE hr_leave DROP active",
    "19": """
        ALTER TABLE hr_leave ADD request_date_to_period varchar DEFAULT 'pm';
        UPDATE hr_leave SET request_date_to_period = request_date_from_period WHERE request_unit_half;
        UPDATE hr_leave SET request_unit_half = true WHERE id = 1
    """,
}


@pytest.fixture(scope="module")
def transfer(
    load_dag: Callable[[str], Any],
    leave_exchange: Path,
    module_patch: pytest.MonkeyPatch,
    airflow_db: None,
) -> Iterator[Transfer]:
    dag = load_dag("postgres_odoo_to_cor")
    with start_transfer(dag, "hr_odoo", "odoo.sql", users="123", folder=leave_exchange, patch=module_patch) as transfer:
        yield transfer


@pytest.fixture(scope="module")
def first(transfer: Transfer) -> Run:
    return transfer.run()


@pytest.fixture(scope="module")
def second(first: Run, transfer: Transfer) -> Run:
    transfer.database.execute(CHANGE)
    return transfer.run()


def test_the_first_run_brings_exactly_the_approved_leave(first: Run) -> None:
    assert first.tasks == SUCCESS
    assert first.in_cor == IN_COR


def test_leave_that_ended_before_the_first_day_is_not_sent(first: Run) -> None:
    assert first.extracted == set(IN_COR)


def test_the_next_run_brings_what_changed_and_deletes_what_is_gone(second: Run) -> None:
    assert second.tasks == SUCCESS
    assert second.in_cor == {**{one: leave for one, leave in IN_COR.items() if one not in GONE}, **CHANGED}


def test_the_next_run_sends_only_what_changed(second: Run) -> None:
    assert second.extracted == set(CHANGED)
    assert {leave_id for leave_id, status in second.outcomes if status == "deleted"} == GONE


@pytest.mark.usefixtures("second")
def test_leave_is_deleted_as_the_users_whose_it_was_when_it_was_sent(transfer: Transfer) -> None:
    transfer.database.execute("UPDATE hr_leave SET employee_id = 4, state = 'refuse' WHERE id = 13")
    run = transfer.run()
    assert run.tasks == SUCCESS
    assert "odoo-13" not in run.in_cor


@pytest.mark.usefixtures("second")
def test_a_row_that_cannot_be_read_is_rejected_by_its_id_and_stops_nobody(transfer: Transfer) -> None:
    transfer.database.execute(
        """INSERT INTO hr_leave
        (id, employee_id, request_unit_hours, request_date_from, request_date_to, date_from, date_to)
        VALUES (41, 1, true, '2026-10-01', '2026-10-01', NULL, NULL), (42, 1, false, NULL, NULL, NULL, NULL),
        (43, 1, false, '2026-10-02', '2026-10-02', NULL, NULL),
        (44, 1, true, '2026-10-03', '2026-10-03', '2026-10-03 08:00', '2026-10-03 08:00')"""
    )
    run = transfer.run()
    transfer.database.execute("DELETE FROM hr_leave WHERE id IN (41, 42, 44)")
    assert run.tasks == {**SUCCESS, "remember": "skipped"}
    rejected = {(f"odoo-{number}", "rejected") for number in (41, 42, 44)}
    assert {("odoo-43", "created"), *rejected} <= run.outcomes


@pytest.mark.usefixtures("second")
def test_a_run_that_starts_later_does_not_skip_what_was_refused(
    transfer: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(transfer.dag.get_task("extract").python_callable.__globals__, "OVERLAP", timedelta())
    transfer.run()
    transfer.database.execute(f"UPDATE hr_leave SET holiday_status_id = 4, write_date = {NOW} WHERE id = 11")  # noqa: S608
    refused = ("odoo-11", "rejected")
    assert refused in transfer.run().outcomes
    transfer.database.execute(f"UPDATE hr_leave SET write_date = {NOW} WHERE id = 12")  # noqa: S608
    assert refused in transfer.run(since="2035-01-01T00:00:00Z").outcomes
    assert refused in transfer.run().outcomes
    transfer.database.execute("UPDATE hr_leave SET holiday_status_id = 1 WHERE id = 11")


@pytest.mark.parametrize("version", LATER_VERSIONS)
def test_later_versions_of_odoo_are_read_alike(transfer: Transfer, second: Run, version: str) -> None:
    before = transfer.run().in_cor
    transfer.database.execute("DELETE FROM hr_leave WHERE id = 26")  # without its column, it would be approved
    transfer.database.execute("UPDATE hr_leave SET state = 'cancel' WHERE id = 5")
    transfer.database.execute(LATER_VERSIONS[version])
    again = transfer.run(since="2020-01-01T00:00:00Z")
    assert again.extracted == set(before)
    assert again.in_cor == before
    assert second.in_cor


@pytest.mark.usefixtures("second")
def test_no_log_lists_leave(transfer: Transfer, logged: Callable[[], str]) -> None:
    assert transfer.run().tasks["extract"] == "success"
    # Airflow 3 prints the log of a task, Airflow 2 logs it.
    assert "odoo-" not in logged()


def test_airflow_keeps_no_hr_data(second: Run) -> None:
    kept = xcoms_and_rendered_fields("postgres_odoo_to_cor")
    assert "report.jsonl" in kept
    assert [one for one in ("Secret", "Paid Time Off", "vacation", "2026-05-12") if one in kept] == []
    assert second.tasks == SUCCESS
