"""How much of the CPU time of a push is our own work on each leave."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.pushes import push
from benchmarks.server import LEAVES, serve
from benchmarks.table import Row, Target

MOST_OF_CPU = 0.15


def measure(bench: Bench) -> Iterator[Row]:
    with serve(bench, latency_ms=0) as server:
        done = push(bench, server, bench.size(10_000, quick=200), concurrency=32)
        leaves = str(bench.write_leaves(done.leaves))
        task = {"url": server.url + LEAVES, "token": server.token, "leaves": leaves}
        alone = bench.run("bookkeeping_process", task) / done.leaves
    share = alone / done.cpu_per_leave
    yield Row(
        f"{share:.1%} of the CPU time per leave",
        "validation, JSON and bookkeeping, timed alone in one thread",
        done.leaves,
        f"{alone * 1000:.3f} ms of {done.cpu_per_leave * 1000:.2f} ms",
        Target(f"< {MOST_OF_CPU:.0%}", share < MOST_OF_CPU),
    )
