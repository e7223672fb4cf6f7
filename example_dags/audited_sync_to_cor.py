"""
Keep COR in step with HR's file of leave every night, and once a week find out what was changed in COR by hand.

It needs
  * `pip install apache-airflow-providers-smtp`;
  * the Variable `leave_exchange`: the URI of a folder (`file:///srv/leave`). HR replaces `leaves.jsonl` in it: all
    leave of this year and the next. All of it is personal data: restrict access, and delete old runs;
  * the Variable `leave_mail`: the address of whoever looks after leave in COR;
  * the Connection `smtp_default`, of type SMTP, with the sender as "From email";
  * the Connection `cor_default`, of type "COR Integrations". Its token must be allowed to read the leave of all users.

Change these first: the source, the window, and when the two DAGs run. COR may show a change only an hour later, so let
the audit run at another time than the sync.

The sync deletes leave that HR has cancelled, if it is in the sync's ledger. It does not notice what people do in COR.
The audit, a DAG of its own, does: it asks COR about every user who has leave in the window. Leave that was deleted or
moved in COR by hand is drift. The task then fails, the address gets a mail with the page "HR says, COR says", and the
next night's sync sends this leave again as HR has it. If COR is right, correct HR before that. The page names users and
leaves by HR's ids and shows their days, so mind who gets it. A mail comes when drift begins and when there is none any
more, not each week.

What somebody has added in COR by hand is counted as `foreign` and is on the page. Nothing ever deletes it.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.providers.common.compat.sdk import DAG
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
    "audited_sync_to_cor", schedule="0 4 * * *", description="Keeps COR in step with HR's file every night", **DEFAULTS
) as dag:
    SyncLeavesOperator(
        task_id="sync",
        leave_requests="{{ var.value.leave_exchange }}/leaves.jsonl",
        report_path=RUN + "/report.jsonl",
        max_deletes=50,
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
