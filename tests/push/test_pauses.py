"""For how long a push pauses after a 429, and when it does not."""

from __future__ import annotations

import pytest

from cor_provider.push.pauses import Pauses, seconds_after_refusals


def test_one_refusal_among_good_answers_is_no_pause() -> None:
    pauses = Pauses()
    pauses.refused(sent_at=1.0, now=1.1, retry_after=None)
    assert pauses.until == 1.1
    pauses.accepted(sent_at=1.2)
    pauses.refused(sent_at=1.3, now=1.4, retry_after=None)
    assert pauses.until == 1.4


def test_an_answer_to_an_earlier_request_does_not_part_two_refusals() -> None:
    pauses = Pauses()
    pauses.refused(sent_at=1.0, now=1.1, retry_after=None)
    pauses.accepted(sent_at=0.9)
    pauses.refused(sent_at=1.05, now=1.15, retry_after=None)
    assert pauses.until == pytest.approx(1.15 + 1)


def test_rounds_of_refusals_pause_twice_as_long_each() -> None:
    pauses = Pauses()
    waits = []
    now = 0.0
    for _ in range(11):
        for _ in range(3):
            pauses.refused(sent_at=now, now=now, retry_after=None)
        waits.append(pauses.until - now)
        now = pauses.until
    assert waits == [1, 2, 4, 8, 16, 16, 16, 16, 16, 16, 16]


def test_an_accepted_request_ends_the_doubling() -> None:
    pauses = Pauses()
    for moment in (0.0, 0.0, 1.0):
        pauses.refused(sent_at=moment, now=moment, retry_after=None)
    assert pauses.until == 3
    pauses.accepted(sent_at=3.0)
    for _ in range(2):
        pauses.refused(sent_at=4.0, now=4.0, retry_after=None)
    assert pauses.until == 5


@pytest.mark.parametrize(("asked", "paused"), [(0.0, 0.1), (0.4, 0.4), (3.0, 3.0), (100_000.0, 300.0)])
def test_what_cor_asks_for_is_waited_within_bounds(asked: float, paused: float) -> None:
    pauses = Pauses()
    pauses.refused(sent_at=0.0, now=0.0, retry_after=asked)
    assert pauses.until == paused


def test_a_retry_after_of_nothing_is_not_believed_for_ever() -> None:
    pauses = Pauses()
    waits = []
    for _ in range(6):
        now = max(0.0, pauses.until)
        pauses.refused(sent_at=now, now=now, retry_after=0.0)
        waits.append(pauses.until - now)
    assert waits == pytest.approx([0.1, 0.2, 0.4, 0.8, 1, 1])


def test_the_longest_of_a_burst_of_refusals_counts() -> None:
    pauses = Pauses()
    for asked in (2.0, 5.0, 1.0):
        pauses.refused(sent_at=0.0, now=0.0, retry_after=asked)
    assert pauses.until == 5


def test_after_a_pause_that_cor_did_not_ask_for_one_request_tries_first() -> None:
    pauses = Pauses()
    for _ in range(2):
        pauses.refused(sent_at=0.0, now=0.0, retry_after=None)
    assert pauses.is_trying
    pauses.accepted(sent_at=1.0)
    assert not pauses.is_trying


def test_after_one_that_it_asked_for_only_if_that_was_not_enough() -> None:
    pauses = Pauses()
    pauses.refused(sent_at=0.0, now=0.0, retry_after=1.0)
    assert not pauses.is_trying
    pauses.refused(sent_at=1.0, now=1.0, retry_after=1.0)
    assert pauses.is_trying


def test_a_request_that_is_refused_again_and_again_waits_twice_as_long_each_time() -> None:
    assert [seconds_after_refusals(times) for times in range(1, 12)] == [1, 2, 4, 8, 16, 16, 16, 16, 16, 16, 16]
