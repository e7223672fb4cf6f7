"""
A process that creates leave as somebody would without this provider: a ``requests.Session`` and a pool of threads.

It neither validates, retries, paces nor reports.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter

from benchmarks.payload import payload_of


def requests_per_second(url: str, token: str, leaves: str, threads: int) -> float:
    """Create the leaves of a file, a line each."""
    lines = Path(leaves).read_text().splitlines()
    with requests.Session() as session, ThreadPoolExecutor(threads) as pool:
        session.headers["Authorization"] = f"Bearer {token}"
        session.mount("http://", HTTPAdapter(pool_maxsize=threads))

        def create(line: str) -> None:
            session.post(url, json=payload_of(line), timeout=30).raise_for_status()

        started = time.perf_counter()
        list(pool.map(create, lines))
        return len(lines) / (time.perf_counter() - started)


if __name__ == "__main__":
    task_path, result_path = map(Path, sys.argv[1:])
    result_path.write_text(json.dumps(requests_per_second(**json.loads(task_path.read_text()))))
