"""What the log says while COR does not do its work: soon, shortly, seldom, and when it is over."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from cor_provider import _clock
from cor_provider.exceptions import CorConnectionError, CorRateLimitError, CorTransientError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.push.waiting import Waiting
from cor_provider.sandbox import Sandbox
from support import Connect, leave

Lines = Callable[[], list[tuple[str, str]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Lines:
    """Return the level and text of each line that the push has logged about its waits."""
    said: list[tuple[str, str]] = []

    def note(level: str) -> Callable[..., None]:
        return lambda text, *values: said.append((level, text % values))

    for level in ("warning", "info"):
        monkeypatch.setattr(logging.getLogger("cor_provider.push.waiting"), level, note(level))
    return lambda: said


@pytest.fixture
def pass_time(waits: list[float]) -> Callable[[float], None]:
    return lambda seconds: _clock.wait(None, seconds)  # type: ignore[arg-type]  # time passes, and nothing stops it


REFUSED = CorConnectionError("COR does not answer at cor.example: connection refused. Check the network.")
SLOW_DOWN = CorRateLimitError("COR asks to slow down at cor.example (429).")


class TestPush:
    def test_it_warns_after_the_first_attempt(self, connect: Connect, closed_port: int, lines: Lines) -> None:
        connect(host=f"http://127.0.0.1:{closed_port}")
        list(CorIntegrationsHook().create_leaves([leave()], max_attempts=2))
        ((level, line),) = lines()
        assert level == "warning"
        assert line.startswith(
            f"COR does not answer at 127.0.0.1:{closed_port}: connection refused (ConnectionError). Next"
        )
        assert "Check the connection's Host" in line

    def test_its_threads_share_the_warnings(self, hook: CorIntegrationsHook, sandbox: Sandbox, lines: Lines) -> None:
        sandbox.answer_next(500)
        sandbox.answer_next(500)
        list(hook.create_leaves([leave(), leave("L2")], concurrency=2))
        assert [level for level, _ in lines()].count("warning") == 1

    @pytest.mark.parametrize(
        ("answer", "cause"),
        [
            ((503, b"", "40"), "COR failed on its side at {}: 503 Service Unavailable. Next try in 40 s."),
            ((599, b"", "0"), "COR failed on its side at {}: 599. Next try in "),
            ((200, b"OK", "0"), "The Host {} answered 200 with text that is not JSON, which does not say whether COR"),
            ((429, b"", "30"), "COR asks to slow down at {} (429). Next try in 30 s."),
        ],
    )
    def test_whatever_it_waits_for_is_named(
        self, answer: tuple[int, bytes, str], cause: str, hook: CorIntegrationsHook, sandbox: Sandbox, lines: Lines
    ) -> None:
        status, body, retry_after = answer
        sandbox.answer_next(status, body, headers={"Retry-After": retry_after})
        (outcome,) = hook.create_leaves([leave()])
        assert outcome.status == "created"
        (_, warning), (_, over) = lines()
        assert warning.startswith(cause.format(sandbox.url.removeprefix("http://")))
        assert over.startswith("COR accepts requests again, after ")

    def test_a_push_without_a_failure_says_nothing(self, hook: CorIntegrationsHook, lines: Lines) -> None:
        list(hook.create_leaves([leave(), leave("L2", user_id="nobody")]))
        assert lines() == []

    def test_a_rejection_shows_that_cor_is_back(
        self, hook: CorIntegrationsHook, sandbox: Sandbox, lines: Lines
    ) -> None:
        sandbox.answer_next(500)
        list(hook.create_leaves([leave(user_id="nobody")]))
        assert [level for level, _ in lines()] == ["warning", "info"]


class TestWaiting:
    def test_it_warns_once_every_fifteen_seconds(self, lines: Lines, pass_time: Callable[[float], None]) -> None:
        waiting = Waiting()
        for _ in range(31):
            waiting.begin(REFUSED, 0.74)
            pass_time(1)
        assert (
            lines()
            == [
                (
                    "warning",
                    "COR does not answer at cor.example: connection refused. Next try in 0.7 s. Check the network.",
                )
            ]
            * 3
        )

    def test_hiccups_are_no_reason_for_more(self, lines: Lines, pass_time: Callable[[float], None]) -> None:
        waiting = Waiting()
        for _ in range(10):
            waiting.begin(REFUSED, 1)
            pass_time(1)
            waiting.end(_clock.now())
        assert lines()[1:] == [("info", "COR accepts requests again, after 1.0 s.")]

    def test_a_response_to_an_earlier_request_does_not_show_that_it_is_over(
        self, lines: Lines, pass_time: Callable[[float], None]
    ) -> None:
        waiting = Waiting()
        pass_time(1)
        waiting.begin(REFUSED, 30)
        waiting.end(0)
        assert len(lines()) == 1

    def test_short_pauses_for_the_rate_limit_are_no_news(
        self, lines: Lines, pass_time: Callable[[float], None]
    ) -> None:
        waiting = Waiting()
        for _ in range(10):
            waiting.begin(SLOW_DOWN, 1)
            pass_time(1)
            waiting.end(_clock.now())
        assert lines() == []

    def test_short_pauses_that_follow_each_other_are(self, lines: Lines, pass_time: Callable[[float], None]) -> None:
        waiting = Waiting()
        for _ in range(5):
            waiting.begin(SLOW_DOWN, 1)
            pass_time(1)
        assert lines() == [("warning", "COR asks to slow down at cor.example (429). Next try in 1.0 s.")]

    def test_an_error_of_one_sentence_needs_no_advice(self, lines: Lines) -> None:
        Waiting().begin(CorTransientError("COR is busy."), 100)
        assert lines() == [("warning", "COR is busy. Next try in 100 s.")]
