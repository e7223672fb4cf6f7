"""The rate of a push: how it rises, falls, and rises again."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.simulated_limits import Bucket
from cor_provider.push.rate import Rate


def send(rate: Rate, now: float, *, seconds: float) -> float:
    """Send and have accepted whatever may be sent for some time, and return when that is over."""
    end = now + seconds
    while now < end:
        rate.sent(now)
        rate.accepted()
        now += 1 / rate.per_second
    return now


def refuse(rate: Rate, now: float, *, pause: float) -> float:
    """Refuse what is sent now, and return when the pause is over."""
    rate.sent(now)
    rate.refused(now, rate.per_second, now + pause)
    return now + pause


def test_it_rises_quickly_until_the_first_refusal() -> None:
    rate = Rate(math.inf)
    assert rate.per_second == 40
    send(rate, 0.0, seconds=0.5)
    assert rate.per_second > 400


def test_answers_after_a_refusal_no_longer_raise_it() -> None:
    rate = Rate(math.inf)
    now = send(rate, 0.0, seconds=0.2)
    refuse(rate, now, pause=1.0)
    before = rate.per_second
    rate.accepted()
    assert rate.per_second == before


def test_after_the_first_refusal_it_is_halved_and_returns() -> None:
    rate = Rate(math.inf)
    now = send(rate, 0.0, seconds=0.3)
    refused = rate.per_second
    now = refuse(rate, now, pause=1.0)
    rate.sent(now)
    assert rate.per_second == pytest.approx(refused / 2, rel=0.2)
    send(rate, now, seconds=3)
    assert rate.per_second == pytest.approx(refused, rel=0.2)


def refused_four_times(server: Bucket) -> tuple[Rate, float]:
    """Return a rate that has met a limit so often that it knows it, and the time, after a pause."""
    rate, now = Rate(math.inf), 0.0
    for _ in range(4):
        while not server.take(now, 0.0):
            rate.sent(now)
            rate.accepted()
            now += 1 / rate.per_second
        now = refuse(rate, now, pause=1.0)
    return rate, now


def held() -> tuple[Rate, float]:
    """Return a rate that knows its limit, 50/s with a burst of a tenth of a second, and the time, after a pause."""
    rate, now = refused_four_times(Bucket(50, 5))
    now = send(rate, now, seconds=1.5)
    assert 45 < rate.per_second < 50
    return rate, now


def test_a_rate_is_held_for_a_while_and_then_grows_faster_and_faster() -> None:
    rate, now = held()
    plateau = rate.per_second
    now = send(rate, now, seconds=9)
    assert rate.per_second == pytest.approx(plateau, rel=0.05)
    now = send(rate, now, seconds=12)
    grown = rate.per_second - plateau
    assert grown > 0
    send(rate, now, seconds=3)
    assert rate.per_second - plateau > 3 * grown


def test_where_a_refusal_costs_no_pause_it_grows_sooner() -> None:
    rate, now = held()
    now = refuse(rate, send(rate, now, seconds=14), pause=0.0)
    now = send(rate, now, seconds=1.5)
    plateau = rate.per_second
    send(rate, now, seconds=2.5)
    assert rate.per_second > 1.05 * plateau


def test_time_in_which_little_is_sent_does_not_raise_it() -> None:
    rate, now = held()
    plateau = rate.per_second
    for second in range(60):
        rate.sent(now + second)
    assert rate.per_second == pytest.approx(plateau, rel=0.05)


def test_few_accepted_requests_lower_it_little() -> None:
    rate, now = held()
    plateau = rate.per_second
    now = refuse(rate, send(rate, now, seconds=5), pause=1.0)
    now = send(rate, now, seconds=3 / plateau)
    now = refuse(rate, now, pause=1.0)
    send(rate, now, seconds=2.5)
    assert 0.85 * plateau < rate.per_second < plateau


def test_after_a_fall_the_limit_is_searched_for_far_below_what_was_refused() -> None:
    rate, now = held()
    refused = rate.per_second
    now = refuse(rate, now, pause=1.0)
    rate.sent(now)
    assert 0.5 * refused < rate.per_second < 0.7 * refused


def test_few_of_them_again_and_again_lower_it_more() -> None:
    rate, now = held()
    plateau = rate.per_second
    for _ in range(8):
        now = refuse(rate, now, pause=1.0)
        now = send(rate, now, seconds=3 / plateau)
    send(rate, now, seconds=2.5)
    assert rate.per_second < 0.6 * plateau


def test_after_a_long_pause_that_was_worth_it_everything_begins_anew() -> None:
    rate = Rate(math.inf)
    now = send(rate, 0.0, seconds=1.0)  # thousands
    now = refuse(rate, now, pause=55.0)
    rate.sent(now)
    assert rate.per_second == 40
    send(rate, now, seconds=0.5)
    assert rate.per_second > 400


def test_after_a_long_pause_for_few_it_does_not() -> None:
    rate = Rate(math.inf)
    now = send(rate, 0.0, seconds=0.3)
    refused = rate.per_second
    now = refuse(rate, now, pause=60.0)
    rate.sent(now)
    assert rate.per_second == pytest.approx(refused / 2, rel=0.2)


def test_a_refusal_of_one_that_was_sent_long_before_the_others_teaches_nothing() -> None:
    rate = Rate(math.inf)
    now = send(rate, 0.0, seconds=0.9)  # thousands, so that it is no longer known when the first ones were sent
    before = rate.per_second
    rate.refused(0.0, 40.0, now + 1)
    now = send(rate, now + 1, seconds=0.1)
    assert (refused := rate.per_second) >= before
    for _ in range(3):
        now = send(rate, refuse(rate, now, pause=1.0), seconds=1.0)
    assert 0.2 * refused < rate.per_second <= refused


def test_after_a_time_in_which_nothing_was_sent_a_refusal_takes_half_of_the_rate_at_most() -> None:
    rate, now = refused_four_times(Bucket(50, 50))
    now = send(rate, now, seconds=3)
    before = rate.per_second
    now = refuse(rate, now + 10, pause=1.0)
    send(rate, now, seconds=2)
    assert rate.per_second > 0.45 * before


@pytest.mark.parametrize("limit", [50, 900, 3000])
def test_what_is_known_of_a_large_burst_is_as_good_at_high_rates(limit: float) -> None:
    server, rate, now = Bucket(limit, limit), Rate(math.inf), 0.0
    while now < 60:
        if server.take(now, 0.0):
            now = refuse(rate, now, pause=1.0)
            continue
        rate.sent(now)
        rate.accepted()
        now += 1 / rate.per_second
        assert now < 10 or (rate.plateau is not None and rate.plateau > 0.8 * limit)


def test_a_clock_that_is_set_back_a_little_leaves_the_rate_as_it_is() -> None:
    rate, now = held()
    refuse(rate, now, pause=1.0)
    for moment in (now + 1, now + 0.2, now + 0.1):
        rate.sent(moment)
    assert 20 < rate.per_second < 50


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 10), st.floats(0, 10), st.floats(0, 300)), max_size=50),
    st.sampled_from([0.01, 5.0, math.inf]),
)
def test_whatever_comes_it_is_a_rate_within_the_ceiling(
    answers: list[tuple[bool, float, float, float]], ceiling: float
) -> None:
    rate = Rate(ceiling)
    now = 0.0
    for is_good, later, ago, pause in answers:
        now += later
        rate.sent(now)
        if is_good:
            rate.accepted()
        else:
            rate.refused(now - ago, rate.per_second, now + pause)
        assert 0 < rate.per_second <= ceiling
        assert math.isfinite(1 / rate.per_second)
