"""The example DAG for OrangeHRM's day rows on a real PostgreSQL server: COR holds what HR says, run after run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from example_dags.in_cor import timed, whole_days
from example_dags.postgres import Run, Transfer, start_transfer

SUCCESS = dict.fromkeys(("extract", "delete", "push", "remember"), "success")

IN_COR = {
    "orangehrm-10": whole_days("1", "2026-12-30", "2027-01-06"),
    "orangehrm-20": whole_days("2", "2026-03-28", "2026-03-30"),
    "orangehrm-30": whole_days("3", "2026-05-11", "2026-05-12"),
    "orangehrm-30-2026-05-14": whole_days("3", "2026-05-14", "2026-05-14"),
    "orangehrm-40": whole_days("4", "2026-06-01", "2026-06-01", "absence"),
    "orangehrm-51-2026-06-08": timed("1", "2026-06-08T12:00", "2026-06-08T16:00"),
    "orangehrm-52-2026-06-08": timed("2", "2026-06-08T11:00", "2026-06-08T16:00"),
    "orangehrm-53-2026-06-08": timed("3", "2026-06-07T21:00", "2026-06-08T01:00"),
    "orangehrm-54-2026-06-08": timed("4", "2026-06-08T10:00", "2026-06-08T12:30"),
    "orangehrm-60": whole_days("2", "2026-10-26", "2026-10-27"),
    "orangehrm-60-2026-10-23": timed("2", "2026-10-23T11:00", "2026-10-23T16:00"),
}
CHANGE = """
-- extended at both ends
INSERT INTO ohrm_leave (leave_request_id, emp_number, date, updated_at) VALUES
(20, 2, '2026-03-27', now()), (20, 2, '2026-03-31', now());
-- the gap is closed
UPDATE ohrm_leave SET status = 2 WHERE leave_request_id = 30;
-- cancelled as a whole, and a day in the middle
UPDATE ohrm_leave SET status = 0 WHERE leave_request_id = 40;
UPDATE ohrm_leave SET status = 0 WHERE leave_request_id = 10 AND date = '2027-01-01';
-- a half day becomes a whole one; pending becomes scheduled
UPDATE ohrm_leave SET duration_type = 0 WHERE leave_request_id = 51;
UPDATE ohrm_leave SET status = 2 WHERE leave_request_id = 70;
"""
CHANGED = {
    "orangehrm-10": whole_days("1", "2026-12-30", "2026-12-31"),
    "orangehrm-10-2027-01-04": whole_days("1", "2027-01-04", "2027-01-06"),
    "orangehrm-20": whole_days("2", "2026-03-27", "2026-03-31"),
    "orangehrm-30": whole_days("3", "2026-05-11", "2026-05-14"),
    "orangehrm-51": whole_days("1", "2026-06-08", "2026-06-08"),
    "orangehrm-70": whole_days("4", "2026-07-01", "2026-07-01"),
}
GONE = {"orangehrm-30-2026-05-14", "orangehrm-40", "orangehrm-51-2026-06-08"}


@pytest.fixture(scope="module")
def transfer(
    load_dag: Callable[[str], Any], leave_exchange: Path, module_patch: pytest.MonkeyPatch, airflow_db: None
) -> Iterator[Transfer]:
    dag = load_dag("postgres_orangehrm_to_cor")
    with start_transfer(
        dag, "hr_orangehrm", "orangehrm.sql", users="1234", folder=leave_exchange, patch=module_patch
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


def test_the_next_run_reads_only_requests_that_changed(second: Run) -> None:
    assert second.extracted == set(CHANGED)


def test_a_late_commit_is_found_by_the_overlap_and_only_by_it(
    transfer: Transfer, second: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_id = "orangehrm-52-2026-06-08"
    with closing(transfer.database.connect()) as session, session.cursor() as cursor:
        cursor.execute("UPDATE ohrm_leave SET status = 0 WHERE leave_request_id = 52")
        transfer.run()
        session.commit()
    with monkeypatch.context() as patch:
        patch.setitem(transfer.dag.get_task("extract").python_callable.__globals__, "OVERLAP", timedelta())
        assert leave_id in transfer.run().in_cor
    assert leave_id not in transfer.run().in_cor


def test_leave_of_somebody_whom_cor_does_not_know_is_read_again_by_the_next_run(
    transfer: Transfer, second: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(transfer.dag.get_task("extract").python_callable.__globals__, "OVERLAP", timedelta())
    transfer.run()
    transfer.database.execute("""
        INSERT INTO ohrm_leave (leave_request_id, emp_number, date, updated_at)
        SELECT 80, 5, day, now() FROM generate_series('2026-09-01'::timestamp, '2026-09-20', '1 day') AS day
    """)
    for _ in range(2):
        run = transfer.run()
        assert run.tasks == {**SUCCESS, "push": "failed", "remember": "upstream_failed"}
        assert run.extracted == {"orangehrm-80"}
