"""
What a request's answer may take, however slowly it comes and however much it holds.

A timeout of ``requests`` is for each read: an answer of which a byte comes now and then never ends. Here an
:class:`Exchange` limits the whole answer: from when the request has been written to the last byte, on the way through
proxies and encryption too.
"""

from __future__ import annotations

import io
import math
import socket
import time
from contextlib import suppress
from contextvars import ContextVar
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import Any, Literal

from requests.adapters import HTTPAdapter
from typing_extensions import Self
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import allowed_gai_family

from cor_provider.client.connections import mix_in


class Exchange:
    """
    One request and its answer: what is sent inside of it, by this thread through adapters that :func:`keep_limits`.

    :param seconds: that the whole answer may take, once the request is written.
    :param most_bytes: that it may hold as it comes, its head included.
    """

    def __init__(self, seconds: float, most_bytes: float = math.inf) -> None:
        self.seconds = seconds
        self.most_bytes = most_bytes
        self.is_written = False
        """Whether the request may have reached who was asked."""
        self.holds_too_much = False
        """Whether the answer was given up because it holds too much."""

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        return self

    def __exit__(self, *error: object) -> None:
        _current.reset(self._token)


_current: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


def refuse_the_rest() -> None:
    """
    Give the answer up because it holds too much.

    :raises HTTPException: always.
    """
    if exchange := _current.get():
        exchange.holds_too_much = True
    raise HTTPException("The answer holds too much.")


def keep_limits(adapter: HTTPAdapter) -> None:
    """Have an adapter keep the limits of exchanges; what is sent outside of any is as before."""
    mix_in(adapter, LimitedConnection)


class LimitedConnection(HTTPConnection):
    """A connection that keeps the limits of the exchange that it is used for."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request, and note when it may have been received: not while there is no connection yet."""
        if self.sock is None:
            self.connect()
        if exchange := _current.get():
            exchange.is_written = True  # whatever happens now
        super().request(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        """Connect: the host's addresses share the time for it, which urllib3 gives to each."""
        if self.timeout is None or _current.get() is None or hasattr(self, "_socks_options"):
            return super()._new_conn()
        name, seconds = self._dns_host, self.timeout
        give_up_at = time.monotonic() + seconds
        addresses = self._addresses()
        try:
            for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
                self._dns_host = address
                self.timeout = max(give_up_at - time.monotonic(), 0.001) / left
                with suppress(*([NewConnectionError, ConnectTimeoutError] if left > 1 else [])):
                    connected = super()._new_conn()
                    connected.settimeout(seconds)
                    return connected
        finally:
            self._dns_host, self.timeout = name, seconds
        return super()._new_conn()  # which says what is wrong with the name

    def _addresses(self) -> list[str]:
        with suppress(OSError, UnicodeError):
            found = socket.getaddrinfo(self._dns_host.strip("[]"), self.port, allowed_gai_family(), socket.SOCK_STREAM)
            return [str(address[0]) for *_, address in found]
        return []

    def _tunnel(self) -> None:
        """Ask a proxy for a connection: its answer may take as long as connecting may."""
        if self.timeout is None or not (exchange := _current.get()):
            super()._tunnel()
            return
        with Exchange(self.timeout, exchange.most_bytes):
            super()._tunnel()
        self.sock.settimeout(self.timeout)


class _LimitedResponse(HTTPResponse):
    """An answer that keeps the limits of its exchange."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        exchange = _current.get()
        self._source = _Source(sock, exchange) if exchange else None
        super().__init__(self._source or sock, *args, **kwargs)  # type: ignore[arg-type]

    def begin(self) -> None:
        """Read the head."""
        super().begin()
        if self._source:
            self._source.stream.is_in_head = False

    def _read_status(self) -> tuple[str, int, str]:
        """Read a status line; any 1xx is followed by the answer proper, which else would answer the next request."""
        version, status, reason = super()._read_status()  # type: ignore[misc]  # http.client's own business
        return version, HTTPStatus.CONTINUE if status < HTTPStatus.OK else status, reason


LimitedConnection.response_class = _LimitedResponse


class _Source:
    """Makes the file of a socket from which an answer is read."""

    def __init__(self, sock: socket.socket, exchange: Exchange) -> None:
        self._socket = sock
        self._exchange = exchange

    def makefile(self, mode: Literal["rb"]) -> io.BufferedReader:
        self.stream = _LimitedStream(self._socket, self._socket.makefile(mode, buffering=0), self._exchange)
        return io.BufferedReader(self.stream)


class _LimitedStream(io.RawIOBase):
    """
    What comes over a socket, within the limits of an exchange.

    :param sock: is read from.
    :param open_file: keeps it open until this stream is closed.
    """

    def __init__(self, sock: socket.socket, open_file: io.RawIOBase, exchange: Exchange) -> None:
        self._socket = sock
        self._open_file = open_file
        self._exchange = exchange
        self._seconds_for_one_read = sock.gettimeout() or math.inf
        self._give_up_at = time.monotonic() + exchange.seconds
        self._bytes_left = exchange.most_bytes
        self._has_read = False
        self.is_in_head = True
        """Until it is read: a head that is cut is none, though ``http.client`` makes do with it."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._has_read or self._exchange.seconds < self._seconds_for_one_read:
            seconds = self._give_up_at - time.monotonic()
            if seconds <= 0:
                raise TimeoutError("The answer takes too long.")
            self._socket.settimeout(min(seconds, self._seconds_for_one_read))
        count = self._socket.recv_into(buffer)
        if not count and self._has_read and self.is_in_head:
            raise HTTPException("The answer ends in its head.")
        self._has_read = True
        self._bytes_left -= count
        if self._bytes_left < 0:
            refuse_the_rest()
        return count

    def close(self) -> None:
        self._open_file.close()
        super().close()
