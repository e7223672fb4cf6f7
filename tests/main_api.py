"""COR's main API on loopback, as little of it as can be: ``GET /user/leaves``, and whatever a test answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from typing_extensions import Self

DOCUMENTED_ROW: dict[str, Any] = {
    "id": 14050,
    "user_id": 8555,
    "company_id": 2336,
    "leave_type_id": 1498,
    "start": "2024-10-18T03:00:00.000Z",
    "end": "2024-10-18T03:30:00.000Z",
    "created_at": "2024-10-21 14:19:01",
    "updated_at": "2024-10-21 14:19:23",
    "deleted_at": None,
    "all_day": False,
    "leaveType": {
        "id": 1498,
        "name": "Custom Leave",
        "type_code": "UL1498",
        "company_id": 2336,
        "icon_name": "Futbol",
        "deleted_at": None,
    },
}
"""The example of COR's OpenAPI file."""


def row(cor_id: int, **fields: Any) -> dict[str, Any]:
    """Return a row of COR's list."""
    return {**DOCUMENTED_ROW, "id": cor_id, **fields}


class Request(NamedTuple):
    """What was asked for, with its query, and the header with the token."""

    path: str
    token: str


class MainApi:
    """
    Answers with the leave of each user, a page of `size` rows at a time; use it as a context manager.

    :ivar leaves: the rows of each user by COR's id; others are unknown to it.
    :ivar of_users: what is answered about a user instead, by COR's id: a status, and JSON or text.
    :ivar answers: given to the next requests instead: a status, and JSON or text.
    :ivar before: called before each answer.
    """

    def __init__(self) -> None:
        self.leaves: dict[int, list[dict[str, Any]]] = {}
        self.of_users: dict[int, tuple[int, object]] = {}
        self.answers: list[tuple[int, object]] = []
        self.requests: list[Request] = []
        self.before: Callable[[], None] = lambda: None
        api, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with lock:
                    api.requests.append(Request(self.path, self.headers.get("Authorization", "")))
                    api.before()
                    status, body = api.answers.pop(0) if api.answers else api.answer(self.path)
                content = (body if isinstance(body, str) else json.dumps(body)).encode()
                if status == 204:  # it has no body
                    content = b""
                self.send_response(status)
                self.send_header("Content-Type", "text/html" if isinstance(body, str) else "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def answer(self, path: str) -> tuple[int, object]:
        query = {name: int(values[0]) for name, values in parse_qs(urlsplit(path).query).items()}
        if answer := self.of_users.get(query["usersId"]):
            return answer
        rows = self.leaves.get(query["usersId"])
        if rows is None:
            return 404, {"error": "UserNotFoundError", "message": "no such user"}
        start = (query["offset"] - 1) * query["size"]
        return 200, rows[start : start + query["size"]]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
