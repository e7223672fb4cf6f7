"""
The example DAG for OrangeHRM against a model: rows of days that are written, changed and deleted, in any order.

After every run, COR holds each approved day of HR exactly once, and nothing else.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, ClassVar, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from cor_provider.operators.leaves import SyncLeavesOperator
from example_dags.in_cor import InCor, leaves_in, utc
from example_dags.postgres import Transfer, start_transfer
from sync_support import TaskInstance, execute_in_any_thread

FIRST_DAY = date(2026, 1, 1)
"""The first that the DAG reads; days below are counted from it, and two lie before it."""
ZONES = {1: "America/Argentina/Buenos_Aires", 3: "Pacific/Auckland"}
"""Of the employees. In Auckland, a day begins when it is the day before in UTC."""
TYPES = {1: "vacation", 2: "absence"}
APPROVED, DAYS_OFF, NOT_APPROVED = (2, 3), (4, 5), (-1, 0, 1)
TIMES = {1: (time(9), time(13)), 2: (time(13), time(18)), 3: (time(10), time(12, 30))}
"""Of the durations of a part of a day; 0 is a whole one."""

requests = st.sampled_from([1, 10])  # one id begins with the other
days = st.integers(-2, 7)


class Row(NamedTuple):
    """What a row says of its day."""

    status: int
    duration: int


rows = st.builds(
    Row,
    status=st.sampled_from(APPROVED * 4 + DAYS_OFF * 2 + NOT_APPROVED),
    duration=st.sampled_from([0, 0, 0, 1, 2, 3]),
)


class Part(NamedTuple):
    """A day of leave as COR is to hold it: whole, or from one moment to another."""

    user_id: str
    leave_type_id: str
    day: date
    start: str = ""
    end: str = ""


class DayRows(RuleBasedStateMachine):
    """Two leave requests of two employees, whose rows somebody edits."""

    transfer: ClassVar[Transfer]
    folders: ClassVar[Path]

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.mkdtemp(dir=self.folders)
        self.transfer.cor.store.clear_leaves()
        self.transfer.database.execute("TRUNCATE ohrm_leave")
        self.rows: dict[tuple[int, int], Row] = {}
        self.types = {1: 1, 10: 2}

    @rule(request=requests, day=days, row=rows, then_run=st.booleans())
    def write_a_day(self, request: int, day: int, row: Row, then_run: bool) -> None:
        self._write(request, {day: row})
        self._perhaps_run(then_run)

    @rule(request=requests, first=days, rows=st.lists(rows, min_size=2, max_size=6), then_run=st.booleans())
    def write_some_days(self, request: int, first: int, rows: list[Row], then_run: bool) -> None:
        self._write(request, dict(enumerate(rows, start=first)))
        self._perhaps_run(then_run)

    @rule(request=requests, first=days, count=st.integers(1, 10), then_run=st.booleans())
    def delete_rows(self, request: int, first: int, count: int, then_run: bool) -> None:
        self._delete(request, range(first, first + count))
        self._perhaps_run(then_run)

    @rule(request=requests, leave_type=st.sampled_from([*TYPES]))
    def change_the_type(self, request: int, leave_type: int) -> None:
        self.types[request] = leave_type
        self.transfer.database.execute(
            "UPDATE ohrm_leave SET leave_type_id = %s WHERE leave_request_id = %s", leave_type, request
        )

    @rule()
    def run(self) -> None:
        leaves = self._run_dag()
        parts = Counter(part for leave in leaves for part in parts_of(leave))
        expected = Counter(self._approved())
        covered_besides = parts - expected
        assert expected - parts == Counter()
        assert {(part.user_id, part.day) for part in covered_besides} <= self._days_off()
        assert set(covered_besides.values()) <= {1}
        ends = {part for leave in leaves for part in (parts_of(leave)[0], parts_of(leave)[-1])}
        assert ends <= expected.keys()

    def _perhaps_run(self, then_run: bool) -> None:
        if then_run:
            self.run()

    def _write(self, request: int, rows: dict[int, Row]) -> None:
        self._delete(request, rows)
        for day, row in rows.items():
            self.rows[request, day] = row
            start, end = TIMES[3] if row.duration == 3 else (None, None)
            values = request, employee(request), self.types[request], on(day), row.status, row.duration, start, end
            self.transfer.database.execute(
                "INSERT INTO ohrm_leave (leave_request_id, emp_number, leave_type_id, date, status, duration_type, "
                "start_time, end_time) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                *values,
            )

    def _delete(self, request: int, days: Any) -> None:
        self.rows = {key: row for key, row in self.rows.items() if key[0] != request or key[1] not in days}
        self.transfer.database.execute(
            "DELETE FROM ohrm_leave WHERE leave_request_id = %s AND date = ANY(%s)", request, [on(day) for day in days]
        )

    def _approved(self) -> Iterator[Part]:
        for (request, day), row in self.rows.items():
            if day >= 0 and row.status in APPROVED:
                user, leave_type = employee(request), TYPES[self.types[request]]
                times = [utc(str(on(day)), at, ZONES[user]) for at in TIMES.get(row.duration, ())]
                yield Part(str(user), leave_type, on(day), *times)

    def _days_off(self) -> set[tuple[str, date]]:
        return {(str(employee(one)), on(day)) for (one, day), row in self.rows.items() if row.status in DAYS_OFF}

    def _run_dag(self) -> list[InCor]:
        """Run the tasks as the DAG has them, without Airflow around them: it would take most of the time."""
        dag = self.transfer.dag
        path = dag.get_task("extract").python_callable(f"file://{self.folder}/leaves.jsonl")
        sync = SyncLeavesOperator(
            task_id="sync",
            leave_requests=path,
            source="GLOBANT",
            window=dag.get_task("sync").window,
            ledger=f"file://{self.folder}/ledger",
            max_delete_fraction=1.0,
            allow_empty=True,
        )
        execute_in_any_thread(sync, {"ti": TaskInstance()})
        return [*leaves_in(self.transfer.cor).values()]


def employee(request: int) -> int:
    return {1: 1, 10: 3}[request]


def on(day: int) -> date:
    return FIRST_DAY + timedelta(days=day)


def parts_of(leave: InCor) -> list[Part]:
    """Return a leave day by day."""
    if not leave.all_day:
        moment = datetime.fromisoformat(leave.start[:19] + "+00:00")
        day = moment.astimezone(ZoneInfo(ZONES[int(leave.user_id)])).date()
        return [Part(leave.user_id, leave.leave_type_id, day, leave.start, leave.end)]
    first, last = (date.fromisoformat(at[:10]) for at in (leave.start, leave.end))
    whole = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [Part(leave.user_id, leave.leave_type_id, day) for day in whole]


def test_after_any_edits_of_day_rows_cor_holds_each_approved_day_once_and_nothing_else(
    load_dag: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dag = load_dag("postgres_orangehrm_to_cor")
    monkeypatch.setitem(dag.get_task("extract").python_callable.__globals__, "show_dry_run", lambda *_, **__: None)
    transfer = start_transfer(dag, "hr_orangehrm", "orangehrm.sql", users="13", folder=tmp_path, patch=monkeypatch)
    DayRows.folders = tmp_path
    with transfer as DayRows.transfer:
        run_state_machine_as_test(DayRows, settings=settings(stateful_step_count=12))
