"""The sandbox as a server in a thread of its own."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from types import TracebackType
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from typing_extensions import Self

from cor_provider.client.success import read_cor_id
from cor_provider.sandbox.app import CorStandIn, RecordedRequest
from cor_provider.sandbox.by_contract import read_contract
from cor_provider.sandbox.by_hand import read_span
from cor_provider.sandbox.error_styles import DEFAULT_ERROR_STYLE, ERROR_STYLES
from cor_provider.sandbox.faults import Fault, Faults
from cor_provider.sandbox.hangup import HangUp, HangUpProtocol
from cor_provider.sandbox.main_api import Readings
from cor_provider.sandbox.seed import EXAMPLE_SEED, SeedInput, plant
from cor_provider.sandbox.store import DOCUMENTED_LEAVE_ID, Store, StoredLeave, StoredMail, StoredUser
from cor_provider.sandbox.tokens import Tokens

HOST = "127.0.0.1"
DEFAULT_TOKEN = "sandbox-token"  # noqa: S105  # opens nothing but this sandbox
DEFAULT_API_KEY = "sandbox-key"
DEFAULT_CLIENT_SECRET = "sandbox-secret"  # noqa: S105  # likewise


class Sandbox:
    """
    A stand-in for COR on 127.0.0.1. Use it as a context manager, or with ``start`` and ``stop``.

    Faults affect the Integrations API, and the main API's list of a user's leave.

    :param seed: users and leave types, as ``cor_provider.sandbox.seed.plant`` takes them; ``[]`` for none. By
        default those of COR's documented example of a leave.
    :param empty: leave out the users of the seed: COR on the first day, when no leave is accepted yet.
    :param port: 0 for any free port.
    :param token: the bearer token that never expires.
    :param api_key: mints more tokens, with the client secret.
    :param client_secret: likewise.
    :param token_lifetime: seconds for which minted tokens are valid.
    :param error_style: the form of COR's errors, a key of ``cor_provider.sandbox.error_styles.ERROR_STYLES``.
    :param main_api: how to read what the documentation of the main API leaves open, such as ``{"paging": "row"}``:
        options and values of ``cor_provider.sandbox.main_api.CHOICES``, and ``zone``, the name of a time zone.
    :param latency_ms: fault: how long every answer takes.
    :param error_rate: fault: share (0 to 1) of requests that get a 500, 502, 503 or 504 before anything is done.
    :param drop_rate: fault: share (0 to 1) of requests that are carried out, but get no answer.
    :param rate_limit: fault: requests per second above which the answer is 429.
    :param random_seed: makes the two rates repeatable.
    :param contract: a file that the command ``prove`` wrote: leave is answered in the shapes of that COR, and in
        ``error_style`` only where the file does not show how.
    :param first_leave_id: COR's id of the first leave; the next ones count on. By default it is that of COR's
        documented example, so that tests are repeatable. A ledger or a report that outlives the sandbox needs ids that
        do not come again; ``python -m cor_provider.sandbox`` takes them from the time.
    :param record_requests: keep every request in ``requests``.
    :param clock: seconds since the epoch, for timestamps, token lifetimes and the rate limit.
    :raises ValueError: if a parameter is out of range; ``SeedError`` if the seed is malformed.
    """

    def __init__(
        self,
        *,
        seed: SeedInput | None = None,
        empty: bool = False,
        port: int = 0,
        token: str = DEFAULT_TOKEN,
        api_key: str = DEFAULT_API_KEY,
        client_secret: str = DEFAULT_CLIENT_SECRET,
        token_lifetime: int = 3600,
        error_style: str = DEFAULT_ERROR_STYLE,
        main_api: Mapping[str, str] | None = None,
        latency_ms: float = 0,
        error_rate: float = 0,
        drop_rate: float = 0,
        rate_limit: float | None = None,
        random_seed: int | None = None,
        contract: str | os.PathLike[str] | None = None,
        first_leave_id: int = DOCUMENTED_LEAVE_ID,
        record_requests: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if error_style not in ERROR_STYLES:
            raise ValueError(f"error_style must be one of {', '.join(ERROR_STYLES)}")
        if read_cor_id(first_leave_id) is None:
            raise ValueError("first_leave_id must be a whole number above 0, of at most 18 digits")
        self.token = token
        self.store = Store(clock, first_leave_id=first_leave_id)
        self.sources = plant(EXAMPLE_SEED if seed is None else seed, self.store, empty=empty)
        self._port = port
        self._tokens = Tokens(
            token=token, api_key=api_key, client_secret=client_secret, lifetime=token_lifetime, clock=clock
        )
        self._faults = Faults(
            latency_ms=latency_ms,
            error_rate=error_rate,
            drop_rate=drop_rate,
            rate_limit=rate_limit,
            random_seed=random_seed,
            error_style=error_style,
            clock=clock,
        )
        self._cor = CorStandIn(
            store=self.store,
            tokens=self._tokens,
            faults=self._faults,
            error_style=error_style,
            main_api=Readings.of(main_api or {}),
            record_requests=record_requests,
            contract=None if contract is None else read_contract(contract),
        )
        self._server: BackgroundServer | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """
        Listen, and return when requests are answered.

        :raises OSError: if the port is taken.
        """
        listener = socket.create_server((HOST, self._port), backlog=2048)
        # Accepted connections inherit it; without it, every answer waits 40 ms for the client's acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port = listener.getsockname()[1]
        self._server = BackgroundServer(self._cor.app())
        self._server.start(listener)

    def stop(self) -> None:
        """Close every connection at once and free the port."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    @property
    def url(self) -> str:
        """The base URL of the integrations API: the Connection's host."""
        return f"http://{HOST}:{self._port}"

    @property
    def api_url(self) -> str:
        """The base URL of COR's main API: the Connection's extra ``api_url``."""
        return f"{self.url}/v1"

    @property
    def error_style(self) -> str:
        """The format of COR's errors, a key of ``cor_provider.sandbox.error_styles.ERROR_STYLES``; it can be set."""
        return self._cor.error_style

    @error_style.setter
    def error_style(self, style: str) -> None:
        self._cor.error_style = style

    @property
    def main_api(self) -> Mapping[str, str]:
        """How the documentation of the main API is read. Options that are not set become the defaults again."""
        return asdict(self._cor.main_api)

    @main_api.setter
    def main_api(self, options: Mapping[str, str]) -> None:
        self._cor.main_api = Readings.of(options)

    @property
    def leaves(self) -> tuple[StoredLeave, ...]:
        """Every leave held now, in the order in which they were created."""
        return self.store.leaves

    @property
    def users(self) -> tuple[StoredUser, ...]:
        """Every user known now, in the order in which they were created."""
        return tuple(self.store.profiles.values())

    @property
    def mails(self) -> tuple[StoredMail, ...]:
        """The mails that COR would have sent so far: one to each user who was created. None is really sent."""
        return tuple(self.store.mails)

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """Every request to an endpoint of COR so far, in the order in which they were received."""
        return tuple(self._cor.requests)

    def delete_by_hand(self, cor_id: int) -> None:
        """
        Delete a leave, as somebody may do in COR itself; its external id is free again.

        :raises LookupError: if COR holds no such leave.
        """
        self.store.delete_by_hand(cor_id)

    def move_by_hand(self, cor_id: int, start: str, end: str) -> StoredLeave:
        """
        Give a leave other dates, as somebody may do in COR itself.

        :param start: the first day, such as ``2026-05-11``; or a date-time, which makes it a timed leave.
        :param end: the last day, included; or a date-time.
        :raises LookupError: if COR holds no such leave. ValueError: if the dates are malformed or in the wrong order.
        """
        return self.store.move_by_hand(cor_id, *read_span(start, end))

    def add_by_hand(
        self, user_cor_id: int, start: str, end: str, *, leave_type_cor_id: int | None = None
    ) -> StoredLeave:
        """
        Add a leave that has no external id, as somebody may do in COR itself.

        :param user_cor_id: COR's id of the user, as answers to creates have it.
        :param start: the first day, such as ``2026-05-11``; or a date-time, which makes it a timed leave.
        :param end: the last day, included; or a date-time.
        :param leave_type_cor_id: COR's id of a leave type; by default, the first of the user's source.
        :raises LookupError: if COR knows no such user or leave type. ValueError: if the dates are malformed or in the
            wrong order.
        """
        return self.store.add_by_hand(user_cor_id, *read_span(start, end), leave_type_cor_id=leave_type_cor_id)

    def answer_next(
        self, status: int, body: Any = b"", *, headers: Mapping[str, str] | None = None, commit: bool = False
    ) -> None:
        """
        Send this answer to the next request for leave or users, after those queued before.

        :param body: bytes are sent as they are, anything else as JSON.
        :param commit: carry the request out first; otherwise it has no effect.
        """
        answer = Response(body, status) if isinstance(body, bytes) else JSONResponse(body, status)
        answer.headers.update(headers or {})
        self._faults.queue(Fault(answer, commit))

    def drop_next(self, *, commit: bool = True) -> None:
        """
        Close the connection of the next request for leave or users without an answer.

        :param commit: carry the request out first; otherwise it has no effect.
        """
        self._faults.queue(Fault(HangUp(), commit))

    def go_down(self, *, after: int = 0) -> None:
        """Answer 500 to every request for leave or users after this many more, until :meth:`clear_faults`."""
        self._faults.go_down(after=after)

    def clear_faults(self) -> None:
        """Drop queued answers, and come up again."""
        self._faults.clear()

    def clear_requests(self) -> None:
        """Forget the recorded requests."""
        self._cor.requests.clear()

    def mint_token(self) -> str:
        """Return a new token that is valid for the token lifetime."""
        return self._tokens.mint_one()

    def revoke_tokens(self) -> None:
        """Refuse every token issued so far, the fixed one included."""
        self._tokens.revoke_all()


class BackgroundServer(uvicorn.Server):
    """uvicorn in a thread, which starts and stops without waiting for a tick of its clock or for a client."""

    def __init__(self, app: FastAPI) -> None:
        config = uvicorn.Config(
            app,
            http=HangUpProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            date_header=False,
            server_header=False,
            timeout_keep_alive=75,
        )
        super().__init__(config)
        self._ready = threading.Event()
        self._stopping = asyncio.Event()

    def start(self, listener: socket.socket) -> None:
        """Serve, and return when requests are answered."""
        self._thread = threading.Thread(target=self._run, args=(listener,), name="cor-sandbox", daemon=True)
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Close every connection at once, and return when the port is free."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()

    def _run(self, listener: socket.socket) -> None:
        try:
            # Not `uvicorn.Server.run`, which may set the event loop policy of the whole process.
            asyncio.run(self.serve(sockets=[listener]))
        finally:
            self._ready.set()

    async def main_loop(self) -> None:
        """Replace uvicorn's ticking: wait to be stopped."""
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002  # uvicorn's signature
        """Replace uvicorn's graceful shutdown: hang up."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
