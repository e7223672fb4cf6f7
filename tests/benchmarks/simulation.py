"""
A push under limits of every shape, none of which it knows, and four pushes under one limit: in simulated time.

*Ideal* is the time of somebody who knows the limit and sends each request the moment that it would be accepted, with as
many at once as the push, and as many per second as its CPU could send. Of a limit that others use too, it is the time
at what they leave, by their requests; of so many at once, an answer makes a place free.

The target is missed most where each refusal costs a pause of a second, as ``Retry-After`` asks: to find a limit takes
two or three of them, and to notice that it was raised takes one from time to time.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

from benchmarks.bench import Bench
from benchmarks.simulated_limits import AtOnce, Bucket, FixedWindow, Limit, SlidingWindow
from benchmarks.simulated_pushes import RETRY_AFTER, Push, Server, ideal_seconds, simulate
from benchmarks.table import Row, Target
from cor_provider.push.control import Control

RATES = (20, 50, 120, 200, 500)
LATENCIES = (0.0, 0.05)
MOST_PER_SECOND_OF_A_MINUTE = 120  # more would take longer to simulate than all the others
MOST = 1.2  # times the ideal time
CHANGE = 15.0  # seconds until a limit changes

Others = Callable[[float], Callable[[float], float]]


@dataclass(frozen=True)
class Shape:
    """
    :param limit: makes one, of a rate and a phase between 0 and 1.
    :param seconds: for how many seconds' worth of leave.
    :param most_refused: the target for the share of all requests that are refused.
    """

    limit: Callable[[float, float], Limit]
    most_refused: float = 0.03
    seconds: float = 30.0
    others: Others | None = None


def a_tenth(rate: float) -> float:
    return max(1.0, rate / 10)


def steadily(rate: float) -> Callable[[float], float]:
    """Take half of a rate, evenly."""
    return lambda now: now + 2 / rate


def in_bursts(rate: float) -> Callable[[float], float]:
    """Take half of a rate, within a tenth of each second."""
    return lambda now: now + 0.2 / rate if now % 1 < 0.1 else float(int(now) + 1)


SHAPES = {
    "token bucket, burst of one": Shape(lambda rate, _: Bucket(rate, 1)),
    "token bucket, burst of two": Shape(lambda rate, _: Bucket(rate, 2)),
    "token bucket, burst of a tenth of a second": Shape(lambda rate, _: Bucket(rate, a_tenth(rate))),
    "token bucket, burst of a second": Shape(lambda rate, _: Bucket(rate, rate)),
    "token bucket, burst of ten seconds": Shape(lambda rate, _: Bucket(rate, 10 * rate), most_refused=0.05),
    "fixed window of a second": Shape(lambda rate, phase: FixedWindow(rate, 1, phase)),
    "fixed window of a minute": Shape(lambda rate, phase: FixedWindow(60 * rate, 60, 60 * phase), seconds=180),
    "sliding window of a second": Shape(lambda rate, _: SlidingWindow(int(rate), 1)),
    "so many at once as answer at this rate": Shape(lambda rate, _: AtOnce(max(1, int(rate) // 20))),
    "falls to half after 15 seconds": Shape(lambda rate, _: Bucket(rate, a_tenth(rate), (CHANGE, rate / 2))),
    "doubles after 15 seconds": Shape(lambda rate, _: Bucket(rate, a_tenth(rate), (CHANGE, rate * 2))),
    "others take half of it, evenly": Shape(lambda rate, _: Bucket(rate, rate), seconds=15, others=steadily),
    "others take half of it, in bursts": Shape(lambda rate, _: Bucket(rate, rate), seconds=15, others=in_bursts),
}
"""By what is said of them in the table."""

WORDS = {"none": "no `Retry-After`", "seconds": "whole seconds", "date": "a date"}


@dataclass(frozen=True)
class Case:
    """One push against one limit."""

    shape: Shape
    rate: float
    latency: float
    retry_after: str
    seed: int

    def run(self) -> tuple[Push, float]:
        """Return the push, and its time as a multiple of the ideal time."""
        phase = random.Random(self.seed).random()  # noqa: S311  # repeatable, and no cryptography
        push = Push(int(self.shape.seconds * self.rate))
        others = self.shape.others(self.rate) if self.shape.others else None
        server = Server(self.shape.limit(self.rate, phase), self.latency, self.retry_after, others)
        simulate(server, [push], self.seed)
        ideal = push.leaves / (self.rate / 2)
        if not others:
            ideal = ideal_seconds(self.shape.limit(self.rate, phase), push.leaves, self.latency, push.concurrency)
        return push, push.ended_at / ideal


def cases(shape: Shape, retry_after: str, *, is_quick: bool) -> Iterator[Case]:
    for rate, latency, seed in product(RATES, LATENCIES, range(2)):
        if is_quick and (rate, latency, seed) != (50, 0.05, 0):
            continue
        if shape.seconds > 60 and rate > MOST_PER_SECOND_OF_A_MINUTE:
            continue
        if not latency and isinstance(shape.limit(rate, 0), AtOnce):
            continue  # without a latency there is never more than one
        yield Case(shape, rate, latency, retry_after, seed)


def measure(bench: Bench) -> Iterator[Row]:
    for name, shape in SHAPES.items():
        for retry_after in RETRY_AFTER:
            done = [case.run() for case in cases(shape, retry_after, is_quick=bench.quick)]
            ratios = [ratio for _, ratio in done]
            leaves = sum(push.leaves for push, _ in done)
            refused = sum(push.refused for push, _ in done)
            share = refused / (leaves + refused)
            is_met = max(ratios) <= MOST and share <= shape.most_refused
            yield Row(
                f"{max(ratios):.2f} times the ideal time, at most",
                f"simulated: {name}; {WORDS[retry_after]}",
                leaves,
                f"{statistics.median(ratios):.2f} in the middle; {share:.1%} answered 429",
                Target(f"≤ {MOST:g}, ≤ {shape.most_refused:.0%}", is_met),
            )
    for is_shared in (False, True):
        yield from _shares(bench, is_shared=is_shared)


AMOUNTS = (10, 8, 12, 14)  # seconds' worth of leave at the whole limit
STARTS = {"together": (0, 0, 0, 0), "three seconds apart": (0, 3, 6, 9)}
SETTLED = 10.0  # seconds from the last start on
STRETCH = 5.0  # seconds over which shares are measured, and what is used of what one leaves free


def _shares(bench: Bench, *, is_shared: bool) -> Iterator[Row]:
    for retry_after in ("seconds", "none"):
        for word, starts in STARTS.items():
            ratios: list[float] = []
            shares: list[float] = []
            freed: list[float] = []
            refused = leaves = 0
            for rate, seed in product((120,) if bench.quick else (120, 200), range(1 if bench.quick else 3)):
                pushes = [Push(amount * rate, starts_at=start) for amount, start in zip(AMOUNTS, starts, strict=True)]
                server = Server(Bucket(rate, a_tenth(rate)), 0.05, retry_after)
                simulate(server, pushes, seed, shared=Control() if is_shared else None)
                leaves += sum(push.leaves for push in pushes)
                refused += sum(push.refused for push in pushes)
                ratios.append(max(push.ended_at for push in pushes) / sum(AMOUNTS))
                shares += _fair_shares(pushes, rate)
                freed += _use_of_freed(pushes, rate)
            yield Row(
                f"{max(ratios):.2f} times the ideal time, at most",
                f"simulated: 4 pushes{' with one control' if is_shared else ''}, {word}, bucket of a tenth of a "
                f"second, 120/s and 200/s; {WORDS[retry_after]}",
                leaves,
                f"{statistics.mean(ratios):.2f} on average; {min(shares):.2f} to {max(shares):.2f} of a fair share "
                f"over {STRETCH:.0f} s; {statistics.mean(freed):.0%} in use {STRETCH:.0f} s after an end; "
                f"{refused / (leaves + refused):.1%} answered 429",
                Target.at_most(MOST, max(ratios)),
            )


def _fair_shares(pushes: list[Push], rate: float) -> Iterator[float]:
    since = max(push.starts_at for push in pushes) + SETTLED
    while since + STRETCH <= min(push.ended_at for push in pushes):
        yield from (push.per_second(since, since + STRETCH) / (rate / len(pushes)) for push in pushes)
        since += STRETCH / 2


def _use_of_freed(pushes: list[Push], rate: float) -> Iterator[float]:
    end = max(push.ended_at for push in pushes)
    for push in pushes:
        since = push.ended_at + STRETCH
        if since + STRETCH <= end:
            yield sum(other.per_second(since, since + STRETCH) for other in pushes) / rate
