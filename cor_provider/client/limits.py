"""
Limits on a complete response, however slow or large it is.

The timeout of ``requests`` applies to each read, so a response that sends a byte now and then never ends.
:class:`ResponseLimits` bound all of it, from the end of the request to the last byte, through proxies and TLS too.
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


class ResponseLimits:
    """
    A context whose limits apply to requests of this thread through adapters that :func:`enforce_limits`.

    :param seconds: how long the complete response may take, once the request is sent.
    :param max_bytes: how large it may be on the wire, including its head.
    """

    def __init__(self, seconds: float, max_bytes: float = math.inf) -> None:
        self.seconds = seconds
        self.max_bytes = max_bytes
        self.request_sent = False
        """Whether the request may have reached the server."""
        self.too_large = False
        """Whether the response was abandoned because of its size."""

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        return self

    def __exit__(self, *error: object) -> None:
        _current.reset(self._token)


_current: ContextVar[ResponseLimits | None] = ContextVar("response_limits", default=None)


def abandon_response() -> None:
    """
    Abandon the response because it is too large.

    :raises HTTPException: always.
    """
    if limits := _current.get():
        limits.too_large = True
    raise HTTPException("The response is too large.")


def enforce_limits(adapter: HTTPAdapter) -> None:
    """Make an adapter enforce the limits of the current context; without a context, nothing changes."""
    mix_in(adapter, LimitedConnection)


class LimitedConnection(HTTPConnection):
    """A connection that enforces the current limits."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request, and note that it may have been received. Without a connection, it cannot have been."""
        if self.sock is None:
            self.connect()
        if limits := _current.get():
            limits.request_sent = True  # even if sending fails
        super().request(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        """Connect: the host's addresses share the timeout, which urllib3 grants to each."""
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
        return super()._new_conn()  # raises the right error for a name that cannot be resolved

    def _addresses(self) -> list[str]:
        with suppress(OSError, UnicodeError):
            found = socket.getaddrinfo(self._dns_host.strip("[]"), self.port, allowed_gai_family(), socket.SOCK_STREAM)
            return [str(address[0]) for *_, address in found]
        return []

    def _tunnel(self) -> None:
        """Ask a proxy for a connection: its response may take as long as connecting may."""
        if self.timeout is None or not (limits := _current.get()):
            super()._tunnel()
            return
        with ResponseLimits(self.timeout, limits.max_bytes):
            super()._tunnel()
        self.sock.settimeout(self.timeout)


class _LimitedResponse(HTTPResponse):
    """A response that enforces the limits it was requested under."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        limits = _current.get()
        self._source = _Source(sock, limits) if limits else None
        super().__init__(self._source or sock, *args, **kwargs)  # type: ignore[arg-type]

    def begin(self) -> None:
        """Read the head."""
        super().begin()
        if self._source:
            self._source.stream.is_in_head = False

    def _read_status(self) -> tuple[str, int, str]:
        """Read a status line, and skip any 1xx: otherwise the actual response would answer the next request."""
        version, status, reason = super()._read_status()  # type: ignore[misc]  # http.client's own business
        return version, HTTPStatus.CONTINUE if status < HTTPStatus.OK else status, reason


LimitedConnection.response_class = _LimitedResponse


class _Source:
    """Stands in for the socket from which ``http.client`` reads a response."""

    def __init__(self, sock: socket.socket, limits: ResponseLimits) -> None:
        self._socket = sock
        self._limits = limits

    def makefile(self, mode: Literal["rb"]) -> io.BufferedReader:
        self.stream = _LimitedStream(self._socket, self._socket.makefile(mode, buffering=0), self._limits)
        return io.BufferedReader(self.stream)


class _LimitedStream(io.RawIOBase):
    """
    The bytes of a response, within its limits.

    :param sock: the socket to read from.
    :param open_file: keeps the socket open until this stream is closed.
    """

    def __init__(self, sock: socket.socket, open_file: io.RawIOBase, limits: ResponseLimits) -> None:
        self._socket = sock
        self._open_file = open_file
        self._limits = limits
        self._seconds_for_one_read = sock.gettimeout() or math.inf
        self._give_up_at = time.monotonic() + limits.seconds
        self._bytes_left = limits.max_bytes
        self._has_read = False
        self.is_in_head = True
        """Whether the head is not complete yet: ``http.client`` would accept one that is cut off."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._has_read or self._limits.seconds < self._seconds_for_one_read:
            seconds = self._give_up_at - time.monotonic()
            if seconds <= 0:
                raise TimeoutError("The response takes too long.")
            self._socket.settimeout(min(seconds, self._seconds_for_one_read))
        count = self._socket.recv_into(buffer)
        if not count and self._has_read and self.is_in_head:
            raise HTTPException("The response ends within its head.")
        self._has_read = True
        self._bytes_left -= count
        if self._bytes_left < 0:
            abandon_response()
        return count

    def close(self) -> None:
        self._open_file.close()
        super().close()
