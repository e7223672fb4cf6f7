"""Tokens that COR issues for an API key."""

from __future__ import annotations

import base64
import json
import math
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from cor_provider.client import tokens
from cor_provider.client.tokens import MAX_REPLACEMENTS, REPLACEMENTS_SECONDS, ClientCredentials
from cor_provider.exceptions import CorAuthenticationError, CorRateLimitError, CorTransientError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.outcome import LeaveOutcome
from cor_provider.push.retry import is_worth_retrying
from cor_provider.sandbox import Sandbox
from raw_server import RawServer, head, whole
from support import Connect, leave

DAY = 86_400


def reply(body: Any, status: int = 200) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return response


class Clock:
    """A clock that the test sets."""

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
    [
        *((3600, 3540), ("3600", 3540), (None, 3540), ("soon", 3540), (100, 50), (60, 30)),
        # Whatever it says, a token is not asked for with each leave, nor kept for ever.
        *((0, 30), (-5, 30), ("-1", 30), (1e-9, 30), (-math.inf, 30), (False, 3540), (True, 3540)),
        *((math.nan, 3540), ("NaN", 3540), ([], 3540), ({"seconds": 5}, 3540), ("", 3540)),
        *((math.inf, DAY - 60), (1e300, DAY - 60), (10**400, DAY - 60), ("9" * 5000, DAY - 60), (DAY * 2, DAY - 60)),
    ],
)
def test_a_token_is_renewed_a_while_before_it_ends(expires_in: Any, good_for: float) -> None:
    asked: list[float] = []
    clock = Clock()

    def request_token() -> requests.Response:
        asked.append(clock.seconds)
        return reply({"access_token": f"token-{len(asked)}", "expires_in": expires_in})

    tokens = ClientCredentials(request_token, clock=clock)
    assert tokens.get() == "token-1"
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
    monkeypatch.setattr(tokens, "mask_secret", masked.append)
    ClientCredentials(lambda: reply({"access_token": "token-1"})).get()
    assert masked == ["token-1"]


PAGE = b"<!DOCTYPE html><html><body>Sign in to the network</body></html>"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        *[({}, status) for status in (408, 425, 429, 500, 501, 502, 503, 504, 505, 511, 520, 530, 599)],
        *[(PAGE, status) for status in (200, 302, 400, 401, 403, 404, 407, 410, 451)],
        *[(b"Not Found", status) for status in (200, 400, 404)],
        *[({"message": "Not Found"}, status) for status in (200, 202, 404, 405, 409)],
        *[({"error": "temporarily_unavailable"}, status) for status in (200, 400, 401, 403, 503)],
        *[({"error": "server_error"}, status) for status in (200, 400, 500)],
        ({"error": "slow_down"}, 400),
        ({"error": "invalid_client"}, 503),
        ([], 200),
        (b"", 200),
        (b"", 404),
        (b"[" * 100_000, 200),
        (b"\xff", 401),
        (b"null", 404),
        ({"error": ["temporarily_unavailable"]}, 200),
        ({"access_token": None}, 200),
        ({"access_token": "token-1"}, 404),
        ({"access_token": "tok\r\nX-Header: en"}, 200),
        ({"access_token": "tok\u00e9n"}, 200),
    ],
)
def test_what_may_pass_is_not_the_api_keys_fault(body: Any, status: int) -> None:
    with pytest.raises(CorTransientError) as raised:
        ClientCredentials(lambda: reply(body, status)).get()
    assert is_worth_retrying(raised.value) or isinstance(raised.value, CorRateLimitError)
    assert not raised.value.lost_answer
    assert raised.value.status == status
    assert status == 429 or "check the COR connection's Extra api_url" in raised.value.message
    assert "tok" not in str(raised.value).replace("token", "")


@pytest.mark.parametrize("status", [404, 429, 503])
def test_it_is_waited_for_as_long_as_is_asked(status: int) -> None:
    answer = reply({}, status)
    answer.headers["Retry-After"] = "17"
    with pytest.raises(CorTransientError) as raised:
        ClientCredentials(lambda: answer).get()
    assert raised.value.retry_after == 17


