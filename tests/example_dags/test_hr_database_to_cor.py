"""The example DAG against the sample HR database and the sandbox: what COR holds is what HR says."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cor_provider.sandbox import Sandbox
from example_dags.in_cor import InCor, leaves_in, xcoms_and_rendered_fields
from example_dags.postgres import some_server
from postgres_server import new_database

WINDOW = {"first_day": "2026-01-01", "last_day": "2026-12-31"}

# Of the sample data, leave by leave: what cannot be in COR, and the error that says so.
REFUSED = {
    "HR-LAP-2026-00028": "UserNotFoundError",
    "HR-LAP-2026-00042": "LeaveTypeNotFoundError",
    "HR-LAP-2026-00045": "InvalidDateRangeError",
    "HR-LAP-2026-00048": "UserNotFoundError",
}
TWICE = "HR-LAP-2026-00054"


@dataclass
class Run:
    """A run of the DAG, and what it left behind."""

    state: str
    in_cor: dict[str, InCor]
    leaves: list[dict[str, Any]]
    report: list[dict[str, Any]]

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(row["status"] for row in self.report)


@pytest.fixture(scope="module")
def hr_dag(load_dag: Callable[[str], Any]) -> Any:
    dag = load_dag("hr_database_to_cor")
    for task in dag.tasks:
        task.retries = 0  # `dag.test()` would sit out the delay before a retry
    return dag


@pytest.fixture(scope="module")
def sandbox(example_dags: Path, module_patch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """COR, knowing everybody but the employee who joined last, as the Connection `cor_default`."""
    with Sandbox(seed=example_dags / "demo" / "cor.json") as sandbox:
        connection = {"conn_type": "cor", "host": sandbox.url, "password": sandbox.token}
        module_patch.setenv("AIRFLOW_CONN_COR_DEFAULT", json.dumps(connection))
        yield sandbox


@pytest.fixture(scope="module")
def run_dag(
    hr_dag: Any, sandbox: Sandbox, hr_database: Path, leave_exchange: Path, airflow_db: None
) -> Callable[[], Run]:
    def run() -> Run:
        before = set(leave_exchange.rglob("*.jsonl"))
        dag_run = hr_dag.test(run_conf=WINDOW)
        written = {path.stem: path for path in set(leave_exchange.rglob("*.jsonl")) - before}
        return Run(dag_run.state, leaves_in(sandbox), _read_lines(written["leaves"]), _read_lines(written["report"]))

    return run


@pytest.fixture(scope="module")
def first_run(run_dag: Callable[[], Run]) -> Run:
    return run_dag()


def test_refusals_that_the_dag_tolerates_leave_the_run_green(first_run: Run) -> None:
    assert first_run.state == "success"


def test_cor_holds_exactly_the_approved_leave_of_the_window(first_run: Run, hr_database: Path) -> None:
    expected = {leave_id: leave for leave_id, leave in _approved_by_hr(hr_database) if leave_id not in REFUSED}
    assert first_run.in_cor == expected
    assert len(expected) == 53


@pytest.mark.parametrize(
    ("leave_id", "expected"),
    [
        pytest.param(
            "HR-LAP-2024-00211", ("absence", "2024-09-02T00:00", "2027-08-31T23:59", True), id="three years long"
        ),
        pytest.param(
            "HR-LAP-2025-00431", ("vacation", "2025-12-29T00:00", "2026-01-09T23:59", True), id="over New Year"
        ),
        pytest.param(
            "HR-LAP-2026-00049", ("absence", "2026-10-05T00:00", "2027-02-05T23:59", True), id="over the next New Year"
        ),
        pytest.param(
            "HR-LAP-2025-00447", ("vacation", "2025-12-30T12:00", "2026-01-02T17:00", False), id="half first day"
        ),
        pytest.param(
            "HR-LAP-2026-00021", ("vacation", "2026-04-27T07:00", "2026-05-04T11:00", False), id="half last day"
        ),
        pytest.param(
            "HR-LAP-2026-00010", ("vacation", "2026-02-20T08:00", "2026-02-20T12:00", False), id="one half day"
        ),
        pytest.param(
            "HR-LAP-2026-00011",
            ("vacation", "2026-03-13T15:00", "2026-03-13T19:00", False),
            id="half day without a date",
        ),
        pytest.param(
            "HR-LAP-2026-00035", ("vacation", "2026-07-13T00:00", "2026-07-17T23:59", True), id="half day in between"
        ),
        pytest.param(
            "HR-LAP-2026-00005", ("absence", "2026-01-28T15:00", "2026-01-28T17:30", False), id="hours in Bogota"
        ),
        pytest.param(
            "HR-LAP-2026-00033", ("absence", "2026-07-15T14:00", "2026-07-15T15:30", False), id="hours in Madrid"
        ),
        pytest.param(
            "HR-LAP-2026-00013", ("vacation", "2026-03-27T12:00", "2026-03-30T16:00", False), id="half day into summer"
        ),
        pytest.param(
            "HR-LAP-2026-00014", ("vacation", "2026-03-28T00:00", "2026-04-06T23:59", True), id="all day into summer"
        ),
        pytest.param(
            "HR-LAP-2026-00051", ("vacation", "2026-10-23T07:00", "2026-10-26T12:00", False), id="half day into winter"
        ),
        pytest.param(
            "HR-LAP-2026-00052", ("vacation", "2026-10-19T00:00", "2026-10-30T23:59", True), id="all day into winter"
        ),
        pytest.param("HR-LAP-2026-00025", ("vacation", "2026-05-26T00:00", "2026-06-02T23:59", True), id="amended"),
        pytest.param(
            "HR-LAP-2026-00029", ("vacation", "2026-06-17T00:00", "2026-06-22T23:59", True), id="amended twice"
        ),
        pytest.param("HR-LAP-2026-00038", ("vacation", "2026-08-03T00:00", "2026-08-14T23:59", True), id="overlapped"),
        pytest.param("HR-LAP-2026-00039", ("absence", "2026-08-11T00:00", "2026-08-13T23:59", True), id="overlapping"),
        pytest.param(TWICE, ("vacation", "2026-11-16T00:00", "2026-11-20T23:59", True), id="twice in HR, once in COR"),
    ],
)
def test_an_awkward_leave_is_in_cor_as_meant(
    first_run: Run, leave_id: str, expected: tuple[str, str, str, bool]
) -> None:
    leave_type_id, start, end, all_day = expected
    assert first_run.in_cor[leave_id][1:] == (leave_type_id, f"{start}:00-00:00", f"{end}:00-00:00", all_day)


@pytest.mark.parametrize(
    "leave_id",
    [
        pytest.param("HR-LAP-2025-00402", id="over before the window"),
        pytest.param("HR-LAP-2026-00059", id="begins after the window"),
        pytest.param("HR-LAP-2026-00023", id="cancelled"),
        pytest.param("HR-LAP-2026-00025-1", id="an amendment, which goes by the first document's name"),
        pytest.param("HR-LAP-2026-00041", id="rejected"),
        pytest.param("HR-LAP-2026-00055", id="still open"),
        pytest.param("HR-LAP-2026-00056", id="a draft"),
    ],
)
def test_leave_that_is_not_in_force_or_not_in_the_window_is_not_even_extracted(first_run: Run, leave_id: str) -> None:
    assert leave_id not in {leave["id"] for leave in first_run.leaves}


def test_the_report_accounts_for_every_extracted_leave(first_run: Run) -> None:
    assert Counter(row["id"] for row in first_run.report) == Counter(leave["id"] for leave in first_run.leaves)
    assert first_run.outcomes == {"created": 53, "existing": 1, "rejected": 4}


def test_the_report_names_the_error_of_every_refused_leave(first_run: Run) -> None:
    assert {row["id"]: row["error"] for row in first_run.report if row["status"] == "rejected"} == REFUSED


def test_a_leave_that_hr_holds_twice_is_created_once(first_run: Run) -> None:
    assert sorted(row["status"] for row in first_run.report if row["id"] == TWICE) == ["created", "existing"]


def test_the_extract_holds_what_cor_needs_and_nothing_else(first_run: Run) -> None:
    assert {tuple(leave) for leave in first_run.leaves} == {
        ("id", "user_id", "leave_type_id", "start", "end", "all_day")
    }


def test_airflow_keeps_no_hr_data(first_run: Run, hr_database: Path) -> None:
    kept = xcoms_and_rendered_fields("hr_database_to_cor")
    assert "report.jsonl" in kept
    personal = _query(hr_database, "SELECT name, employee_name, company_email FROM employee")
    personal += _query(hr_database, "SELECT leave_type, description, employee FROM leave_application")
    assert [value for row in personal for value in row if value in kept] == []


def test_a_repeated_run_changes_nothing(first_run: Run, run_dag: Callable[[], Run]) -> None:
    again = run_dag()
    assert again.state == "success"
    assert again.outcomes == {"existing": 54, "rejected": 4}
    assert again.in_cor == first_run.in_cor


@pytest.fixture
def extract_on(
    hr_dag: Any, hr_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], set[str]]:
    """Run the extract on a given day and without parameters; return the ids of what it found."""

    def extract(today: str) -> set[str]:
        function = hr_dag.get_task("extract").python_callable
        monkeypatch.setitem(function.__globals__, "datetime", _clock_at(today))
        monkeypatch.setitem(function.__globals__, "show_dry_run", _no_dry_run)
        path = function(f"file://{tmp_path}/{today}.jsonl", "", "")
        return {leave["id"] for leave in _read_lines(Path(path.removeprefix("file://")))}

    return extract


def test_without_parameters_the_window_begins_30_days_ago(extract_on: Callable[[str], set[str]]) -> None:
    ends_on_15_may = "HR-LAP-2026-00022"
    assert ends_on_15_may in extract_on("2026-06-14")
    assert ends_on_15_may not in extract_on("2026-06-15")


def test_without_parameters_the_window_ends_in_365_days(extract_on: Callable[[str], set[str]]) -> None:
    begins_on_11_january_2027 = "HR-LAP-2026-00059"
    assert begins_on_11_january_2027 in extract_on("2026-01-11")
    assert begins_on_11_january_2027 not in extract_on("2026-01-10")


WITHOUT: dict[str, Any] = {"half_day": 0, "half_day_date": None, "custom_from_time": None, "custom_to_time": None}
BAD_ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "no such zone": ("HR-EMP-BAD", {"half_day": 1}),
    "no time of day": ("HR-EMP-00001", {"custom_from_time": "9 am", "custom_to_time": "10 am"}),
    "an open end": ("HR-EMP-00001", {"custom_from_time": "09:00"}),
    "no date": ("HR-EMP-00001", {"to_date": "2026-12-xx"}),
}


def test_a_row_that_cannot_be_read_is_rejected_by_its_id_and_the_others_arrive(
    run_dag: Callable[[], Run], first_run: Run, hr_database: Path
) -> None:
    _execute(
        hr_database,
        "INSERT INTO employee (name, employee_name, status, custom_time_zone) VALUES (?, '', '', ?)",
        [("HR-EMP-BAD", "Madrid")],
    )
    days = {"from_date": "2026-12-01", "to_date": "2026-12-01"}
    for leave_id, (employee, fields) in BAD_ROWS.items():
        _add_leave(hr_database, [{"name": leave_id, "employee": employee, **days, **WITHOUT, **fields}])
    _add_leave(hr_database, [{"name": "good", "employee": "HR-EMP-00001", **days, **WITHOUT}])
    try:
        run = run_dag()
    finally:
        names = [(name,) for name in (*BAD_ROWS, "good")]
        _execute(hr_database, "DELETE FROM leave_application WHERE name = ?", names)
    assert run.state == "success"
    assert run.in_cor.keys() - first_run.in_cor.keys() == {"good"}
    errors = {row["id"]: row["error"] for row in run.report if row["status"] == "rejected"}
    assert errors == {**REFUSED, **dict.fromkeys(BAD_ROWS, "UnreadableRowError")}


def test_a_dry_run_sends_nothing(
    hr_dag: Any, sandbox: Sandbox, hr_database: Path, leave_exchange: Path, airflow_db: None
) -> None:
    before = len(sandbox.requests)
    dag_run = hr_dag.test(run_conf={**WINDOW, "dry_run": True})
    assert {str(one.state) for one in dag_run.get_task_instances()} == {"skipped"}
    assert len(sandbox.requests) == before
    hr_dag.test(run_conf={**WINDOW, "dry_run": False})  # else Airflow 3 takes that of the run before


MANY = 10_000


@pytest.mark.bulk
def test_ten_thousand_rows_of_one_timestamp_arrive_from_postgresql(
    hr_dag: Any, example_dags: Path, leave_exchange: Path, monkeypatch: pytest.MonkeyPatch, airflow_db: None
) -> None:
    script = (example_dags / "demo" / "hr.sql").read_text(encoding="utf-8")
    add = f"""
        INSERT INTO leave_application (name, employee, leave_type, from_date, to_date, half_day, total_leave_days,
            status, docstatus, modified)
        SELECT 'MANY-' || n, 'HR-EMP-00001', 'Annual Leave', '2026-05-11', '2026-05-12', 0, 2, 'Approved', 1,
            '2026-05-01 10:00:00'
        FROM generate_series(1, {MANY}) AS n
    """  # noqa: S608  # nothing of it comes from outside
    with (
        some_server() as server,
        new_database(server, script) as database,
        Sandbox(seed=example_dags / "demo" / "cor.json") as cor,
    ):
        database.execute(add)
        monkeypatch.setenv("AIRFLOW_CONN_HR_DATABASE", json.dumps(database.airflow_connection))
        monkeypatch.setenv(
            "AIRFLOW_CONN_COR_DEFAULT", json.dumps({"conn_type": "cor", "host": cor.url, "password": cor.token})
        )
        assert hr_dag.test(run_conf={**WINDOW, "dry_run": False}).state == "success"
        held = leaves_in(cor)
    assert len([leave_id for leave_id in held if leave_id.startswith("MANY-")]) == MANY
    assert len(held) == MANY + 53


def _approved_by_hr(hr_database: Path) -> Iterator[tuple[str, InCor]]:
    """Say what COR is to hold of 2026, in plain Python and from nothing but the tables."""
    employees = _query(hr_database, "SELECT name, custom_time_zone FROM employee")
    zones = {row["name"]: row["custom_time_zone"] for row in employees}
    applications = _query(hr_database, "SELECT * FROM leave_application")
    amended_from = {row["name"]: row["amended_from"] for row in applications}
    for row in applications:
        if row["docstatus"] != 1 or row["status"] != "Approved":
            continue
        if row["to_date"] < WINDOW["first_day"] or row["from_date"] > WINDOW["last_day"]:
            continue
        leave_id = row["name"]
        while amended_from[leave_id]:
            leave_id = amended_from[leave_id]
        leave_type_id = {"Annual Leave": "vacation", "Training": "training"}.get(row["leave_type"], "absence")
        yield leave_id, InCor(row["employee"], leave_type_id, *_when(row, zones[row["employee"]]))


def _when(row: sqlite3.Row, zone: str | None) -> tuple[str, str, bool]:
    first_day, last_day = date.fromisoformat(row["from_date"]), date.fromisoformat(row["to_date"])
    begins, ends = time(9), time(18)
    if row["custom_from_time"]:
        begins, ends = time.fromisoformat(row["custom_from_time"]), time.fromisoformat(row["custom_to_time"])
    elif row["half_day"] and (first_day == last_day or row["half_day_date"] == row["to_date"]):
        ends = time(13)
    elif row["half_day"] and row["half_day_date"] == row["from_date"]:
        begins = time(13)
    else:
        return f"{first_day}T00:00:00-00:00", f"{last_day}T23:59:00-00:00", True
    local = ZoneInfo(zone or "Europe/Madrid")
    start, end = datetime.combine(first_day, begins, local), datetime.combine(last_day, ends, local)
    return _utc(start), _utc(end), False


def _utc(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%S-00:00")


def _no_dry_run(*_: Any, **__: Any) -> None:
    """Without a run, there is nobody who could have asked for one."""


def _clock_at(today: str) -> type[datetime]:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Clock:
            return cls.fromisoformat(today).replace(hour=12, tzinfo=tz)

    return Clock


def _add_leave(database: Path, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        fields = {"leave_type": "Annual Leave", "total_leave_days": 1, "status": "Approved", "docstatus": 1, **row}
        marks = ", ".join("?" * len(fields))
        insert = f"INSERT INTO leave_application ({', '.join(fields)}) VALUES ({marks})"  # noqa: S608
        _execute(database, insert, [tuple(fields.values())])


def _execute(database: Path, sql: str, rows: list[tuple[Any, ...]]) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(sql, rows)


def _query(database: Path, sql: str) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(sql).fetchall()


def _read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
