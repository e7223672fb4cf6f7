"""Many reads at once: each comes with what was read or with its error; what is about all stops them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from cor_provider import _clock
from cor_provider.exceptions import (
    CorAuthenticationError,
    CorConfigurationError,
    CorConnectionError,
    CorError,
    CorPermissionError,
    CorRateLimitError,
    CorServerError,
    CorUnexpectedAnswerError,
    CorUserNotFoundError,
)
from cor_provider.push.options import PushOptions
from cor_provider.push.reading import FAILURES_IN_A_ROW, FORBIDDEN_AT_FIRST, Ask, read_each
from cor_provider.push.turns import OwnTurns


class Turns(OwnTurns):
    """Turns without a limit, which remember that they were closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


def read_all(keys: Any, answers: dict[int, list[Any]], **options: Any) -> Iterator[tuple[int, Any]]:
    """Read each key by as many requests as it has answers; an error is raised, and not the end."""

    def request(key: int) -> Any:
        answer = answers[key].pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def read(key: int, ask: Ask) -> list[Any]:
        read = []
        while answers.get(key):
            read.append(ask(lambda: request(key)))
        return read

    return read_each(keys, read, PushOptions(**options), turns=Turns(None))


def read_to_its_error(reading: Iterator[tuple[int, Any]]) -> tuple[list[Any], CorError | None]:
    """Return what was read, and the error that stopped the reading."""
    read = []
    try:
        for _, one in reading:
            read.append(one)  # what was read before an error counts
    except CorError as error:
        return read, error
    return read, None


def test_each_key_comes_with_what_was_read() -> None:
    answers: dict[int, list[Any]] = {1: ["a"], 2: ["b", "c"], 3: []}
    assert dict(read_all([1, 2, 3], answers)) == {1: ["a"], 2: ["b", "c"], 3: []}


@pytest.mark.parametrize(
    "error",
    [CorUserNotFoundError(), CorPermissionError(), CorServerError(status=500), CorUnexpectedAnswerError()],
    ids=repr,
)
def test_a_key_that_cannot_be_read_comes_with_its_error_and_the_others_go_on(error: CorError) -> None:
    read = dict(read_all([1, 2, 3], {1: ["a"], 2: [error] * 9, 3: ["c"]}, max_attempts=2))
    assert read == {1: ["a"], 2: error, 3: ["c"]}


def test_a_request_is_made_again_if_that_may_help(waits: list[float]) -> None:
    answers: dict[int, list[Any]] = {1: ["a", CorServerError(status=503), "b", CorRateLimitError(retry_after=5), "c"]}
    assert dict(read_all([1], answers, concurrency=1)) == {1: ["a", "b", "c"]}
    assert any(wait >= 5 for wait in waits)


@pytest.mark.parametrize(
    "error",
    [
        CorServerError(status=503),
        CorConnectionError(),
        CorAuthenticationError(),
        CorConfigurationError(),
        ZeroDivisionError(),
    ],
    ids=repr,
)
def test_an_error_of_all_stops_the_reading_and_is_raised_after_what_was_read(error: Exception) -> None:
    answers: dict[int, list[Any]] = {1: ["a"], 2: [error] * 9, 3: ["c"]}
    reading = read_all([1, 2, 3], answers, concurrency=1, max_attempts=2)
    assert next(reading) == (1, ["a"])
    with pytest.raises(type(error)):
        next(reading)
    assert answers[3] == ["c"]


@pytest.mark.parametrize("error", [CorServerError(status=500), CorUnexpectedAnswerError()], ids=repr)
@pytest.mark.parametrize("concurrency", [1, 4])
def test_failures_in_a_row_stop_the_reading(error: CorError, concurrency: int) -> None:
    answers: dict[int, list[Any]] = {0: ["a"], **{key: [error] * 9 for key in range(1, 100)}}
    read, ended_by = read_to_its_error(read_all(range(100), answers, concurrency=concurrency, max_attempts=1))
    assert ended_by is error
    most = concurrency + FAILURES_IN_A_ROW
    assert most <= read.count(error) < most + concurrency


@pytest.mark.parametrize("answer", ["a", CorUserNotFoundError(), CorPermissionError()], ids=repr)
def test_failures_with_answers_between_them_do_not(answer: Any) -> None:
    answers = {key: [CorServerError(status=500) if key % 4 else answer] for key in range(80)}
    assert len(dict(read_all(range(80), answers, concurrency=1, max_attempts=1))) == 80


def test_if_cor_forbids_so_many_before_one_could_be_read_it_forbids_all() -> None:
    answers: dict[int, list[Any]] = {key: [CorPermissionError()] for key in range(500)}
    read, ended_by = read_to_its_error(read_all(range(500), answers, concurrency=2))
    assert isinstance(ended_by, CorPermissionError)
    assert FORBIDDEN_AT_FIRST <= len(read) <= FORBIDDEN_AT_FIRST + 2


def test_once_one_could_be_read_any_number_may_be_forbidden() -> None:
    answers: dict[int, list[Any]] = {0: ["a"], **{key: [CorPermissionError()] for key in range(1, 500)}}
    assert len(dict(read_all(range(500), answers, concurrency=1))) == 500


def test_no_more_is_read_once_it_is_to_stop() -> None:
    stopping = threading.Event()
    answers = {key: ["a"] for key in range(100)}
    read = []
    for key, _ in read_all(range(100), answers, concurrency=2, stopping=stopping):
        read.append(key)
        stopping.set()
    assert len(read) <= 3
    assert sum(map(len, answers.values())) >= 97


def test_closing_it_stops_it() -> None:
    stopping = threading.Event()
    reading: Any = read_all(range(100), {key: ["a"] for key in range(100)}, concurrency=1, stopping=stopping)
    next(reading)
    reading.close()
    assert stopping.is_set()


def test_an_answer_that_does_not_come_is_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cor_provider.push.reading.POLL_SECONDS", 0.001)
    times = iter(range(0, 100_000, 20))
    monkeypatch.setattr(_clock, "now", lambda: float(next(times)))
    stopping, never = threading.Event(), threading.Event()

    def read(_: int, __: Ask) -> None:
        stopping.set()
        never.wait()

    assert list(read_each([1], read, PushOptions(stopping=stopping), turns=Turns(None))) == []
    never.set()


def test_keys_are_read_as_they_are_needed() -> None:
    taken = []

    def keys() -> Iterator[int]:
        for key in range(1000):
            taken.append(key)
            yield key

    reading = read_all(keys(), {}, concurrency=2)
    next(reading)
    assert len(taken) <= 4


def test_keys_that_cannot_be_read_end_it() -> None:
    def keys() -> Iterator[int]:
        yield 1
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011  # it has no text
        list(read_all(keys(), {}))


def test_the_turns_are_closed_at_the_end() -> None:
    turns = Turns(None)
    with pytest.raises(CorError):
        list(read_each([1], lambda *_: _fail(), PushOptions(), turns=turns))
    assert turns.closed


def _fail() -> None:
    raise CorAuthenticationError
