"""Reading back the leave of a user: the request, its pages in every reading of COR's documentation, and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.client.user_leaves import MOST_PAGES, SIZE, USER_LEAVES_PATH, PageSizes, all_rows
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
    (request,) = cor.requests
    assert request.path == f"/v1{USER_LEAVES_PATH}?usersId=8555&offset=1&size={SIZE}"
    assert request.token.startswith("Bearer ")


def test_rows_in_an_envelope_are_read_too(cor: MainApi, reader: CorIntegrationsHook) -> None:
    cor.answers.append((200, {"data": [DOCUMENTED_ROW], "total": "1"}))
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
    assert list(CorIntegrationsHook().leaves_in_cor(8555)) == [DOCUMENTED_ROW]
    assert [request.token for request in cor.requests if USER_LEAVES_PATH in request.path] == ["Bearer a", "Bearer b"]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, {"error": "UserNotFoundError", "message": "no such user"}, (CorUserNotFoundError, "no user of this id")),
        (404, {"status": "ERROR", "code": "US003", "message": "Undefined user"}, (CorUserNotFoundError, "no user of")),
        (404, [{"message": "exists validation failed on user_id"}], (CorUserNotFoundError, "no user of this id")),
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


def pages(total: int, *, largest: int, reading: str) -> tuple[list[dict[str, Any]], Page, list[int]]:
    """Return the rows of a COR that has so many, what returns its pages, and the offsets that were asked for."""
    rows, asked = [row(total - number) for number in range(total)], []
    size = min(SIZE, largest)

    def page(offset: int) -> list[dict[str, Any]]:
        asked.append(offset)
        start = {"pages": (offset - 1) * size, "rows": offset - 1, "ignored": 0}[reading]
        return rows[start : start + size]

    return rows, page, asked


@given(
    total=st.integers(0, 230),
    largest=st.sampled_from((10, 11, 20, 49, 50, 100)),
    reading=st.sampled_from(("pages", "rows")),
)
def test_no_row_is_lost_or_repeated_in_either_reading(total: int, largest: int, reading: str) -> None:
    rows, page, asked = pages(total, largest=largest, reading=reading)
    assert list(all_rows(page, PageSizes())) == rows
    assert len(asked) <= total // min(SIZE, largest) + 2


def test_few_rows_take_one_request() -> None:
    for total in (0, 1, 9):
        _, page, asked = pages(total, largest=SIZE, reading="pages")
        list(all_rows(page, PageSizes()))
        assert asked == [1]


@pytest.mark.parametrize("reading", ["pages", "rows"])
def test_a_page_that_is_smaller_than_anothers_is_the_last_one(reading: str) -> None:
    sizes = PageSizes()
    for total, requests in ((37, 2), (36, 1), (11, 1), (37, 2), (40, 2), (39, 1), (9, 1)):
        rows, page, asked = pages(total, largest=SIZE, reading=reading)
        assert list(all_rows(page, sizes)) == rows
        assert len(asked) == requests


@given(st.lists(st.integers(0, 130), max_size=6), st.sampled_from((10, 20, 50)), st.sampled_from(("pages", "rows")))
def test_no_row_of_several_users_is_lost(totals: list[int], largest: int, reading: str) -> None:
    sizes = PageSizes()
    for total in totals:
        rows, page, _ = pages(total, largest=largest, reading=reading)
        assert list(all_rows(page, sizes)) == rows


def test_the_same_page_again_is_the_end() -> None:
    rows, page, asked = pages(200, largest=SIZE, reading="ignored")
    assert list(all_rows(page, PageSizes())) == rows[:SIZE]
    assert asked == [1, 2]


def test_a_row_that_appears_meanwhile_repeats_none() -> None:
    rows = [row(number) for number in range(100, 0, -1)]

    def page(offset: int) -> list[dict[str, Any]]:
        now = [row(101), *rows] if offset > 1 else rows  # what is newest comes first, and pushes the rest on
        return now[(offset - 1) * SIZE : offset * SIZE]

    assert [one["id"] for one in all_rows(page, PageSizes())] == [*range(100, 0, -1)]


def test_a_list_without_an_end_is_refused() -> None:
    ids = count(1)
    read = all_rows(lambda _: [row(next(ids)) for _ in range(SIZE)], PageSizes())
    with pytest.raises(CorUnexpectedAnswerError, match="does not end"):
        for _ in read:
            pass
    assert next(ids) <= SIZE * (MOST_PAGES + 1) + 1
