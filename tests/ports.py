"""Where servers of tests listen."""

from __future__ import annotations

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """Return a port for a server that starts later: none of those that the system gives to whoever asks for any."""
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311  # no cryptography; Linux gives what is above
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
