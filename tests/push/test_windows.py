"""Whether refusals are those of a window of a second."""

from __future__ import annotations

import pytest

from benchmarks.simulated_limits import Bucket, FixedWindow, SlidingWindow
from benchmarks.simulated_limits import Limit as Server
from cor_provider.push.windows import FEW, REFUSALS, Windows


def learned(server: Server, rates: list[float], pause: float = 1.0) -> list[float | None]:
    """Send at each rate until a refusal, with a pause after it, and return what each refusal told."""
    windows = Windows()
    found = []
    now = 0.0
    for rate in rates:
        sent_at = []
        while not server.take(now, 0.0):
            sent_at.append(now)
            now += 1 / rate
        found.append(windows.learn(sent_at, now))
        now += pause
    return found


@pytest.mark.parametrize("phase", [0.0, 0.33, 0.7])
@pytest.mark.parametrize("rate", [20, 120, 500])
def test_a_fixed_window_is_found_whenever_it_begins(rate: int, phase: float) -> None:
    found = learned(FixedWindow(rate, 1.0, phase), [3.1 * rate, 1.7 * rate, 1.3 * rate, 1.2 * rate])
    assert found[: REFUSALS - 1] == [None, None]
    assert found[-1] == pytest.approx(rate, rel=0.04, abs=1)


@pytest.mark.parametrize("rate", [20, 120, 500])
def test_a_sliding_window_is_found(rate: int) -> None:
    found = learned(SlidingWindow(rate, 1.0), [2.0 * rate, 1.5 * rate, 1.2 * rate])
    assert found == [None, None, pytest.approx(rate, rel=0.02, abs=1)]


@pytest.mark.parametrize("burst", [1, 10, 60])
def test_a_bucket_is_no_window(burst: int) -> None:
    found = learned(Bucket(120, burst), [400.0, 190.0, 260.0, 150.0], pause=1.13)
    assert found == [None] * 4


def test_refusals_within_one_window_count_once() -> None:
    windows = Windows()
    sent_at = [number / 100 for number in range(50)]
    assert [windows.learn(sent_at if not number else [], 0.5 + number / 1000) for number in range(5)] == [None] * 5


def test_requests_before_the_last_refusal_count_as_well() -> None:
    windows = Windows()
    found = []
    for second in range(REFUSALS + 1):
        sent_at = [second + number / 100 for number in range(50)]
        found.append(windows.learn(sent_at[:25], second + 0.25))
        windows.learn(sent_at[25:], second + 0.5)
    assert found[-1] == pytest.approx(50, abs=1)  # in the second before each of them
    assert len(windows.accepted_at) <= 2 * 50


def test_few_requests_are_no_window() -> None:
    assert learned(FixedWindow(FEW - 3, 1.0, 0.0), [20.0, 20.0, 20.0]) == [None] * 3
