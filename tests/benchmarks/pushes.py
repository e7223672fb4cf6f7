"""Pushes, each with what it took."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.server import Server


@dataclass(frozen=True)
class Push:
    """A push that is done; memory in bytes, the time of its end in seconds since the epoch."""

    leaves: int
    seconds: float
    ended_at: float
    cpu_seconds: float
    memory_before: int
    peak_memory: int

    @property
    def per_second(self) -> float:
        return self.leaves / self.seconds

    @property
    def cpu_per_leave(self) -> float:
        return self.cpu_seconds / self.leaves


def push(bench: Bench, server: Server, amount: int, *, concurrency: int) -> Push:
    """Push leaves with ``CreateLeaveOperator`` in a fresh process."""
    task = {
        "connection": server.connection,
        "leaves": str(bench.write_leaves(amount)),
        "concurrency": concurrency,
    }
    result = bench.run("push_process", task)
    if result.pop("created") != amount:
        sys.exit("A push did not create every leave.")
    return Push(amount, **result)
