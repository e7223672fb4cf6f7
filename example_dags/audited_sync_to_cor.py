"""
Keep COR in step with HR's file of leave every night, and once a week find out what was changed in COR by hand.

It needs
  * `pip install apache-airflow-providers-smtp`;
  * the Variable `leave_exchange`: the URI of a folder (`file:///srv/leave`). HR replaces `leaves.jsonl` in it: all
    leave of this year and the next. All of it is personal data: restrict access, and delete old runs;
  * the Variable `leave_mail`: the address of whoever looks after leave in COR;
  * the Connection `smtp_default`, of type SMTP, with the sender as "From email";
  * the Connection `cor_default`, of type "COR Integrations". Its token must be allowed to read the leave of all users.

Change these first: `source` and `window`, in LEDGER; when the two DAGs run. COR may show a change only an hour later,
so let the audit run at another time than the sync.

Each line of the file is a leave as COR takes it:

    {"id": "L-1", "user_id": "E-7", "leave_type_id": "vacation", "start": "2026-05-11", "end": "2026-05-12"}

The sync does not notice what people do in COR. The audit, a DAG of its own, does: it asks COR about every user who has
leave in the window. Leave that was deleted or moved in COR by hand is drift. The task then fails, the address gets a
mail with the page "HR says, COR says", and the next night's sync sends this leave again as HR has it.

Traps
  * Leave that is missing from the file is deleted from COR if this sync has put it there. If that is much, a guard
    sends nothing: check the file, then trigger a run with a higher `max_deletes` or `max_delete_fraction`.
  * No status is read: the file must hold approved leave only.
  * If COR is right, correct HR before the next sync.
  * The page names users and leaves by HR's ids and shows their days, so mind who gets it.
  * A mail comes when drift begins and when there is none any more, not each week.
  * What somebody has added in COR by hand is counted as `foreign` and is on the page. Nothing ever deletes it.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Param
from airflow.providers.smtp.notifications.smtp import SmtpNotifier

from cor_provider.notifications import LeaveNotifier
from cor_provider.operators.leaves import AuditLeavesOperator, SyncLeavesOperator

FOLDER = "{{ var.value.leave_exchange }}/audited_sync_to_cor"
RUN = FOLDER + "/{{ run_id }}"
LEDGER: dict[str, Any] = {  # what the sync and the audit share
    "ledger": FOLDER + "/ledger",
    "window": "{{ macros.datetime.now().year }}-01-01/{{ macros.datetime.now().year + 1 }}-12-31",
    "source": "GLOBANT",  # the source of your users and leave types in COR
}
DEFAULTS: dict[str, Any] = {
    "start_date": datetime(2026, 1, 1, tzinfo=timezone.utc),
    "catchup": False,
    "max_active_runs": 1,
    "default_args": {"retries": 3, "retry_delay": timedelta(minutes=10)},  # one may have to wait for the other
    "tags": ["cor", "leave", "file"],
    "doc_md": __doc__,
}

tell_of_drift = LeaveNotifier(
    SmtpNotifier(to="{{ var.value.leave_mail }}", subject="{{ leave.subject }}", html_content="{{ leave.html }}"),
    attach="audit_page",
)

with DAG(
    "audited_sync_to_cor",
    schedule="0 4 * * *",
    description="Keeps COR in step with HR's file every night",
    params={
        "max_deletes": Param(50, type=["null", "integer"], minimum=0, description="Empty: any number"),
        "max_delete_fraction": Param(0.2, type="number", minimum=0, maximum=1, description="Share of the ledger"),
    },
    **DEFAULTS,
) as dag:
    SyncLeavesOperator(
        task_id="sync",
        leave_requests="{{ var.value.leave_exchange }}/leaves.jsonl",
        report_path=RUN + "/report.jsonl",
        max_deletes="{{ params.max_deletes }}",
        max_delete_fraction="{{ params.max_delete_fraction }}",
        **LEDGER,
    )

with DAG(
    "audited_sync_to_cor_audit", schedule="0 12 * * 0", description="Finds what was changed in COR by hand", **DEFAULTS
) as audit_dag:
    AuditLeavesOperator(
        task_id="audit",
        heal=True,
        report_path=RUN + "/audit.jsonl",
        on_failure_callback=tell_of_drift,
        on_success_callback=tell_of_drift,  # it tells when all is well again
        **LEDGER,
    )
