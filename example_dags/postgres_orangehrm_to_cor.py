"""
Keep COR up to date with leave of OrangeHRM in a PostgreSQL copy: a row per day becomes a leave per run of days.

It needs
  * `pip install apache-airflow-providers-postgres` and the Connection `hr_orangehrm`: a copy of OrangeHRM's tables of
    leave, employees and locations, with a column `updated_at timestamptz` in `ohrm_leave` that the copying sets;
  * the Connection `cor_default`, of type "COR Integrations";
  * the Variable `leave_exchange`: the URI of a folder (`s3://bucket/leave`, `file:///srv/leave`) for extracts and
    reports. They are personal data: restrict access, and delete old runs.

The first run of whole days has the id of the request, so that it stays the same leave when days are added. Later runs,
half days and hours add their day to it. All days of a changed request are read, and every id that it no longer has is
deleted from COR. A deleted row, as opposed to a cancelled day, is seen only if another day of its request changes.

The watermark is the database's time before the read, kept once COR has taken everything. Each run reads some minutes
twice, since changes are committed late. To read again from another time, trigger the DAG with `since`.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from airflow.providers.common.compat.sdk import DAG, Asset, BaseHook, Param, task

from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.spans import Half, group_days, map_leave_type, to_spans
from cor_provider.extract.watermark import Reading, Watermark
from cor_provider.operators.leaves import CreateLeaveOperator, DeleteLeaveOperator

# Your choice: COR's leave types by HR's. Project leads read COR, clients may, so illness looks like any other absence.
LEAVE_TYPES, SENSITIVE = {"Vacation": "vacation", "Training": "training"}, {"Sick", "Maternity"}
# Your choice: the time zone of a location's country; UTC for employees without one.
ZONES = {"AR": "America/Argentina/Buenos_Aires", "DE": "Europe/Berlin", "NZ": "Pacific/Auckland"}
OVERLAP = timedelta(minutes=15)  # longer than any transaction of the database
SCHEDULED, TAKEN, WEEKEND, HOLIDAY = 2, 3, 4, 5  # as OrangeHRM numbers them
FULL_DAY, MORNING, AFTERNOON, HOURS = range(4)
COLUMNS = ("id", "employee", "type", "date", "status", "duration", "start", "end", "country")

# Names and comments stay in the database.
CHANGED_REQUESTS = """
SELECT 'orangehrm-' || leave_request_id, emp_number::text, type.name, date, status, duration_type, start_time, end_time,
       (SELECT MIN(country_code) FROM hs_hr_emp_locations JOIN ohrm_location ON id = location_id
        WHERE hs_hr_emp_locations.emp_number = leave.emp_number)
FROM ohrm_leave AS leave JOIN ohrm_leave_type AS type ON type.id = leave_type_id
WHERE leave_request_id IN
    (SELECT leave_request_id FROM ohrm_leave WHERE updated_at >= %(since)s::timestamptz - %(overlap)s)
ORDER BY leave_request_id, date
"""

RUN = "{{ var.value.leave_exchange }}/postgres_orangehrm_to_cor/{{ run_id }}"
HR = Asset("hr_orangehrm")


@task(inlets=[HR])
def extract(since: str, run: str) -> Reading:
    """Write current and deleted leave as files; return from when until when it was changed."""
    database = BaseHook.get_hook("hr_orangehrm")
    ((now,),) = database.get_records("SELECT now()::text")
    reading = Watermark(HR).begin(since, until=str(now))
    rows = database.get_records(CHANGED_REQUESTS, {"since": reading["since"] or "-infinity", "overlap": OVERLAP})
    days = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    leaves = [leave for _, request in groupby(days, key=lambda day: day["id"]) for leave in to_leaves([*request])]
    possible = {one: day["employee"] for day in days for one in (day["id"], f"{day['id']}-{day['date']}")}
    gone = possible.keys() - {leave["id"] for leave in leaves}
    write_lines(f"{run}/leaves.jsonl", leaves)
    write_lines(f"{run}/gone.jsonl", [{"id": one, "user_id": possible[one]} for one in sorted(gone)])
    return reading


def to_leaves(days: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the leave requests of the days of one request."""
    leave_type = map_leave_type(days[0]["type"], LEAVE_TYPES, sensitive=SENSITIVE)
    who_and_what = {"user_id": days[0]["employee"], "leave_type_id": leave_type}
    approved = [day for day in days if day["status"] in {SCHEDULED, TAKEN}]
    days_off = {day["date"] for day in days if day["status"] in {WEEKEND, HOLIDAY}}
    whole_days = [day["date"] for day in approved if day["duration"] == FULL_DAY]
    spans = group_days(days[0]["id"], whole_days, is_day_off=days_off.__contains__)
    spans += [part_of_a_day(day) for day in approved if day["duration"] != FULL_DAY]
    return [{**who_and_what, **span} for span in spans]


def part_of_a_day(day: dict[str, Any]) -> dict[str, Any]:
    """Return the span of a half day, or of hours."""
    leave_id, zone = f"{day['id']}-{day['date']}", ZONES.get(day["country"], "UTC")
    if day["duration"] == HOURS and day["start"] and day["end"]:
        start, end = (datetime.combine(day["date"], day[at], ZoneInfo(zone)).isoformat() for at in ("start", "end"))
        return {"id": leave_id, "start": start, "end": end, "all_day": False}
    half: Half = "morning" if day["duration"] == MORNING else "afternoon"
    return to_spans(leave_id, day["date"], day["date"], half_first=half, zone=zone)[0]


@task(outlets=[HR])
def remember(reading: Any, *pushes: Any) -> None:
    """Let the next run read from where this one did."""
    Watermark(HR).advance(reading, pushes)


with DAG(
    "postgres_orangehrm_to_cor",
    description="Changes of leave in OrangeHRM (PostgreSQL) into COR",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
    params={"since": Param(None, type=["null", "string"], format="date-time", description="Empty: the last run")},
    tags=["cor", "leave", "sql"],
    doc_md=__doc__,
) as dag:
    options: dict[str, Any] = {"source": "GLOBANT"}  # the source of your users in COR
    reading: Any = extract("{{ params.since or '' }}", RUN)
    # COR may refuse overlapping leave, so delete first. It refuses each id of users whom it does not know.
    options |= {"report_path": RUN + "/report-delete.jsonl", "max_rejected": 1000}
    delete = DeleteLeaveOperator(task_id="delete", leave_requests=RUN + "/gone.jsonl", **options)
    options |= {"report_path": RUN + "/report.jsonl", "max_rejected": 10, "if_exists": "update"}
    push = CreateLeaveOperator(task_id="push", leave_requests=RUN + "/leaves.jsonl", **options)
    reading >> delete >> push >> remember(reading, delete.output, push.output)
