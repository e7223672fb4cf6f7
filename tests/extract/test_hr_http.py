"""Reading an HR system over HTTP: what is tried again, for how long, and what an error says."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import math
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from airflow.providers.http.hooks.http import HttpHook
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth

from certificates import server_context, write_certificate
from cor_provider._compat import AirflowException, AirflowFailException, AirflowNotFoundException
from cor_provider.client import limits
from cor_provider.extract.hr_http import LONGEST_WAIT, MAX_ATTEMPTS, read_json
from cor_provider.sandbox import Sandbox
from raw_server import Piece, RawServer, head, whole

BODY = {"message": "marker of a body"}


@pytest.fixture
def hr(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A server that gives scripted answers; that it is COR's sandbox does not matter."""
    with Sandbox() as server:
        monkeypatch.setenv("AIRFLOW_CONN_HR", json.dumps({"conn_type": "http", "host": server.url}))
        yield server


def read(hr: Sandbox) -> object:
    return read_json(HttpHook("POST", http_conn_id="hr"), "/v2/integrations/leaves", json={})


def test_an_answer_is_returned(hr: Sandbox) -> None:
    hr.answer_next(200, [BODY])
    assert read(hr) == [BODY]
    assert hr.requests[0].headers["accept"] == "application/json"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 530])
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


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404])
def test_a_refusal_is_final(hr: Sandbox, waits: list[float], status: int) -> None:
    hr.answer_next(status, BODY)
    with pytest.raises(AirflowFailException, match=f"the answer is {status}"):
        read(hr)
    assert waits == []


@pytest.mark.parametrize("status", [501, 505])
def test_a_server_that_cannot_is_left_to_the_tasks_retries(hr: Sandbox, waits: list[float], status: int) -> None:
    hr.answer_next(status, BODY)
    with pytest.raises(AirflowException, match=f"the answer is {status}") as raised:
        read(hr)
    assert not isinstance(raised.value, AirflowFailException)
    assert waits == []


@pytest.mark.parametrize("body", [pytest.param(b"", id="nothing"), pytest.param(b'{"message": "mar', id="cut short")])
def test_what_is_not_json_is_an_error(hr: Sandbox, body: bytes) -> None:
    for _ in range(MAX_ATTEMPTS):
        hr.answer_next(200, body)
    with pytest.raises(AirflowException, match="the answer is not JSON") as raised:
        read(hr)
    assert raised.value.__cause__ is None


def test_what_is_not_json_is_asked_for_again(hr: Sandbox, waits: list[float]) -> None:
    hr.answer_next(200, b'[{"message": "mar')
    hr.answer_next(200, BODY)
    assert read(hr) == BODY
    assert len(waits) == 1


