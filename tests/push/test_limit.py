"""What two or more refusals tell of a limit."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from benchmarks.simulated_limits import Bucket, FixedWindow, SlidingWindow
from benchmarks.simulated_limits import Limit as Server
from cor_provider.push.limit import Limit, Stretch

PAUSE = 1.0
RATE = 50.0


def stretches(server: Server, rates: list[Callable[[float], float]]) -> list[tuple[Stretch, float]]:
    """
    Send until a refusal, once for each rate, with a pause between.

    :param rates: requests per second, by seconds since the pause.
    :return: what was sent, and the rate at which it was refused.
    """
    done = []
    now = 0.0
    for number, rate in enumerate(rates):
        began_at, sent_at = now, []
        while not server.take(now, 0.0):
            sent_at.append(now)
            now += 1 / rate(now - began_at)
        pause = PAUSE if number else 0.0
        done.append((Stretch(sent_at, len(sent_at), now - began_at, now, pause), rate(now - began_at)))
        now += PAUSE
    return done


def learned(server: Server, *rates: Callable[[float], float]) -> list[float | None]:
    limit = Limit()
    return [limit.learn(stretch, rate, is_news=False) for stretch, rate in stretches(server, list(rates))]


def quickly(seconds: float) -> float:
    return 40 * math.exp(5 * seconds)


def at_twice(_: float) -> float:
    return 2 * RATE


def slowly(seconds: float) -> float:
    return 30 + 10 * seconds


@pytest.mark.parametrize("burst", [1, 2, 5, 10])
def test_a_small_burst_is_told_from_the_rate(burst: int) -> None:
    first, second = learned(Bucket(RATE, burst), quickly, slowly)
    assert first is None
    assert second == pytest.approx(RATE, rel=0.05)


@pytest.mark.parametrize(("burst", "forgives"), [(1, False), (2, False), (5, True), (50, True)])
def test_whether_it_forgives_a_request_that_comes_early(burst: int, forgives: bool) -> None:
    limit = Limit()
    assert not limit.forgives
    for stretch, rate in stretches(Bucket(RATE, burst), [quickly, slowly]):
        limit.learn(stretch, rate, is_news=False)
    assert limit.forgives is forgives


@pytest.mark.parametrize("burst", [2, 5, 10])
def test_a_burst_that_is_known_gives_the_rate_of_any_stretch(burst: int) -> None:
    *_, third = learned(Bucket(RATE, burst), quickly, slowly, lambda seconds: 40 + 4 * seconds)
    assert third == pytest.approx(RATE, rel=0.05)


@pytest.mark.parametrize(
    "server", [SlidingWindow(int(RATE), 1.0), FixedWindow(RATE, 1.0, 0.3)], ids=["sliding window", "fixed window"]
)
def test_the_third_refusal_of_a_window_gives_its_number(server: Server) -> None:
    limit = Limit()
    numbers = [
        limit.learn(stretch, rate, is_news=False) for stretch, rate in stretches(server, [quickly, quickly, at_twice])
    ]
    assert numbers[2] == pytest.approx(RATE, abs=1)
    assert limit.is_window
    assert limit.is_sure


def test_a_burst_of_a_second_gives_no_more_than_was_accepted() -> None:
    _, second, third = learned(Bucket(RATE, RATE), quickly, at_twice, at_twice)
    assert second is not None
    assert third is not None
    assert 0.9 * RATE < second < 2 * RATE
    assert 0.9 * RATE < third < 2 * RATE


def test_few_requests_say_nothing() -> None:
    limit = Limit()
    stretch = Stretch([0.0, 0.1, 0.2], 3, 0.3, 0.3, 1.0)
    assert [limit.learn(stretch, 10.0, is_news=True) for _ in range(5)] == [None] * 5


def test_a_refusal_soon_after_a_pause_below_what_was_believed_is_no_small_bursts() -> None:
    limit = Limit()
    for stretch, rate in stretches(Bucket(RATE, 5), [quickly, slowly]):
        limit.learn(stretch, rate, is_news=False)
    soon = Stretch([number / 48 for number in range(12)], 12, 0.25, 0.25, 1.0)
    assert limit.learn(soon, 48.0, is_news=True) is None


def test_one_refusal_takes_half_of_a_rate_at_most() -> None:
    limit = Limit()
    for stretch, rate in stretches(Bucket(RATE, RATE), [quickly, at_twice]):
        limit.learn(stretch, rate, is_news=False)
    soon = Stretch([number / 48 for number in range(12)], 12, 0.25, 0.25, 1.0)
    assert limit.learn(soon, 48.0, is_news=True) == pytest.approx(24)


def test_without_a_pause_all_that_was_accepted_is_the_limit() -> None:
    limit = Limit()
    for stretch, rate in stretches(Bucket(RATE, RATE), [quickly, at_twice]):
        limit.learn(stretch, rate, is_news=False)
    stretch = Stretch([number / RATE for number in range(25)], 25, 25 / RATE, 25 / RATE, 0.0)
    assert limit.learn(stretch, 2 * RATE, is_news=False) == pytest.approx(RATE)