REFUSALS = ["invalid_client", "unauthorized_client", "invalid_grant", "unsupported_grant_type"]
REFUSALS += ["access_denied", "invalid_scope", "invalid_request"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        *[
            ({"error": error, "error_description": "no"}, status)
            for error in REFUSALS
            for status in (200, 400, 401, 404)
        ],
        *[({"message": "wrong key"}, status) for status in (400, 401, 403)],
        *[(b"", status) for status in (400, 401, 403)],
        ({"error": 401, "message": "Unauthorized"}, 401),
        (b" \r\n", 401),
        (b"null", 401),
        ([], 403),
        ({"access_token": "token-1"}, 401),
    ],
)
def test_a_refusal_is_an_authentication_error(body: Any, status: int) -> None:
    with pytest.raises(CorAuthenticationError, match="check the COR connection's Login") as raised:
        ClientCredentials(lambda: reply(body, status)).get()
    assert "token-1" not in str(raised.value)


def test_a_refused_api_key_is_asked_about_once_for_all_who_wait() -> None:
    asked: list[None] = []
    waits = threading.Semaphore(0)

    class Lock:
        """Announces each thread that waits for it."""

        def __init__(self) -> None:
            self._lock = threading.Lock()

        def __enter__(self) -> None:
            waits.release()
            self._lock.acquire()

        def __exit__(self, *_: object) -> None:
            self._lock.release()

    def request_token() -> requests.Response:
        asked.append(None)
        for _ in range(8):
            waits.acquire(timeout=60)
        return reply({}, 401)

    tokens = ClientCredentials(request_token)
    tokens._lock = Lock()  # type: ignore[assignment]
    with ThreadPoolExecutor(8) as threads:
        errors = [future.exception() for future in [threads.submit(tokens.get) for _ in range(8)]]
    assert {type(error) for error in errors} == {CorAuthenticationError}
    assert len(asked) == 1


def test_a_refusal_is_not_remembered_for_the_next_who_asks() -> None:
    replies = iter([reply({}, 401), reply({"access_token": "token-1"})])
    tokens = ClientCredentials(lambda: next(replies))
    with pytest.raises(CorAuthenticationError):
        tokens.get()
    assert tokens.get() == "token-1"


def test_a_token_that_is_refused_again_and_again_is_not_replaced_for_ever() -> None:
    asked: list[None] = []
    clock = Clock()

    def request_token() -> requests.Response:
        asked.append(None)
        return reply({"access_token": f"token-{len(asked)}"})

    tokens = ClientCredentials(request_token, clock=clock)
    replaced = [tokens.replace(tokens.get()) for _ in range(100)]
    assert replaced == [True] * MAX_REPLACEMENTS + [False] * (100 - MAX_REPLACEMENTS)
    assert len(asked) == 1 + MAX_REPLACEMENTS
    clock.seconds += REPLACEMENTS_SECONDS
    assert tokens.replace(tokens.get())


