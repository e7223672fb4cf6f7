"""What a sync costs when next to nothing has changed."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.server import serve
from benchmarks.table import Row, Target

CHANGES = 100
MOST_SECONDS = 30


def measure(bench: Bench) -> Iterator[Row]:
    leaves = bench.size(50_000, quick=1_000)
    with serve(bench, latency_ms=50) as server:
        task = {"connection": server.connection, "folder": str(bench.new_path("sync")), "leaves": leaves}
        done = bench.run("sync_process", {**task, "changes": CHANGES})
    if done["changed"] != CHANGES:
        sys.exit("A sync did not make every change.")
    yield Row(
        f"{done['requests'] / CHANGES:.2f} requests per change",
        f"`SyncLeavesOperator`, {CHANGES} changes, 50 ms, concurrency 8",
        leaves,
        f"{done['seconds']:.1f} s, {done['peak_memory'] / 2**20:.0f} MiB at most, of which the sync adds "
        f"{(done['peak_memory'] - done['memory_before']) / 2**20:.0f}",
        Target(
            f"≤ 1.05, ≤ {MOST_SECONDS} s",
            done["requests"] <= 1.05 * CHANGES and done["seconds"] <= MOST_SECONDS,
        ),
    )
