"""A client that does as little as possible for each request, to learn what the server can take."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.payload import payload_of
from benchmarks.server import LEAVES, Server

CONNECTIONS = 32


def requests_per_second(server: Server, leaves: Path) -> float:
    """Create leaves over some connections at once, each sending its next one when it has its answer."""
    requests = [_request(server, line) for line in leaves.read_text().splitlines()]
    started = time.perf_counter()
    asyncio.run(_send(server, iter(requests)))
    return len(requests) / (time.perf_counter() - started)


def _request(server: Server, line: str) -> bytes:
    body = json.dumps(payload_of(line)).encode()
    head = (
        f"POST {LEAVES} HTTP/1.1\r\nHost: {urlsplit(server.url).netloc}\r\nAuthorization: Bearer {server.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _send(server: Server, requests: Iterator[bytes]) -> None:
    loop = asyncio.get_running_loop()
    host, _, port = urlsplit(server.url).netloc.partition(":")
    done = [loop.create_future() for _ in range(CONNECTIONS)]
    for future in done:
        await loop.create_connection(partial(_Connection, requests, future), host, int(port))
    await asyncio.gather(*done)


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], done: asyncio.Future[None]) -> None:
        self._done = done
        self._requests = requests
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send_next()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if separator and len(body) >= int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            if not head.startswith(b"HTTP/1.1 201 "):
                self._done.set_exception(RuntimeError(head.decode()))
                return
            self._received = b""
            self._send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("The server hung up."))

    def _send_next(self) -> None:
        if request := next(self._requests, None):
            self._transport.write(request)
        else:
            self._done.set_result(None)
            self._transport.close()
