"""Reading back the leave of a user: the request, its pages in every reading of COR's documentation, and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.client.user_leaves import (
    DOCUMENTED_SIZE,
    EMPTY_PAGES,
    MOST_PAGES,
    SIZE,
    USER_LEAVES_PATH,
    PageSizes,
    all_rows,
)
from cor_provider.exceptions import (
    CorAuthenticationError,
    CorConfigurationError,
    CorConnectionError,
    CorError,
    CorPermissionError,
    CorRateLimitError,
    CorRecordError,
    CorServerError,
    CorUnexpectedAnswerError,
    CorUserNotFoundError,
)
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from main_api import DOCUMENTED_ROW, MainApi, row
from support import Connect

Page = Callable[[int], list[dict[str, Any]]]


@pytest.fixture
def cor() -> Iterator[MainApi]:
    with MainApi() as api:
        yield api


@pytest.fixture
def reader(cor: MainApi, connect: Connect) -> CorIntegrationsHook:
    connect(extra={"api_url": cor.url})
    return CorIntegrationsHook()


def test_it_asks_as_documented_and_yields_what_cor_sends(cor: MainApi, reader: CorIntegrationsHook) -> None:
    cor.leaves[8555] = [DOCUMENTED_ROW]
    assert list(reader.leaves_in_cor(8555)) == [DOCUMENTED_ROW]
    queries = [f"/v1{USER_LEAVES_PATH}?usersId=8555&offset={offset}&size={SIZE}" for offset in (1, 2)]
    assert [request.path for request in cor.requests] == queries
    assert cor.requests[0].token.startswith("Bearer ")


def test_a_reader_that_stops_early_asks_nothing_more(cor: MainApi, reader: CorIntegrationsHook) -> None:
    cor.leaves[8555] = [DOCUMENTED_ROW]
    assert next(iter(reader.leaves_in_cor(8555))) == DOCUMENTED_ROW
    assert len(cor.requests) == 1


@pytest.mark.parametrize(
    "refusal",
    [(400, {"error": "ValidationError", "message": "offset"}), (404, {"message": "x"}), (404, ""), (404, "<p>")],
)
def test_a_page_beyond_the_first_that_cor_refuses_is_the_end(
    refusal: tuple[int, object], cor: MainApi, reader: CorIntegrationsHook
) -> None:
    cor.answers += [(200, [DOCUMENTED_ROW]), refusal]
    assert list(reader.leaves_in_cor(8555)) == [DOCUMENTED_ROW]


def test_a_page_beyond_the_first_that_fails_is_an_error(cor: MainApi, reader: CorIntegrationsHook) -> None:
    cor.answers += [(200, [DOCUMENTED_ROW]), (503, "")]
    with pytest.raises(CorServerError):
        list(reader.leaves_in_cor(8555))


def test_a_token_that_is_not_issued_is_no_end_either(cor: MainApi, connect: Connect) -> None:
    connect(login="key", password="secret", extra={"api_url": cor.url})
    cor.answers += [(200, {"access_token": "a", "expires_in": 3600}), (200, [DOCUMENTED_ROW]), (401, ""), (404, "")]
    with pytest.raises(CorConnectionError):
        list(CorIntegrationsHook().leaves_in_cor(8555))


def test_rows_in_an_envelope_are_read_too(cor: MainApi, reader: CorIntegrationsHook) -> None:
    cor.answers += [(200, {"data": [DOCUMENTED_ROW], "total": "1"}), (200, {"data": [], "total": "1"})]
    assert list(reader.leaves_in_cor(8555)) == [DOCUMENTED_ROW]


def test_nothing_is_asked_before_it_is_read(cor: MainApi, reader: CorIntegrationsHook) -> None:
    reader.leaves_in_cor(8555)
    assert cor.requests == []


@pytest.mark.parametrize("wrong", [0, -1, "E-7", None, 1.5])
def test_what_is_no_id_of_cors_is_refused_at_once(wrong: Any, reader: CorIntegrationsHook) -> None:
    with pytest.raises(ValueError, match="cor_user_id"):
        reader.leaves_in_cor(wrong)


def test_a_refused_token_is_replaced_once(cor: MainApi, connect: Connect) -> None:
    connect(login="key", password="secret", extra={"api_url": cor.url})
    cor.answers += [(200, {"access_token": "a", "expires_in": 3600}), (401, {"error": 401, "message": "Unauthorized"})]
    cor.answers += [(200, {"access_token": "b", "expires_in": 3600}), (200, [DOCUMENTED_ROW])]
    assert next(iter(CorIntegrationsHook().leaves_in_cor(8555))) == DOCUMENTED_ROW
    assert [request.token for request in cor.requests if USER_LEAVES_PATH in request.path] == ["Bearer a", "Bearer b"]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, {"error": "UserNotFoundError", "message": "no such user"}, (CorUserNotFoundError, "no user of this id")),
        (404, {"status": "ERROR", "code": "US003", "message": "Undefined user"}, (CorUserNotFoundError, "no user of")),
        (404, [{"message": "exists validation failed on user_id"}], (CorUserNotFoundError, "no user of this id")),
        (404, {"detail": "Not Found"}, (CorUserNotFoundError, "no user of this id")),
        (404, "<html><body>Not Found</body></html>", (CorConfigurationError, "api_url answers with 404")),
        (302, "", (CorConfigurationError, "api_url answers with 302")),
        (400, {"status": 400, "name": "CORCustomError", "code": "U010", "message": "x"}, (CorRecordError, r"\(400\)")),
        (417, [{"message": "exists validation failed on user_id"}], (CorRecordError, r"\(417\)")),
        (422, "", (CorRecordError, r"\(422\)")),
        (401, {"error": 401, "message": "Unauthorized"}, (CorAuthenticationError, "token")),
        (403, "", (CorPermissionError, "read leave")),
        (429, "", (CorRateLimitError, "slow down")),
        (500, None, (CorServerError, "500")),
        (503, "<html>", (CorServerError, "503")),
        (200, {"data": {"id": 1}}, (CorUnexpectedAnswerError, "no list of leave")),
        (200, {"status": "success"}, (CorUnexpectedAnswerError, "no list of leave")),
        (200, "Under maintenance", (CorUnexpectedAnswerError, "no list of leave")),
        (200, [1, 2], (CorUnexpectedAnswerError, "no list of leave")),
        (200, [{"user_id": 1}], (CorUnexpectedAnswerError, "no list of leave")),
        (201, [], (CorUnexpectedAnswerError, "no list of leave")),
        (204, "", (CorUnexpectedAnswerError, "no list of leave")),
        (200, {"status": 500, "data": []}, (CorServerError, "500")),
        (200, {"status": "failed", "data": [], "errors": [{"message": "x"}]}, (CorRecordError, r"\(200\)")),
    ],
)
def test_every_other_answer_is_an_error_of_the_usual_family(
    status: int, body: object, expected: tuple[type[CorError], str], cor: MainApi, reader: CorIntegrationsHook
) -> None:
    error, says = expected
    cor.answers.append((status, body))
    with pytest.raises(error, match=says) as raised:
        list(reader.leaves_in_cor(8555))
    assert type(raised.value) is error


def test_an_answer_that_is_too_large_is_refused(cor: MainApi, reader: CorIntegrationsHook) -> None:
    cor.answers.append((200, [row(1, note="x" * 2**20)]))
    with pytest.raises(CorConnectionError, match=r"larger|large"):
        list(reader.leaves_in_cor(8555))


def test_no_error_tells_what_cor_said_of_a_person(cor: MainApi, reader: CorIntegrationsHook) -> None:
    cor.answers.append((400, {"message": "Zoe has surgery-zq7"}))
    with pytest.raises(CorRecordError) as raised:
        list(reader.leaves_in_cor(8555))
    assert "zq7" not in json.dumps([str(raised.value), raised.value.name])


def pages(
    total: int, *, largest: int, reading: str, hidden: Collection[int] = ()
) -> tuple[list[dict[str, Any]], Page, list[int]]:
    """
    Return the rows of a COR that has so many, what returns its pages, and the offsets that were asked for.

    :param hidden: places in the list of what COR leaves out of a page once it is cut, the first being 0.
    """
    rows, asked = [row(total - number) for number in range(total)], []
    size = min(SIZE, largest)

    def page(offset: int) -> list[dict[str, Any]]:
        asked.append(offset)
        start = {"pages": (offset - 1) * size, "rows": offset - 1, "ignored": 0}[reading]
        return [rows[place] for place in range(start, min(start + size, total)) if place not in hidden]

    return [one for place, one in enumerate(rows) if place not in hidden], page, asked


def ids(rows: Iterable[dict[str, Any]]) -> set[int]:
    return {row["id"] for row in rows}


Totals = st.integers(0, 230)
Largest = st.sampled_from((10, 11, 20, 25, 49, 50, 100))
Readings = pytest.mark.parametrize("reading", ["pages", "rows"])


@Readings
@given(total=Totals, largest=Largest)
def test_no_row_is_lost_or_repeated_in_either_reading(reading: str, total: int, largest: int) -> None:
    rows, page, asked = pages(total, largest=largest, reading=reading)
    assert list(all_rows(page, PageSizes())) == rows
    assert len(asked) <= total // min(SIZE, largest) + 3


@Readings
@given(st.data())
def test_rows_that_cor_leaves_out_of_its_pages_hide_no_other_row(reading: str, data: st.DataObject) -> None:
    total, largest = data.draw(Totals), data.draw(Largest)
    hidden = data.draw(st.sets(st.integers(0, max(total - 1, 0))) | st.just(set(range(2, total, 3))))
    rows, page, asked = pages(total, largest=largest, reading=reading, hidden=hidden)
    read = list(all_rows(page, PageSizes()))

    assert read == rows[: len(read)]
    # All of it is read, unless COR has left out all of a page, or all in which two pages far apart differ.
    if len(read) < len(rows):
        end, before, size = asked[-1], asked[-2], min(SIZE, largest)
        left_out = range((end - 1) * size, end * size) if reading == "pages" else range(end - 1, end - 1 + size)
        is_repeated = reading == "rows" and end - before >= DOCUMENTED_SIZE and page(end) == page(before)
        assert is_repeated or hidden >= {*left_out}


@Readings
@given(st.data())
def test_while_leave_is_missing_rows_that_cor_leaves_out_hide_even_less(reading: str, data: st.DataObject) -> None:
    total, largest = data.draw(Totals), data.draw(Largest)
    hidden = data.draw(st.sets(st.integers(0, max(total - 1, 0))) | st.just(set(range(0, total, 3))))
    _, page, asked = pages(total, largest=largest, reading=reading, hidden=hidden)
    read = list(all_rows(page, PageSizes()))
    few = len(asked)
    more = list(all_rows(page, PageSizes(), expected={10**9}))
    assert more[: len(read)] == read
    if more == read:
        assert len(asked) <= 2 * few + EMPTY_PAGES - 1


@Readings
@pytest.mark.parametrize("hidden", [range(1, 197, 2), range(0, 197, 2), range(40), {0}, {0, 1}, {*range(4, 45)}])
def test_a_short_page_is_not_taken_for_the_end(reading: str, hidden: Collection[int]) -> None:
    rows, page, _ = pages(197, largest=SIZE, reading=reading, hidden=hidden)
    assert list(all_rows(page, PageSizes())) == rows
    _, page, _ = pages(197, largest=SIZE, reading=reading, hidden=hidden)
    assert list(all_rows(page, PageSizes(), expected=ids(rows))) == rows


def test_an_empty_page_is_the_end_if_nobody_knows_of_more() -> None:
    rows, page, asked = pages(150, largest=SIZE, reading="pages", hidden=range(50, 100))
    assert list(all_rows(page, PageSizes())) == rows[:50]
    assert list(all_rows(page, PageSizes(), expected=ids(rows[:50]))) == rows[:50]
    assert asked == [1, 2, 1, 2]


@Readings
@pytest.mark.parametrize("left_out", [range(50, 100), range(50, 150)])
def test_leave_behind_pages_of_which_cor_shows_nothing_is_found(reading: str, left_out: range) -> None:
    rows, page, _ = pages(250, largest=SIZE, reading=reading, hidden=left_out)
    assert list(all_rows(page, PageSizes(), expected=ids(rows))) == rows


def test_leave_behind_first_pages_of_which_cor_shows_nothing_is_found() -> None:
    rows, page, _ = pages(150, largest=SIZE, reading="pages", hidden=range(100))
    assert list(all_rows(page, PageSizes(), expected=ids(rows))) == rows


def test_more_empty_pages_are_an_end() -> None:
    rows, page, asked = pages(250, largest=SIZE, reading="pages", hidden=range(50, 200))
    assert list(all_rows(page, PageSizes(), expected=ids(rows))) == rows[:50]
    assert asked == [1, 2, 3, 4]


def test_few_rows_take_one_request_if_all_that_is_expected_is_there() -> None:
    for total in (0, 1, 9):
        rows, page, asked = pages(total, largest=SIZE, reading="pages")
        assert list(all_rows(page, PageSizes(), expected=ids(rows[:3]))) == rows
        assert asked == [1]


@pytest.mark.parametrize(("reading", "requests"), [("pages", 4), ("rows", 5), ("ignored", 3)])
def test_leave_that_is_not_there_takes_few_more_requests(reading: str, requests: int) -> None:
    rows, page, asked = pages(9, largest=SIZE, reading=reading)
    assert list(all_rows(page, PageSizes(), expected={77})) == rows
    assert len(asked) == requests


@Readings
def test_a_page_that_is_smaller_than_anothers_is_the_last_one_if_nothing_is_missing(reading: str) -> None:
    sizes = PageSizes()
    for total, requests in ((37, 2), (36, 1), (11, 1), (37, 2), (40, 2), (39, 1), (9, 1)):
        rows, page, asked = pages(total, largest=SIZE, reading=reading)
        assert list(all_rows(page, sizes, expected=ids(rows))) == rows
        assert len(asked) == requests


@Readings
@given(st.lists(st.integers(0, 130), max_size=6), st.sampled_from((10, 20, 50)), st.booleans())
def test_no_row_of_several_users_is_lost(reading: str, totals: list[int], largest: int, expects: bool) -> None:
    sizes = PageSizes()
    for total in totals:
        rows, page, _ = pages(total, largest=largest, reading=reading)
        assert list(all_rows(page, sizes, expected=ids(rows) if expects else None)) == rows


def test_the_same_page_again_is_the_end() -> None:
    rows, page, asked = pages(200, largest=SIZE, reading="ignored")
    assert list(all_rows(page, PageSizes())) == rows[:SIZE]
    assert asked == [1, 2, SIZE + 2]


def test_a_list_whose_last_page_comes_again_and_again_has_an_end() -> None:
    rows, page, asked = pages(70, largest=SIZE, reading="pages")
    assert list(all_rows(lambda offset: page(min(offset, 2)), PageSizes())) == rows
    assert len(asked) <= 4


def test_a_row_that_appears_meanwhile_repeats_none() -> None:
    rows = [row(number) for number in range(100, 0, -1)]

    def page(offset: int) -> list[dict[str, Any]]:
        now = [row(101), *rows] if offset > 1 else rows  # what is newest comes first, and pushes the rest on
        return now[(offset - 1) * SIZE : offset * SIZE]

    assert [one["id"] for one in all_rows(page, PageSizes())] == [*range(100, 0, -1)]


def test_a_list_without_an_end_is_refused() -> None:
    numbers = count(1)
    read = all_rows(lambda _: [row(next(numbers)) for _ in range(SIZE)], PageSizes())
    with pytest.raises(CorUnexpectedAnswerError, match="does not end"):
        for _ in read:
            pass
    assert next(numbers) <= SIZE * (MOST_PAGES + 1) + 1
