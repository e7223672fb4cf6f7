"""The operator against what latency and concurrency allow, and the server against the operator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.bench import Bench
from benchmarks.plain_client import CONNECTIONS, requests_per_second
from benchmarks.pushes import Push, push
from benchmarks.server import serve
from benchmarks.table import Row, Target

LEAVES = {1: 200, 8: 2000, 32: 5000}
"""How many to push, by concurrency."""

LEAST_SHARE_OF_IDEAL = 0.85  # at 50 ms and concurrency 32
LEAST_PER_SECOND = 700  # at 0 ms and concurrency 32
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
    what = f"`CreateLeaveOperator`, {latency_ms} ms, concurrency {concurrency}"
    figures = f"{done.per_second:,.0f} leaves/s"
    if latency_ms == 0:
        target = Target.at_least(LEAST_PER_SECOND, done.per_second, " leaves/s") if concurrency == max(LEAVES) else None
        return Row("", what, done.leaves, figures, target)
    share = done.per_second * latency_ms / 1000 / concurrency
    is_judged = (latency_ms, concurrency) == (50, max(LEAVES))
    target = Target.at_least(LEAST_SHARE_OF_IDEAL, share) if is_judged else None
    return Row(f"{share:.2f} of the ideal rate", what, done.leaves, figures, target)
