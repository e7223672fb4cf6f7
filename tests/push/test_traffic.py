"""What the end of a task's log says of its pace."""

from __future__ import annotations

import pytest

from cor_provider import _clock
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.push.control import Sent
from cor_provider.push.traffic import Traffic
from cor_provider.push.turns import OwnTurns, Turns
from cor_provider.sandbox import Sandbox
from redis_server import Redis
from support import Connect, leave


class Clock:
    """The time, which a test sets."""

    now = 100.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(_clock, "now", lambda: clock.now)
    return clock


class SharedForAWhile(OwnTurns):
    """Turns that were to be shared, but were not for some seconds."""

    def __init__(self, seconds_alone: float) -> None:
        super().__init__(None)
        self._seconds_alone = seconds_alone

    @property
    def seconds_alone(self) -> float:
        return self._seconds_alone


def push(turns: Turns, clock: Clock, *, taken: int = 0, refused: int = 0) -> None:
    """Send a request a second, whose answer comes at once."""
    for number in range(taken + refused):
        sent = turns.take(0.0)
        assert isinstance(sent, Sent)
        clock.now += 1
        if number < taken:
            turns.accepted(sent)
        else:
            turns.refused(sent, None)
    turns.close()


class TestLine:
    def test_without_a_429_and_without_redis_there_is_nothing_to_say(self, clock: Clock) -> None:
        traffic = Traffic()
        push(traffic.watch(OwnTurns(None)), clock, taken=3)
        assert str(traffic) == ""

    def test_without_a_request_neither(self, clock: Clock) -> None:
        traffic = Traffic()
        push(traffic.watch(SharedForAWhile(3), shared_over="Redis"), clock)
        assert str(traffic) == ""

    def test_with_a_429_it_says_what_cor_took(self, clock: Clock) -> None:
        traffic = Traffic()
        push(traffic.watch(OwnTurns(None)), clock, taken=6, refused=2)
        assert str(traffic) == "COR took about 0.8 requests per second, and answered 2 with 429."

    def test_the_time_between_the_pushes_of_a_sync_does_not_count(self, clock: Clock) -> None:
        traffic = Traffic()
        push(traffic.watch(OwnTurns(None)), clock, taken=3)
        clock.now += 1000
        push(traffic.watch(OwnTurns(None)), clock, taken=2, refused=1)
        assert (traffic.seconds, traffic.sent, traffic.taken, traffic.refused) == (6, 6, 5, 1)

    def test_a_failure_ends_a_request_too(self, clock: Clock) -> None:
        traffic = Traffic()
        turns = traffic.watch(OwnTurns(None))
        sent = turns.take(0.0)
        assert isinstance(sent, Sent)
        clock.now += 4
        turns.failed(sent)
        turns.close()
        assert (traffic.seconds, traffic.sent, traffic.taken) == (4, 1, 0)

    def test_a_shared_pace_is_named(self, clock: Clock) -> None:
        traffic = Traffic()
        push(traffic.watch(OwnTurns(None), shared_over="Redis at r:6379 (Connection 'pace')"), clock, taken=3)
        assert str(traffic) == "no 429. Shared over Redis at r:6379 (Connection 'pace')."

    def test_for_how_long_redis_could_not_be_used_is_added_up(self, clock: Clock) -> None:
        traffic = Traffic()
        push(traffic.watch(SharedForAWhile(0.2), shared_over="Redis"), clock, taken=3)
        push(traffic.watch(SharedForAWhile(1.1), shared_over="Redis"), clock, taken=3)
        assert str(traffic) == "no 429. Redis could not be used for 2 of 6 s."

    def test_it_is_not_longer_than_the_push(self, clock: Clock) -> None:
        traffic = Traffic()
        push(traffic.watch(SharedForAWhile(1.5), shared_over="Redis"), clock, taken=1)
        assert str(traffic) == "no 429. Redis could not be used for 2 of 2 s."


class TestPush:
    """Through the hook, with a COR."""

    def test_each_request_is_counted(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        sandbox.answer_next(429)
        sandbox.answer_next(500)
        list(hook.create_leaves([leave(), leave("L2", user_id="nobody")]))
        traffic = hook.traffic
        assert (traffic.sent, traffic.taken, traffic.refused) == (4, 2, 1)

    def test_a_push_that_shares_its_pace_says_over_what(
        self, connect: Connect, redis: Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connect(extra={"pace_redis_conn_id": "pace"})
        monkeypatch.setenv("AIRFLOW_CONN_PACE", redis.connection())
        hook = CorIntegrationsHook()
        hook.create_all([leave()])
        assert str(hook.traffic) == f"no 429. Shared over Redis at 127.0.0.1:{redis.port} (Connection 'pace')."

    def test_a_redis_that_is_never_there_is_missed_all_the_time(
        self, connect: Connect, closed_port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connect(extra={"pace_redis_conn_id": "pace"})
        monkeypatch.setenv("AIRFLOW_CONN_PACE", f"redis://127.0.0.1:{closed_port}")
        hook = CorIntegrationsHook()
        hook.create_all(leave(f"L{number}") for number in range(20))
        assert hook.traffic.seconds_alone >= hook.traffic.seconds > 0
