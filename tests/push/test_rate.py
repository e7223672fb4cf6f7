"""The rate that is estimated from COR's responses, in whatever order they come."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.push.rate import Rate


def test_a_429_that_is_slower_than_good_answers_leaves_a_rate_to_send_at() -> None:
    rate = Rate(math.inf)
    for moment in (0.1, 0.2, 0.3):
        rate.on_success(sent_at=moment, now=moment)
    rate.on_429(sent_at=0.0, now=0.4, pause=0.1)
    assert 0.5 < rate.per_second < 100


def test_answers_of_one_moment_leave_a_rate_to_send_at() -> None:
    rate = Rate(math.inf)
    rate.on_success(sent_at=0.0, now=0.0)
    rate.on_429(sent_at=0.0, now=0.0, pause=0.1)
    assert 0.5 < rate.per_second < 100


def test_good_answers_that_come_after_the_429_are_learned_from() -> None:
    rate = Rate(math.inf)
    sent = [number / 20 for number in range(20)]
    for moment in sent[:10]:
        rate.on_success(sent_at=moment, now=1.1)
    rate.on_429(sent_at=1.0, now=1.2, pause=1.0)
    for moment in [*sent[10:], *[2.2] * 10]:
        rate.on_success(sent_at=moment, now=2.3)
    assert 0.9 * 20 < rate.per_second <= 20


def test_a_429_is_risked_again_when_the_last_one_has_paid() -> None:
    rate = Rate(math.inf)
    rate.on_success(sent_at=0.0, now=0.0)
    rate.on_429(sent_at=0.1, now=0.1, pause=1.0)
    for _ in range(100):
        rate.on_success(sent_at=1.1, now=1.1)
    known = rate.per_second
    rate.on_success(sent_at=20.0, now=20.0)
    assert rate.per_second == known
    rate.on_success(sent_at=22.0, now=22.0)
    assert rate.per_second > known


def test_at_a_429_the_rate_falls_to_what_was_accepted() -> None:
    rate = Rate(math.inf)
    for number in range(10):
        rate.on_success(sent_at=100 + number / 10, now=101.0)
    rate.on_429(sent_at=101.0, now=101.0, pause=1.0)
    assert rate.per_second == pytest.approx((10 + 1) / (1.0 + 1.0))


def test_an_answer_to_what_was_sent_before_the_pause_raises_no_rate() -> None:
    rate = Rate(math.inf)
    rate.on_success(sent_at=0.0, now=0.0)
    rate.on_429(sent_at=0.1, now=0.1, pause=1.0)
    known = rate.per_second
    rate.on_success(sent_at=0.05, now=1.2)
    assert rate.per_second == known


def test_after_a_pause_the_rate_returns_step_by_step() -> None:
    rate = Rate(math.inf)
    for _ in range(20):
        rate.on_success(sent_at=0.0, now=0.0)
    rate.on_429(sent_at=0.1, now=0.1, pause=1.0)
    slow = rate.per_second
    rate.on_success(sent_at=1.1, now=1.1)
    assert rate.per_second == pytest.approx(slow + 10)


@pytest.mark.parametrize("pause", [0.5, 1.0, 2.0])
def test_a_rate_is_held_for_twenty_pauses(pause: float) -> None:
    rate = Rate(math.inf)
    rate.on_success(sent_at=0.0, now=0.0)
    rate.on_429(sent_at=0.1, now=0.1, pause=pause)
    resumed = 0.1 + pause
    for _ in range(100):
        rate.on_success(sent_at=resumed, now=resumed)
    known = rate.per_second
    rate.on_success(sent_at=resumed, now=resumed + 19.9 * pause)
    assert rate.per_second == known
    rate.on_success(sent_at=resumed, now=resumed + 20.1 * pause)
    assert rate.per_second > known


@pytest.mark.parametrize(
    ("now", "known"),
    [
        (20.0, 1 / 0.3),  # the bucket is three times as large as was assumed: one request is worth that much less
        (10.1 + 60.0, 0.98 * 10),  # when the rate is being probed, a 429 says nothing of the bucket
        (80.0, 0.98 * 10),
    ],
)
def test_a_429_while_a_rate_is_held_says_that_the_burst_was_larger(now: float, known: float) -> None:
    rate = Rate(math.inf)
    rate.on_success(sent_at=0.0, now=0.0)
    rate.on_429(sent_at=0.1, now=0.1, pause=10.0)
    rate.on_success(sent_at=10.1, now=10.1)
    assert rate.per_second == pytest.approx(10)
    rate.on_429(sent_at=now, now=now, pause=10.0)
    rate.on_success(sent_at=now + 10, now=now + 10)
    assert rate.per_second == pytest.approx(known)


def test_after_a_long_pause_nobody_waits_as_long_again() -> None:
    rate = Rate(math.inf)
    rate.on_429(sent_at=0.0, now=0.0, pause=300.0)
    assert rate.per_second == 1


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 10), st.floats(0, 10), st.floats(0.1, 300)), max_size=50),
    st.sampled_from([0.01, 5.0, math.inf]),
)
def test_whatever_comes_it_is_a_rate_within_the_ceiling(
    answers: list[tuple[bool, float, float, float]], ceiling: float
) -> None:
    rate = Rate(ceiling)
    for is_good, sent_at, took, pause in answers:
        if is_good:
            rate.on_success(sent_at, sent_at + took)
        else:
            rate.on_429(sent_at, sent_at + took, pause)
        assert 0 < rate.per_second <= ceiling
        assert math.isfinite(1 / rate.per_second)
