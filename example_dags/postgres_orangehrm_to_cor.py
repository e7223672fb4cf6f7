"""
Leave of OrangeHRM in a PostgreSQL copy, kept up to date in COR: a row for every day becomes one leave for every run.

It needs
  * ``pip install apache-airflow-providers-postgres`` and the Connection ``hr_orangehrm``: a copy of OrangeHRM's tables
    of leave, employees and locations. OrangeHRM does not say when a row changed, so the copy has to: ``ohrm_leave``
    needs a column ``updated_at timestamptz``, set by whatever fills it or by a trigger;
  * the Connection ``cor_default``, of type "COR Integrations";
  * the Variable ``leave_exchange``: the URI of a folder (``s3://bucket/leave``, ``file:///srv/leave``) for what is
    extracted and for the reports. That is personal data: let few people read the folder, and delete what is some days
    old.

Consecutive whole days of a request are one leave; weekends and holidays in between are part of it. The first run of
days goes to COR by the id of the request, so that it stays the same leave when days are added; later ones, half days
and hours add their day to it.

Of a request with a changed day, all days are read. Whatever id it could have had and has no longer is deleted from COR,
which costs a request for each of its days, and counts as deleted whether COR had it or not. So a request that is
cancelled goes as a whole, and one of which some days are cancelled keeps the others. A day whose row is deleted, not
cancelled, is seen only if another day of the request changes; leave that was alone stays in COR.

What changed is told by a watermark, not by the run's data interval: on Airflow 3 that of a cron schedule is empty. The
watermark is the database's time from before the read, and is kept once COR has taken everything; until then every run
reads and sends the same changes again. A change that is committed late has a time from before the watermark, so each
run reads some minutes twice. The first run reads everything; to read again from some other time, trigger the DAG with
``since``. This creates no users and no leave types: COR refuses leave of those that it does not know, and the report
names each.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from airflow.providers.common.compat.sdk import DAG, Asset, BaseHook, Param, get_current_context, task

from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.spans import group_days, map_leave_type, prefix_id, to_spans
from cor_provider.extract.watermark import Watermark
from cor_provider.operators.leaves import CreateLeaveOperator, DeleteLeaveOperator

# Your choice: which leave type of COR (its external id) stands for which of HR. Project leads read COR, clients may, so
# illness and family look like any other absence. What is in neither goes out as "unmapped", which COR refuses: it is
# reported, where a filter would lose it.
LEAVE_TYPES = {"Vacation": "vacation", "Training": "training"}
SENSITIVE = {"Sick", "Maternity"}
# Your choice: the time zone of a location's country, and of employees without one.
ZONES = {"AR": "America/Argentina/Buenos_Aires", "DE": "Europe/Berlin", "NZ": "Pacific/Auckland"}
COMPANY_ZONE = "UTC"
OVERLAP = timedelta(minutes=15)  # longer than any transaction of the database is open

# As OrangeHRM numbers them.
SCHEDULED, TAKEN, WEEKEND, HOLIDAY = 2, 3, 4, 5
FULL_DAY, MORNING, AFTERNOON, HOURS = range(4)

# No name and no comment leaves the database.
CHANGED_REQUESTS = """
SELECT leave_request_id, emp_number, type.name, date, status, duration_type, start_time, end_time,
       (SELECT MIN(country_code) FROM hs_hr_emp_locations JOIN ohrm_location ON id = location_id
        WHERE hs_hr_emp_locations.emp_number = leave.emp_number)
