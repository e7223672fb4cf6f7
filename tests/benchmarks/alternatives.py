"""The operator against what somebody would write without this provider, all of it run by a real Airflow."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import requests

from benchmarks.bench import Bench
from benchmarks.server import serve
from benchmarks.table import Row, Target

LATENCY_MS = 50
PARALLELISM = 2
LEAST_TIMES_MAPPED = 100
LEAST_TIMES_LOOP = 25

MAPPED, LOOP, OURS = "mapped_http_operator", "loop", "create_leave_operator"
DAGS = {
    MAPPED: ("`HttpOperator` mapped over the leaves", 100),
    LOOP: ("a TaskFlow task that loops over `requests.post`", 1000),
    "session": ("the same with a `requests.Session`", 1000),
    "threads": ("the same with a session and `ThreadPoolExecutor.map`, 32 threads", 5000),
    OURS: ("`CreateLeaveOperator`, concurrency 32", 5000),
}
"""Of ``dags/alternatives.py``: what each does, and for how many leaves, which is what it can do in bearable time."""


def measure(bench: Bench) -> Iterator[Row]:
    amounts = {dag_id: bench.size(full, quick=3) for dag_id, (_what, full) in DAGS.items()}
    with serve(bench, LATENCY_MS) as server:
        runs = [(dag_id, str(bench.write_leaves(amount))) for dag_id, amount in amounts.items()]
        task = {"connection": server.connection, "parallelism": PARALLELISM, "runs": runs}
        done = bench.run("airflow_process", task)
        if _count_leaves(server.url) != sum(amounts.values()):
            sys.exit("A DAG did not create every leave.")
    rates = {dag_id: amounts[dag_id] / took for dag_id, took in zip(amounts, done["seconds"], strict=True)}
    times_mapped, times_loop = rates[OURS] / rates[MAPPED], rates[OURS] / rates[LOOP]
    for dag_id, rate in rates.items():
        yield Row(
            f"{rate / rates[MAPPED]:,.1f} times the mapped `HttpOperator`",
            f"{DAGS[dag_id][0]}, {LATENCY_MS} ms; {done['executor']}, parallelism {PARALLELISM}",
            amounts[dag_id],
            f"{rate:,.1f} leaves/s",
            Target.at_least(LEAST_TIMES_MAPPED, times_mapped) if dag_id == OURS else None,
        )
    yield Row(
        f"{times_loop:,.1f} times the loop over `requests.post`",
        "the last of these",
        amounts[OURS],
        f"{rates[OURS]:,.1f} leaves/s",
        Target.at_least(LEAST_TIMES_LOOP, times_loop),
    )


def _count_leaves(url: str) -> int:
    with requests.Session() as session:
        session.trust_env = False
        return int(session.get(url, timeout=60).json()["created"])
