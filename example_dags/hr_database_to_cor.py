"""
Approved leave of an HR database, pushed into COR every day.

It needs
  * the Connection ``hr_database``: an SQL database that holds leave as Frappe HR (ERPNext) lays it out. The query runs
    on SQLite and PostgreSQL; for another layout, write another query that gives the same columns. The database's
    provider is a package: ``apache-airflow-providers-sqlite``, ``apache-airflow-providers-postgres``;
  * the Connection ``cor_default``, of type "COR Integrations";
  * the Variable ``leave_exchange``: the URI of a folder (``s3://bucket/leave``, ``file:///srv/leave``) for what is
    extracted and for the reports. That is personal data: let few people read the folder, and delete what is some days
    old.

Leave that COR has is left as it is, so a run may be repeated; what HR changes later arrives with
``if_exists="update"``. Leave that HR cancels after it was pushed stays in COR: this adds leave, it is not a sync. It
creates no users and no leave types either: COR refuses leave of those that it does not know, and the report names each.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from airflow.providers.common.compat.sdk import DAG, BaseHook, Param, task

from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.spans import map_leave_type, to_spans
from cor_provider.operators.leaves import CreateLeaveOperator

# Your choice: which leave type of COR (its external id) stands for which of HR. Project leads read COR, clients may,
# so illness and family look like any other absence here. What is in neither goes out as "unmapped", which COR refuses:
# it is reported, where a filter would lose it.
LEAVE_TYPES = {"Annual Leave": "vacation", "Training": "training"}
SENSITIVE = {"Sick Leave", "Medical Appointment", "Parental Leave", "Leave Without Pay"}
# Your choice: the time zone of employees for whom HR has none.
COMPANY_ZONE = "Europe/Madrid"

# No name and no reason leaves the database. Frappe HR amends a leave by a new document; all of them go by the name of
# the first, so that an edited leave is still the same leave to COR.
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
    """Write approved leave that touches the window as JSON Lines, and return the path: Airflow logs and keeps that."""
    today = datetime.now(ZoneInfo(COMPANY_ZONE)).date()
    first_day = first_day or str(today - timedelta(days=30))
    last_day = last_day or str(today + timedelta(days=365))
    database = BaseHook.get_hook("hr_database")
    rows = database.get_records(APPROVED_LEAVE.replace("?", database.placeholder), (last_day, first_day))
    return write_lines(path, map(to_leave, rows))


def to_leave(row: tuple[Any, ...]) -> dict[str, Any]:
    """Say in COR's terms what a row of the query says: dates for whole days, one span of time for anything else."""
    leave_id, employee, leave_type, *when, zone = row
    first, last, half_day, from_time, to_time = (value and str(value) for value in when)
    # Your choice: here COR's users were created under their HR employee numbers.
    leave = {
        "id": leave_id,
        "user_id": employee,
        "leave_type_id": map_leave_type(leave_type, LEAVE_TYPES, sensitive=SENSITIVE),
    }
    try:
        if from_time:
            times = (datetime.fromisoformat(at) for at in (f"{first}T{from_time}", f"{last}T{to_time}"))
            start, end = (at.replace(tzinfo=ZoneInfo(zone or COMPANY_ZONE)).isoformat() for at in times)
            return {**leave, "start": start, "end": end, "all_day": False}
        first_day, last_day = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:  # the push rejects what is no date, and no time, so that somebody reads of it
        return {**leave, "start": first, "end": last, "all_day": not from_time}
    # Your choice: Frappe HR does not tell morning from afternoon. Here a half day at the end, or alone, ends at midday,
    # and one at the beginning begins there. One in between counts as a whole day.
    (days,) = to_spans(
        leave_id,
        first_day,
        last_day,
        half_first="afternoon" if half_day == first != last else None,
        half_last="morning" if half_day == last else None,
        zone=zone or COMPANY_ZONE,
    )
    return {**leave, **days}


with DAG(
    dag_id="hr_database_to_cor",
    schedule="@daily",  # the window is by today's date, not by the run's data interval: any schedule will do
    start_date=datetime(2026, 1, 1, tzinfo=ZoneInfo(COMPANY_ZONE)),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2},
    params={
        "first_day": Param(None, type=["null", "string"], format="date", description="Empty: 30 days ago"),
        "last_day": Param(None, type=["null", "string"], format="date", description="Empty: in 365 days"),
    },
) as dag:
    folder = "{{ var.value.leave_exchange }}/hr_database_to_cor/{{ run_id }}"
    CreateLeaveOperator(
        task_id="push",
        leave_requests=extract(f"{folder}/leaves.jsonl", "{{ params.first_day or '' }}", "{{ params.last_day or '' }}"),
        source="GLOBANT",  # as your users and leave types were created in COR
        if_exists="skip",  # "update" sends changed dates too, with a second request for each leave that COR has
        max_rejected=10,  # a few refused leaves are for somebody to read about in the report; more fail the task
        report_path=f"{folder}/report.jsonl",
    )
