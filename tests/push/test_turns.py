"""The turns of one push that knows of no other."""

from __future__ import annotations

import math

import pytest

from cor_provider import _clock
from cor_provider.push.control import Sent
from cor_provider.push.turns import OwnTurns


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test sets."""
    now = [100.0]
    monkeypatch.setattr(_clock, "now", lambda: now[0])
    return now


def test_the_first_turn_is_now_and_the_next_one_an_interval_later(clock: list[float]) -> None:
    turns = OwnTurns(10)
    assert turns.take(0.0) == Sent(100.0, 10)
    assert turns.take(0.0) == pytest.approx(0.1)
    clock[0] += 0.1
    assert isinstance(turns.take(0.0), Sent)


def test_without_a_ceiling_answers_alone_decide(clock: list[float]) -> None:
    turns = OwnTurns(None)
    first = turns.take(0.0)
    assert isinstance(first, Sent)
    assert first.rate < math.inf
    turns.accepted(first)
    clock[0] += 1
    second = turns.take(0.0)
    assert isinstance(second, Sent)
    assert second.rate > first.rate


@pytest.mark.parametrize("retry_after", [3.0, None])
def test_a_pause_is_for_as_long_as_cor_asks(clock: list[float], retry_after: float | None) -> None:
    turns = OwnTurns(10)
    sent = turns.take(0.0)
    assert isinstance(sent, Sent)
    turns.refused(sent, retry_after)
    assert turns.pause == (retry_after or 0)
    turns.failed(sent)
    clock[0] += 3
    assert turns.pause == 0
    turns.close()
