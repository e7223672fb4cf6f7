"""
A large file of leave, 100,000 and more, pushed into COR: by one task, or in batches that several tasks share.

Both DAGs need
  * the Connection ``cor_default``, of type "COR Integrations";
  * the Variable ``leave_exchange``: the URI of a folder (``s3://bucket/leave``, ``file:///srv/leave``) that holds the
    file, and where batches and reports are put. That is personal data: let few people read the folder, and delete what
    is some days old.

``large_file_to_cor`` is enough as a rule: the task reads while it sends, so that its memory does not grow with the
file, and COR bounds its pace. It reads ``.csv`` as well, and ``.parquet`` after
``pip install "airflow-provider-cor[parquet]"``.

``large_file_to_cor_in_batches`` is for more than one process can send, and for batches that are run again one by one.
It needs
  * a file of JSON Lines (``.jsonl``);
  * the Pool ``cor``, whose slots are how many batches may be pushed at once: ``airflow pools set cor 2 "COR"``.
    The extra ``requests_per_second`` of the Connection holds for each push: COR gets at most that, times the slots.

All that the file says of one external id is in one batch, in the order of the file. So what it repeats is sent once and
what it contradicts is rejected, as in one task; between batches, a push would see neither. Lines that cannot be read
are in the first batch, which rejects them. Positions and line numbers in reports are those in the batch.

Leave that COR has is left as it is, so a run may be repeated, and so may one batch. Leave that HR cancels after it was
pushed stays in COR: this adds leave, it is not a sync.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timezone
from typing import Any
from zlib import crc32

from airflow.providers.common.compat.sdk import DAG, AirflowFailException, ObjectStoragePath, Param, task

from cor_provider import _files
from cor_provider.exceptions import CorValidationError
from cor_provider.extract.summary import add_up, is_settled
from cor_provider.leave import read_external_id
from cor_provider.operators.leaves import CreateLeaveOperator

# Your choice: some thousand leaves in each. The split holds a file open for each, and Airflow maps a task over at most
# 1,024 ([core] max_map_length).
BATCHES = 20
# Your choice: a few refused leaves are for somebody to read about in the report; more fail the run.
MAX_REJECTED = 10

FILE = "{{ var.value.leave_exchange }}/{{ params.file }}"
FOLDER = "{{ var.value.leave_exchange }}/{{ dag.dag_id }}/{{ run_id }}"
DAG_OPTIONS: dict[str, Any] = {
    "start_date": datetime(2026, 1, 1, tzinfo=timezone.utc),
    "max_active_runs": 1,
    "default_args": {"retries": 2},
    "params": {"file": Param("leaves.jsonl", type="string", description="Name of the file in the folder")},
}
PUSH_OPTIONS: dict[str, Any] = {
    "source": "GLOBANT",  # as your users and leave types were created in COR
    "if_exists": "skip",  # "update" sends changed dates too, with a second request for each leave that COR has
    "max_rejected": MAX_REJECTED,
}

with DAG("large_file_to_cor", schedule=None, **DAG_OPTIONS) as in_one_task:
    CreateLeaveOperator(
        task_id="push",
        leave_requests=FILE,
        concurrency=32,
        report_path=FOLDER + "/report.jsonl",
        **PUSH_OPTIONS,
    )


@task
def split(file: str, folder: str, ti: Any = None) -> list[str]:
    """Deal a file out to batches line by line, and return their paths: Airflow logs and keeps that."""
    batches = [f"{folder}/batch-{number}.jsonl" for number in range(BATCHES)]
    leaves = 0
    with ExitStack() as stack:
        lines = stack.enter_context(ObjectStoragePath(file).open("rb"))
        outputs = [stack.enter_context(_files.writing(ObjectStoragePath(batch))) for batch in batches]
        for line in iter(lines.readline, b""):  # what Airflow 2 opens cannot be iterated
            if line.strip():
                outputs[choose_batch(line)].write(line)
                leaves += 1
    ti.xcom_push(key="leaves", value=leaves)
    return batches


def choose_batch(line: bytes) -> int:
    """Choose by the external id, as the push reads it: 7 and "7" are one."""
    try:
        leave_id = read_external_id("id", json.loads(line)["id"])
    except (CorValidationError, ValueError, LookupError, TypeError, RecursionError):
        return 0
    return crc32(leave_id.encode()) % BATCHES


@task(trigger_rule="all_done")
def summarise(leaves: int, pushes: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Add up what became of all batches, the failed ones too, and fail unless it is settled for every leave."""
    total = add_up(pushes)
    lost = leaves - total["received"]
    if lost or not is_settled(total, max_rejected=MAX_REJECTED):
        raise AirflowFailException(f"{leaves} leaves, of which {lost} are in no batch's account: {dict(total)}")
    return dict(total)


with DAG("large_file_to_cor_in_batches", schedule=None, **DAG_OPTIONS) as in_batches:
    batches: Any = split(FILE, FOLDER)
    push: Any = CreateLeaveOperator.partial(
        task_id="push",
        pool="cor",
        concurrency=16,
        report_path=FOLDER + "/report-{{ ti.map_index }}.jsonl",
        **PUSH_OPTIONS,
    ).expand(leave_requests=batches)
    summarise(batches["leaves"], push.output)
