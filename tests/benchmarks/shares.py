"""Four pushes at once, in processes that do not know of each other, under one rate limit that none of them knows."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from benchmarks.bench import Bench
from benchmarks.pushes import push
from benchmarks.server import serve_sandbox
from benchmarks.table import Row, Target

PUSHES = 4
LIMIT = 120  # requests per second
MOST_SECONDS = 1.2  # as a multiple of the ideal time
MOST_REFUSED = 0.03  # share of the requests


def measure(bench: Bench) -> Iterator[Row]:
    amount = bench.size(10 * LIMIT, quick=20)
    with (
        serve_sandbox(bench, "--latency-ms", "50", "--rate-limit", str(LIMIT), "--verbose") as server,
        ThreadPoolExecutor(PUSHES) as pool,
    ):
        running = [pool.submit(push, bench, server, amount, concurrency=8) for _ in range(PUSHES)]
        done = [future.result() for future in running]
        answers = server.count_answers()
    leaves = PUSHES * amount
    seconds = max(one.ended_at for one in done) - min(one.ended_at - one.seconds for one in done)
    ratio = seconds / (leaves / LIMIT)
    rates = sorted(one.per_second for one in done)
    refused = answers["429"] / answers.total()
    yield Row(
        f"{ratio:.2f} times the ideal time",
        f"{PUSHES} pushes at once, each in its process, limit of {LIMIT}/s that none knows, 50 ms, concurrency 8",
        leaves,
        f"{seconds:.1f} s",
        Target.at_most(MOST_SECONDS, ratio),
    )
    yield Row(
        f"{rates[-1] / rates[0]:.1f} times the slowest of them is the fastest",
        "over the whole of each",
        amount,
        f"{rates[0]:.0f} to {rates[-1]:.0f} leaves/s",
    )
    yield Row(
        f"{refused:.1%} of the requests",
        "answered 429 meanwhile",
        leaves,
        f"{answers['429']} of {answers.total():,}",
        Target(f"< {MOST_REFUSED:.0%}", refused < MOST_REFUSED),
    )
