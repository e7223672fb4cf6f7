"""Leave from files, in every way in which a push can end."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow import DAG

from cor_provider.operators.leaves import CreateLeaveOperator


def paths(**context: Any) -> list[str]:
    folder = context["dag_run"].conf["folder"]
    return [f"{folder}/mapped-1.jsonl", f"{folder}/mapped-2.csv"]


def push(task_id: str, name: str, **options: Any) -> CreateLeaveOperator:
    return CreateLeaveOperator(
        task_id=task_id,
        leave_requests=f"{{{{ dag_run.conf['folder'] }}}}/{name}",
        report_path="{{ dag_run.conf['reports'] }}/{{ task.task_id }}.jsonl",
        **options,
    )


with DAG("marked_leave", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)) as dag:
    push("created", "leave.jsonl") >> push("updated", "changed.jsonl", if_exists="update")
    CreateLeaveOperator.partial(task_id="mapped").expand(leave_requests=dag.task(paths)())
    push("with_token", "token.jsonl", cor_conn_id="cor_token")
    push("rejected", "rejected.jsonl")
    push("unreadable", "unreadable.json")
    push("wrong_secret", "leave.jsonl", cor_conn_id="cor_wrong_secret")
    push("unreachable", "leave.jsonl", cor_conn_id="cor_unreachable", max_attempts=1)
