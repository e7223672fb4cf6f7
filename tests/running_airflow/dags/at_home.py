"""Pushes that report to Airflow what they did, and retry when COR says so."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow import DAG

from cor_provider._compat import Asset
from cor_provider.operators.leaves import CreateLeaveOperator

FILE = "{{ dag_run.conf['leave'] }}"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)


with DAG("at_home", schedule=None, start_date=START):
    CreateLeaveOperator(task_id="push", leave_requests=FILE, outlets=[Asset("cor://leave")])
    CreateLeaveOperator.partial(task_id="mapped").expand(leave_requests=[FILE])
    CreateLeaveOperator(task_id="nothing", leave_requests=[])

# An hour is longer than the tests wait: the second try comes in time only where COR's word counts for more.
with DAG("paced_retry", schedule=None, start_date=START, max_active_tasks=1):
    options: dict[str, Any] = {"retries": 1, "retry_delay": timedelta(hours=1), "max_wait": 0}
    CreateLeaveOperator(task_id="push", leave_requests=FILE, **options)

with DAG("paced_mapped_retry", schedule=None, start_date=START, max_active_tasks=1):
    CreateLeaveOperator.partial(task_id="push", **options).expand(leave_requests=[FILE])
