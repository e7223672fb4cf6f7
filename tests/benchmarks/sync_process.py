"""A process that keeps a window in step: ``SyncLeavesOperator.execute``, with a ledger from a run before."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # Airflow depends on it; its types are another package
import requests

from benchmarks.push_process import make_context, peak_memory
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.leave import LeaveRequest
from cor_provider.operators.leaves import SyncLeavesOperator
from cor_provider.sync.ledger import LeaveVersion, Ledger, LedgerEntry


def sync(connection: str, folder: str, leaves: int, changes: int) -> dict[str, Any]:
    """
    Sync a file of leave requests, of which all but some are in the ledger as they are.

    :param connection: the Airflow Connection, as JSON.
    :param folder: for the file and the ledger.
    :param changes: how many leaves are new, different or gone, in equal parts as far as possible.
    """
    os.environ["AIRFLOW_CONN_COR_DEFAULT"] = connection
    Path(folder).mkdir()
    path = Path(folder) / "leaves.jsonl"
    new, changed = changes // 3, changes // 3
    gone = changes - new - changed
    hook = CorIntegrationsHook()
    ledger = Ledger(folder, source=hook.check_source(), cor=hook.leaves_url, key=hook.ledger_key)
    with path.open("w") as file:
        for number in range(leaves + new):
            record = {
                "id": f"L{number}",
                "user_id": f"E{number % 5000}",
                "leave_type_id": "vacation",
                "start": f"2026-{number % 12 + 1:02}-01",
                "end": f"2026-{number % 12 + 1:02}-05",
            }
            if number < leaves:
                leave = LeaveRequest.model_validate(record)
                ledger.entries[leave.id] = LedgerEntry((LeaveVersion.of(leave),), "yes", ledger.digest(leave))
            if number < changed:
                record["end"] = record["end"].replace("-05", "-06")
            if not changed <= number < changed + gone:
                file.write(json.dumps(record) + "\n")
    ledger.write()
    ledger.entries.clear()
    operator = SyncLeavesOperator(
        task_id="sync",
        leave_requests=str(path),
        window=("2026-01-01", "2026-12-31"),
        ledger=folder,
        report_path=str(path.with_name("report.jsonl")),
    )
    memory_before = psutil.Process().memory_info().rss
    started = time.perf_counter()
    counts = operator.execute(make_context())
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "memory_before": memory_before,
        "peak_memory": peak_memory(),
        "changed": counts["created"] + counts["updated"] + counts["deleted"],
        "requests": requests.get(json.loads(connection)["host"], timeout=60).json()["created"],
    }


if __name__ == "__main__":
    task_path, result_path = map(Path, sys.argv[1:])
    result_path.write_text(json.dumps(sync(**json.loads(task_path.read_text()))))
