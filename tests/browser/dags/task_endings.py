"""Tasks that end in every way of which a log must say what happened and what to do."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow import DAG

from cor_provider.operators.leaves import CreateLeaveOperator, SyncLeavesOperator

FOLDER = "{{ dag_run.conf['folder'] }}"
LEAVE = {"leave_type_id": "vacation", "start": "2026-05-11", "end": "2026-05-15"}


def leaves(prefix: str, users: int, nobodies: int) -> list[dict[str, Any]]:
    ids = ["u1"] * users + ["nobody"] * nobodies
    return [{"id": f"{prefix}-{number}", "user_id": user, **LEAVE} for number, user in enumerate(ids, start=1)]


def push(task_id: str, users: int, nobodies: int = 0, **parameters: Any) -> CreateLeaveOperator:
    report = parameters.pop("report_path", f"{FOLDER}/{task_id}.jsonl")
    return CreateLeaveOperator(
        task_id=task_id,
        leave_requests=leaves(task_id, users, nobodies),
        report_path=report,
        concurrency=1,  # so that the first example is always the same
        **parameters,
    )


def sync(task_id: str, leave_requests: list[dict[str, Any]], **parameters: Any) -> SyncLeavesOperator:
    return SyncLeavesOperator(
        task_id=task_id,
        leave_requests=leave_requests,
        window="2026-01-01/2026-12-31",
        ledger=f"{FOLDER}/ledger",
        **parameters,
    )


with DAG("task_endings", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)):
    push("nothing_rejected", 30)
    push("tolerated", 26, 4, max_rejected=10, rejected_path=f"{FOLDER}/tolerated.csv")
    push("all_rejected", 0, 30)
    push("wrong_token", 30, cor_conn_id="cor_wrong_token")
    push("unreachable", 30, cor_conn_id="cor_unreachable", max_attempts=2)
    push("unwritable", 30, report_path=f"{FOLDER}/a_file/report.jsonl")
    sync("first_sync", leaves("S", 30, 0)) >> sync("delete_guard", leaves("S", 3, 0))
