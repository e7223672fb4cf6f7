"""Tokens that COR hands out for an API key."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from cor_provider import auth
from cor_provider.auth import ClientCredentials
from cor_provider.exceptions import CorAuthenticationError, CorTransientError


def reply(body: Any, status: int = 200) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return response


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(
    "body",
    [
        {"access_token": "token-1", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "other"},
        {"access_token": " token-1\n", "expires_in": "3600"},
        {"access_token": "token-1"},
        {"token": {"access_token": "token-1", "expires_in": None}},
    ],
)
def test_a_token_is_read_wherever_cor_puts_it(body: Any) -> None:
    assert ClientCredentials(lambda: reply(body)).get() == "token-1"


@pytest.mark.parametrize(
    ("expires_in", "good_for"),
    [(3600, 3540), ("3600", 3540), (None, 3540), ("soon", 3540), (100, 50), (60, 30), (0, 0), (-5, 0)],
)
def test_a_token_is_renewed_a_while_before_it_ends(expires_in: Any, good_for: float) -> None:
    asked: list[float] = []
    clock = Clock()

    def request_token() -> requests.Response:
        asked.append(clock.seconds)
        return reply({"access_token": f"token-{len(asked)}", "expires_in": expires_in})

    tokens = ClientCredentials(request_token, clock=clock)
    assert tokens.get() == "token-1"
    if good_for:
        clock.seconds = good_for - 1
        assert tokens.get() == "token-1"
    clock.seconds = good_for
    assert tokens.get() == "token-2"


def test_a_token_that_another_thread_replaced_is_not_replaced_again() -> None:
    replies = iter(["token-1", "token-2", "token-3"])
    tokens = ClientCredentials(lambda: reply({"access_token": next(replies)}))
    refused = tokens.get()
    assert tokens.replace(refused)
    assert tokens.replace(refused)
    assert tokens.get() == "token-2"


def test_a_fetched_token_is_masked_in_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    masked: list[str] = []
    monkeypatch.setattr(auth, "mask_secret", masked.append)
    ClientCredentials(lambda: reply({"access_token": "token-1"})).get()
    assert masked == ["token-1"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_token_endpoint_that_fails_is_not_the_api_keys_fault(status: int) -> None:
    with pytest.raises(CorTransientError) as raised:
        ClientCredentials(lambda: reply({}, status)).get()
    assert not raised.value.lost_answer


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": "invalid_client", "error_description": "no"}, 401),
        ({}, 200),
        ([], 200),
        (b"<html>", 200),
        (b"null", 404),
        ({"access_token": None}, 200),
        ({"access_token": "tok\r\nX-Header: en"}, 200),
        ({"access_token": "tokén"}, 200),
    ],
)
def test_a_reply_without_a_token_is_an_authentication_error_that_does_not_print_it(body: Any, status: int) -> None:
    with pytest.raises(CorAuthenticationError, match="check the COR connection's Login") as raised:
        ClientCredentials(lambda: reply(body, status)).get()
    assert "tok" not in str(raised.value).replace("token", "")


def test_a_refused_api_key_is_not_tried_again() -> None:
    asked: list[None] = []

    def request_token() -> requests.Response:
        asked.append(None)
        return reply({}, 401)

    tokens = ClientCredentials(request_token)
    for _ in range(3):
        with pytest.raises(CorAuthenticationError):
            tokens.get()
    assert len(asked) == 1
