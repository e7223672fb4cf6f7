"""
Keep COR in step with HR's nightly CSV file of approved leave. No task extracts anything: the operator reads HR's file.

It needs
  * the Variable `leave_exchange`: the URI of a folder (`file:///srv/leave`) for the ledger and what each run writes.
    All of it is personal data: restrict access, and delete old runs;
  * HR's files in its folder `drop`, or where the Variable `leave_drop` says: `s3://hr_drop@bucket/leave` is read with
    the Connection `hr_drop`, after `pip install "apache-airflow-providers-amazon[s3fs]"`;
  * the Connection `cor_default`, of type "COR Integrations".

HR writes `leave-2026-11-24.csv`, named by the day of the run in UTC:

    Absence ID;Personnel no.;Absence type;First day;Last day
    4711;EMP-1001;Annual leave;11/05/2026;12/05/2026

Change these first: the columns, the leave types, the form of the dates, the source, the days that the file covers.

The file must hold all approved leave of those days: leave that is missing from it is deleted from COR. Have HR write it
under another name and rename it when it is complete. If too many rows are missing, the guard `max_delete_fraction`
sends nothing. Until the file is there, the task fails and Airflow tries again. A row that is refused goes to
`rejected.csv` with the reason; correct it in the HR system, and the next file brings it.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.providers.common.compat.sdk import DAG, Param

from cor_provider.operators.leaves import SyncLeavesOperator

DROP = "{{ var.value.get('leave_drop', '') or var.value.leave_exchange ~ '/drop' }}"
RUN = "{{ var.value.leave_exchange }}/csv_drop_to_cor/{{ run_id }}"
DAY = "(dag_run.run_after | default(dag_run.logical_date, true) | ds)"  # Airflow 2 has no `run_after`

with DAG(
    "csv_drop_to_cor",
    description="HR's nightly CSV file of approved leave, kept in step with COR",
    schedule="0 4 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10)},  # the file may still be on its way
    params={"file": Param(None, type=["null", "string"], description="Empty: the file of the day of the run")},
    tags=["cor", "leave", "file"],
    doc_md=__doc__,
) as dag:
    SyncLeavesOperator(
        task_id="sync",
        leave_requests=DROP + "/{{ params.file or 'leave-' ~ " + DAY + " ~ '.csv' }}",
        columns={
            "id": "Absence ID",
            "user_id": "Personnel no.",
            "leave_type_id": "Absence type",
            "start": "First day",
            "end": "Last day",
        },
        # COR has no leave type "unmapped", so other types are refused and the report shows them.
        values={"leave_type_id": {"Annual leave": "vacation", "Sickness": "absence", "*": "unmapped"}},
        date_format="%d/%m/%Y",
        window="{{ macros.ds_add(" + DAY + ", -31) }}/{{ macros.ds_add(" + DAY + ", 366) }}",
        ledger="{{ var.value.leave_exchange }}/csv_drop_to_cor/ledger",
        source="GLOBANT",  # the source of your users and leave types in COR
        max_rejected=10,
        report_path=RUN + "/report.jsonl",
        rejected_path=RUN + "/rejected.csv",
    )