FROM ohrm_leave AS leave JOIN ohrm_leave_type AS type ON type.id = leave_type_id
WHERE leave_request_id IN (
    SELECT leave_request_id FROM ohrm_leave WHERE updated_at >= %(since)s::timestamptz - %(overlap)s
)
ORDER BY leave_request_id, date
"""

RUN = "{{ var.value.leave_exchange }}/postgres_orangehrm_to_cor/{{ run_id }}"
HR = Asset("hr_orangehrm")


class Day(NamedTuple):
    """A row of the query."""

    request_id: int
    employee: int
    leave_type: str
    date: date
    status: int
    duration: int
    start: time | None
    end: time | None
    country: str | None


@task(inlets=[HR])
def extract(since: str, run: str) -> str:
    """Write what is to be in COR and what is to go as files; return the time from which the next run reads."""
    database = BaseHook.get_hook("hr_orangehrm")
    ((now,),) = database.get_records("SELECT now()::text")
    since = since or Watermark(HR, get_current_context()).get() or "-infinity"
    rows = database.get_records(CHANGED_REQUESTS, {"since": since, "overlap": OVERLAP})
    requests = [list(days) for _, days in groupby((Day(*row) for row in rows), key=lambda day: day.request_id)]
    leaves = [leave for days in requests for leave in to_leaves(days)]
    in_force = {leave["id"] for leave in leaves}
    write_lines(f"{run}/leaves.jsonl", leaves)
    write_lines(
        f"{run}/gone.jsonl",
        (leave for days in requests for leave in all_there_could_be(days) if leave["id"] not in in_force),
    )
    return str(now)


def to_leaves(days: list[Day]) -> Iterator[dict[str, Any]]:
    """Say in COR's terms which leave a request is, by its days."""
    first = days[0]
    leave_id = prefix_id("orangehrm", first.request_id)
    zone = ZONES.get(first.country or "", COMPANY_ZONE)
    # Your choice: here COR's users were created under their HR employee numbers.
    who_and_what = {
        "user_id": str(first.employee),
        "leave_type_id": map_leave_type(first.leave_type, LEAVE_TYPES, sensitive=SENSITIVE),
    }
    approved = [day for day in days if day.status in {SCHEDULED, TAKEN}]
    days_off = {day.date for day in days if day.status in {WEEKEND, HOLIDAY}}
    whole_days = [day.date for day in approved if day.duration == FULL_DAY]
    for leave in group_days(leave_id, whole_days, is_day_off=days_off.__contains__):
        yield {**who_and_what, **leave}
    for day in approved:
        if day.duration != FULL_DAY:
            yield {**who_and_what, **part_of_a_day(f"{leave_id}-{day.date}", day, zone)}


def part_of_a_day(leave_id: str, day: Day, zone: str) -> dict[str, Any]:
    """Say when somebody is on leave on a day that is not leave as a whole."""
    if day.duration == HOURS and day.start and day.end:
        start, end = (datetime.combine(day.date, at, ZoneInfo(zone)).isoformat() for at in (day.start, day.end))
        return {"id": leave_id, "start": start, "end": end, "all_day": False}
    is_morning = day.duration == MORNING
    (leave,) = to_spans(leave_id, day.date, day.date, half_first="morning" if is_morning else "afternoon", zone=zone)
    return leave


def all_there_could_be(days: list[Day]) -> Iterator[dict[str, Any]]:
    """Name every leave that COR can have of a request."""
    leave_id = prefix_id("orangehrm", days[0].request_id)
    for one in (leave_id, *(f"{leave_id}-{day.date}" for day in days)):
        yield {"id": one, "user_id": str(days[0].employee)}


@task(outlets=[HR])
def remember(now: str, *pushes: Any) -> None:
    """Have the next run begin where this one did."""
    Watermark(HR, get_current_context()).advance(now, pushes)


with DAG(
    dag_id="postgres_orangehrm_to_cor",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
    params={"since": Param(None, type=["null", "string"], format="date-time", description="Empty: the last run")},
) as dag:
    options: dict[str, Any] = {"source": "GLOBANT"}  # as your users were created in COR
    now: Any = extract("{{ params.since or '' }}", RUN)
    # COR may refuse leave that overlaps another, so what is gone goes first.
    delete = DeleteLeaveOperator(
        task_id="delete",
        leave_requests=RUN + "/gone.jsonl",
        report_path=RUN + "/report-delete.jsonl",
        max_rejected=1000,  # leave of somebody whom COR does not know is refused once for each of its days
        **options,
    )
    push = CreateLeaveOperator(
        task_id="push",
        leave_requests=RUN + "/leaves.jsonl",
        report_path=RUN + "/report.jsonl",
        if_exists="update",
        max_rejected=10,  # a few refused leaves are for somebody to read about in the report; more fail the task
        **options,
    )
    now >> delete >> push >> remember(now, delete.output, push.output)
