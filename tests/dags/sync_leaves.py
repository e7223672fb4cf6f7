"""`SyncLeavesOperator`: a plan, exactly that plan, and then an extract that lacks a leave and has another one moved."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from typing import Any

from airflow import DAG

from cor_provider.operators.leaves import SyncLeavesOperator


def leave(leave_id: str, start: str) -> dict[str, Any]:
    return {"id": leave_id, "user_id": "employee-7", "leave_type_id": "surgery", "start": start, "end": "2026-05-29"}


before = [leave("kept", "2026-05-11"), leave("moved", "2026-05-12"), leave("gone", "2026-05-13")]
after = [leave("kept", "2026-05-11"), leave("moved", "2026-05-18")]

alike: dict[str, Any] = {
    "window": ["{{ params.year }}-05-01", "{{ params.year }}-05-31"],
    "ledger": "{{ params.folder }}/ledger",
    "max_deletes": 1,
    "max_delete_fraction": 0.5,
}

with DAG(
    "sync_leaves",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    params={"year": 2026, "folder": os.environ.get("SYNC_FOLDER", "")},
) as dag:
    plan = SyncLeavesOperator(
        task_id="plan",
        leave_requests=before,
        plan_only=True,
        plan_path="{{ params.folder }}/{{ task.task_id }}.jsonl",
        **alike,
    )
    apply = SyncLeavesOperator(
        task_id="apply",
        leave_requests=before,
        approved_plan="{{ ti.xcom_pull(task_ids='plan')['plan'] }}",
        **alike,
    )
    again = SyncLeavesOperator.partial(task_id="again", **alike).expand(leave_requests=[after])
    plan >> apply >> again
