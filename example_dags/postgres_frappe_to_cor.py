"""
Keep COR up to date with leave of Frappe HR (ERPNext) on PostgreSQL: each run reads only what changed.

It needs
  * `pip install apache-airflow-providers-postgres` and the Connection `hr_frappe`: Frappe's database or a copy. Add the
    field `custom_time_zone` to `tabEmployee` in Frappe, or take it out of the query;
  * the Connection `cor_default`, of type "COR Integrations";
  * the Variable `leave_exchange`: the URI of a folder (`s3://bucket/leave`, `file:///srv/leave`) for extracts and
    reports. They are personal data: restrict access, and delete old runs.

The watermark is the database's time before the read. It advances once COR has taken everything. Each run reads some
minutes twice, since changes are committed late. To read again from another time, trigger the DAG with `since`.

Cancelled leave is deleted from COR. Frappe amends leave with a new document; COR gets it under the name of the first,
so it stays the same leave. A deleted document leaves no trace in Frappe, so its leave stays in COR.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Asset, BaseHook, Param, task

from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.spans import map_leave_type, prefix_id, to_spans
from cor_provider.extract.watermark import Reading, Watermark
from cor_provider.operators.leaves import CreateLeaveOperator, DeleteLeaveOperator

# Your choice: COR's leave types by HR's. Project leads read COR, clients may, so illness looks like any other absence.
# COR refuses "unmapped", so the report shows the others, where a filter would lose them.
LEAVE_TYPES = {"Annual Leave": "vacation", "Training": "training"}
SENSITIVE = {"Sick Leave", "Parental Leave"}
COMPANY_ZONE = "Europe/Madrid"  # of Frappe's System Settings, and of employees without one
OVERLAP = timedelta(minutes=15)  # longer than any transaction of the database

# Names and reasons stay in the database. Of the documents of a leave, the approved one counts, if there is one.
CHANGED_LEAVE = """
WITH RECURSIVE document (name, first_name) AS (
    SELECT name, COALESCE(amended_from, name) FROM "tabLeave Application"
    WHERE amended_from IS NULL OR amended_from NOT IN (SELECT name FROM "tabLeave Application")
    UNION
    SELECT later.name, document.first_name
    FROM "tabLeave Application" AS later JOIN document ON document.name = later.amended_from
)
SELECT DISTINCT ON (first_name) first_name, employee, leave_type, from_date, to_date,
       CASE half_day WHEN 1 THEN COALESCE(half_day_date, from_date) END,
       (SELECT custom_time_zone FROM "tabEmployee" WHERE "tabEmployee".name = employee),
       docstatus = 1 AS is_approved
FROM document JOIN "tabLeave Application" USING (name)
WHERE (docstatus = 2 OR docstatus = 1 AND status = 'Approved') AND first_name IN (
    SELECT first_name FROM document JOIN "tabLeave Application" USING (name)
    WHERE modified AT TIME ZONE %(zone)s >= %(since)s::timestamptz - %(overlap)s
)
ORDER BY first_name, is_approved DESC, creation DESC
"""

RUN = "{{ var.value.leave_exchange }}/postgres_frappe_to_cor/{{ run_id }}"
HR = Asset("hr_frappe")


@task(inlets=[HR])
def extract(since: str, run: str) -> Reading:
    """Write current and cancelled leave as files; return from when until when it was changed."""
    database = BaseHook.get_hook("hr_frappe")
    ((now,),) = database.get_records("SELECT now()::text")
    reading = Watermark(HR).begin(since, until=str(now))
    rows = database.get_records(
        CHANGED_LEAVE, {"zone": COMPANY_ZONE, "since": reading["since"] or "-infinity", "overlap": OVERLAP}
    )
    write_lines(f"{run}/leaves.jsonl", (to_leave(row) for *row, is_approved in rows if is_approved))
    write_lines(f"{run}/cancelled.jsonl", (to_leave(row) for *row, is_approved in rows if not is_approved))
    return reading


def to_leave(row: Sequence[Any]) -> dict[str, Any]:
    """Return the leave request of a row of the query."""
    leave_id, employee, leave_type, first, last, half_day, zone = row
    # Your choice: Frappe does not say which half. Here a half day at the end, or alone, ends at midday, one at the
    # beginning begins at midday, and one in between counts as a whole day.
    ends_at_midday = half_day == last
    begins_at_midday = half_day == first and not ends_at_midday
    (when,) = to_spans(
        prefix_id("frappe", leave_id),
        first,
        last,
        half_first="afternoon" if begins_at_midday else None,
        half_last="morning" if ends_at_midday else None,
        zone=zone or COMPANY_ZONE,
    )
    leave_type_id = map_leave_type(leave_type, LEAVE_TYPES, sensitive=SENSITIVE)
    return {"user_id": employee, "leave_type_id": leave_type_id, **when}


@task(outlets=[HR])
def remember(reading: Any, *pushes: Any) -> None:
    """Let the next run read from where this one did."""
    Watermark(HR).advance(reading, pushes)


with DAG(
    "postgres_frappe_to_cor",
    description="Changes of leave in Frappe HR (PostgreSQL) into COR",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
    params={"since": Param(None, type=["null", "string"], format="date-time", description="Empty: the last run")},
    tags=["cor", "leave", "sql"],
    doc_md=__doc__,
) as dag:
    options: dict[str, Any] = {"source": "GLOBANT", "max_rejected": 10}  # the source of your users in COR
    reading: Any = extract("{{ params.since or '' }}", RUN)
    # COR may refuse overlapping leave, so delete first.
    delete = DeleteLeaveOperator(
        task_id="delete", leave_requests=RUN + "/cancelled.jsonl", report_path=RUN + "/report-delete.jsonl", **options
    )
    options |= {"report_path": RUN + "/report.jsonl", "if_exists": "update"}
    push = CreateLeaveOperator(task_id="push", leave_requests=RUN + "/leaves.jsonl", **options)
    reading >> delete >> push >> remember(reading, delete.output, push.output)
