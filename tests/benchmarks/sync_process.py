"""A process that keeps a window in step: ``SyncLeavesOperator.execute``, with a ledger from a run before or without."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # Airflow depends on it; its types are another package
import requests

from benchmarks.push_process import import_providers, make_context, peak_memory
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.leave import LeaveRequest
from cor_provider.operators.leaves import SyncLeavesOperator
from cor_provider.sync.ledger import Ledger
from cor_provider.sync.ledger_entry import LeaveVersion, LedgerEntry

FOR_JSON = 20_000


def sync(connection: str, folder: str, leaves: int, changes: int, *, is_first: bool = False) -> dict[str, Any]:
    """
    Sync a file of leave requests, of which all but some are in the ledger as they are.

    :param connection: the Airflow Connection, as JSON.
    :param folder: for the files and the ledger.
    :param changes: how many leaves are new, different or gone, in equal parts as far as possible.
    :param is_first: there is no ledger yet, and a plan with its page is written.
    """
    os.environ["AIRFLOW_CONN_COR_DEFAULT"] = connection
    Path(folder).mkdir()
    path = Path(folder) / "leaves.jsonl"
    new, changed = (leaves, 0) if is_first else (changes // 3, changes // 3)
    gone = changes - new - changed
    with path.open("w") as file:
        for number in range(new if is_first else leaves + new):
            if not changed <= number < changed + gone:
                file.write(json.dumps(_record(number, is_longer=number < changed)) + "\n")
    if not is_first:
        _write_ledger(folder, leaves)
    operator = SyncLeavesOperator(
        task_id="sync",
        leave_requests=str(path),
        window=("2026-01-01", "2026-12-31"),
        ledger=folder,
        report_path=str(path.with_name("report.jsonl")),
        plan_path=str(path.with_name("plan.jsonl")) if is_first else None,
        concurrency=32 if is_first else 8,
    )
    import_providers()
    json_seconds = _time_json(path) * leaves
    requests_before = _count_requests(connection)
    memory_before = psutil.Process().memory_info().rss
    started, cpu_started = time.perf_counter(), time.process_time()
    counts = operator.execute(make_context())
    cpu_seconds, seconds = time.process_time() - cpu_started, time.perf_counter() - started
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "json_seconds": json_seconds,
        "peak_mib": peak_memory() / 2**20,
        "added_mib": (peak_memory() - memory_before) / 2**20,
        "changed": counts["created"] + counts["updated"] + counts["deleted"],
        "requests": _count_requests(connection) - requests_before - 1,
    }


def _record(number: int, *, is_longer: bool = False) -> dict[str, str]:
    month = f"2026-{number % 12 + 1:02}"
    return {
        "id": f"L{number}",
        "user_id": f"E{number % 5000}",
        "leave_type_id": "vacation",
        "start": f"{month}-01",
        "end": f"{month}-06" if is_longer else f"{month}-05",
    }


def _write_ledger(folder: str, leaves: int) -> None:
    hook = CorIntegrationsHook()
    ledger = Ledger(folder, source=hook.check_source(), cor=hook.leaves_url, key=hook.ledger_key)

    def rows() -> Iterator[bytes]:
        for number in range(leaves):
            record: dict[str, Any] = _record(number)
            days = {name: date.fromisoformat(record[name]) for name in ("start", "end")}
            leave = LeaveRequest.model_construct(
                **{**record, **days}, all_day=True
            )  # validation takes most of the time
            entry = LedgerEntry((LeaveVersion.of(leave),), "yes", ledger.digest(leave), number + 1, number % 5000 + 1)
            yield entry.to_line(leave.id)

    each = rows()
    ledger.entries.load(iter(lambda: b"".join(islice(each, 1000)), b""))
    ledger.write()
    ledger.close()


def _time_json(path: Path) -> float:
    """Return the CPU seconds that it takes to read and write a record as JSON."""
    with path.open() as file:
        lines = list(islice(file, FOR_JSON))
    started = time.process_time()
    for line in lines:
        json.dumps(json.loads(line))
    return (time.process_time() - started) / len(lines)


def _count_requests(connection: str) -> int:
    """Return how many requests the server has answered, those that ask for it too."""
    return int(requests.get(json.loads(connection)["host"], timeout=60).json()["created"])


if __name__ == "__main__":
    task_path, result_path = map(Path, sys.argv[1:])
    result_path.write_text(json.dumps(sync(**json.loads(task_path.read_text()))))
