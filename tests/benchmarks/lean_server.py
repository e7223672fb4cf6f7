"""
A server that does next to nothing for each leave, so that what is measured is who sends it.

It answers as the sandbox does, and as late as it is told, but believes whatever it is sent. The sandbox takes several
times the CPU time for a request, which on a small machine is taken from who sends.
"""

from __future__ import annotations

import asyncio
import json
import sys
from itertools import count

from cor_provider.sandbox.server import DEFAULT_TOKEN, HOST

CREATED = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
COUNTED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"


async def main(latency: float) -> None:
    """
    Serve until the process ends; the first line of output tells the Airflow Connection.

    :param latency: seconds that every answer takes.
    """
    cor_ids = count(1)
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(latency, cor_ids), HOST, 0)
    url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
    extra = {"source": "GLOBANT", "api_url": f"{url}/v1"}
    connection = json.dumps({"conn_type": "cor", "host": url, "password": DEFAULT_TOKEN, "extra": extra})
    sys.stdout.write(f"Lean server: export AIRFLOW_CONN_COR_DEFAULT='{connection}'\n")
    sys.stdout.flush()
    await server.serve_forever()


class _Connection(asyncio.Protocol):
    def __init__(self, latency: float, cor_ids: count[int]) -> None:
        self._latency = latency
        self._cor_ids = cor_ids
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        if head.startswith(b"GET "):  # how many were created, and one more
            self._received = b""
            self._answer(COUNTED, {"created": next(self._cor_ids) - 1})
        elif len(body) >= int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            self._received = b""
            self._loop.call_later(self._latency, self._create, json.loads(body))

    def _create(self, leave: dict[str, object]) -> None:
        created = {**leave, "id": next(self._cor_ids), "status": "pending"}
        self._answer(CREATED, {"statusCode": 201, "message": "Leave created", "status": "success", "data": created})

    def _answer(self, form: bytes, content: dict[str, object]) -> None:
        body = json.dumps(content).encode()
        self._transport.write(form % (len(body), body))


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) / 1000))
