"""
Four pushes at once, in processes of their own, under one rate limit that none of them knows.

First they do not know of each other; then they share their pace over a Redis, which is started for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.pushes import Push, push
from benchmarks.server import serve_sandbox
from benchmarks.table import Row, Target
from redis_server import find_redis, running_redis

AMOUNTS = (10, 8, 12, 14)  # seconds' worth of leave at the whole limit
LIMIT = 120  # requests per second
SHARED_LIMITS = (120, 200)
CONCURRENCY = 16  # enough for the last one, which has all of the limit
MOST_SECONDS = 1.2  # as a multiple of the ideal time
MOST_REFUSED = 0.03  # share of the requests
LEAST_SHARE, MOST_SHARE = 0.5, 2.0  # of what is fair
LEAST_IN_USE = 0.75  # of the limit, after one has ended; a pause is a fifth of the time over which it is measured
SETTLED = 10.0  # seconds from the start on
STRETCH = 5.0  # seconds over which a share is measured, and within which what one leaves free is to be in use


def measure(bench: Bench) -> Iterator[Row]:
    yield from _rows(bench, LIMIT, is_shared=False)
    for limit in SHARED_LIMITS:
        if find_redis():
            yield from _rows(bench, limit, is_shared=True)
        else:
            yield Row("", f"left out: {_what(limit, is_shared=True)}", 0, "redis-server is not installed")


@dataclass(frozen=True)
class _Done:
    """What became of the pushes."""

    pushes: list[Push]
    limit: float
    refused: int
    requests: int

    @property
    def leaves(self) -> int:
        return sum(one.leaves for one in self.pushes)

    @property
    def began_at(self) -> float:
        return min(one.ended_at - one.seconds for one in self.pushes)

    @property
    def ended_at(self) -> float:
        return max(one.ended_at for one in self.pushes)

    @property
    def seconds(self) -> float:
        return self.ended_at - self.began_at

    @property
    def cpu_per_leave(self) -> float:
        return sum(one.cpu_seconds for one in self.pushes) / self.leaves

    def fair_shares(self) -> Iterator[float]:
        """Yield the share of each push in each stretch in which all of them push, as a multiple of what is fair."""
        since, end = self.began_at + SETTLED, min(one.ended_at for one in self.pushes)
        while since + STRETCH <= end:
            for one in self.pushes:
                yield one.per_second_within(since, since + STRETCH) / (self.limit / len(self.pushes))
            since += STRETCH / 2

    def use_of_freed(self) -> Iterator[float]:
        """Yield how much of the limit is in use a while after each end, if the others go on long enough."""
        for one in self.pushes:
            since = one.ended_at + STRETCH
            if since + STRETCH <= self.ended_at:
                yield sum(other.per_second_within(since, since + STRETCH) for other in self.pushes) / self.limit


def _rows(bench: Bench, limit: int, *, is_shared: bool) -> Iterator[Row]:
    done = _push(bench, limit, is_shared=is_shared)
    ratio = done.seconds / (done.leaves / limit)
    yield Row(
        f"{ratio:.2f} times the ideal time",
        _what(limit, is_shared=is_shared),
        done.leaves,
        f"{done.seconds:.1f} s, {done.cpu_per_leave * 1000:.2f} ms of CPU time per leave",
        Target.at_most(MOST_SECONDS, ratio),
    )
    shares = sorted(done.fair_shares()) or [0.0]
    yield Row(
        f"{shares[0]:.2f} of its fair share is the least that one of them gets",
        f"over {STRETCH:.0f} s, from the tenth second on",
        done.leaves,
        f"{shares[0]:.2f} to {shares[-1]:.2f}",
        Target(f"{LEAST_SHARE:g} to {MOST_SHARE:g}", LEAST_SHARE <= shares[0] <= shares[-1] <= MOST_SHARE)
        if is_shared
        else None,
    )
    in_use = min(done.use_of_freed(), default=0.0)
    yield Row(
        f"{in_use:.2f} of the limit is in use, at least",
        f"in the {STRETCH:.0f} s that begin {STRETCH:.0f} s after one has ended",
        done.leaves,
        f"{in_use * limit:.0f} leaves/s",
        Target.at_least(LEAST_IN_USE, in_use) if is_shared else None,
    )
    refused = done.refused / done.requests
    yield Row(
        f"{refused:.1%} of the requests",
        "answered 429 meanwhile",
        done.leaves,
        f"{done.refused} of {done.requests:,}",
        Target(f"< {MOST_REFUSED:.0%}", refused < MOST_REFUSED),
    )


def _what(limit: int, *, is_shared: bool) -> str:
    pace = "that share their pace over Redis" if is_shared else "each on its own"
    return (
        f"{len(AMOUNTS)} pushes at once, {pace}, limit of {limit}/s that none knows, 50 ms, concurrency {CONCURRENCY}"
    )


def _push(bench: Bench, limit: int, *, is_shared: bool) -> _Done:
    with ExitStack() as stack:
        redis = None
        if is_shared:
            folder = bench.new_path("redis")
            folder.mkdir()
            redis = stack.enter_context(running_redis(folder)).connection()
        server = stack.enter_context(
            serve_sandbox(bench, "--latency-ms", "50", "--rate-limit", str(limit), "--verbose")
        )
        pool = stack.enter_context(ThreadPoolExecutor(len(AMOUNTS)))
        running = [
            pool.submit(
                push, bench, server, bench.size(amount * limit, quick=amount), concurrency=CONCURRENCY, redis=redis
            )
            for amount in AMOUNTS
        ]
        pushes = [future.result() for future in running]
        answers = server.count_answers()
    return _Done(pushes, limit, answers["429"], answers.total())
