"""
Leave of Frappe HR (ERPNext) on PostgreSQL, kept up to date in COR: a run reads what changed, and no more.

It needs
  * ``pip install apache-airflow-providers-postgres`` and the Connection ``hr_frappe``: Frappe's database, or a copy of
    it. ``tabEmployee`` has a column ``custom_time_zone``: add that field in Frappe, or take it out of the query;
  * the Connection ``cor_default``, of type "COR Integrations";
  * the Variable ``leave_exchange``: the URI of a folder (``s3://bucket/leave``, ``file:///srv/leave``) for what is
    extracted and for the reports. That is personal data: let few people read the folder, and delete what is some days
    old.

What changed is told by a watermark, not by the run's data interval: on Airflow 3 that of a cron schedule is empty. The
watermark is the database's time from before the read, and is kept once COR has taken everything; until then every run
reads and sends the same changes again, so leave of somebody whom COR does not know yet arrives as soon as COR does. A
change that is committed late has a time from before the watermark, so each run reads some minutes twice. The first run
reads everything; to read again from some other time, trigger the DAG with ``since``.

Cancelled leave is deleted from COR. Frappe amends a leave by cancelling it and submitting a new document: to COR, all
documents go by the name of the first, so an amended leave is still the same, with other dates. A document that somebody
deletes in Frappe leaves no trace there, and stays in COR.

This creates no users and no leave types: COR refuses leave of those that it does not know, and the report names each.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Asset, BaseHook, Param, get_current_context, task

from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.spans import map_leave_type, prefix_id, to_spans
from cor_provider.extract.watermark import Watermark
from cor_provider.operators.leaves import CreateLeaveOperator, DeleteLeaveOperator

# Your choice: which leave type of COR (its external id) stands for which of HR. Project leads read COR, clients may, so
# illness and family look like any other absence. What is in neither goes out as "unmapped", which COR refuses: it is
# reported, where a filter would lose it.
LEAVE_TYPES = {"Annual Leave": "vacation", "Training": "training"}
SENSITIVE = {"Sick Leave", "Parental Leave"}
# The time zone of Frappe's System Settings, in which it writes `modified`, and of employees for whom HR has none.
COMPANY_ZONE = "Europe/Madrid"
OVERLAP = timedelta(minutes=15)  # longer than any transaction of the database is open

# No name and no reason leaves the database. Of the documents of a leave, the approved one counts, if there is one.
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
def extract(since: str, run: str) -> str:
    """Write what is to be in COR and what is to go as files; return the time from which the next run reads."""
    database = BaseHook.get_hook("hr_frappe")
    ((now,),) = database.get_records("SELECT now()::text")
    since = since or Watermark(HR, get_current_context()).get() or "-infinity"
    rows = database.get_records(CHANGED_LEAVE, {"zone": COMPANY_ZONE, "since": since, "overlap": OVERLAP})
    write_lines(f"{run}/leaves.jsonl", (to_leave(row) for *row, is_approved in rows if is_approved))
    write_lines(f"{run}/cancelled.jsonl", (to_leave(row) for *row, is_approved in rows if not is_approved))
    return str(now)


def to_leave(row: Sequence[Any]) -> dict[str, Any]:
    """Say in COR's terms what a row of the query says."""
    leave_id, employee, leave_type, first, last, half_day, zone = row
    # Your choice: Frappe does not tell morning from afternoon. Here a half day at the end, or alone, ends at midday,
    # and one at the beginning begins there. One in between counts as a whole day.
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
    # Your choice: here COR's users were created under their HR employee numbers.
    return {
        "user_id": employee,
        "leave_type_id": map_leave_type(leave_type, LEAVE_TYPES, sensitive=SENSITIVE),
        **when,
    }


@task(outlets=[HR])
def remember(now: str, *pushes: Any) -> None:
    """Have the next run begin where this one did."""
    Watermark(HR, get_current_context()).advance(now, pushes)


with DAG(
    dag_id="postgres_frappe_to_cor",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
    params={"since": Param(None, type=["null", "string"], format="date-time", description="Empty: the last run")},
) as dag:
    options: dict[str, Any] = {"source": "GLOBANT", "max_rejected": 10}  # source: as your users were created in COR
    now: Any = extract("{{ params.since or '' }}", RUN)
    # COR may refuse leave that overlaps another, so what is cancelled goes first.
    delete = DeleteLeaveOperator(
        task_id="delete", leave_requests=RUN + "/cancelled.jsonl", report_path=RUN + "/report-delete.jsonl", **options
    )
    push = CreateLeaveOperator(
        task_id="push",
        leave_requests=RUN + "/leaves.jsonl",
        report_path=RUN + "/report.jsonl",
        if_exists="update",
        **options,
    )
    now >> delete >> push >> remember(now, delete.output, push.output)
