"""A COR that does not do what it says, so that only the bravest client believes that nothing is left in it."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from typing_extensions import Self

DONE = {"statusCode": 200, "status": "success", "data": {"id": 12345, "userId": 67891}}
DELETED = {"statusCode": 200, "status": "success", "data": {"message": "deleted", "deletedId": "it"}}
NO_LEAVE = (404, {"error": "LeaveNotFoundError"})

REFUSALS: dict[str, tuple[int, Any]] = {
    "duplicate": (409, {"error": "DuplicateExternalIdError"}),
    "dates": (422, {"error": "InvalidDateRangeError"}),
    "no user": (404, {"error": "UserNotFoundError"}),
    "no type": (404, {"error": "LeaveTypeNotFoundError"}),
    "no source": (400, {"error": "InvalidSourceError"}),
    "token": (401, None),
    "invalid": (400, {"code": "ZC001", "message": "Missing required fields"}),
    "no name": (404, None),
    "failed": (500, None),
    "too many": (429, None),
    "unclear": (202, {"queued": True}),
}
"""What it may say, whatever it does."""

NEVER_DONE = {"token", "no source"}


@dataclass(frozen=True)
class Behaviour:
    """
    What becomes of a request.

    :param done: whether it is carried out, if it can be: it creates whatever it is told to create or update.
    :param answer: a key of ``REFUSALS``, of which ``NEVER_DONE`` are never done; ``truth``; ``lost``, for none.
    """

    done: bool = True
    answer: str = "truth"


class LyingCor:
    """Behaves as told for each request in turn; then it does what it is asked to, and says so."""

    def __init__(self) -> None:
        self.held: Counter[str] = Counter()
        self.requests = 0
        self._script: Sequence[Behaviour] = ()
        self._unique = True
        cor = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self._answer(cor.answer(self.command, json.loads(self._body())["id"]))

            def do_PUT(self) -> None:
                self._body()  # or the client, which still sends it, would not read the answer
                self._answer(cor.answer(self.command, self._id()))

            def do_DELETE(self) -> None:
                self.do_PUT()

            def do_GET(self) -> None:
                self._answer((200, []))

            def _id(self) -> str:
                return self.path.partition("/leaves")[2].removeprefix("/")

            def _body(self) -> bytes:
                return self.rfile.read(int(self.headers["Content-Length"]))

            def _answer(self, answer: tuple[int, Any] | None) -> None:
                if answer is None:
                    return
                body = json.dumps(answer[1]).encode()
                self.send_response(answer[0])
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def begin(self, script: Sequence[Behaviour], *, unique: bool = True) -> None:
        """
        Forget everything, and behave like this from now on.

        :param unique: whether it has an external id once at most.
        """
        self.held.clear()
        self.requests = 0
        self._script, self._unique = script, unique

    def answer(self, method: str, leave_id: str) -> tuple[int, Any] | None:
        """Carry out a request or not, and return the status and the body of the answer; None for no answer."""
        behaviour = self._script[self.requests] if self.requests < len(self._script) else Behaviour()
        self.requests += 1
        if behaviour.answer in NEVER_DONE:
            return REFUSALS[behaviour.answer]
        truth = self._do(method, leave_id) if behaviour.done else (503, None)
        if behaviour.answer == "lost":
            return None
        return REFUSALS.get(behaviour.answer, truth)

    def _do(self, method: str, leave_id: str) -> tuple[int, Any]:
        if method == "DELETE":
            if not self.held[leave_id]:
                return NO_LEAVE
            self.held[leave_id] -= 1
            return 200, DELETED
        if method == "PUT" and self.held[leave_id]:
            return 200, DONE
        self.held[leave_id] = 1 if self._unique else self.held[leave_id] + 1
        return (201 if method == "POST" else 200), DONE
