"""
Keep COR up to date with leave of Odoo (Time Off) on PostgreSQL: each run reads only what changed.

It needs
  * `pip install apache-airflow-providers-postgres` and the Connection `hr_odoo`: Odoo's database (17 to 19) or a copy;
  * the Connection `cor_default`, of type "COR Integrations";
  * the Variable `leave_exchange`: the URI of a folder (`s3://bucket/leave`, `file:///srv/leave`) for extracts, reports
    and `sent.jsonl`, which says what was sent. They are personal data: restrict access. Delete old runs, not this file.

Change these first
  * `LEAVE_TYPES` and `SENSITIVE`: Odoo's leave types by their English names;
  * `FIRST_DAY`, and `SOURCE`, the source of your users in COR. Their external ids are those of `hr_employee`.

It reads `hr_leave`, without descriptions, and the names of `hr_leave_type`:

    id | employee_id | holiday_status_id | state | request_date_from | request_date_to | request_unit_half | ...
    7 | 42 | 1 | validate | 2026-05-11 | 2026-05-15 | f | ...
    request_unit_hours | request_date_from_period | date_from | date_to | write_date
    f | am | 2026-05-11 06:00:00 | 2026-05-15 15:00:00 | 2026-04-01 10:00:00

Traps
  * Set `FIRST_DAY` to the day of the first run: COR refuses leave of people whom it does not know, such as those
    who have left, and more than `max_rejected` fail this run and the next. What ended before that day is not sent.
  * Only the state `validate` counts. Leave is deleted from COR when Odoo no longer approves it: refused, cancelled,
    archived, reset to draft, or deleted. If that is more than `max_deletes`, the run fails: check the query, or trigger
    the DAG with a larger number.
  * Odoo splits leave when other leave or a public holiday falls into it: COR gets the shorter leave, and a new one.
  * Half days and hours are in COR at the hours of the employee's working schedule, as Odoo has computed them.
  * Odoo 17 has leave for a company, department or tag. Only that which it makes of it for each employee is sent.
  * It reads every company of the database: to read some, add `company_id` to the first query.
  * Leave that Odoo purges, or that a half-filled copy lacks, is deleted from COR like any that is gone.
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
from cor_provider.extract.spans import map_leave_type, to_spans
from cor_provider.extract.watermark import Reading, Watermark
from cor_provider.operators.leaves import CreateLeaveOperator, DeleteLeaveOperator

# COR's leave types by HR's. Project leads read COR, clients may, so illness looks like any other absence.
# COR refuses "unmapped", so the report shows the others, where a filter would lose them.
LEAVE_TYPES = {"Paid Time Off": "vacation", "Training": "training"}
SENSITIVE = {"Sick Time Off", "Parental Time Off"}
FIRST_DAY = date(2026, 1, 1)
OVERLAP = timedelta(days=1)  # longer than any transaction; what is read twice is sent once
SOURCE = "GLOBANT"

# Only Odoo 17 has the column `active`, and only Odoo 19 has `request_date_to_period`.
APPROVED = """
WITH approved AS (
    SELECT 'odoo-' || id AS id, employee_id, holiday_status_id, request_date_from, request_date_to, write_date,
           date_from AT TIME ZONE 'UTC' AS starts, date_to AT TIME ZONE 'UTC' AS ends,
           request_unit_hours OR request_unit_half AND (request_date_from_period,
               COALESCE(to_jsonb(hr_leave) ->> 'request_date_to_period', request_date_from_period)
           ) IS DISTINCT FROM ('am', 'pm') AS is_partial
    FROM hr_leave
    WHERE state = 'validate' AND employee_id IS NOT NULL AND COALESCE(to_jsonb(hr_leave) ->> 'active', 'true') = 'true'
), approved_id AS (SELECT id FROM approved)
"""
CHANGED = """
SELECT id, employee_id, (SELECT name ->> 'en_US' FROM hr_leave_type WHERE hr_leave_type.id = holiday_status_id),
       request_date_from, request_date_to, is_partial, starts, ends
FROM approved
WHERE CASE WHEN id IN (SELECT unnest(%(taken)s::text[]))
      THEN write_date AT TIME ZONE 'UTC' >= %(since)s::timestamptz - %(overlap)s
      ELSE request_date_to IS NULL OR request_date_to >= %(first_day)s END
"""

FOLDER = "{{ var.value.leave_exchange }}/postgres_odoo_to_cor"
RUN, SENT = FOLDER + "/{{ run_id }}", FOLDER + "/sent.jsonl"
HR = Asset("hr_odoo")


@task(inlets=[HR], multiple_outputs=False)  # Airflow 3.0 stores no None alone
def extract(since: str, max_deletes: str, run: str, sent_path: str) -> Reading:
    """Write what is to be sent and deleted as files; return what of the changes this run reads."""
    database = BaseHook.get_connection("hr_odoo").get_hook(hook_params={"log_sql": False})  # it would log ids
    sent = SentLeave(sent_path)
    ((newest, now),) = database.get_records("SELECT max(write_date), now() FROM hr_leave")
    until = newest_change(newest, now=now, zone="UTC")
    reading = Watermark(HR).begin(since, until=until)
    asked = {"since": reading["since"] or "-infinity", "overlap": OVERLAP}
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
    leave_id, employee, leave_type, first, last, is_partial, starts, ends = row
    if is_partial and starts == ends:
        raise ValueError("The leave has no length.")
    if is_partial:
        when = {"id": leave_id, "start": starts.isoformat(), "end": ends.isoformat(), "all_day": False}
    else:
        (when,) = to_spans(leave_id, first, last)
    leave_type_id = map_leave_type(leave_type, LEAVE_TYPES, sensitive=SENSITIVE)
    return {"user_id": str(employee), "leave_type_id": leave_type_id, **when}


@task(trigger_rule="none_skipped")  # also if the push failed: it may have sent something
def settle(run: str, sent_path: str) -> None:
    """Remember what COR has taken."""
    SentLeave(sent_path).settle(f"{run}/leaves.jsonl", [f"{run}/report-delete.jsonl", f"{run}/report.jsonl"])


@task(outlets=[HR])
def remember(reading: Any, *pushes: Any) -> None:
    """Let the next run begin where this one ended."""
    Watermark(HR).advance(reading, pushes)


with DAG(
    "postgres_odoo_to_cor",
    description="Changes of leave in Odoo (PostgreSQL) into COR",
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
