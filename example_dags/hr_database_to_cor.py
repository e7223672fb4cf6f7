"""
Push approved leave of an SQL database into COR every day. `make demo` runs it on a sample database.

It needs
  * the Connection `hr_database`: a database with the tables of `example_dags/demo/hr.sql`. The query runs on SQLite and
    PostgreSQL. The database's provider is a package: `apache-airflow-providers-sqlite`,
    `apache-airflow-providers-postgres`. For Frappe HR itself, see `postgres_frappe_to_cor`;
  * the Connection `cor_default`, of type "COR Integrations";
  * the Variable `leave_exchange`: the URI of a folder (`s3://bucket/leave`, `file:///srv/leave`) for extracts and
    reports. They are personal data: restrict access, and delete old runs.

Change these first: APPROVED_LEAVE, for your tables; LEAVE_TYPES and SENSITIVE; COMPANY_ZONE; SOURCE.
The query has these columns:

    id          employee  leave_type    first_day   last_day    half_day    from_time  to_time  zone
    HR-LAP-001  HR-EMP-7  Annual Leave  2026-05-11  2026-05-12  2026-05-12  NULL       NULL     America/Bogota

Traps
  * This adds leave, it is not a sync. Leave that COR has stays as it is, so a run may be repeated. Leave that HR
    changes or cancels later stays in COR as it was: for that, use `SyncLeavesOperator` as `csv_drop_to_cor` does.
  * Leave that ended more than 30 days ago, or begins more than a year ahead, is not seen. Trigger a run with other days
    for a first load; leave of people whom COR does not know is rejected, and more than MAX_REJECTED fail the run.
  * A row that cannot be read, such as one with the zone `Madrid`, is rejected by its id, and the report says why.
  * A half day at the end, or alone, is a morning here, one at the beginning an afternoon. In between, it counts as a
    whole day: COR has one span for a leave.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.providers.common.compat.sdk import DAG, BaseHook, Param, task

from cor_provider.extract.dry_run import dry_run_params, show_dry_run
from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.rows import to_leaves_or_rejected
from cor_provider.extract.spans import map_leave_type, read_moment, span_between, to_spans
from cor_provider.operators.leaves import CreateLeaveOperator

# COR's leave types by HR's. Project leads read COR, clients may, so illness looks like any other absence.
# COR refuses "unmapped", so the report shows the others, where a filter would lose them.
LEAVE_TYPES = {"Annual Leave": "vacation", "Training": "training"}
SENSITIVE = {"Sick Leave", "Medical Appointment", "Parental Leave", "Leave Without Pay"}
COMPANY_ZONE = "Europe/Madrid"  # for today's date, and for employees without a time zone
SOURCE = "GLOBANT"  # the source of your users and leave types in COR
MAX_REJECTED = 10  # tolerated rejections, which somebody reads about in the report

# Names and reasons stay in the database. This HR system amends a leave with a new document; all of them get the name of
# the first, so that COR sees the same leave.
APPROVED_LEAVE = """
WITH RECURSIVE amendment (name, first_name) AS (
    SELECT name, name FROM leave_application WHERE amended_from IS NULL
    UNION
    SELECT later.name, amendment.first_name
    FROM leave_application AS later JOIN amendment ON amendment.name = later.amended_from
)
SELECT COALESCE(amendment.first_name, leave.name), leave.employee, leave.leave_type, leave.from_date, leave.to_date,
       CASE leave.half_day WHEN 1 THEN COALESCE(leave.half_day_date, leave.from_date) END,
       leave.custom_from_time, leave.custom_to_time, employee.custom_time_zone
FROM leave_application AS leave
LEFT JOIN amendment ON amendment.name = leave.name
LEFT JOIN employee ON employee.name = leave.employee
WHERE leave.status = 'Approved' AND leave.docstatus = 1 AND leave.from_date <= ? AND leave.to_date >= ?
ORDER BY leave.name
"""


@task
def extract(path: str, first_day: str, last_day: str) -> str:
    """Write approved leave that touches the window, and return the path, which is all that Airflow stores."""
    today = datetime.now(ZoneInfo(COMPANY_ZONE)).date()
    first_day = first_day or str(today - timedelta(days=30))
    last_day = last_day or str(today + timedelta(days=365))
    database = BaseHook.get_hook("hr_database")
    rows = database.get_records(APPROVED_LEAVE.replace("?", database.placeholder), (last_day, first_day))
    write_lines(path, to_leaves_or_rejected(rows, to_leave, leave_id=lambda row: row[0]))
    show_dry_run(path, source=SOURCE)
    return path


def to_leave(row: tuple[Any, ...]) -> dict[str, Any]:
    """Return the leave request of a row of the query."""
    leave_id, employee, leave_type, *when, zone = row
    first, last, half_day, from_time, to_time = (value and str(value) for value in when)
    leave = {
        "id": leave_id,
        "user_id": employee,
        "leave_type_id": map_leave_type(leave_type, LEAVE_TYPES, sensitive=SENSITIVE),
    }
    zone = zone or COMPANY_ZONE
    if from_time:
        start, end = (read_moment(at) for at in (f"{first}T{from_time}", f"{last}T{to_time}"))
        return {**leave, **span_between(leave_id, start, end, zone=zone)}
    (days,) = to_spans(
        leave_id,
        date.fromisoformat(first),
        date.fromisoformat(last),
        half_first="afternoon" if half_day == first != last else None,
        half_last="morning" if half_day == last else None,
        zone=zone,
    )
    return {**leave, **days}


with DAG(
    "hr_database_to_cor",
    description="Approved leave of an SQL database into COR",
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo(COMPANY_ZONE)),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
    params={
        "first_day": Param(None, type=["null", "string"], format="date", description="Empty: 30 days ago"),
        "last_day": Param(None, type=["null", "string"], format="date", description="Empty: in 365 days"),
        **dry_run_params(),
    },
    tags=["cor", "leave", "sql"],
    doc_md=__doc__,
) as dag:
    folder = "{{ var.value.leave_exchange }}/hr_database_to_cor/{{ run_id }}"
    CreateLeaveOperator(
        task_id="push",
        leave_requests=extract(f"{folder}/leaves.jsonl", "{{ params.first_day or '' }}", "{{ params.last_day or '' }}"),
        source=SOURCE,
        if_exists="skip",  # "update" also sends changed dates, with a second request for each leave that COR has
        max_rejected=MAX_REJECTED,
        report_path=f"{folder}/report.jsonl",
    )
