"""Limits on a whole response: slow, endless and oversized ones, through proxies and TLS too."""

from __future__ import annotations

import gzip
import itertools
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cor_provider.client import limits, session
from cor_provider.client.limits import ResponseLimits
from cor_provider.exceptions import CorConnectionError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from raw_server import CREATED, Answer, Piece, RawServer, drip, head, whole
from support import Connect, leave

TIMEOUT = 0.3


SOON = 60.0
"""Seconds: long after the timeout, even on a slow machine; before what drips would have come to its end."""


def endless(data: bytes, pause: float = 0.2) -> Iterator[Piece]:
    """Yield the bytes again and again, for longer than any test waits."""
    return itertools.chain.from_iterable(itertools.repeat([data, pause], 1000))


SLOW_ANSWERS: dict[str, Answer] = {
    "the status line": lambda: drip(b"HTTP/1.1 201 " + b"Created" * 100, pause=0.2),
    "a header": lambda: [b"HTTP/1.1 201 Created\r\nX-Header: ", *endless(b"x")],
    "headers": lambda: [b"HTTP/1.1 201 Created\r\n", *endless(b"X-Header: x\r\n")],
    "interim answers": lambda: endless(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "interim answers of another kind": lambda: endless(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
    "a body of known length": lambda: [head("Content-Length: 1000"), *endless(b"{")],
    "a body without a length": lambda: [head("Connection: close"), *endless(b" ")],
    "chunks": lambda: [head("Transfer-Encoding: chunked"), *endless(b"1\r\n \r\n")],
    "the size of a chunk": lambda: [head("Transfer-Encoding: chunked"), *endless(b"0")],
    "trailers": lambda: [head("Transfer-Encoding: chunked"), b"1\r\n1\r\n0\r\n", *endless(b"X-Trailer: x\r\n")],
    "a body in gzip": lambda: [
        head("Content-Encoding: gzip", "Content-Length: 1000"),
        *drip(gzip.compress(bytes(range(256)) * 100), pause=0.2),
    ],
    "nothing at all": lambda: [60.0],
}


def failure(hook: CorIntegrationsHook, leave_id: str = "L1") -> CorConnectionError:
    """Return the error of creating a leave, which must come soon."""
    began = time.monotonic()
    with pytest.raises(CorConnectionError) as raised:
        hook.create_leave(leave(leave_id))
    assert time.monotonic() - began < SOON
    return raised.value


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock of the limits, which goes when it is told to."""
    now = [0.0]
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


class TestDeadline:
    @pytest.fixture
    def impatience(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Answers have little time, and what comes before them all the time that a slow machine needs."""
        monkeypatch.setattr(session, "MAX_CONNECT_SECONDS", 60.0)
        monkeypatch.setattr(session, "ResponseLimits", lambda _seconds, max_bytes: ResponseLimits(TIMEOUT, max_bytes))

    @pytest.mark.parametrize("slow", SLOW_ANSWERS)
    def test_an_answer_that_drips_is_lost_once_the_timeout_has_passed(self, slow: str, connect: Connect) -> None:
        with RawServer(SLOW_ANSWERS[slow]) as server:
            connect(host=server.url, extra={"timeout": TIMEOUT})
            error = failure(CorIntegrationsHook())
        assert "no complete answer within" in error.message
        assert error.lost_answer

    @pytest.mark.usefixtures("impatience")
    @pytest.mark.parametrize("slow", ["the status line", "a body of known length", "chunks"])
    def test_encryption_changes_nothing(
        self, slow: str, connect: Connect, certificate: Path, tls: ssl.SSLContext
    ) -> None:
        with RawServer(SLOW_ANSWERS[slow], tls=tls) as server:
            connect(host=server.url, extra={"timeout": 60, "ca_bundle": str(certificate)})
            error = failure(CorIntegrationsHook())
        assert "no complete answer within" in error.message
        assert error.lost_answer

    @pytest.mark.parametrize("slow", ["the status line", "a body of known length", "chunks"])
    def test_a_proxy_changes_nothing(self, slow: str, connect: Connect) -> None:
        with RawServer(SLOW_ANSWERS[slow]) as server:
            connect(host="http://127.0.0.1:1", extra={"timeout": TIMEOUT, "proxy": server.url})
            error = failure(CorIntegrationsHook())
        assert "no complete answer within" in error.message
        assert error.lost_answer

    @pytest.mark.usefixtures("impatience")
    @pytest.mark.parametrize("slow", ["the status line", "a body of known length", "chunks"])
    def test_a_tunnel_changes_nothing(
        self, slow: str, connect: Connect, certificate: Path, tls: ssl.SSLContext
    ) -> None:
        with RawServer(SLOW_ANSWERS[slow], tls=tls, tunnel=lambda: [head(status="200 OK")]) as server:
            extra = {"timeout": 60, "proxy": server.url, "ca_bundle": str(certificate)}
            connect(host="https://cor.example", extra=extra)
            error = failure(CorIntegrationsHook())
        assert "no complete answer within" in error.message
        assert error.lost_answer

    @pytest.mark.parametrize(
        "slow",
        [
            pytest.param(lambda: drip(head(status="200 OK") * 20, pause=0.2), id="the status line"),
            pytest.param(lambda: [b"HTTP/1.1 200 OK\r\n", *endless(b"X-Header: x\r\n")], id="headers"),
        ],
    )
    def test_a_proxys_own_answer_has_a_deadline_too_and_loses_none_of_cors(
        self, slow: Answer, connect: Connect, tls: ssl.SSLContext
    ) -> None:
        with RawServer(lambda: [whole()], tls=tls, tunnel=slow) as server:
            connect(host="https://cor.example", extra={"timeout": TIMEOUT, "proxy": server.url})
            error = failure(CorIntegrationsHook())
        assert not error.lost_answer

    def test_each_request_has_a_deadline_of_its_own(self, connect: Connect, clock: list[float]) -> None:
        def answer() -> Iterator[Piece]:
            yield head(f"Content-Length: {len(CREATED)}")
            clock[0] += 40
            yield 0.05  # the body comes by itself, so that there is a second read
            yield CREATED

        with RawServer(answer) as server:
            connect(host=server.url, extra={"timeout": 60})
            hook = CorIntegrationsHook()
            for number in range(3):
                assert hook.create_leave(leave(f"L{number}")) == {"id": 1}
        assert server.connections == 1

    def test_a_request_that_nobody_reads_has_a_deadline_too(self, connect: Connect) -> None:
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
            connect(host=url, extra={"timeout": TIMEOUT})
            began = time.monotonic()
            with pytest.raises(CorConnectionError):
                CorIntegrationsHook().get_conn().post(url, data=bytes(50_000_000))
            assert time.monotonic() - began < SOON


class TestConnecting:
    @pytest.fixture
    def full(self) -> Iterator[int]:
        """The port of a server that takes no more connections, and does not say so."""
        with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
            address = server.getsockname()
            with socket.create_connection(address):
                yield address[1]

    @pytest.fixture
    def name(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
        """Return a function that gives `cor.example` and `localhost` their addresses."""
        resolve = socket.getaddrinfo

        def set_addresses(*addresses: str) -> None:
            def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> list[Any]:
                hosts = addresses if host in {"cor.example", "localhost"} else [host]
                return [found for one in hosts for found in resolve(one, *arguments, **options)]

            monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

        return set_addresses

    def test_all_addresses_of_a_host_share_the_time(
        self, full: int, name: Callable[..., None], connect: Connect
    ) -> None:
        name(*["127.0.0.1"] * 300)
        connect(host=f"https://cor.example:{full}", extra={"timeout": TIMEOUT})
        error = failure(CorIntegrationsHook())
        assert "no connection within" in error.message
        assert not error.lost_answer

    @pytest.mark.usefixtures("clock")  # which stands still: the first address never takes more than its half
    def test_an_address_that_keeps_silent_leaves_time_for_the_next(
        self, full: int, name: Callable[..., None], connect: Connect, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(session, "MAX_CONNECT_SECONDS", 1.0)
        name("127.0.0.1", "127.0.0.2")
        with RawServer(lambda: [whole()], address=("127.0.0.2", full)):
            connect(host=f"http://localhost:{full}", extra={"timeout": 60})  # no handshake, which might be slow
            assert CorIntegrationsHook().create_leave(leave()) == {"id": 1}

    def test_a_name_without_an_address_is_a_connection_error(self, name: Callable[..., None], connect: Connect) -> None:
        name()
        connect(host="https://cor.example")
        error = failure(CorIntegrationsHook())
        assert "COR does not answer at cor.example" in error.message
        assert not error.lost_answer


def test_an_interim_answer_is_not_the_answer_to_this_request_nor_to_the_next(connect: Connect) -> None:
    answers = iter([whole(b'{"id": 1}'), whole(b'{"id": 2}')])
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    with RawServer(lambda: [interim, 0.05, next(answers)]) as server:
        connect(host=server.url)
        hook = CorIntegrationsHook()
        assert [hook.create_leave(leave(leave_id))["id"] for leave_id in ("L1", "L2")] == [1, 2]
    assert server.connections == 1


def test_a_push_that_is_stopped_while_answers_drip_accounts_for_each(connect: Connect, clock: list[float]) -> None:
    stopping = threading.Event()

    def answer() -> Iterator[Piece]:
        """Drip, and let the time for the answer pass once the push is stopped."""
        yield head("Content-Length: 10000")
        for _ in range(10_000):
            yield b" "
            yield 0.05
            clock[0] += 20 * stopping.is_set()

    def leaves() -> Iterator[dict[str, Any]]:
        for number in range(6):
            if number == 4:  # as many as may be under way
                while len(server.requests) < 4:
                    time.sleep(0)
                stopping.set()
            yield leave(f"L{number}")

    with RawServer(answer) as server:
        connect(host=server.url, extra={"timeout": 60})
        began = time.monotonic()
        outcomes = list(CorIntegrationsHook().create_leaves(leaves(), concurrency=5, stopping=stopping))
        assert time.monotonic() - began < SOON
    assert {(one.leave_id, one.status, one.error, one.attempts, one.position) for one in outcomes} == {
        *((f"L{number}", "failed", "ConnectionError", 1, number + 1) for number in range(4)),
        *((f"L{number}", "not_sent", None, 0, number + 1) for number in (4, 5)),
    }


class TestWhetherAnAnswerIsLost:
    """COR can have done what was asked once the request has been written, and not before."""

    def test_none_is_while_encryption_is_not_agreed_on(self, connect: Connect) -> None:
        with RawServer(
            lambda: [b"This is no TLS.\r\n"]
        ) as server:  # and reads the handshake as the beginning of a request
            connect(host=f"https://{server.host}", extra={"timeout": TIMEOUT})
            assert not failure(CorIntegrationsHook()).lost_answer

    def test_none_is_where_the_certificate_is_not_trusted(self, connect: Connect, tls: ssl.SSLContext) -> None:
        with RawServer(lambda: [whole()], tls=tls) as server:
            connect(host=server.url)
            error = failure(CorIntegrationsHook())
        assert "set the connection's Extra ca_bundle" in error.message
        assert not error.lost_answer

    @pytest.mark.parametrize("refusal", [head(status="407 Proxy Authentication Required"), b"", b"nonsense\r\n\r\n"])
    def test_none_is_where_a_proxy_makes_no_tunnel(self, refusal: bytes, connect: Connect, tls: ssl.SSLContext) -> None:
        with RawServer(lambda: [whole()], tls=tls, tunnel=lambda: [refusal]) as server:
            connect(host="https://cor.example", extra={"timeout": TIMEOUT, "proxy": server.url})
            assert not failure(CorIntegrationsHook()).lost_answer

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(b"", id="none"),
            pytest.param(b"HTTP/1.1 201", id="half a status line"),
            pytest.param(b"HTTP/1.1 201 Created\r\nContent-Len", id="half a head"),
            pytest.param(b"HTTP/1.1 201 Created\r\n", id="a head without an end"),
            pytest.param(head("Content-Length: 1000") + b"{", id="half a body"),
            pytest.param(head("Content-Length: 1", "Content-Length: 2"), id="two lengths"),
            pytest.param(head("Transfer-Encoding: chunked") + b"-5\r\n", id="a chunk of less than nothing"),
            pytest.param(head("Transfer-Encoding: chunked") + b"x\r\n", id="no size of a chunk"),
            pytest.param(head("Content-Encoding: gzip", "Content-Length: 5") + b"gzip?", id="no gzip"),
            pytest.param(head("Content-Encoding: br", "Content-Length: 2") + b"{}", id="what was not asked for"),
            pytest.param(b"not even HTTP\r\n\r\n", id="another protocol"),
        ],
    )
    def test_one_is_where_what_comes_cannot_be_read(self, answer: bytes, connect: Connect) -> None:
        with RawServer(lambda: [answer], closes=True) as server:
            connect(host=server.url)
            error = failure(CorIntegrationsHook())
        assert "COR does not answer at 127.0.0.1:" in error.message
        assert error.lost_answer


MEBIBYTE = 2**20


BOMB = bytes(64 * MEBIBYTE)
"""What unpacks to much more than an answer may hold."""


def packed(body: bytes, *encodings: str) -> bytes:
    return head(f"Content-Length: {len(body)}", f"Content-Encoding: {', '.join(encodings)}") + body


OVERSIZED_ANSWERS: dict[str, Callable[[], bytes]] = {  # made when they are needed: all together are a gigabyte
    "gzip": lambda: packed(gzip.compress(BOMB), "gzip"),
    "many members of gzip": lambda: packed(gzip.compress(BOMB[:MEBIBYTE]) * 64, "x-gzip"),
    "deflate": lambda: packed(zlib.compress(BOMB), "deflate"),
    "raw deflate": lambda: packed(zlib.compress(BOMB)[2:-4], "deflate"),
    "gzip in gzip": lambda: packed(gzip.compress(gzip.compress(BOMB)), "gzip", "gzip"),
    "gzip in chunks": lambda: (
        head("Transfer-Encoding: chunked", "Content-Encoding: gzip")
        + b"%x\r\n%b\r\n0\r\n\r\n" % (len(gzip.compress(BOMB)), gzip.compress(BOMB))
    ),
    "a long body": lambda: whole(BOMB),
    "a body without an end": lambda: head("Connection: close") + BOMB,
    "a body that says how long it is": lambda: head("Content-Length: 999999999999999") + BOMB,
    "a chunk that says how long it is": lambda: head("Transfer-Encoding: chunked") + b"fffffffffffff\r\n" + BOMB,
    "a chunk's extension": lambda: head("Transfer-Encoding: chunked") + b"1;" + BOMB,
    "trailers": lambda: head("Transfer-Encoding: chunked") + b"0\r\n" + b"X-Trailer: x\r\n" * MEBIBYTE,
    "a status line": lambda: b"HTTP/1.1 201 " + BOMB,
    "a header": lambda: b"HTTP/1.1 201 Created\r\nX-Header: " + BOMB,
    "headers": lambda: b"HTTP/1.1 201 Created\r\n" + b"X-Header: x\r\n" * MEBIBYTE,
    "long headers": lambda: b"HTTP/1.1 201 Created\r\n" + (b"X-Header: " + b"x" * 60_000 + b"\r\n") * 1000,
    "interim answers": lambda: b"HTTP/1.1 100 Continue\r\n\r\n" * MEBIBYTE,
}


class TestSize:
    """An answer of COR is some hundred bytes; what holds very much more is not taken in, however it does so."""

    @pytest.mark.parametrize("oversized", OVERSIZED_ANSWERS)
    def test_an_answer_that_holds_too_much_is_lost_and_takes_little_memory(
        self, oversized: str, connect: Connect
    ) -> None:
        answer = OVERSIZED_ANSWERS[oversized]()
        with RawServer(lambda: [answer]) as server:
            connect(host=server.url)
            hook = CorIntegrationsHook()
            hook.get_conn()
            tracemalloc.start()
            try:
                error = failure(hook)
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
        assert error.lost_answer
        assert peak < 10 * MEBIBYTE

    @pytest.mark.parametrize("oversized", ["a long body", "gzip"])
    def test_it_is_said(self, oversized: str, connect: Connect) -> None:
        answer = OVERSIZED_ANSWERS[oversized]()
        with RawServer(lambda: [answer]) as server:
            connect(host=server.url)
            assert "larger than any response of COR" in failure(CorIntegrationsHook()).message

    def test_the_next_request_has_another_connection(self, connect: Connect) -> None:
        answers = iter([whole(BOMB), whole()])
        with RawServer(lambda: [next(answers)]) as server:
            connect(host=server.url)
            hook = CorIntegrationsHook()
            failure(hook)
            assert hook.create_leave(leave()) == {"id": 1}
        assert server.connections == 2

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(packed(gzip.compress(CREATED), "gzip"), id="gzip"),
            pytest.param(packed(zlib.compress(CREATED), "deflate"), id="deflate"),
            pytest.param(packed(gzip.compress(CREATED[:9]) + gzip.compress(CREATED[9:]), "X-GZip"), id="two members"),
            pytest.param(packed(CREATED, "identity"), id="not packed"),
            pytest.param(head("Connection: keep-alive", "Content-Length: 60 ") + CREATED + b" ", id="a blank"),
            pytest.param(whole(CREATED + b" " * (MEBIBYTE - 1000)), id="nearly too much"),
            pytest.param(
                head("Transfer-Encoding: chunked")
                + b"".join(b"1;x=y\r\n%c\r\n" % byte for byte in CREATED)
                + b"0\r\nX-Trailer: x\r\n\r\n",
                id="chunks",
            ),
        ],
    )
    def test_an_answer_that_does_not_is_read_whatever_its_form(self, answer: bytes, connect: Connect) -> None:
        with RawServer(lambda: [answer]) as server:
            connect(host=server.url)
            hook = CorIntegrationsHook()
            assert [hook.create_leave(leave(leave_id)) for leave_id in ("L1", "L2")] == [{"id": 1}] * 2
        assert server.connections == 1
        assert b"\r\nAccept-Encoding: gzip, deflate\r\n" in server.requests[0]