def test_an_error_shows_nothing_of_the_answer(hr: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for _ in range(MAX_ATTEMPTS):
        hr.answer_next(500, BODY)
    with pytest.raises(AirflowException) as raised:
        read(hr)
    assert BODY["message"] not in caplog.text + str(raised.value)


MARKER = "employee-4711"
ROWS = whole(b'[{"id": 1}]', status="200 OK")
LOST: dict[str, list[Piece]] = {
    "nothing": [None],
    "half a head": [b"HTTP/1.1 200 OK\r\nContent-Len", None],
    "half a body": [head("Content-Length: 100", status="200 OK") + b"[1", None],
    "half a chunk": [head("Transfer-Encoding: chunked", status="200 OK") + b"9\r\n[1", None],
    "no gzip": [head("Content-Length: 2", "Content-Encoding: gzip", status="200 OK") + b"[]"],
    "half of gzip": [whole(gzip.compress(b"[%d]" % 7**999)[:200], "Content-Encoding: gzip", status="200 OK")],
    "two lengths": [head("Content-Length: 2", "Content-Length: 3", status="200 OK") + b"[]", None],
    "another protocol": [b"SSH-2.0-OpenSSH\r\n", None],
    "a redirect in a circle": [head("Content-Length: 0", f"Location: /?q={MARKER}", status="302 Found")],
    "a redirect to nonsense": [head("Content-Length: 0", f"Location: http://[{MARKER}", status="302 Found")],
    "a redirect to another protocol": [head("Content-Length: 0", f"Location: ftp://{MARKER}", status="302 Found")],
    "a redirect to no host": [head("Content-Length: 0", f"Location: http://{MARKER}..", status="302 Found")],
    "a malformed header": [head("Content-Length: 2", f"{MARKER}", "X-Header: x", status="200 OK") + b"[", None],
    "a web page": [whole(b"<html>Maintenance</html>", "Content-Type: text/html", status="200 OK")],
    "an answer that may pass": [head("Content-Length: 0", status="503 Service Unavailable")],
}


class Hr:
    """An HR system that gives scripted answers and repeats the last one, and a connection to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: list[Iterable[Piece]] = [[ROWS]]
        self._monkeypatch = monkeypatch

    def answer(self) -> Iterable[Piece]:
        return self.answers.pop(0) if self.answers[1:] else self.answers[0]

    def connect(self, url: str, **fields: Any) -> None:
        connection = {"conn_type": "http", "host": url, **fields}
        self._monkeypatch.setenv("AIRFLOW_CONN_HR", json.dumps(connection))


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Hr:
    return Hr(monkeypatch)


@pytest.fixture
def server(system: Hr) -> Iterator[RawServer]:
    with RawServer(system.answer) as server:
        system.connect(server.url)
        yield server


def ask(**options: Any) -> Any:
    return read_json(HttpHook("GET", http_conn_id="hr", **options), "/v1/absences", {"employee": MARKER})


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock by which an answer may take long; it goes when it is told to."""
    now = [0.0]
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


class TestWhatIsLost:
    @pytest.mark.parametrize("lost", LOST)
    def test_it_is_asked_for_again(self, lost: str, system: Hr, server: RawServer, waits: list[float]) -> None:
        redirects = 30 if "circle" in lost else 0  # the most that requests follows
        system.answers = [*[LOST[lost]] * (1 + redirects), [ROWS]]
        assert ask() == [{"id": 1}]
        assert len(waits) == 1

    @pytest.mark.parametrize("lost", LOST)
    def test_and_in_the_end_the_endpoint_is_named(self, lost: str, system: Hr, server: RawServer) -> None:
        system.answers = [LOST[lost]]
        with pytest.raises(AirflowException, match=r"^/v1/absences: .* Nothing was sent to COR\.$") as raised:
            ask()
        assert not isinstance(raised.value, AirflowFailException)
        assert raised.value.__context__ is None

    def test_a_whole_answer_has_a_deadline(
        self, system: Hr, server: RawServer, waits: list[float], clock: list[float]
    ) -> None:
        def drip_in_slow_motion() -> Iterator[Piece]:
            yield head("Content-Length: 1200", status="200 OK")
            for byte in b" " * 1194 + b"[1, 2]":
                yield bytes([byte])
                yield 0.05  # the next byte comes by itself, so that there is another read
                clock[0] += 50

        system.answers = [drip_in_slow_motion(), [ROWS]]
        assert ask() == [{"id": 1}]
        assert len(waits) == 1

    def test_what_comes_slowly_but_steadily_is_waited_for(
        self, system: Hr, server: RawServer, clock: list[float]
    ) -> None:
        def drip_in_slow_motion() -> Iterator[Piece]:
            yield head("Content-Length: 6", status="200 OK")
            for byte in b"[1, 2]":
                clock[0] += 50
                yield 0.05
                yield bytes([byte])

        system.answers = [drip_in_slow_motion()]
        assert ask() == [1, 2]

    def test_silence_is_not(self, system: Hr, server: RawServer, waits: list[float]) -> None:
        system.connect(server.url, extra=json.dumps({"timeout": 0.1}))
        system.answers = [[60.0]]
        with pytest.raises(AirflowException, match="no answer"):
            ask()
        assert len(waits) == MAX_ATTEMPTS - 1


class TestMistakes:
    """What no retry can fix fails at once, whoever caused it."""

    @pytest.mark.parametrize(
        "connection",
        [
            {"host": "http://["},
            {"host": "ftp://hr.example"},
            {"host": "http://hr..example"},
            {"host": ""},
            {"host": "http://hr.example:port"},
            {"host": "hr.example", "schema": "gopher"},
            {"host": "https://127.0.0.1:1", "extra": json.dumps({"verify": "/no/such/file"})},
            {"host": "http://127.0.0.1:1", "extra": json.dumps({"proxies": {"http": "http://"}})},
            {"host": "http://127.0.0.1:1", "extra": json.dumps({"proxies": "not an object"})},
            {"host": "http://127.0.0.1:1", "extra": json.dumps({"timeout": "soon"})},
            {"host": "http://127.0.0.1:1", "extra": json.dumps({"timeout": [1, 2, 3]})},
            {"host": "http://127.0.0.1:1", "extra": json.dumps({"timeout": -1})},
        ],
    )
    def test_a_connection_that_cannot_work(
        self, connection: dict[str, Any], monkeypatch: pytest.MonkeyPatch, waits: list[float]
    ) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_HR", json.dumps({"conn_type": "http", **connection}))
        with pytest.raises(AirflowFailException, match=r"^/v1/absences: ") as raised:
            ask()
        assert MARKER not in str(raised.value)
        assert raised.value.__context__ is None
        assert waits == []

    @pytest.mark.parametrize("request_", [{"json": {MARKER: {1}}}, {"json": math.nan}, {"headers": {MARKER: "a\nb"}}])
    def test_a_request_that_cannot_be_made(self, request_: dict[str, Any], server: RawServer) -> None:
        with pytest.raises(AirflowFailException, match=r"^/v1/absences: the request is invalid") as raised:
            read_json(HttpHook("POST", http_conn_id="hr"), "/v1/absences", **request_)
        assert MARKER not in str(raised.value)
        assert raised.value.__context__ is None

    def test_parameters_in_the_endpoint_are_not_named(self, system: Hr, server: RawServer) -> None:
        system.answers = [[head("Content-Length: 0", status="403 Forbidden")]]
        with pytest.raises(AirflowFailException, match=r"^/v1/absences: the answer is 403\."):
            read_json(HttpHook("GET", http_conn_id="hr"), f"/v1/absences?employee={MARKER}#{MARKER}")

    def test_a_connection_that_does_not_exist_raises_airflows_error(self) -> None:
        with pytest.raises(AirflowNotFoundException, match="no_such"):
            read_json(HttpHook("GET", http_conn_id="no_such"), "/v1/absences")


class TestPrivacy:
    """Nothing of a request's parameters is in any log."""

    @pytest.fixture
    def logged(self, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Callable[[], str]:
        """Return a function that returns all that was logged, at any level, and printed."""
        caplog.set_level(logging.DEBUG)
        for name in ("urllib3", "requests", "airflow", "cor_provider"):
            caplog.set_level(logging.DEBUG, logger=name)
        return lambda: caplog.text + "".join(capfd.readouterr())

    @pytest.mark.parametrize("lost", LOST)
    def test_while_answers_are_lost(self, lost: str, system: Hr, server: RawServer, logged: Callable[[], str]) -> None:
        system.answers = [LOST[lost]]
        with pytest.raises(AirflowException) as raised:
            ask()
        assert any(MARKER.encode() in request for request in server.requests)
        assert MARKER not in logged()
        assert MARKER not in "".join(traceback.format_exception(raised.value))

    @pytest.mark.parametrize("answer", [ROWS, head("Content-Length: 0", status="403 Forbidden")])
    def test_while_they_come(self, answer: bytes, system: Hr, server: RawServer, logged: Callable[[], str]) -> None:
        system.answers = [[answer]]
        with suppress(AirflowException):
            ask()
        assert len(server.requests) == 1
        assert MARKER not in logged()

    @pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "https://127.0.0.1:{port}", "http://hr.invalid"])
    def test_while_the_host_is_down(self, url: str, system: Hr, logged: Callable[[], str], closed_port: int) -> None:
        system.connect(url.format(port=closed_port))
        with pytest.raises(AirflowException, match="no answer") as raised:
            ask()
        assert MARKER not in logged()
        assert MARKER not in "".join(traceback.format_exception(raised.value))

    def test_other_requests_are_logged_as_ever(self, server: RawServer, logged: Callable[[], str]) -> None:
        ask()
        requests.get(f"{server.url}/another", timeout=60)
        assert "/another" in logged()


