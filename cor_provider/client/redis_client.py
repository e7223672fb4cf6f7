"""
The client of the Redis over which pushes share their pace.

Airflow's own hook makes it, which knows users, TLS and clusters. It is an extra, and is imported only if it is used.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from cor_provider._compat import AirflowNotFoundException, BaseHook, Connection
from cor_provider.client.extra import wrong

FIELD = "Extra pace_redis_conn_id"

ANSWER_SECONDS = 1.0
"""How long Redis may take to be connected to, and for each answer: a push waits meanwhile."""

CONNECT_SECONDS = 2.0
"""
How long connecting may take in all: a name may be looked up for half a minute, a host have many addresses, and a
cluster is asked for its nodes first. A push that is to stop waits for it, too.
"""


DEFAULT_PORT = 6379


class WrongFieldsError(ValueError):
    """The fields of a Connection do not fit together, as Airflow's hook says."""


@dataclass(frozen=True)
class RedisConnector:
    """
    Connects to a Redis.

    :ivar name: what people call it, without a secret: ``Redis at 127.0.0.1:6379 (Connection 'pace')``.
    """

    name: str
    _make: Callable[[], Any]

    def __call__(self) -> Any:
        """Return a new client, which is connected; raise what it raises, and ``TimeoutError`` after some seconds."""
        return _within(CONNECT_SECONDS, lambda: _connected(self._make))


def redis_connector(conn_id: str) -> RedisConnector:
    """
    Return what connects to the Redis of a Connection.

    :param conn_id: an Airflow Connection of type Redis.
    :raises CorConfigurationError: if there is none, or Airflow's provider for Redis is not installed.
    """
    try:
        from airflow.providers.redis.hooks.redis import RedisHook  # noqa: PLC0415  # an extra
    except ImportError:
        raise wrong(
            f"{FIELD} needs Airflow's provider for Redis: install airflow-provider-cor[redis] on the workers, or leave "
            "the field empty."
        ) from None
    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        raise wrong(
            f"{FIELD} names the connection {conn_id!r}, which does not exist: create it in Airflow with the type "
            "Redis, or leave the field empty."
        ) from None
    if connection.conn_type != RedisHook.conn_type:
        raise wrong(f"{FIELD} names the connection {conn_id!r}, whose type is not Redis but {connection.conn_type!r}.")

    connection.port = connection.port or DEFAULT_PORT  # Airflow's hook would fail without one

    class ReadyHook(RedisHook):
        """It need not ask Airflow for the Connection each time, from whichever thread."""

        @classmethod
        def get_connection(cls, conn_id: str) -> Connection:  # noqa: ARG003  # the name is Airflow's
            return connection

    return RedisConnector(_name(connection, conn_id), ReadyHook(conn_id).get_conn)


def _name(connection: Connection, conn_id: str) -> str:
    host = connection.host or ""
    is_host = re.fullmatch(r"[\w.:-]+", host)  # what else stands there may be a URL with a password
    return (
        f"Redis at {host}:{connection.port} (Connection {conn_id!r})" if is_host else f"Redis (Connection {conn_id!r})"
    )


def _within(seconds: float, make: Callable[[], Any]) -> Any:
    """Return what a function returns, or raise what it raises, or ``TimeoutError``."""
    made: SimpleQueue[Any] = SimpleQueue()

    def run() -> None:
        try:
            made.put((make(), None))
        except BaseException as error:  # noqa: BLE001  # raised where it is waited for
            made.put((None, error))

    threading.Thread(target=run, name="cor-redis", daemon=True).start()
    try:
        client, error = made.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if error:
        raise error
    return client


def _connected(make: Callable[[], Any]) -> Any:
    """Make a client that waits little, and tries again only after a broken connection; and connect it."""
    from redis.backoff import NoBackoff  # noqa: PLC0415  # comes with the extra
    from redis.exceptions import ConnectionError as BrokenConnection  # noqa: PLC0415  # likewise
    from redis.retry import Retry  # noqa: PLC0415  # likewise

    try:
        client = make()
    except (ValueError, TypeError) as error:
        raise WrongFieldsError(str(error)) from error
    nodes = getattr(client, "nodes_manager", None)  # of a cluster, which has been asked for them already
    retry = Retry(NoBackoff(), 1, supported_errors=(BrokenConnection,))
    timeouts = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS}
    client.set_retry(retry)
    if nodes:
        nodes.connection_kwargs.update(timeouts)
        pools = [node.redis_connection.connection_pool for node in client.get_nodes() if node.redis_connection]
    else:
        pools = [client.connection_pool]
    for pool in pools:
        pool.connection_kwargs.update(timeouts)
        pool.disconnect()
        pool.reset()  # or the connections would be used again, with their own timeouts
    if not nodes:
        client.connection_pool.release(client.connection_pool.get_connection())
    return client
