"""
Push the spreadsheet that HR keeps into COR, and hand back what COR refused: reject, correct, hand in again.

It needs
  * `pip install "airflow-provider-cor[excel]"`;
  * the Variable `leave_exchange`: the URI of a folder (`file:///srv/leave`). HR saves `leave.xlsx` in it. All of it is
    personal data: restrict access, and delete old runs;
  * the Connection `cor_default`, of type "COR Integrations".

Change these first: the sheet, in `leave_requests`; `columns`; the leave types, in `values`; `source`.

The sheet `Absences` has a row for every approved absence, with dates in date cells:

    Request  Employee  Kind       From        To
    R-1      E-7       Vacation   2026-05-11  2026-05-15

Trigger it when the spreadsheet has changed. The run's folder then has `rejected.xlsx` if rows were refused: as HR wrote
them, each with the reason in front. HR corrects that file, and whoever triggers the DAG again gives its path as `file`.
The columns `error` and `message` may stay.

Traps
  * Leave that is deleted from the spreadsheet stays in COR: for that, use `SyncLeavesOperator` as `csv_drop_to_cor`
    does.
  * No status is read: a row that is not approved is sent too. If there is a column for it, read it as `csv_drop_to_cor`
    does.
  * Upper and lower case of a kind differ, and one that `values` does not name is refused.
  * More than a tenth of refused rows fail the run, but all others are in COR, and `rejected.xlsx` is there.
"""

from __future__ import annotations

from datetime import datetime, timezone

from airflow.providers.common.compat.sdk import DAG, Param

from cor_provider.operators.leaves import CreateLeaveOperator

RUN = "{{ var.value.leave_exchange }}/spreadsheet_to_cor/{{ run_id }}"

with DAG(
    "spreadsheet_to_cor",
    description="HR's spreadsheet of absences into COR; what is refused comes back as a spreadsheet",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    max_active_runs=1,
    params={"file": Param(None, type=["null", "string"], description="A corrected file; empty: leave.xlsx")},
    tags=["cor", "leave", "file"],
    doc_md=__doc__,
) as dag:
    CreateLeaveOperator(
        task_id="push",
        leave_requests="{{ params.file or var.value.leave_exchange ~ '/leave.xlsx#Absences' }}",
        columns={"id": "Request", "user_id": "Employee", "leave_type_id": "Kind", "start": "From", "end": "To"},
        # COR has no leave type "unmapped", so other kinds are refused. Illness looks like any other absence in COR.
        values={"leave_type_id": {"Vacation": "vacation", "Sick": "absence", "Training": "training", "*": "unmapped"}},
        if_exists="update",
        source="GLOBANT",  # the source of your users and leave types in COR
        max_rejected_fraction=0.1,
        report_path=RUN + "/report.jsonl",
        rejected_path=RUN + "/rejected.xlsx",
    )
