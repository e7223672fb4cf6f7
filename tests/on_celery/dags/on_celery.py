"""Pushes and syncs, whose files are in an object store: workers share no disk."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.providers.common.compat.sdk import DAG, RetryDecision, RetryPolicy, task

from cor_provider.operators.leaves import CreateLeaveOperator, SyncLeavesOperator

FOLDER = "s3://store@leave/{{ dag_run.conf['folder'] }}"
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
PATIENCE: dict[str, Any] = {"retries": 20, "retry_delay": timedelta(seconds=1), "concurrency": 2}


class SoonRetryPolicy(RetryPolicy):
    """Tries again after `retry_delay`. By its own policy, a busy sync waits until the other's lease could expire."""

    def evaluate(self, *_: Any, **__: Any) -> RetryDecision:
        return RetryDecision.default()


@task
def batches(**context: Any) -> list[str]:
    conf = context["dag_run"].conf
    return [f"s3://store@leave/{conf['folder']}/{number}.jsonl" for number in range(int(conf["batches"]))]


@task
def received(counts: Any) -> int:
    return sum(one["received"] for one in counts)


with DAG("batches", schedule=None, start_date=START):
    pushes = CreateLeaveOperator.partial(
        task_id="push", pool="cor", report_path=FOLDER + "/report-{{ ti.map_index }}.jsonl", **PATIENCE
    )
    received(pushes.expand(leave_requests=batches()).output)

for dag_id, queue in {"sync": "default", "sync_on_a": "a", "sync_on_b": "b"}.items():
    with DAG(dag_id, schedule=None, start_date=START):
        SyncLeavesOperator(
            task_id="sync",
            queue=queue,
            leave_requests=FOLDER + "/{{ dag_run.conf['file'] }}.jsonl",
            window="2026-01-01/2026-12-31",
            ledger=FOLDER + "/ledger",
            max_delete_fraction=1.0,
            report_path=FOLDER + "/report-{{ dag_run.conf['file'] }}.jsonl",
            retry_policy=SoonRetryPolicy(),
            **PATIENCE,
        )
