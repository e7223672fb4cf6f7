"""Many reads at once: each comes with what was read or with its error; what is about all stops them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import cycle
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
from cor_provider.push.reading import (
    ATTEMPTS_AT_ONE_KEY,
    FAILURES_IN_A_ROW,
    REFUSED_AT_FIRST,
    SECONDS_FOR_SINGLE_KEYS,
    Ask,
    read_each,
)
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
    [
        CorUserNotFoundError(),
        CorPermissionError(),
        CorServerError(status=500),
        CorUnexpectedAnswerError(),
        CorConnectionError(),
        *(CorConfigurationError(status=status) for status in (302, 404, 405)),
    ],
    ids=repr,
)
def test_a_key_that_cannot_be_read_comes_with_its_error_and_the_others_go_on(error: CorError) -> None:
    read = dict(read_all([1, 2, 3], {1: ["a"], 2: [error] * 9, 3: ["c"]}, max_attempts=2))
    assert read == {1: ["a"], 2: error, 3: ["c"]}


@pytest.mark.parametrize("status", [302, 404, 405])
def test_so_does_one_before_any_other_is_read(status: int) -> None:
    error = CorConfigurationError(status=status)
    assert dict(read_all([1, 2, 3], {1: [error], 2: ["b"], 3: ["c"]}, concurrency=1)) == {1: error, 2: ["b"], 3: ["c"]}


@pytest.mark.parametrize("keys", [1, 2, 100])
def test_what_is_answered_as_if_from_elsewhere_ends_it_if_nothing_can_be_read(keys: int) -> None:
    error = CorConfigurationError(status=404)
    read, ended_by = read_to_its_error(read_all(range(keys), {key: [error] for key in range(keys)}, concurrency=2))
    assert ended_by is error
    assert len(read) <= 2 + FAILURES_IN_A_ROW + 2


def test_an_address_that_begins_to_redirect_ends_it() -> None:
    answers: dict[int, list[Any]] = {
        key: ["a"] if key < 20 else [CorConfigurationError(status=302)] for key in range(90)
    }
    read, ended_by = read_to_its_error(read_all(range(90), answers, concurrency=2))
    assert ended_by is not None
    assert len(read) <= 20 + 2 + FAILURES_IN_A_ROW + 2


def test_keys_that_are_not_found_in_a_row_do_not() -> None:
    error = CorConfigurationError(status=404)
    assert len(dict(read_all(range(80), {0: ["a"], **{key: [error] for key in range(1, 80)}}, concurrency=1))) == 80


def test_a_request_is_made_again_if_that_may_help(waits: list[float]) -> None:
    answers: dict[int, list[Any]] = {1: ["a", CorServerError(status=503), "b", CorRateLimitError(retry_after=5), "c"]}
    assert dict(read_all([1], answers, concurrency=1)) == {1: ["a", "b", "c"]}
    assert any(wait >= 5 for wait in waits)


@pytest.mark.parametrize(
    "error",
    [
        CorServerError(status=503),
        CorServerError(status=500, lost_answer=False),
        CorConnectionError(lost_answer=False),
        CorRateLimitError(),
        CorAuthenticationError(),
        CorConfigurationError(),
        CorConfigurationError(status=407),
        ZeroDivisionError(),
    ],
    ids=repr,
)
def test_an_error_of_all_stops_the_reading_and_is_raised_after_what_was_read(error: Exception) -> None:
    answers: dict[int, list[Any]] = {1: ["a"], 2: [error] * 9, 3: ["c"]}
    reading = read_all([1, 2, 3], answers, concurrency=1, max_attempts=2, max_wait=1)
    assert next(reading) == (1, ["a"])
    with pytest.raises(type(error)):
        next(reading)
    assert answers[3] == ["c"]


@pytest.mark.parametrize(
    "error", [CorServerError(status=500), CorUnexpectedAnswerError(), CorConnectionError()], ids=repr
)
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


REFUSALS = ([CorPermissionError()], [CorUserNotFoundError()], [CorUserNotFoundError(), CorPermissionError()])


@pytest.mark.parametrize("errors", REFUSALS, ids=repr)
def test_if_cor_refuses_so_many_before_one_could_be_read_it_refuses_all(errors: list[CorError]) -> None:
    answers: dict[int, list[Any]] = {key: [error] for key, error in zip(range(500), cycle(errors), strict=False)}
    read, ended_by = read_to_its_error(read_all(range(500), answers, concurrency=2))
    assert ended_by in errors
    assert REFUSED_AT_FIRST <= len(read) <= REFUSED_AT_FIRST + 2


@pytest.mark.parametrize("errors", REFUSALS, ids=repr)
def test_once_one_could_be_read_any_number_may_be_refused(errors: list[CorError]) -> None:
    answers: dict[int, list[Any]] = {key: [error] for key, error in zip(range(1, 500), cycle(errors), strict=False)}
    assert len(dict(read_all(range(500), {0: ["a"], **answers}, concurrency=1))) == 500


def test_a_request_that_fails_at_one_key_is_sent_a_few_times() -> None:
    answers: dict[int, list[Any]] = {1: ["a"], 2: [CorServerError(status=500)] * 9, 3: ["c"]}
    list(read_all([1, 2, 3], answers, concurrency=1))
    assert len(answers[2]) == 9 - ATTEMPTS_AT_ONE_KEY


def test_an_answer_that_is_too_large_is_not_asked_for_again() -> None:
    error = CorConnectionError(too_large=True)
    answers: dict[int, list[Any]] = {1: ["a"], 2: [error] * 9, 3: ["c"]}
    assert dict(read_all([1, 2, 3], answers))[2] is error
    assert len(answers[2]) == 8


def test_a_cor_that_fails_for_a_moment_costs_no_more_keys_than_are_under_way() -> None:
    down = cycle([*[CorServerError(status=500)] * (ATTEMPTS_AT_ONE_KEY + 5), "up"])
    read = [
        one
        for _, one in read_each(
            range(3),
            lambda _, ask: ask(lambda: _raise_or_return(next(down))),
            PushOptions(concurrency=1),
            turns=Turns(None),
        )
    ]
    assert [isinstance(one, CorError) for one in read] == [True, False, True]


def test_failures_at_single_keys_leave_the_patience_for_a_limit() -> None:
    answers: dict[int, list[Any]] = {key: ["a"] if key % 4 else [CorServerError(status=500)] * 9 for key in range(400)}
    answers[399] = [CorRateLimitError(retry_after=30), "a"]
    read = dict(read_all(range(400), answers, concurrency=1, max_wait=100))
    assert sum(isinstance(one, CorError) for one in read.values()) == 100
    assert read[399] == ["a"]


def test_single_keys_take_only_so_long(waits: list[float]) -> None:
    answers: dict[int, list[Any]] = {key: ["a"] if key % 4 else [CorServerError(status=500)] * 9 for key in range(4000)}
    assert len(dict(read_all(range(4000), answers, concurrency=1))) == 4000
    assert sum(wait for wait in waits if wait >= 0.5) <= SECONDS_FOR_SINGLE_KEYS  # shorter ones are the pace
    assert len(answers[3996]) == 8


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


def _raise_or_return(answer: object) -> object:
    if isinstance(answer, BaseException):
        raise answer
    return answer
