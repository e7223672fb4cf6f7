"""
Push HR's nightly file of leave into COR, and mail HR the rows that COR refuses, in a file to correct.

It needs
  * `pip install "airflow-provider-cor[excel]" apache-airflow-providers-smtp`;
  * the Variable `leave_exchange`: the URI of a folder (`file:///srv/leave`). HR writes `leave.csv` in it every night.
    All of it is personal data: restrict access, and delete old runs;
  * the Variable `leave_mail`: the address of whoever corrects leave in HR;
  * the Connection `smtp_default`, of type SMTP, with the sender as "From email";
  * the Connection `cor_default`, of type "COR Integrations".

Change these first: `columns`; the leave types, in `values`; `source`; `max_rejected_fraction`.

The file has a row for every approved absence:

    Request,Employee,Kind,From,To
    R-1,E-7,Vacation,2026-05-11,2026-05-15

HR gets a mail when rows begin to be refused, when they are refused for other reasons, and when none is refused any
more; likewise if the file could not be pushed at all.

Traps
  * HR gets no mail while the same errors go on: each night's `rejected.xlsx` is in the folder of its run.
  * The mail names errors and requests, but no people. The attached file has the complete rows: send it only to whom HR
    may show them. A second `LeaveNotifier` without `attach`, in a list with the first, tells the data team.
  * Leave that is cancelled stays in COR: for that, use `SyncLeavesOperator` as `csv_drop_to_cor` does.
  * No status is read: a row that is not approved is sent too. If there is a column for it, read it as `csv_drop_to_cor`
    does.
  * A file that HR did not replace is sent again without a word: nothing here knows how old it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from airflow.providers.common.compat.sdk import DAG
from airflow.providers.smtp.notifications.smtp import SmtpNotifier

from cor_provider.notifications import LeaveNotifier
from cor_provider.operators.leaves import CreateLeaveOperator

RUN = "{{ var.value.leave_exchange }}/rejected_by_mail_to_cor/{{ run_id }}"

tell_hr = LeaveNotifier(
    SmtpNotifier(to="{{ var.value.leave_mail }}", subject="{{ leave.subject }}", html_content="{{ leave.html }}"),
    attach="rejected",
)

with DAG(
    "rejected_by_mail_to_cor",
    description="HR's nightly file of leave into COR; HR gets what is refused by mail, once",
    schedule="0 4 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=10)},  # the file may still be on its way
    tags=["cor", "leave", "file"],
    doc_md=__doc__,
) as dag:
    CreateLeaveOperator(
        task_id="push",
        leave_requests="{{ var.value.leave_exchange }}/leave.csv",
        columns={"id": "Request", "user_id": "Employee", "leave_type_id": "Kind", "start": "From", "end": "To"},
        # COR has no leave type "unmapped", so other kinds are refused. Illness looks like any other absence in COR.
        values={"leave_type_id": {"Vacation": "vacation", "Sick": "absence", "Training": "training", "*": "unmapped"}},
        if_exists="update",
        source="GLOBANT",  # the source of your users and leave types in COR
        max_rejected_fraction=0.1,
        report_path=RUN + "/report.jsonl",
        rejected_path=RUN + "/rejected.xlsx",
        on_failure_callback=tell_hr,
        on_success_callback=tell_hr,  # it tells HR when all is well again, and of rejections within the tolerance
    )
