"""
Keep COR up to date with leave of Frappe HR (ERPNext) on PostgreSQL: each run reads only what changed.

It needs
  * `pip install apache-airflow-providers-postgres` and the Connection `hr_frappe`: Frappe's database or a copy;
  * the Connection `cor_default`, of type "COR Integrations";
  * the Variable `leave_exchange`: the URI of a folder (`s3://bucket/leave`, `file:///srv/leave`) for extracts, reports
    and `sent.jsonl`, which says what was sent. They are personal data: restrict access. Delete old runs, not this file.

Change these first
  * `COMPANY_ZONE`: the time zone in Frappe's System Settings;
  * `custom_time_zone`: add this field to `tabEmployee` in Frappe, or take it out of the query;
  * `LEAVE_TYPES` and `SENSITIVE`, `FIRST_DAY`, and `SOURCE`, the source of your users in COR.

It reads `tabLeave Application`, without names and reasons:

    name | amended_from | employee | leave_type | from_date | to_date | half_day | half_day_date | status | docstatus
    HR-LAP-2026-00007 | | HR-EMP-00042 | Annual Leave | 2026-05-11 | 2026-05-15 | 1 | 2026-05-15 | Approved | 1

Traps
  * Set `FIRST_DAY` to the day of the first run: COR refuses leave of people whom it does not know, such as those
    who have left, and more than `max_rejected` fail this run and the next. What ended before that day is not sent.
  * Leave is deleted from COR when Frappe no longer approves it: cancelled, rejected later, or its document deleted. If
    that is more than `max_deletes`, the run fails: check the query, or trigger the DAG with a larger number.
  * A zone too far west of Frappe's fails the run, since changes come from the future. One too far east cannot be told
    from a quiet weekend: it loses no change, but half days are at the wrong hour.
  * Frappe does not say which half of a day is leave: change `to_leave`.
  * Frappe amends leave with a new document. COR gets it under the name of the first, so it stays the same leave.
  * Leave that Frappe purges, or that a half-filled copy lacks, is deleted from COR like any that is gone.
  * After a change of the constants, trigger the DAG with a `since` of long ago: what was sent before stays as it is.
  * A run with `since` reads again what changed since then; the next one begins where the last one without it ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Asset, BaseHook, Param, task

from cor_provider.extract.dry_run import dry_run_params, show_dry_run
from cor_provider.extract.hr_clock import newest_change
from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.rows import to_leaves_or_rejected
from cor_provider.extract.sent import SentLeave
from cor_provider.extract.spans import Half, map_leave_type, to_spans
from cor_provider.extract.watermark import Reading, Watermark
from cor_provider.operators.leaves import CreateLeaveOperator, DeleteLeaveOperator

# COR's leave types by HR's. Project leads read COR, clients may, so illness looks like any other absence.
# COR refuses "unmapped", so the report shows the others, where a filter would lose them.
LEAVE_TYPES = {"Annual Leave": "vacation", "Training": "training"}
SENSITIVE = {"Sick Leave", "Parental Leave"}
COMPANY_ZONE = "Europe/Madrid"  # also of employees without one
FIRST_DAY = date(2026, 1, 1)
OVERLAP = timedelta(days=1)  # longer than any transaction, and than Frappe's clock is late; read twice is sent once
SOURCE = "GLOBANT"

# Of the documents of a leave, the newest that is approved counts.
APPROVED = """
WITH RECURSIVE document (name, first_name) AS (
    SELECT name, COALESCE(amended_from, name) FROM "tabLeave Application"
    WHERE amended_from IS NULL OR amended_from NOT IN (SELECT name FROM "tabLeave Application")
    UNION
    SELECT later.name, document.first_name
    FROM "tabLeave Application" AS later JOIN document ON document.name = later.amended_from
), approved AS (
    SELECT DISTINCT ON (first_name) 'frappe-' || first_name AS id, first_name, leave.*
    FROM document JOIN "tabLeave Application" AS leave USING (name)
    WHERE docstatus = 1 AND status = 'Approved' ORDER BY first_name, creation DESC
), approved_id AS (SELECT id FROM approved)
"""
CHANGED = """
SELECT id, employee, leave_type, from_date, to_date, CASE half_day WHEN 1 THEN COALESCE(half_day_date, from_date) END,
       (SELECT custom_time_zone FROM "tabEmployee" WHERE "tabEmployee".name = employee)
