"""A process that reads a file of leave requests and sends nothing: ``CreateLeaveOperator`` with ``validate_only``."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.push_process import import_providers, make_context, peak_memory
from cor_provider.operators.leaves import CreateLeaveOperator


def read(connection: str, leaves: str) -> dict[str, Any]:
    """Read a file of leave requests, of which each must be valid."""
    os.environ["AIRFLOW_CONN_COR_DEFAULT"] = connection
    operator = CreateLeaveOperator(task_id="read", leave_requests=leaves, validate_only=True)
    import_providers()
    started, cpu_started = time.perf_counter(), time.process_time()
    counts = operator.execute(make_context())
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu_started,
        "peak_memory": peak_memory(),
        "valid": counts["not_sent"],
    }


if __name__ == "__main__":
    task_path, result_path = map(Path, sys.argv[1:])
    result_path.write_text(json.dumps(read(**json.loads(task_path.read_text()))))