class TestInAPush:
    """Over the wire: what the token endpoint answers, and what becomes of the leave."""

    @pytest.fixture
    def answers(self, sandbox: Sandbox) -> list[bytes | None]:
        """The answers to token requests: None closes the connection without one, and the last answer repeats."""
        return [whole(json.dumps({"access_token": sandbox.token, "expires_in": 0}).encode(), status="200 OK")]

    @pytest.fixture
    def endpoint(self, answers: list[bytes | None], connect: Connect) -> Iterator[RawServer]:
        with RawServer(lambda: [answers.pop(0) if answers[1:] else answers[0]]) as endpoint:
            extra = {"api_url": f"{endpoint.url}/v1", "timeout": 60}
            connect(login="api-key-4711", password="client-secret-0815", extra=extra)
            yield endpoint

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(head("Content-Length: 0", status="408 Request Timeout"), id="408"),
            pytest.param(head("Content-Length: 0", status="404 Not Found"), id="404"),
            pytest.param(head("Content-Length: 0", "Location: /login", status="302 Found"), id="302"),
            pytest.param(whole(PAGE, "Content-Type: text/html", status="200 OK"), id="a web page"),
            pytest.param(whole(b'{"error": "temporarily_unavailable"}', status="400 Bad Request"), id="unavailable"),
            pytest.param(None, id="none"),
        ],
    )
    def test_what_passes_costs_a_wait_and_is_no_lost_answer(
        self,
        answer: bytes | None,
        answers: list[bytes | None],
        endpoint: RawServer,
        sandbox: Sandbox,
        waits: list[float],
    ) -> None:
        CorIntegrationsHook().create_leave(leave())
        answers.insert(0, answer)
        (outcome,) = CorIntegrationsHook().create_leaves([leave()])
        assert (outcome.status, outcome.attempts) == ("existing", 2)
        assert len(waits) == 1

    def test_a_wrong_api_url_is_named_once_patience_ends(
        self, answers: list[bytes | None], endpoint: RawServer
    ) -> None:
        answers[:] = [head("Content-Length: 0", status="404 Not Found")]
        (outcome,) = CorIntegrationsHook().create_leaves([leave()], max_attempts=3)
        assert (outcome.status, outcome.attempts) == ("failed", 3)
        assert outcome.message
        assert "404" in outcome.message
        assert "check the COR connection's Extra api_url" in outcome.message

    def test_an_api_url_that_is_not_reached_is_named_too(self, connect: Connect, closed_port: int) -> None:
        api_url = f"http://127.0.0.1:{closed_port}/v1"
        connect(login="api-key-4711", password="client-secret-0815", extra={"api_url": api_url})
        (outcome,) = CorIntegrationsHook().create_leaves([leave()], max_attempts=2)
        assert outcome.message
        assert "connection refused" in outcome.message
        assert "Check the connection's Extra api_url" in outcome.message

    def test_a_lifetime_of_nothing_costs_no_token_for_each_leave(self, endpoint: RawServer) -> None:
        outcomes = CorIntegrationsHook().create_leaves(leave(f"L{number}") for number in range(50))
        assert {outcome.status for outcome in outcomes} == {"created"}
        assert len(endpoint.requests) == 1

    def test_tokens_that_cor_refuses_are_asked_for_a_few_times_and_stop_the_push(
        self, answers: list[bytes | None], endpoint: RawServer
    ) -> None:
        answers[:] = [
            whole(json.dumps({"access_token": f"refused-{number}"}).encode(), status="200 OK") for number in range(200)
        ]
        pushed = CorIntegrationsHook().create_leaves((leave(f"L{number}") for number in range(100)), concurrency=16)
        outcomes: list[LeaveOutcome] = []
        with pytest.raises(CorAuthenticationError):
            outcomes.extend(pushed)
        assert len(endpoint.requests) <= 1 + MAX_REPLACEMENTS

    def test_a_refused_api_key_is_forgotten_by_the_next_push(
        self, answers: list[bytes | None], endpoint: RawServer, sandbox: Sandbox
    ) -> None:
        answers.insert(0, whole(b'{"error": "invalid_client"}', status="401 Unauthorized"))
        hook = CorIntegrationsHook()
        with pytest.raises(CorAuthenticationError):
            list(hook.create_leaves([leave(), leave("L2")], concurrency=1))
        assert {outcome.status for outcome in hook.create_leaves([leave(), leave("L2")])} == {"created"}
        assert len(endpoint.requests) == 2


class TestApiKey:
    @pytest.fixture
    def hook(self, connect: Connect) -> CorIntegrationsHook:
        connect(login="api-key-4711", password="client-secret-0815")
        return CorIntegrationsHook()

    def test_a_token_is_fetched_once_as_cor_documents_it(self, hook: CorIntegrationsHook, sandbox: Sandbox) -> None:
        hook.create_leave(leave())
        hook.create_leave(leave("L2"))
        token_request, *others = sandbox.requests
        assert (token_request.method, token_request.path) == ("POST", "/v1/oauth/token")
        assert (token_request.query, token_request.body) == ("grant_type=client_credentials", b"")
        credentials = base64.b64encode(b"api-key-4711:client-secret-0815").decode()
        assert token_request.headers["authorization"] == f"Basic {credentials}"
        assert [request.path for request in others] == ["/v2/integrations/leaves"] * 2
        assert others[0].headers["authorization"].startswith("Bearer ")

    def test_a_refused_api_key_is_an_authentication_error_without_the_secret(self, connect: Connect) -> None:
        connect(login="api-key-4711", password="wrong-secret-1234")
        with pytest.raises(CorAuthenticationError, match="check the COR connection's Login") as raised:
            CorIntegrationsHook().create_leave(leave())
        assert "wrong-secret-1234" not in str(raised.value)


def test_an_expired_token_is_renewed_once_however_many_notice(connect: Connect, sandbox: Sandbox) -> None:
    connect(login="api-key-4711", password="client-secret-0815")
    hook = CorIntegrationsHook()
    hook.create_leave(leave("first"))
    sandbox.revoke_tokens()
    threads = [threading.Thread(target=hook.create_leave, args=(leave(f"L{number}"),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sandbox.leaves) == 9
    assert [request.path for request in sandbox.requests].count("/v1/oauth/token") == 2