FROM approved
WHERE CASE WHEN id IN (SELECT unnest(%(taken)s::text[])) THEN first_name IN (
    SELECT first_name FROM document JOIN "tabLeave Application" USING (name)
    WHERE modified AT TIME ZONE %(zone)s >= %(since)s::timestamptz - %(overlap)s
) ELSE to_date >= %(first_day)s END
"""

FOLDER = "{{ var.value.leave_exchange }}/postgres_frappe_to_cor"
RUN, SENT = FOLDER + "/{{ run_id }}", FOLDER + "/sent.jsonl"
HR = Asset("hr_frappe")


@task(inlets=[HR], multiple_outputs=False)  # Airflow 3.0 stores no None alone
def extract(since: str, max_deletes: str, run: str, sent_path: str) -> Reading:
    """Write what is to be sent and deleted as files; return what of the changes this run reads."""
    database = BaseHook.get_connection("hr_frappe").get_hook(hook_params={"log_sql": False})  # it would log ids
    sent = SentLeave(sent_path)
    ((newest, now),) = database.get_records('SELECT max(modified), now() FROM "tabLeave Application"')
    until = newest_change(newest, now=now, zone=COMPANY_ZONE, setting="COMPANY_ZONE")
    reading = Watermark(HR).begin(since, until=until)
    asked = {"since": reading["since"] or "-infinity", "overlap": OVERLAP, "zone": COMPANY_ZONE}
    rows = database.get_records(APPROVED + CHANGED, {**asked, "taken": sent.taken, "first_day": FIRST_DAY})
    leaves = [*to_leaves_or_rejected(rows, to_leave, leave_id=lambda row: row[0])]
    leaves = leaves if since else sent.changed(leaves)
    approved = {row[0] for row in database.get_records(APPROVED + "TABLE approved_id")}
    gone = sent.gone(approved, max_deletes=int(max_deletes))
    show_dry_run(leaves, deletes=gone, source=SOURCE)
    sent.begin(leaves, gone)
    write_lines(f"{run}/leaves.jsonl", leaves)
    write_lines(f"{run}/gone.jsonl", gone)
    return reading


def to_leave(row: Sequence[Any]) -> dict[str, Any]:
    """Return the leave request of a row of the query."""
    leave_id, employee, leave_type, first, last, half_day, zone = row
    # A half day at the end, or alone, ends at midday; one at the beginning begins at midday; any other is a whole day.
    half_last: Half | None = "morning" if half_day == last else None
    half_first: Half | None = "afternoon" if half_day == first and not half_last else None
    (when,) = to_spans(leave_id, first, last, half_first=half_first, half_last=half_last, zone=zone or COMPANY_ZONE)
    leave_type_id = map_leave_type(leave_type, LEAVE_TYPES, sensitive=SENSITIVE)
    return {"user_id": employee, "leave_type_id": leave_type_id, **when}


@task(trigger_rule="none_skipped")  # also if the push failed: it may have sent something
def settle(run: str, sent_path: str) -> None:
    """Remember what COR has taken."""
    SentLeave(sent_path).settle(f"{run}/leaves.jsonl", [f"{run}/report-delete.jsonl", f"{run}/report.jsonl"])


@task(outlets=[HR])
def remember(reading: Any, *pushes: Any) -> None:
    """Let the next run begin where this one ended."""
    Watermark(HR).advance(reading, pushes)


with DAG(
    "postgres_frappe_to_cor",
    description="Changes of leave in Frappe HR (PostgreSQL) into COR",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
    params={
        "since": Param(None, type=["null", "string"], format="date-time", description="Empty: the last run"),
        "max_deletes": Param(50, type="integer", description="More leaves than this are not deleted at once"),
        "max_rejected": Param(10, type="integer", minimum=0, description="More refused leaves fail the run"),
        **dry_run_params(),
    },
    tags=["cor", "leave", "sql"],
    doc_md=__doc__,
) as dag:
    options: dict[str, Any] = {"source": SOURCE, "max_rejected": "{{ params.max_rejected }}"}
    reading: Any = extract("{{ params.since or '' }}", "{{ params.max_deletes }}", RUN, SENT)
    # COR may refuse overlapping leave, so delete first.
    delete = DeleteLeaveOperator(
        task_id="delete", leave_requests=RUN + "/gone.jsonl", report_path=RUN + "/report-delete.jsonl", **options
    )
    options |= {"report_path": RUN + "/report.jsonl", "if_exists": "update"}
    push = CreateLeaveOperator(task_id="push", leave_requests=RUN + "/leaves.jsonl", **options)
    reading >> delete >> push >> settle(RUN, SENT) >> remember(reading, delete.output, push.output)
