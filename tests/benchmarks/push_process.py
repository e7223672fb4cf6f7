"""
A process that pushes: ``CreateLeaveOperator.execute``, with the report and the state store that a task has.

It is a program, so that the memory and the CPU time of a push are those of nothing else.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil  # type: ignore[import-untyped]  # Airflow depends on it; its types are another package

from cor_provider._compat import Context, get_hook_lineage_collector
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.operators.leaves import CreateLeaveOperator
from cor_provider.outcome import LeaveOutcome


def push(connections: dict[str, str], leaves: str, concurrency: int) -> dict[str, Any]:
    """
    Push a file of leave requests.

    :param connections: the Airflow Connections by id, as JSON.
    :param leaves: path of the file.
    """
    os.environ.update({f"AIRFLOW_CONN_{conn_id.upper()}": connection for conn_id, connection in connections.items()})
    operator = TimedPush(
        task_id="push",
        leave_requests=leaves,
        concurrency=concurrency,
        report_path=leaves.replace("leaves.jsonl", "report.jsonl"),
    )
    import_providers()
    memory_before = psutil.Process().memory_info().rss
    started, cpu_started = time.perf_counter(), time.process_time()
    counts = operator.execute(make_context())
    return {
        "seconds": time.perf_counter() - started,
        "ended_at": time.time(),
        "cpu_seconds": time.process_time() - cpu_started,
        "memory_before": memory_before,
        "peak_memory": peak_memory(),
        "created": counts["created"],
        "per_tenth": operator.per_tenth,
    }


class TimedPush(CreateLeaveOperator):
    """Counts the outcomes in each tenth of a second, by its number since the epoch."""

    def send(self, records: Iterator[Any], hook: CorIntegrationsHook, **options: Any) -> Generator[LeaveOutcome]:
        self.per_tenth: Counter[int] = Counter()
        with closing(super().send(records, hook, **options)) as outcomes:
            for outcome in outcomes:
                self.per_tenth[int(10 * time.time())] += 1
                yield outcome


def import_providers() -> None:
    """Have Airflow import every provider that it finds: seconds, once a process, whoever asks for lineage first."""
    get_hook_lineage_collector()


def make_context() -> Context:
    """Return what the operator asks Airflow's context for."""
    task_instance = SimpleNamespace(max_tries=0, xcom_push=lambda **_: None)
    context: Any = {"ti": task_instance, "task_state_store": StateStore()}
    return context  # type: ignore[no-any-return]


class StateStore:
    """Airflow's, as far as the operator uses it."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def get(self, key: str) -> Any:
        return json.loads(self._values.get(key, "null"))

    def set(self, key: str, value: Any) -> None:
        self._values[key] = json.dumps(value)


def peak_memory() -> int:
    """Return the most memory that this process has held so far, in bytes."""
    status = Path("/proc/self/status")
    if not status.exists():  # no Linux; there, `getrusage` may tell of the process that started this one
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (kilobytes,) = re.findall(r"VmHWM:\s*(\d+) kB", status.read_text())
    return int(kilobytes) * 1024


if __name__ == "__main__":
    task_path, result_path = map(Path, sys.argv[1:])
    result_path.write_text(json.dumps(push(**json.loads(task_path.read_text()))))
