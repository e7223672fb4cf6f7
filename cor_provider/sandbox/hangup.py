"""Close a connection without an answer, as a broken network does."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol


class HangUp(Response):
    """A response that closes the connection instead of answering. It needs ``HangUpProtocol``."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # ASGI's signature
        """Close the connection, and return once the server has noticed, so that it expects no answer."""
        scope["state"]["transport"].abort()
        while (await receive())["type"] != "http.disconnect":
            pass


class HangUpProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # uvicorn chooses the base class
    """uvicorn's HTTP protocol, with each connection's transport in the ASGI state."""

    app_state: dict[str, Any]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport for the requests of this connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}
