"""The shapes of answers are kept as they come."""

from __future__ import annotations

import pytest

from cor_provider.contract.contract import Contract
from cor_provider.sandbox import Sandbox
from prove_support import CALLS
from prove_support import recorded as record
from support import Connect


def recorded() -> Contract:
    return record()[1]


def test_each_call_has_its_answer(connect: Connect) -> None:
    connect()
    calls = recorded().calls
    assert tuple(one.call for one in calls) == CALLS
    assert [one.status for one in calls] == [201, 409, 422, 404, 200, 404, 200, 200, 404, 404, 404, 404]


def test_an_answer_that_was_lost_is_missing(connect: Connect, sandbox: Sandbox) -> None:
    connect()
    sandbox.answer_next(202)
    sandbox.drop_next()
    assert tuple(one.call for one in recorded().calls) == tuple(name for name in CALLS if name != "create again")


def test_neither_a_new_token_nor_a_refused_one_is_an_answer(connect: Connect, sandbox: Sandbox) -> None:
    connect(login="api-key-4711", password="client-secret-0815")
    sandbox.answer_next(401)
    calls = recorded().calls
    assert tuple(one.call for one in calls) == CALLS
    assert calls[0].status == 201


def test_of_a_list_the_first_page_is_kept(connect: Connect, sandbox: Sandbox) -> None:
    connect()
    for day in range(1, 29):
        sandbox.add_by_hand(67891, f"2016-01-{day:02}", f"2016-01-{day:02}")
        sandbox.add_by_hand(67891, f"2016-02-{day:02}", f"2016-02-{day:02}")
    (call,) = (one for one in recorded().calls if one.call == "list")
    assert call.body is not None
    assert call.body.length == (33, 64)


@pytest.mark.parametrize("url", ["/v1", "/somewhere/else/v1"])
def test_the_address_of_cor_is_not_kept(connect: Connect, sandbox: Sandbox, url: str) -> None:
    connect(extra={"api_url": sandbox.url + url})
    assert "127.0.0.1" not in recorded().write()
    assert "somewhere" not in recorded().write()
