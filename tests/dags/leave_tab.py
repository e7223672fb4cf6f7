"""Tasks of all kinds to look at in the tab *Leave*."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from typing import Any

from airflow import DAG

from airflow_names import task
from cor_provider.operators.leaves import AuditLeavesOperator, CreateLeaveOperator, SyncLeavesOperator


def leave(leave_id: str, **fields: str) -> dict[str, Any]:
    default = {"user_id": "employee-7", "leave_type_id": "surgery", "start": "2026-05-11", "end": "2026-05-12"}
    return {"id": leave_id, **default, **fields}


accepted = [leave("taken-1"), leave("taken-2", start="2026-05-12")]
unknown = [leave(f"unknown-{number}", user_id=f"stranger-{number % 2}") for number in range(3)]
rejected = [*unknown, leave("odd", leave_type_id="sabbatical"), leave("backwards", end="2026-05-01")]


KEPT: dict[str, Any] = {"window": "2026-05-01/2026-05-31", "ledger": "{{ params.folder }}/{{ run_id }}/kept"}
"""What a sync and its audit share."""


@task(show_return_value_in_logs=False)
def other() -> str:
    """Return something that has nothing to do with leave."""
    return "nothing"


with DAG(
    "leave_tab",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    params={"folder": os.environ.get("TAB_FOLDER", "")},
) as dag:
    alike: dict[str, Any] = {"max_rejected": 10}
    CreateLeaveOperator(
        task_id="push",
        leave_requests=[*accepted, *rejected],
        report_path="{{ params.folder }}/{{ run_id }}/report.jsonl",
        rejected_path="{{ params.folder }}/{{ run_id }}/rejected.jsonl",
        **alike,
    )
    CreateLeaveOperator(
        task_id="push_always_there",
        leave_requests=[*accepted, *rejected],
        report_path="{{ params.folder }}/always-there.jsonl",
        **alike,
    )
    CreateLeaveOperator(task_id="push_without_report", leave_requests=[*accepted, *rejected], **alike)
    CreateLeaveOperator.partial(
        task_id="mapped", report_path="{{ params.folder }}/{{ run_id }}/{{ ti.map_index }}.jsonl", **alike
    ).expand(leave_requests=[[leave("mapped-0", user_id="stranger-7")], [leave("mapped-1", user_id="stranger-8")]])
    SyncLeavesOperator(
        task_id="plan",
        leave_requests=[*accepted, *rejected],
        window="2026-05-01/2026-05-31",
        ledger="{{ params.folder }}/{{ run_id }}/ledger",
        plan_only=True,
        plan_path="{{ params.folder }}/{{ run_id }}/plan.jsonl",
        **alike,
    )
    sync = SyncLeavesOperator(task_id="sync", leave_requests=[leave("kept-1"), leave("kept-2")], **KEPT)
    sync >> AuditLeavesOperator(task_id="audit", report_path="{{ params.folder }}/{{ run_id }}/audit.jsonl", **KEPT)
    other()
