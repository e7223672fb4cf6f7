"""The pace of a push: a limit that COR does not document is found and kept, and a ceiling is not crossed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from cor_provider import _clock
from cor_provider.exceptions import CorError, CorRateLimitError, CorRecordError, CorServerError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.outcome import LeaveOutcome
from cor_provider.push.pace import Pace
from cor_provider.push.turns import OwnTurns
from cor_provider.sandbox import Sandbox
from support import Connect, leave

SEED = {"source": "GLOBANT", "users": [{"id": "u1"}], "leave_types": [{"id": "vacation"}]}


def leaves(count: int) -> Iterator[dict[str, Any]]:
    return (leave(f"L{number}") for number in range(count))


class TestUnknownLimit:
    @pytest.mark.parametrize(("limit", "most_time"), [(5, 1.4), (50, 1.2), (300, 2.0)])
    def test_it_is_found_and_kept(self, limit: float, most_time: float, connect: Connect) -> None:
        # The sandbox lives in the same time as the push. With one request under way nothing else makes time pass.
        # Of three seconds' worth of leave, the two pauses of a second in which the limit is found are much.
        with Sandbox(seed=SEED, rate_limit=limit, clock=_clock.now) as sandbox:
            connect(host=sandbox.url)
            start = _clock.now()
            outcomes = list(CorIntegrationsHook().create_leaves(leaves(1000), concurrency=1))
            seconds = _clock.now() - start
        assert Counter(outcome.status for outcome in outcomes) == {"created": 1000}
        assert seconds < most_time * 1000 / limit
        assert len(sandbox.requests) < 1.05 * 1000

    def test_without_one_nothing_is_waited_for_but_the_start(
        self, hook: CorIntegrationsHook, waits: list[float]
    ) -> None:
        list(hook.create_leaves(leaves(500)))
        assert sum(waits) < 1


class TestCeiling:
    @pytest.mark.parametrize("concurrency", [1, 8])
    def test_requests_are_spaced_evenly(
        self, concurrency: int, connect: Connect, sandbox: Sandbox, waits: list[float]
    ) -> None:
        connect(extra={"requests_per_second": 10})
        list(CorIntegrationsHook().create_leaves(leaves(50), concurrency=concurrency))
        assert len(sandbox.leaves) == 50
        assert waits == pytest.approx([0.1] * 49)

    def test_waits_that_end_late_do_not_slow_it_down(self, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
        wait = _clock.wait
        monkeypatch.setattr(_clock, "wait", lambda stopping, seconds: wait(stopping, seconds + 0.01))
        connect(extra={"requests_per_second": 10})
        list(CorIntegrationsHook().create_leaves(leaves(50)))
        assert _clock.now() == pytest.approx(4.9 + 0.01)

    def test_it_holds_for_deletes_too(self, connect: Connect, sandbox: Sandbox, waits: list[float]) -> None:
        connect(extra={"requests_per_second": 4})
        list(CorIntegrationsHook().delete_leaves(leaves(9)))
        assert waits == pytest.approx([0.25] * 8)

    def test_waiting_for_it_takes_none_of_the_patience(self, connect: Connect) -> None:
        connect(extra={"requests_per_second": "0.01"})
        outcomes = CorIntegrationsHook().create_leaves(leaves(20), max_wait=1)
        assert {outcome.status for outcome in outcomes} == {"created"}


def most_under_way(pace: Pace, *, threads: int, at_once: int) -> int:
    """Send with many threads, each of which waits for as many to be under way; return the most there were."""
    under_way, most = 0, 0
    lock = threading.Lock()
    enough = threading.Barrier(at_once)

    def send() -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        enough.wait(60)
        with lock:
            under_way -= 1

    pool = [threading.Thread(target=pace.run, args=(send,)) for _ in range(threads)]
    for thread in pool:
        thread.start()
    for thread in pool:
        thread.join()
    return most


def answer_with(error: CorError) -> Callable[[], None]:
    def send() -> None:
        raise error

    return send


def send_a_burst(pace: Pace, error: CorError, *, size: int) -> None:
    """Send requests that are under way at the same time, and that all get the same answer."""
    all_under_way = threading.Barrier(size)

    def send() -> None:
        all_under_way.wait(60)
        raise error

    def run() -> None:
        with suppress(CorError):
            pace.run(send)

    threads = [threading.Thread(target=run) for _ in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class TestBurst:
    """Requests that are under way together meet one and the same limit."""

    def test_its_429s_are_one_pause(self) -> None:
        pace = Pace(8, OwnTurns(None), threading.Event())
        send_a_burst(pace, CorRateLimitError(status=429), size=8)
        assert pace.pause == pytest.approx(1)

    def test_the_next_one_is_the_second_pause(self) -> None:
        pace = Pace(8, OwnTurns(None), threading.Event())
        send_a_burst(pace, CorRateLimitError(status=429), size=8)
        send_a_burst(pace, CorRateLimitError(status=429), size=4)
        assert pace.pause == pytest.approx(2)

    def test_its_503s_halve_the_concurrency_once(self) -> None:
        pace = Pace(8, OwnTurns(None), threading.Event())
        send_a_burst(pace, CorServerError(status=503), size=8)
        assert most_under_way(pace, threads=8, at_once=4) == 4


class TestConcurrency:
    def test_it_is_halved_when_cor_is_overloaded(self) -> None:
        pace = Pace(8, OwnTurns(None), threading.Event())
        with suppress(CorError):
            pace.run(answer_with(CorServerError(status=503)))
        assert most_under_way(pace, threads=8, at_once=4) == 4

    def test_it_is_never_less_than_one(self) -> None:
        pace = Pace(8, OwnTurns(None), threading.Event())
        for _ in range(10):
            with suppress(CorError):
                pace.run(answer_with(CorServerError(status=503)))
        assert most_under_way(pace, threads=2, at_once=1) == 1

    @pytest.mark.parametrize(
        "error",
        [
            CorServerError(status=500),
            CorServerError(status=502),
            CorServerError(status=504),
            CorRateLimitError(status=429),
        ],
    )
    def test_another_failure_leaves_it_alone(self, error: CorError) -> None:
        pace = Pace(4, OwnTurns(None), threading.Event())
        with suppress(CorError):
            pace.run(answer_with(error))
        assert most_under_way(pace, threads=8, at_once=4) == 4

    @pytest.mark.parametrize("good", [lambda: None, answer_with(CorRecordError())], ids=["created", "rejected"])
    def test_it_is_raised_again_while_answers_are_good(self, good: Callable[[], None]) -> None:
        pace = Pace(4, OwnTurns(None), threading.Event())
        with suppress(CorError):
            pace.run(answer_with(CorServerError(status=503)))
        for _ in range(2 + 3 + 1):  # a round of two, a round of three
            with suppress(CorError):
                pace.run(good)
        assert most_under_way(pace, threads=8, at_once=4) == 4


def one(hook: CorIntegrationsHook, **options: Any) -> LeaveOutcome:
    (outcome,) = hook.create_leaves([leave()], **options)
    return outcome


class TestRateLimit:
    def test_an_answer_of_429_is_a_pause_and_no_attempt(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        for _ in range(12):
            sandbox.answer_next(429, headers={"Retry-After": "3"})
        outcome = one(hook, max_attempts=1)
        assert (outcome.status, outcome.attempts) == ("created", 1)
        assert waits == [3] * 12

    def test_without_retry_after_pauses_grow(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        for _ in range(4):
            sandbox.answer_next(429)
        assert one(hook).status == "created"
        assert waits == [1, 2, 4, 8]

    def test_a_pause_is_five_minutes_at_most_whatever_retry_after_says(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        for header in ("100000", "Fri, 31 Dec 9999 23:59:59 GMT"):
            sandbox.answer_next(429, headers={"Retry-After": header})
        assert one(hook).status == "created"
        assert waits == [300, 300]

    def test_pauses_grow_to_a_quarter_of_a_minute_at_most(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        for _ in range(11):
            sandbox.answer_next(429)
        assert one(hook).status == "created"
        assert waits == [1, 2, 4, 8, 16, 16, 16, 16, 16, 16, 16]

    def test_pauses_do_not_grow_when_rejections_come_between(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        for _ in range(4):
            sandbox.answer_next(429)
            sandbox.answer_next(422)
        list(hook.create_leaves((leave(f"L{number}") for number in range(4)), concurrency=1))
        assert max(waits) == 1

    def test_one_429_without_retry_after_pauses_only_its_request(self) -> None:
        pace = Pace(8, OwnTurns(None), threading.Event())
        with suppress(CorError):
            pace.run(answer_with(CorRateLimitError(status=429)))
        assert pace.pause == 0
        pace.run(lambda: None)
        with suppress(CorError):
            pace.run(answer_with(CorRateLimitError(status=429)))
        assert pace.pause == 0

    def test_pauses_count_as_waiting_until_cor_accepts_requests_again(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]
    ) -> None:
        for _ in range(4):
            sandbox.answer_next(429, headers={"Retry-After": "3"})
            sandbox.answer_next(422)
        options: Any = {"concurrency": 1, "max_wait": 4}
        outcomes = hook.create_leaves((leave(f"L{number}") for number in range(4)), **options)
        assert {outcome.status for outcome in outcomes} == {"rejected"}
        assert sum(waits) >= 4 * 3

    def test_pauses_are_bounded_too(self, hook: CorIntegrationsHook, sandbox: Sandbox, waits: list[float]) -> None:
        for _ in range(20):
            sandbox.answer_next(429, headers={"Retry-After": "0"})
        outcome = one(hook, max_wait=1)
        assert (outcome.status, outcome.error) == ("failed", "RateLimitError")
        assert sum(waits) <= 1

    def test_a_429_pauses_the_whole_push(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paused, another_goes_out = threading.Event(), threading.Event()
        sent_at: list[float] = []
        pass_time = _clock.wait

        def wait(stopping: threading.Event, seconds: float) -> None:
            if seconds >= 1:
                paused.set()
                another_goes_out.wait(0.2)  # it does not, unless the pause is for one leave only
            pass_time(stopping, seconds)

        def permit() -> bool:
            sent_at.append(_clock.now())
            if paused.is_set():
                another_goes_out.set()
            return True

        def leaves() -> Iterator[dict[str, Any]]:
            yield leave("L0")
            assert paused.wait(60)
            yield from (leave(f"L{number}") for number in range(1, 20))

        monkeypatch.setattr(_clock, "wait", wait)
        sandbox.answer_next(429, headers={"Retry-After": "3"})
        outcomes = list(hook.create_leaves(leaves(), concurrency=4, permit=permit))
        assert sent_at[0] == 0
        assert min(sent_at[1:]) >= 3
        assert len(sandbox.requests) == 1 + 20
        assert {outcome.status for outcome in outcomes} == {"created"}
