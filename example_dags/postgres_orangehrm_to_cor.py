"""
Keep COR in step with leave of OrangeHRM in a PostgreSQL copy: a row per day becomes a leave per run of days.

It needs
  * `pip install apache-airflow-providers-postgres` and the Connection `hr_orangehrm`: a copy of the tables in `QUERY`;
  * the Connection `cor_default`, of type "COR Integrations";
  * the Variable `leave_exchange`: the URI of a folder (`s3://bucket/leave`, `file:///srv/leave`) for extracts, reports
    and the ledger. It holds personal data: restrict access, and delete old runs, but keep the ledger.

Change these first
  * `FIRST_DAY`: earlier days are not read. Choose the day from which COR plans, once: a later one cuts leave short;
  * `LEAVE_TYPES` and `SENSITIVE`, by the names in OrangeHRM, and `SOURCE`;
  * `ZONES`: the time zone of each country with an office.

It reads all days of `ohrm_leave` in each run, since OrangeHRM notes no time of change and deletes without a trace:

    leave_request_id  emp_number  leave_type_id  date        status  duration_type  start_time  end_time
    60                2           1              2026-10-23  2       3              10:00       12:30

The first run: trigger it with `dry_run`, then with a high `max_rejected`. The report names whom COR does not know:
create them there, or leave them out in `QUERY`. Too many of them fail a run, but all other leave is in COR.

Traps
  * A copy that is filled row by row looks like deleted leave: fill it in one transaction. A run that would delete more
    than `max_deletes` leaves sends nothing. If that is right, after a new holiday for example, trigger it with more.
  * Half days and hours need a zone. They are rejected if the countries of an employee's locations have none in `ZONES`,
    or several. So are hours without a start or an end, or with no time between them.
  * The first run of whole days has the id of its request. Later runs, half days and hours have their day after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timezone
from itertools import groupby
from typing import Any, NamedTuple

from airflow.providers.common.compat.sdk import DAG, BaseHook, Param, task

from cor_provider.extract.dry_run import dry_run_params, show_dry_run
from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.rows import to_leaves_or_rejected
from cor_provider.extract.spans import Half, group_days, map_leave_type, span_between, to_spans
from cor_provider.operators.leaves import SyncLeavesOperator

SOURCE = "GLOBANT"  # of your users and leave types in COR
FIRST_DAY = date(2026, 1, 1)
# COR's leave types by HR's. Project leads read COR, and clients may, so illness looks like any other absence.
LEAVE_TYPES, SENSITIVE = {"Vacation": "vacation", "Training": "training"}, {"Sick", "Maternity"}
ZONES = {"AR": "America/Argentina/Buenos_Aires", "DE": "Europe/Berlin", "NZ": "Pacific/Auckland"}

APPROVED, DAYS_OFF = {2, 3}, {4, 5}  # as OrangeHRM numbers them: scheduled, taken; weekend, holiday
FULL_DAY, HOURS = 0, 3
HALVES: dict[int, Half] = {1: "morning", 2: "afternoon"}

QUERY = """  -- names and comments stay in the database
SELECT leave_request_id, emp_number::text, type.name, date, status, duration_type, start_time::text, end_time::text,
       ARRAY(SELECT country_code FROM hs_hr_emp_locations JOIN ohrm_location ON id = location_id
             WHERE hs_hr_emp_locations.emp_number = leave.emp_number)
FROM ohrm_leave AS leave LEFT JOIN ohrm_leave_type AS type ON type.id = leave_type_id
WHERE date >= %(first_day)s
ORDER BY leave_request_id, date
"""

RUN = "{{ var.value.leave_exchange }}/postgres_orangehrm_to_cor/{{ run_id }}"


class Day(NamedTuple):
    """A row of the query."""

    request: int
    employee: str
    type: str | None
    date: date
    status: int
    duration: int
    start: str
    end: str
    countries: list[str]


@task
def extract(path: str) -> str:
    """Write all leave since the first day as a file."""
    rows = BaseHook.get_hook("hr_orangehrm").get_records(QUERY, {"first_day": FIRST_DAY})
    write_lines(path, to_leaves([Day(*row) for row in rows]))
    show_dry_run(path, source=SOURCE)
    return path


def to_leaves(days: list[Day]) -> Iterator[Any]:
    """Yield the leave requests of days, which are in the order of their requests."""
    for _, request in groupby(days, key=lambda day: day.request):
        yield from runs_of_whole_days([*request])
    parts = (day for day in days if day.status in APPROVED and day.duration != FULL_DAY)
    yield from to_leaves_or_rejected(parts, part_of_a_day, leave_id=id_of_part)


def runs_of_whole_days(days: list[Day]) -> Iterable[dict[str, Any]]:
    """Return the leave requests of the whole days of one request; its days off end no run."""
    days_off = {day.date for day in days if day.status in DAYS_OFF}
    whole = [day.date for day in days if day.status in APPROVED and day.duration == FULL_DAY]
    spans = group_days(f"orangehrm-{days[0].request}", whole, is_day_off=days_off.__contains__)
    return [{**who_and_what(days[0]), **span} for span in spans]


def part_of_a_day(day: Day) -> dict[str, Any]:
    """Return the leave request of a half day, or of hours."""
    (zone,) = {ZONES[country] for country in day.countries}  # none and several are refused
    if day.duration == HOURS:
        start, end = (datetime.combine(day.date, time.fromisoformat(at)) for at in (day.start, day.end))
        return {**who_and_what(day), **span_between(id_of_part(day), start, end, zone=zone)}
    (span,) = to_spans(id_of_part(day), day.date, day.date, half_first=HALVES[day.duration], zone=zone)
    return {**who_and_what(day), **span}


def id_of_part(day: Day) -> str:
    """Return the external id of a half day, or of hours."""
    return f"orangehrm-{day.request}-{day.date}"


def who_and_what(day: Day) -> dict[str, Any]:
    """Return the user and the leave type."""
    return {"user_id": day.employee, "leave_type_id": map_leave_type(day.type, LEAVE_TYPES, sensitive=SENSITIVE)}


with DAG(
    "postgres_orangehrm_to_cor",
    description="Leave in OrangeHRM (PostgreSQL), kept in step with COR",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
    params={"max_deletes": Param(20, type="integer"), "max_rejected": Param(10, type="integer"), **dry_run_params()},
    tags=["cor", "leave", "sql"],
    doc_md=__doc__,
) as dag:
    extracted: Any = extract(RUN + "/leaves.jsonl")
    SyncLeavesOperator(
        task_id="sync",
        leave_requests=extracted,
        source=SOURCE,
        window=[FIRST_DAY.isoformat(), date.max.isoformat()],
        ledger="{{ var.value.leave_exchange }}/postgres_orangehrm_to_cor/ledger",
        max_deletes="{{ params.max_deletes }}",
        max_delete_fraction=1.0,  # the limit is max_deletes alone
        max_rejected="{{ params.max_rejected }}",
        report_path=RUN + "/report.jsonl",
    )
