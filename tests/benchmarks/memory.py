"""Whether memory and CPU time per leave grow with the number of leaves."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.pushes import push
from benchmarks.server import serve
from benchmarks.table import Row, Target

MOST_PEAK_MEMORY = 1.3  # at the largest amount, as a multiple of that at the smallest


def measure(bench: Bench) -> Iterator[Row]:
    with serve(bench, latency_ms=0) as server:
        amounts = [bench.size(full, quick=full // 100) for full in (1_000, 10_000, 100_000)]
        pushes = [push(bench, server, amount, concurrency=32) for amount in amounts]
    first = pushes[0]
    for one in pushes:
        growth = one.peak_memory / first.peak_memory
        megabytes, added = (size / 2**20 for size in (one.peak_memory, one.peak_memory - one.memory_before))
        yield Row(
            f"{growth:.2f} times that at {first.leaves:,}",
            "peak memory of a process that pushes a `.jsonl` file, 0 ms, concurrency 32",
            one.leaves,
            f"{megabytes:.0f} MiB, of which the push adds {added:.1f}",
            Target.at_most(MOST_PEAK_MEMORY, growth) if one is pushes[-1] else None,
        )
    for one in pushes:
        yield Row(
            f"{one.cpu_per_leave / first.cpu_per_leave:.2f} times that at {first.leaves:,}",
            "CPU time per leave of these",
            one.leaves,
            f"{one.cpu_per_leave * 1000:.2f} ms",
        )
