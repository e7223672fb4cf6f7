"""The example DAG for OrangeHRM's day rows on a real PostgreSQL server: COR holds what HR says, run after run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from example_dags.in_cor import leaves_in, timed, whole_days, xcoms_and_rendered_fields
from example_dags.postgres import Run, Transfer, start_transfer

SUCCESS = {"extract": "success", "sync": "success"}

IN_COR = {
    "orangehrm-10": whole_days("1", "2026-12-30", "2027-01-06"),
    "orangehrm-20": whole_days("2", "2026-03-28", "2026-03-30"),
    "orangehrm-30": whole_days("3", "2026-05-11", "2026-05-12"),
    "orangehrm-30-2026-05-14": whole_days("3", "2026-05-14", "2026-05-14"),
    "orangehrm-40": whole_days("4", "2026-06-01", "2026-06-01", "absence"),
    "orangehrm-51-2026-06-08": timed("1", "2026-06-08T12:00", "2026-06-08T16:00"),
    "orangehrm-52-2026-06-08": timed("2", "2026-06-08T11:00", "2026-06-08T16:00"),
    "orangehrm-53-2026-06-08": timed("3", "2026-06-07T21:00", "2026-06-08T01:00"),
    "orangehrm-54-2026-06-08": timed("4", "2026-06-08T08:00", "2026-06-08T10:30"),
    "orangehrm-60": whole_days("2", "2026-10-26", "2026-10-27"),
    "orangehrm-60-2026-10-23": timed("2", "2026-10-23T11:00", "2026-10-23T16:00"),
    "orangehrm-80-2026-12-14": timed("1", "2026-12-14T16:00", "2026-12-14T21:00"),
    "orangehrm-80": whole_days("1", "2026-12-15", "2026-12-15"),
    "orangehrm-80-2026-12-16": timed("1", "2026-12-16T12:00", "2026-12-16T16:00"),
    "orangehrm-90": whole_days("2", "2026-11-02", "2026-11-02"),
    "orangehrm-90-2026-11-04": whole_days("2", "2026-11-04", "2026-11-05"),
    "orangehrm-101": whole_days("4", "2026-01-01", "2026-01-01"),
    "orangehrm-110": whole_days("5", "2026-08-03", "2026-08-03"),
    "orangehrm-111": whole_days("6", "2026-08-03", "2026-08-03"),
    "orangehrm-112": whole_days("7", "2026-08-03", "2026-08-03"),
}
CHANGE = """
-- extended at both ends
INSERT INTO ohrm_leave (leave_request_id, emp_number, date) VALUES (20, 2, '2026-03-27'), (20, 2, '2026-03-31');
-- the gap is closed
UPDATE ohrm_leave SET status = 2 WHERE leave_request_id = 30;
-- cancelled as a whole, and a day in the middle
UPDATE ohrm_leave SET status = 0 WHERE leave_request_id = 40;
UPDATE ohrm_leave SET status = 0 WHERE leave_request_id = 10 AND date = '2027-01-01';
-- a half day becomes a whole one; pending becomes scheduled
UPDATE ohrm_leave SET duration_type = 0 WHERE leave_request_id = 51;
UPDATE ohrm_leave SET status = 2 WHERE leave_request_id = 70;
-- rows are deleted: a half day, the first day of a later run, and the only one of a request
DELETE FROM ohrm_leave WHERE leave_request_id = 80 AND date = '2026-12-16';
DELETE FROM ohrm_leave WHERE leave_request_id = 90 AND date = '2026-11-04';
DELETE FROM ohrm_leave WHERE leave_request_id = 110;
"""
CHANGED = {
    "orangehrm-10": whole_days("1", "2026-12-30", "2026-12-31"),
    "orangehrm-10-2027-01-04": whole_days("1", "2027-01-04", "2027-01-06"),
    "orangehrm-20": whole_days("2", "2026-03-27", "2026-03-31"),
    "orangehrm-30": whole_days("3", "2026-05-11", "2026-05-14"),
    "orangehrm-51": whole_days("1", "2026-06-08", "2026-06-08"),
    "orangehrm-70": whole_days("4", "2026-07-01", "2026-07-01"),
    "orangehrm-90-2026-11-05": whole_days("2", "2026-11-05", "2026-11-05"),
}
GONE = {
    "orangehrm-30-2026-05-14",
    "orangehrm-40",
    "orangehrm-51-2026-06-08",
    "orangehrm-80-2026-12-16",
    "orangehrm-90-2026-11-04",
    "orangehrm-110",
}
AWKWARD = """
-- no zone, two zones, a country that is not listed
INSERT INTO ohrm_leave (leave_request_id, emp_number, date, duration_type) VALUES
(201, 5, '2026-08-10', 1), (202, 6, '2026-08-10', 2), (203, 7, '2026-08-10', 1);
-- hours without times, of no length, and backwards; parts of a day that OrangeHRM does not have
INSERT INTO ohrm_leave (leave_request_id, emp_number, date, duration_type, start_time, end_time) VALUES
(204, 1, '2026-08-10', 3, NULL, NULL), (205, 1, '2026-08-11', 3, '09:00', '09:00'),
(206, 1, '2026-08-12', 3, '13:00', '09:00'), (207, 1, '2026-08-13', 9, NULL, NULL),
(208, 1, '2026-08-14', NULL, NULL, NULL);
-- a type without a name
INSERT INTO ohrm_leave (leave_request_id, emp_number, date, leave_type_id) VALUES (209, 1, '2026-08-17', 99);
-- what can be read of the same requests
INSERT INTO ohrm_leave (leave_request_id, emp_number, date) VALUES (201, 5, '2026-08-11'), (205, 1, '2026-08-20');
"""
REJECTED = {*(f"orangehrm-{request}-2026-08-10" for request in (201, 202, 203, 204)), "orangehrm-209"} | {
    f"orangehrm-{request}-2026-08-{request - 194}" for request in (205, 206, 207, 208)
}
READABLE = {
    "orangehrm-201": whole_days("5", "2026-08-11", "2026-08-11"),
    "orangehrm-205": whole_days("1", "2026-08-20", "2026-08-20"),
}


@pytest.fixture(scope="module")
def transfer(
    load_dag: Callable[[str], Any], leave_exchange: Path, module_patch: pytest.MonkeyPatch, airflow_db: None
) -> Iterator[Transfer]:
    dag = load_dag("postgres_orangehrm_to_cor")
    with start_transfer(
        dag, "hr_orangehrm", "orangehrm.sql", users="1234567", folder=leave_exchange, patch=module_patch
    ) as transfer:
        yield transfer


@pytest.fixture(scope="module")
def first(transfer: Transfer) -> Run:
    return transfer.run()


@pytest.fixture(scope="module")
def second(first: Run, transfer: Transfer) -> Run:
    transfer.database.execute(CHANGE)
    return transfer.run()


def test_the_first_run_brings_exactly_the_approved_days(first: Run) -> None:
    assert first.tasks == SUCCESS
    assert first.in_cor == IN_COR


def test_the_next_run_brings_what_changed_and_deletes_what_is_gone(second: Run) -> None:
    assert second.tasks == SUCCESS
    kept = {leave_id: leave for leave_id, leave in IN_COR.items() if leave_id not in GONE}
    assert second.in_cor == {**kept, **CHANGED}


def test_what_cannot_be_read_is_rejected_by_its_id_and_stops_nobody(
    second: Run, transfer: Transfer, logged: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    transfer.database.execute(AWKWARD)
    run = transfer.run()
    assert {leave_id for leave_id, status in run.outcomes if status == "rejected"} == REJECTED
    assert run.in_cor == {**second.in_cor, **READABLE}
    kept = logged() + xcoms_and_rendered_fields("postgres_orangehrm_to_cor")
    assert [one for one in ("Secret", "Vacation", "vacation", "2026-08-20") if one in kept] == []


def test_what_cannot_be_read_any_more_stays_as_it_was(
    second: Run, transfer: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = transfer.dag.get_task("extract").python_callable.__globals__
    monkeypatch.setitem(names, "ZONES", {name: zone for name, zone in names["ZONES"].items() if name != "DE"})
    run = transfer.run()
    assert ("orangehrm-52-2026-06-08", "rejected") in run.outcomes
    assert run.in_cor["orangehrm-52-2026-06-08"] == IN_COR["orangehrm-52-2026-06-08"]


def test_people_whom_cor_does_not_know_fail_the_run_only_if_they_are_many_and_stop_nobody(
    second: Run, transfer: Transfer
) -> None:
    transfer.database.execute("""
        INSERT INTO ohrm_leave (leave_request_id, emp_number, date)
        SELECT 300 + number, 9, '2026-09-01'::date + 2 * number FROM generate_series(1, 20) AS number;
        INSERT INTO ohrm_leave (leave_request_id, emp_number, date) VALUES (399, 1, '2026-09-01')
    """)
    run = transfer.run()
    assert run.tasks == {**SUCCESS, "sync": "failed"}
    assert "orangehrm-399" in run.in_cor
    assert transfer.run(max_rejected=100).tasks == SUCCESS


def test_more_deletions_than_the_trigger_allows_stop_the_run_before_anything_is_sent(
    second: Run, transfer: Transfer
) -> None:
    before = transfer.run(max_rejected=100).in_cor
    transfer.database.execute("DELETE FROM ohrm_leave WHERE leave_request_id IN (20, 30)")
    refused = transfer.run(max_rejected=100, max_deletes=1)
    assert refused.tasks == {**SUCCESS, "sync": "failed"}
    assert refused.in_cor == before
    run = transfer.run(max_rejected=100, max_deletes=2)
    assert run.tasks == SUCCESS
    assert before.keys() - run.in_cor.keys() == {"orangehrm-20", "orangehrm-30"}


def test_a_dry_run_sends_nothing(second: Run, transfer: Transfer) -> None:
    before = leaves_in(transfer.cor)
    transfer.database.execute("UPDATE ohrm_leave SET status = 0 WHERE leave_request_id = 10")
    run = transfer.run(dry_run=True)
    assert run.tasks == dict.fromkeys(SUCCESS, "skipped")
    assert run.in_cor == before


def test_ten_thousand_days_come_in_one_run(second: Run, transfer: Transfer) -> None:
    transfer.database.execute("""
        INSERT INTO ohrm_leave (leave_request_id, emp_number, date)
        SELECT 1000 + number / 20, 1, '2027-02-01'::date + number * 21 / 20 FROM generate_series(0, 9999) AS number
    """)
    run = transfer.run(max_rejected=100)
    assert run.tasks == SUCCESS
    many = [leave for leave in run.in_cor.values() if leave.start >= "2027-02-01"]
    days = sum((date.fromisoformat(one.end[:10]) - date.fromisoformat(one.start[:10])).days + 1 for one in many)
    assert days == 10_000
