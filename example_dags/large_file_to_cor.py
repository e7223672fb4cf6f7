"""
Push a large file of leave, 100,000 and more, into COR: in one task, or in batches that several tasks share.

Both DAGs need
  * the Connection `cor_default`, of type "COR Integrations";
  * the Variable `leave_exchange`: the URI of a folder (`s3://bucket/leave`, `file:///srv/leave`) for the file, the
    batches and the reports. It holds personal data: restrict access, and delete old runs.

Change these first: `source` and `if_exists` in PUSH_OPTIONS; MAX_REJECTED; BATCHES, some thousand leaves each.

Trigger a DAG with the name of the file. Each line of `leaves.jsonl` is a leave as COR takes it:

    {"id": "L-1", "user_id": "E-7", "leave_type_id": "vacation", "start": "2026-05-11", "end": "2026-05-12"}

Use `large_file_to_cor` unless one process is too slow. It reads while it sends, so its memory does not grow with the
file. It also reads `.csv`, and `.parquet` after `pip install "airflow-provider-cor[parquet]"`. If HR uses other names
or words, add `columns`, `values` and `date_format`, as `spreadsheet_to_cor` does.

`large_file_to_cor_in_batches` sends from several processes, and each batch can be run again by itself. It reads only
`.jsonl`, with the names above, and needs the Pool `cor`, whose slots limit how many batches are pushed at once:
`airflow pools set cor 2 "COR"`.

Traps
  * This adds leave, it is not a sync. Leave that COR has stays as it is, so a run or a batch may be repeated. Leave
    that HR changes or cancels later stays in COR as it was. No status is read: the file must hold approved leave only.
  * COR limits the pace. The Extra `requests_per_second` of the Connection applies to each push, so divide COR's limit
    by the slots, unless the pushes share their pace over Redis (Extra `pace_redis_conn_id`).
  * Positions and line numbers in the reports of batches are those of the batch. Lines that cannot be read are in the
    first batch, which rejects them. All lines of one id are in the same batch, in their order, so repeats are sent once
    and contradictions rejected, as in one task.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowFailException, Param, task

from cor_provider.extract.json_lines import split_lines
from cor_provider.operators.leaves import CreateLeaveOperator
from cor_provider.outcome import add_up, is_complete

# Airflow maps a task over at most 1,024 ([core] max_map_length).
BATCHES = 20
MAX_REJECTED = 10  # tolerated rejections, which somebody reads about in the report; more fail the run

FILE = "{{ var.value.leave_exchange }}/{{ params.file }}"
FOLDER = "{{ var.value.leave_exchange }}/{{ dag.dag_id }}/{{ run_id }}"
DAG_OPTIONS: dict[str, Any] = {
    "start_date": datetime(2026, 1, 1, tzinfo=timezone.utc),
    "max_active_runs": 1,
    "default_args": {"retries": 2},
    "params": {"file": Param("leaves.jsonl", type="string", description="Name of the file in the folder")},
    "tags": ["cor", "leave", "file"],
    "doc_md": __doc__,
}
PUSH_OPTIONS: dict[str, Any] = {
    "source": "GLOBANT",  # the source of your users and leave types in COR
    "if_exists": "skip",  # "update" also sends changed dates, with a second request for each leave that COR has
    "max_rejected": MAX_REJECTED,
}

with DAG(
    "large_file_to_cor",
    schedule=None,
    description="A large file of leave into COR, in one task",
    **DAG_OPTIONS,
) as in_one_task:
    CreateLeaveOperator(
        task_id="push", leave_requests=FILE, concurrency=32, report_path=FOLDER + "/report.jsonl", **PUSH_OPTIONS
    )


@task
def split(file: str, folder: str, ti: Any = None) -> list[str]:
    """Split the file into batches, and return their paths, which is all that Airflow stores."""
    batches = [f"{folder}/batch-{number}.jsonl" for number in range(BATCHES)]
    ti.xcom_push(key="leaves", value=split_lines(file, batches))
    return batches


@task(trigger_rule="all_done")
def summarise(pushes: Sequence[dict[str, Any]] | None, ti: Any = None) -> dict[str, int]:
    """Add up the counts of all batches, failed ones included, and fail unless COR has taken everything."""
    leaves = ti.xcom_pull(task_ids="split", key="leaves")
    if leaves is None:
        raise AirflowFailException("The file was not split, so nothing was pushed: see the log of the task `split`.")
    total = add_up(pushes)
    missing = leaves - total["received"]
    if missing or not is_complete(total, max_rejected=MAX_REJECTED):
        raise AirflowFailException(f"Of {leaves} leaves, {missing} are in no batch's counts: {dict(total)}")
    return dict(total)


with DAG(
    "large_file_to_cor_in_batches",
    schedule=None,
    description="A large file of leave into COR, in batches",
    **DAG_OPTIONS,
) as in_batches:
    batches: Any = split(FILE, FOLDER)
    push: Any = CreateLeaveOperator.partial(
        task_id="push",
        pool="cor",
        concurrency=16,
        report_path=FOLDER + "/report-{{ ti.map_index }}.jsonl",
        **PUSH_OPTIONS,
    ).expand(leave_requests=batches)
    summarise(push.output)
