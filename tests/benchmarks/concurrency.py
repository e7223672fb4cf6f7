"""The operator against what latency and concurrency allow, and the server against the operator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.bench import Bench
from benchmarks.plain_client import CONNECTIONS, requests_per_second
from benchmarks.pushes import Push, push
from benchmarks.server import LEAVES as PATH
from benchmarks.server import Server, serve
from benchmarks.table import Row, Target

LEAVES = {1: 200, 8: 2000, 32: 5000}
"""How many to push, by concurrency."""

LEAST_OF_SESSION = {50: 0.75, 0: 0.5}
"""
By milliseconds, at concurrency 32: the least share of what a plain session and threads reach in the same run. Shares of
the ideal rate, and leaves per second, depend on the machine: the same code had 0.89 and 0.76 on two of them.
"""

LEAST_OF_SERVER = 3  # times as much as the fastest push


def measure(bench: Bench) -> Iterator[Row]:
    fastest = 0.0
    for latency_ms in (50, 20, 0):
        with ExitStack() as stack:
            server = stack.enter_context(serve(bench, latency_ms))
            for concurrency, amount in LEAVES.items():
                done = push(bench, server, bench.size(amount, quick=20), concurrency=concurrency)
                fastest = max(fastest, done.per_second)
                yield _row(done, latency_ms, concurrency)
            yield _against_session(bench, server, done, latency_ms)
            if not latency_ms:
                amount = bench.size(20_000, quick=1000)
                capacity = requests_per_second(server, bench.write_leaves(amount))
                yield Row(
                    f"{capacity / fastest:.1f} times the fastest of these pushes",
                    f"what the lean server takes from a plain client over {CONNECTIONS} connections, 0 ms",
                    amount,
                    f"{capacity:,.0f} requests/s",
                    Target.at_least(LEAST_OF_SERVER, capacity / fastest),
                )


def _row(done: Push, latency_ms: int, concurrency: int) -> Row:
    share = done.per_second * latency_ms / 1000 / concurrency
    return Row(
        f"{share:.2f} of the ideal rate" if latency_ms else "",
        f"`CreateLeaveOperator`, {latency_ms} ms, concurrency {concurrency}",
        done.leaves,
        f"{done.per_second:,.0f} leaves/s",
    )


def _against_session(bench: Bench, server: Server, done: Push, latency_ms: int) -> Row:
    threads = max(LEAVES)
    task = {
        "url": server.url + PATH,
        "token": server.token,
        "leaves": str(bench.write_leaves(done.leaves)),
        "threads": threads,
    }
    plain = bench.run("session_process", task)
    share = done.per_second / plain
    return Row(
        f"{share:.2f} of this is what the push above reaches",
        f"a `requests.Session` and {threads} threads, which neither check, retry nor report, {latency_ms} ms",
        done.leaves,
        f"{plain:,.0f} leaves/s",
        Target.at_least(LEAST_OF_SESSION[latency_ms], share) if latency_ms in LEAST_OF_SESSION else None,
    )
