"""Pushes that take long enough to be interrupted."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from airflow import DAG

from cor_provider.operators.leaves import CreateLeaveOperator

OPTIONS: dict[str, dict[str, Any]] = {
    "stopped_push": {},
    "retried_push": {"retries": 1, "retry_delay": timedelta(seconds=1)},
    "timed_out_push": {"execution_timeout": timedelta(hours=1)},
}


def tell_process(context: Any) -> None:
    Path(context["dag_run"].conf["reports"], "process").write_text(str(os.getpid()))


for dag_id, options in OPTIONS.items():
    with DAG(dag_id, schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)):
        CreateLeaveOperator(
            task_id="push",
            leave_requests="{{ dag_run.conf['leave'] }}",
            report_path="{{ dag_run.conf['reports'] }}/{{ ti.try_number }}.jsonl",
            on_execute_callback=tell_process,
            concurrency=4,
            **options,
        )
