"""Reading an HR system over HTTP: what is tried again, for how long, and what an error tells."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException
from airflow.providers.http.hooks.http import HttpHook

from cor_provider.hr_http import LONGEST_WAIT, MAX_ATTEMPTS, read_json
from cor_provider.sandbox import Sandbox

BODY = {"message": "marker of a body"}


@pytest.fixture
def hr(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A server that answers what it is told; that it is COR's sandbox does not matter."""
    with Sandbox() as server:
        monkeypatch.setenv("AIRFLOW_CONN_HR", json.dumps({"conn_type": "http", "host": server.url}))
        yield server


def read(hr: Sandbox) -> object:
    return read_json(HttpHook("POST", http_conn_id="hr"), "/v2/integrations/leaves", json={})


def test_an_answer_is_returned(hr: Sandbox) -> None:
    hr.answer_next(200, [BODY])
    assert read(hr) == [BODY]
    assert hr.requests[0].headers["accept"] == "application/json"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_passing_error_is_tried_again_after_the_time_asked_for(hr: Sandbox, waits: list[float], status: int) -> None:
    hr.answer_next(status, headers={"Retry-After": "17"})
    hr.answer_next(200, BODY)
    assert read(hr) == BODY
    assert waits == [17]


def test_a_wait_has_an_upper_limit(hr: Sandbox, waits: list[float]) -> None:
    hr.answer_next(429, headers={"Retry-After": "86400"})
    hr.answer_next(200, BODY)
    read(hr)
    assert waits == [LONGEST_WAIT]


def test_a_lost_connection_is_tried_again(hr: Sandbox, waits: list[float]) -> None:
    hr.drop_next(commit=False)
    hr.answer_next(200, BODY)
    assert read(hr) == BODY
    assert len(waits) == 1


def test_patience_ends(hr: Sandbox, waits: list[float]) -> None:
    for _ in range(MAX_ATTEMPTS):
        hr.answer_next(503, BODY)
    with pytest.raises(AirflowException, match="the answer is 503") as raised:
        read(hr)
    assert not isinstance(raised.value, AirflowFailException)
    assert len(waits) == MAX_ATTEMPTS - 1


def test_patience_with_lost_connections_ends(hr: Sandbox) -> None:
    for _ in range(MAX_ATTEMPTS):
        hr.drop_next(commit=False)
    with pytest.raises(AirflowException, match=r"^/v2/integrations/leaves: no answer \(ConnectionError\)"):
        read(hr)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_final(hr: Sandbox, waits: list[float], status: int) -> None:
    hr.answer_next(status, BODY)
    with pytest.raises(AirflowFailException, match=f"the answer is {status}"):
        read(hr)
    assert waits == []


@pytest.mark.parametrize("body", [pytest.param(b"", id="nothing"), pytest.param(b'{"message": "mar', id="cut short")])
def test_what_is_not_json_is_an_error(hr: Sandbox, body: bytes) -> None:
    hr.answer_next(200, body)
    with pytest.raises(AirflowException, match="the answer is not JSON") as raised:
        read(hr)
    assert raised.value.__cause__ is None


def test_an_error_shows_nothing_of_the_answer(hr: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    hr.answer_next(500, BODY)
    with pytest.raises(AirflowException) as raised:
        read(hr)
    assert BODY["message"] not in caplog.text + str(raised.value)
