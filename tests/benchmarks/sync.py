"""What a sync costs: one in which next to nothing has changed, and the first one, which creates everything."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from benchmarks.bench import Bench
from benchmarks.server import serve
from benchmarks.table import Row, Target

CHANGES = 100
MOST_MIB = 64
"""How much more memory a large sync may take than one of a thousand leaves."""

MOST_TIMES_JSON = 7.5
"""
How much CPU time a leave may take, compared with reading and writing its record as JSON: 30 microseconds where that
takes 4.
"""


def measure(bench: Bench) -> Iterator[Row]:
    yield from _measure_changes(bench)
    yield from _measure_first_run(bench)


def _measure_changes(bench: Bench) -> Iterator[Row]:
    what = f"`SyncLeavesOperator`, {CHANGES} changes, 50 ms, concurrency 8"
    with serve(bench, latency_ms=50) as server:
        few, many = (
            _run(bench, server.connection, leaves, {"changes": CHANGES})
            for leaves in (1_000, bench.size(1_000_000, quick=2_000))
        )
    for done in (few, many):
        if done["changed"] != CHANGES:
            sys.exit("A sync did not make every change.")
    yield Row(
        f"{many['requests'] / CHANGES:.2f} requests per change",
        what,
        many["leaves"],
        f"{many['seconds']:.1f} s",
        Target("1", many["requests"] == CHANGES),
    )
    yield _memory(few, many, what)
    times = many["cpu_seconds"] / many["json_seconds"]
    yield Row(
        f"{times:.1f} times `json.loads` and `json.dumps` of the record",
        "CPU time per leave of the sync",
        many["leaves"],
        f"{many['cpu_seconds'] / many['leaves'] * 1e6:.1f} µs",
        Target(f"≤ {MOST_TIMES_JSON:g}", times <= MOST_TIMES_JSON),
    )


def _measure_first_run(bench: Bench) -> Iterator[Row]:
    with serve(bench, latency_ms=0) as server:
        few, many = (
            _run(bench, server.connection, leaves, {"changes": leaves, "is_first": True})
            for leaves in (1_000, bench.size(200_000, quick=1_500))
        )
    for done in (few, many):
        if done["changed"] != done["leaves"]:
            sys.exit("A first sync did not create every leave.")
    yield _memory(few, many, "`SyncLeavesOperator`, first run, with report, plan and page, 0 ms, concurrency 32")


def _memory(few: dict[str, Any], many: dict[str, Any], what: str) -> Row:
    more = max(many["added_mib"] - few["added_mib"], 0.0)
    return Row(
        f"{more:.0f} MiB beyond what {few['leaves']:,} take",
        f"memory: {what}",
        many["leaves"],
        f"{many['peak_mib']:.0f} MiB at most, of which the sync adds {many['added_mib']:.0f}",
        Target(f"≤ {MOST_MIB}", more <= MOST_MIB),
    )


def _run(bench: Bench, connection: str, leaves: int, task: dict[str, Any]) -> dict[str, Any]:
    folder = str(bench.new_path("sync"))
    done = bench.run("sync_process", {"connection": connection, "folder": folder, "leaves": leaves, **task})
    return {**done, "leaves": leaves}
