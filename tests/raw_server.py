"""A server on loopback that answers byte by byte what a test says, as no well-behaved server would."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType

from typing_extensions import Self

Piece = bytes | float | None
"""Bytes to send, seconds to wait before what comes next, or nothing more: the connection is closed."""

Answer = Callable[[], Iterable[Piece]]

CREATED = b'{"statusCode": 201, "status": "success", "data": {"id": 1}}'
"""What COR says when it has created a leave."""


def head(*lines: str, status: str = "201 Created") -> bytes:
    """Return the head of an answer, its last line an empty one."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def whole(body: bytes = CREATED, *lines: str, status: str = "201 Created") -> bytes:
    """Return an answer that has nothing odd about it."""
    return head(f"Content-Length: {len(body)}", *lines, status=status) + body


def drip(data: bytes, pause: float = 0.05) -> Iterable[Piece]:
    """Yield the bytes one by one, with a pause after each."""
    for byte in data:
        yield bytes([byte])
        yield pause


class RawServer:
    """
    Answers each request with what is sent for it; use it as a context manager.

    :param answer: makes the answer to a request, piece by piece.
    :param closes: whether to close the connection after an answer.
    :param tls: the server's certificate, for https.
    :param tunnel: makes the answer to CONNECT; then it is the proxy, and the https server behind it too.
    :param address: where it listens.
    """

    def __init__(
        self,
        answer: Answer,
        *,
        closes: bool = False,
        tls: ssl.SSLContext | None = None,
        tunnel: Answer | None = None,
        address: tuple[str, int] = ("127.0.0.1", 0),
    ) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._answer = answer
        self._closes = closes
        self._tls = tls
        self._tunnel = tunnel
        self._address = address
        self._ended = threading.Event()
        self._open: list[socket.socket] = []

    @property
    def host(self) -> str:
        return "{}:{}".format(*self._listening.getsockname())

    @property
    def url(self) -> str:
        return f"{'https' if self._tls and not self._tunnel else 'http'}://{self.host}"

    def __enter__(self) -> Self:
        self._listening = socket.create_server(self._address)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, error_class: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        for one in (self._listening, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):  # whoever asked has hung up
            if self._tunnel:
                self.requests.append(read_request(connection))
                self._send(connection, self._tunnel())
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            with connection:
                while request := read_request(connection):
                    self.requests.append(request)
                    self._send(connection, self._answer())
                    if self._closes:
                        break

    def _send(self, connection: socket.socket, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            if piece is None or self._ended.is_set():
                raise ConnectionError
            if isinstance(piece, bytes):
                connection.sendall(piece)
            else:
                self._ended.wait(piece)


def read_request(connection: socket.socket) -> bytes:
    """Return a request with its body, or nothing once there are no more."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(65536)
        if not more:
            return b""
        received += more
    request_head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in request_head.splitlines() if line.lower().startswith(b"content-length:")),
        0,
    )
    while len(body) < length:
        body += connection.recv(65536)
    return request_head + b"\r\n\r\n" + body
