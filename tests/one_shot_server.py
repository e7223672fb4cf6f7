"""A server that answers each request with exactly the bytes that it is given, whether they are HTTP or not."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from types import TracebackType

from typing_extensions import Self


class OneShotServer:
    """Answers one request after the other, each on a connection of its own, which it closes at once."""

    def __init__(self) -> None:
        self.transcript: list[tuple[str, bytes]] = []
        """The method of each request since the answers were set, and what it was answered."""
        self._answers: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        # An answer and the end of its connection come together, so that nobody sends on a connection that is closing.
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def answer_with(self, answers: list[bytes]) -> None:
        """Give these answers to the next requests, and the last one to all that follow."""
        self._answers = list(answers)
        self.transcript.clear()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # the end
                return
            with connection, suppress(ConnectionError):  # whoever asked may have hung up
                if method := _read_request(connection):
                    answer = self._answers[min(len(self.transcript), len(self._answers) - 1)]
                    self.transcript.append((method, answer))
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)


def _read_request(connection: socket.socket) -> str:
    """Read all of a request, since what is left unread makes closing a reset; return its method."""
    received = b""
    while not (head := re.match(rb"(?s)([A-Z]+) .*?\r\n\r\n", received)):
        if not (more := connection.recv(65536)):
            return ""
        received += more
    length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head[0])
    missing = head.end() + int(length[1] if length else 0) - len(received)
    while missing > 0 and (more := connection.recv(65536)):
        missing -= len(more)
    return head[1].decode()
