"""
Push a file of leave into COR every day: the smallest DAG that does it.

It needs the Connection `cor_default`, of type "COR Integrations", and the Variable `leave_file`: the path or URI of a
`.csv`, `.json`, `.jsonl` or `.parquet` file of approved leave.

Change this first: the source, that of your users and leave types in COR.

    id,user_id,leave_type_id,start,end
    L-1,E-7,vacation,2026-05-11,2026-05-15

Traps: leave that COR has stays as it is, also if HR changes or cancels it (see `csv_drop_to_cor`). No status is read: a
row that is not approved is sent too. One row that COR refuses fails the run, but the others are in COR.
"""

from datetime import datetime, timezone

from airflow import DAG

from cor_provider.operators.leaves import CreateLeaveOperator

with DAG(
    "minimal_leave_to_cor",
    description="A file of leave into COR",
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["cor", "leave"],
    doc_md=__doc__,
) as dag:
    CreateLeaveOperator(task_id="push", leave_requests="{{ var.value.leave_file }}", source="GLOBANT")
