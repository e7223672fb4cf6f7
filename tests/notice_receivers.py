"""Servers that receive notices: by mail, and as JSON over HTTP, as Slack and one of the services of Apprise do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from ports import free_port


@dataclass
class MailServer:
    """A mail server and what it has received."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    refuses: bool = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        if self.refuses:
            return "550 No mail today"
        mail: Any = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append(mail)
        return "250 OK"

    @property
    def connection(self) -> str:
        extra = {"disable_ssl": True, "disable_tls": True, "from_email": "airflow@example.com", "retry_limit": 1}
        return json.dumps({"conn_type": "smtp", "host": "127.0.0.1", "port": self.port, "extra": extra})


@contextmanager
def mail_server() -> Iterator[MailServer]:
    server = MailServer(free_port())
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


@dataclass
class HttpReceiver:
    """A server that takes JSON."""

    port: int
    received: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refuses: str | None = None

    def of(self, path: str) -> list[dict[str, Any]]:
        """Return what was sent to a path."""
        return [body for where, body in self.received if where == path]

    @property
    def apprise(self) -> str:
        extra = {"config": {"path": f"json://127.0.0.1:{self.port}/apprise", "tag": "alerts"}}
        return json.dumps({"conn_type": "apprise", "extra": extra})

    @property
    def slack(self) -> str:
        extra = {"base_url": f"http://127.0.0.1:{self.port}/slack/"}
        return json.dumps({"conn_type": "slack", "password": "xoxb-opens-nothing", "extra": extra})


@contextmanager
def http_receiver() -> Iterator[HttpReceiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            ok = not (receiver.refuses and self.path.startswith(receiver.refuses))
            if ok:
                receiver.received.append((self.path, body))
            answer = json.dumps({"ok": ok, **({} if ok else {"error": "is_archived"})}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # its name there
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = HttpReceiver(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
