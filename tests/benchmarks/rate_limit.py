"""A push under a rate limit that it does not know."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.pushes import push
from benchmarks.server import serve_sandbox
from benchmarks.table import Row, Target

LIMIT = 50  # requests per second
MOST_SECONDS = 1.15  # as a multiple of the ideal time
MOST_REFUSED = 0.05  # share of the requests


def measure(bench: Bench) -> Iterator[Row]:
    for concurrency in (8, 32):
        with serve_sandbox(bench, "--latency-ms", "50", "--rate-limit", str(LIMIT), "--verbose") as server:
            done = push(bench, server, bench.size(1000, quick=50), concurrency=concurrency)
            answers = server.count_answers()
        ideal = done.leaves / LIMIT
        refused = answers["429"] / answers.total()
        what = f"limit of {LIMIT}/s that the push does not know, 50 ms, concurrency {concurrency}"
        yield Row(
            f"{done.seconds / ideal:.2f} times the ideal time",
            what,
            done.leaves,
            f"{done.seconds:.1f} s",
            Target.at_most(MOST_SECONDS, done.seconds / ideal),
        )
        yield Row(
            f"{refused:.1%} of the requests",
            "answered 429 meanwhile",
            done.leaves,
            f"{answers['429']} of {answers.total():,}",
            Target(f"< {MOST_REFUSED:.0%}", refused < MOST_REFUSED),
        )
