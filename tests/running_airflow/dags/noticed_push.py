"""A push whose notices go out by mail."""

from __future__ import annotations

from datetime import datetime, timezone

from airflow import DAG
from airflow.providers.smtp.notifications.smtp import SmtpNotifier

from cor_provider.notifications import LeaveNotifier
from cor_provider.operators.leaves import CreateLeaveOperator

notifier = LeaveNotifier(
    SmtpNotifier(to="hr@example.com", subject="{{ leave.subject }}", html_content="{{ leave.html }}"),
    attach="rejected",
)

with DAG("noticed_push", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)):
    CreateLeaveOperator(
        task_id="push",
        leave_requests="{{ dag_run.conf['leave'] }}",
        if_exists="update",
        rejected_path="{{ dag_run.conf['leave'] }}.rejected.csv",
        on_failure_callback=notifier,
        on_success_callback=notifier,
    )