class TestConnection:
    """What a Connection of type http says holds here too."""

    def test_user_and_password(self, system: Hr, server: RawServer) -> None:
        system.connect(server.url, login="user", password="password")
        ask()
        credentials = base64.b64encode(b"user:password")
        assert b"\r\nAuthorization: Basic " + credentials + b"\r\n" in server.requests[0]

    def test_an_auth_type_of_the_hook(self, system: Hr, server: RawServer) -> None:
        system.connect(server.url, password="key")
        hook = HttpHook("GET", http_conn_id="hr", auth_type=lambda *_: HTTPBasicAuth("key", "x"))
        read_json(hook, "/v1/absences")
        assert b"\r\nAuthorization: Basic " + base64.b64encode(b"key:x") in server.requests[0]

    def test_headers(self, system: Hr, server: RawServer) -> None:
        system.connect(server.url, extra=json.dumps({"Authorization": "Bearer token-1", "X-Tenant": "t"}))
        read_json(HttpHook("GET", http_conn_id="hr"), "/v1/absences", headers={"X-Page": "2", "Accept": "text/json"})
        head_ = server.requests[0]
        assert all(
            line in head_.splitlines()
            for line in (b"Authorization: Bearer token-1", b"X-Tenant: t", b"X-Page: 2", b"Accept: text/json")
        )

    def test_a_base_path_and_a_port(self, system: Hr, server: RawServer) -> None:
        address, _, port = server.host.rpartition(":")
        system.connect(address, schema="http", port=int(port))
        ask()
        system.connect(f"{server.url}/base")
        ask()
        lines = [request.splitlines()[0] for request in server.requests]
        assert lines == [
            f"GET /v1/absences?employee={MARKER} HTTP/1.1".encode(),
            f"GET /base/v1/absences?employee={MARKER} HTTP/1.1".encode(),
        ]

    def test_a_proxy(self, system: Hr, server: RawServer) -> None:
        system.connect("http://hr.example", extra=json.dumps({"proxies": {"http": server.url}}))
        assert ask() == [{"id": 1}]
        assert server.requests[0].startswith(b"GET http://hr.example/v1/absences?")

    @pytest.mark.parametrize("verify", ["a certificate", False])
    @pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
    def test_certificates(self, verify: Any, system: Hr, tmp_path: Path) -> None:
        certificate = write_certificate(tmp_path)
        with RawServer(system.answer, tls=server_context(certificate)) as server:
            system.connect(server.url)
            with pytest.raises(AirflowException, match="no answer \\(SSLError\\)"):
                ask()
            system.connect(server.url, extra=json.dumps({"verify": verify and str(certificate)}))
            assert ask() == [{"id": 1}]

    def test_redirects(self, system: Hr, server: RawServer) -> None:
        redirect: list[Piece] = [head("Content-Length: 0", "Location: /v2/absences", status="302 Found")]
        system.answers = [redirect, [ROWS], redirect]
        assert ask() == [{"id": 1}]
        system.connect(server.url, extra=json.dumps({"allow_redirects": False}))
        with pytest.raises(AirflowFailException, match="the answer is 302"):
            ask()

    def test_a_timeout_as_text_or_for_connecting_apart(self, system: Hr, server: RawServer) -> None:
        for timeout in ("5", 5.5, [1, "5"], "", None):
            system.connect(server.url, extra=json.dumps({"timeout": timeout}))
            assert ask() == [{"id": 1}]

    def test_answers_that_are_streamed_otherwise(self, system: Hr, server: RawServer) -> None:
        system.connect(server.url, extra=json.dumps({"stream": True}))
        assert [ask(), ask()] == [[{"id": 1}]] * 2
        assert server.connections <= 2

    def test_an_adapter_of_the_hook_and_its_connections_are_used_again(self, server: RawServer) -> None:
        class Adapter(HTTPAdapter):
            sent = 0

            def send(self, *arguments: Any, **options: Any) -> requests.Response:
                self.sent += 1
                return super().send(*arguments, **options)

        adapter = Adapter()
        hook = HttpHook("GET", http_conn_id="hr", adapter=adapter)
        for _ in range(3):
            read_json(hook, "/v1/absences")
        assert adapter.sent == 3
        assert server.connections == 1
