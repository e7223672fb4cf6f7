"""
What is wrong with a Redis, for people: what to correct if it is a setting, or what to look at if it may pass.

An error's own text is never quoted: it may be that of any server at any address.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Trouble(NamedTuple):
    """
    Why a Redis cannot be used.

    :ivar what: what it does, as said of it: *refuses the user or password*.
    :ivar advice: what to do.
    :ivar is_setting: whether somebody must change something before it can work.
    """

    what: str
    advice: str
    is_setting: bool = True

    def __str__(self) -> str:
        return f"{self.what}: {self.advice}."


def explain(error: BaseException) -> Trouble:
    """Return what an error of Redis's client, or of Airflow's hook for it, means."""
    errors = list(_causes(error))
    for names, texts, trouble in _TROUBLES:
        for one in errors:
            if names & {kind.__name__ for kind in type(one).__mro__} or any(text in str(one) for text in texts):
                return trouble
    return Trouble(f"cannot be used ({type(error).__name__})", "if that goes on, look into its log", is_setting=False)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


_UNREACHABLE = Trouble(
    "cannot be reached", "check Host and Port of that Connection, and that it runs", is_setting=False
)

_TROUBLES: list[tuple[set[str], tuple[str, ...], Trouble]] = [
    (
        {"SSLCertVerificationError"},
        (),
        Trouble(
            "has a certificate that is not trusted here",
            "name the file of its authority in that Connection's Extra ssl_ca_certs",
        ),
    ),
    (
        {"SSLError"},
        ("handshake operation timed out",),
        Trouble("does not answer as TLS does", "leave ssl out of that Connection's Extra if it is a plain Redis"),
    ),
    (
        {"AuthenticationError", "AuthorizationError"},
        (),
        Trouble(
            "refuses the user or password",
            "correct Login and Password of that Connection, which have nothing to do with COR's token",
        ),
    ),
    (
        {"NoPermissionError"},
        ("user executing the script can't", "ACL failure in script"),
        Trouble(
            "does not let its user do what sharing takes",
            "allow in its ACL what docs/connection.md lists",
        ),
    ),
    (
        {"ReadOnlyError"},
        (),
        Trouble("is a replica, which cannot be written to", "enter the primary in that Connection"),
    ),
    (
        {"AskError"},
        (),
        Trouble(
            "is part of a cluster",
            'use apache-airflow-providers-redis>=4.6, and set "cluster": true in that Connection\'s Extra',
        ),
    ),
    (
        set(),
        ("cluster support disabled", "Cluster mode is not enabled"),
        Trouble("is no cluster", "leave cluster out of that Connection's Extra"),
    ),
    (
        {"InvalidResponse"},
        ("unknown command", "non deterministic commands"),
        Trouble("is too old, or something else than a Redis", "use Redis 6 or newer, or Valkey"),
    ),
    (
        set(),
        ("DB index", "value is not an integer"),
        Trouble("does not have this database", "correct db in that Connection's Extra"),
    ),
    (
        {"WrongFieldsError"},
        (),
        Trouble("cannot be connected to with these fields", "correct the fields of that Connection"),
    ),
    (
        {"BusyLoadingError"},
        (),
        Trouble("is still loading its data", "wait until it has", is_setting=False),
    ),
    (
        set(),
        ("max number of clients",),
        Trouble("has too many clients", "let it accept more (maxclients)", is_setting=False),
    ),
    (
        {"OutOfMemoryError"},
        (),
        Trouble("has no memory left", "give it more (maxmemory), or let it drop old keys", is_setting=False),
    ),
    (
        {"gaierror"},
        (),
        Trouble("is not found by its name", "check that Connection's Host, and the DNS", is_setting=False),
    ),
    (
        {"TimeoutError"},
        (),
        Trouble("does not answer in time", "check that it runs, and the network between it and here", is_setting=False),
    ),
    (
        {"ConnectionRefusedError"},
        (),
        _UNREACHABLE,
    ),
    (
        {"ConnectionResetError"},
        ("Connection closed by server", "Connection reset"),
        Trouble(
            "closes each connection",
            'check Host and Port of that Connection, and add "ssl": true to its Extra if it expects TLS',
        ),
    ),
    (
        {"ConnectionError"},
        (),
        _UNREACHABLE,
    ),
]
"""In this order: the names of errors, texts that errors without a name of their own contain, and what they mean."""
