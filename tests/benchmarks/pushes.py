"""Pushes, each with what it took."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.server import Server


@dataclass(frozen=True)
class Push:
    """
    A push that is done; memory in bytes, times in seconds since the epoch.

    :param per_tenth: how many outcomes there were in each tenth of a second, by its number since the epoch.
    """

    leaves: int
    seconds: float
    ended_at: float
    cpu_seconds: float
    memory_before: int
    peak_memory: int
    per_tenth: Mapping[int, int]

    @property
    def per_second(self) -> float:
        return self.leaves / self.seconds

    def per_second_within(self, since: float, until: float) -> float:
        """Return how many outcomes there were per second within a stretch of time."""
        tenths = range(round(10 * since), round(10 * until))
        return 10 * sum(self.per_tenth.get(tenth, 0) for tenth in tenths) / len(tenths)

    @property
    def cpu_per_leave(self) -> float:
        return self.cpu_seconds / self.leaves


def push(bench: Bench, server: Server, amount: int, *, concurrency: int, redis: str | None = None) -> Push:
    """
    Push leaves with ``CreateLeaveOperator`` in a fresh process.

    :param redis: the Airflow Connection to the Redis over which it shares its pace, as JSON; None if it does not.
    """
    connections = {"cor_default": server.connection}
    if redis:
        connection = json.loads(server.connection)
        connection["extra"] = {**connection["extra"], "pace_redis_conn_id": "pace"}
        connections = {"cor_default": json.dumps(connection), "pace": redis}
    task = {
        "connections": connections,
        "leaves": str(bench.write_leaves(amount)),
        "concurrency": concurrency,
    }
    result = bench.run("push_process", task)
    if result.pop("created") != amount:
        sys.exit("A push did not create every leave.")
    per_tenth = {int(tenth): count for tenth, count in result.pop("per_tenth").items()}
    return Push(amount, per_tenth=per_tenth, **result)
