"""The client of Redis: Airflow's own, but one that waits little; and what is said of a Connection that cannot work."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis as redis_library
from redis.exceptions import RedisClusterException

from cor_provider.client import redis_client
from cor_provider.client.redis_client import redis_connector
from cor_provider.exceptions import CorConfigurationError
from redis_server import KnowsClusters, Redis, running_cluster, running_redis

SetConnection = Callable[[str], None]


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> SetConnection:
    """Return a function that sets the connection `pace`."""
    return lambda text: monkeypatch.setenv("AIRFLOW_CONN_PACE", text)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections, and then says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def seconds_until_failure(action: Callable[[], Any]) -> float:
    start = time.monotonic()
    with pytest.raises((redis_library.RedisError, RedisClusterException, TimeoutError)):
        action()
    return time.monotonic() - start


class TestClient:
    def test_it_logs_in_as_the_connection_says(
        self, connection: SetConnection, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        with running_redis(tmp_path_factory.mktemp("redis"), "--requirepass", "password-4711") as redis:
            connection(redis.connection(password="password-4711", extra={"db": 3}))
            assert redis_connector("pace")().ping()
            connection(redis.connection(password="password-4712"))
            with pytest.raises(redis_library.AuthenticationError):
                redis_connector("pace")()

    def test_one_that_is_not_there_is_noticed_at_once(self, connection: SetConnection, closed_port: int) -> None:
        connection(f"redis://127.0.0.1:{closed_port}")
        assert seconds_until_failure(redis_connector("pace")) < 0.5

    def test_one_that_never_answers_is_waited_for_once(
        self, connection: SetConnection, silent_port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(redis_client, "ANSWER_SECONDS", 0.2)
        connection(f"redis://127.0.0.1:{silent_port}")
        assert 0.2 <= seconds_until_failure(redis_connector("pace")) < 0.6

    def test_one_whose_name_is_not_found_is_not_waited_for_as_long_as_names_are_looked_for(
        self, connection: SetConnection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        is_over = threading.Event()

        def look_for_it(*_: object, **__: object) -> list[object]:
            is_over.wait(60)
            return []

        monkeypatch.setattr(redis_client, "CONNECT_SECONDS", 0.2)
        monkeypatch.setattr(socket, "getaddrinfo", look_for_it)
        connection("redis://redis.example:6379")
        try:
            assert 0.2 <= seconds_until_failure(redis_connector("pace")) < 0.6
        finally:
            is_over.set()

    def test_a_connection_that_the_server_has_closed_is_made_again(
        self, connection: SetConnection, redis: Redis
    ) -> None:
        connection(redis.connection())
        client = redis_connector("pace")()
        client.ping()
        with redis_library.Redis(port=redis.port) as other:
            other.client_kill_filter(_type="normal", skipme=True)
        assert client.ping()

    @KnowsClusters
    def test_a_cluster_works_and_is_waited_for_as_little(
        self, connection: SetConnection, cluster: Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(redis_client, "ANSWER_SECONDS", 0.2)
        monkeypatch.setattr(redis_client, "CONNECT_SECONDS", 0.3)
        connection(cluster.connection(extra={"cluster": True}))
        client = redis_connector("pace")()
        client.set("key", "value")
        assert client.get("key") == b"value"
        with cluster.frozen():
            assert seconds_until_failure(lambda: client.get("key")) < 2
            assert 0.3 <= seconds_until_failure(redis_connector("pace")) < 0.6

    @KnowsClusters
    def test_what_airflow_refuses_is_raised_when_it_connects(self, connection: SetConnection, cluster: Redis) -> None:
        connection(cluster.connection(extra={"cluster": True, "db": 3}))
        connect = redis_connector("pace")
        with pytest.raises(ValueError, match="only supports database 0"):
            connect()


class TestName:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("redis://:password-4711@127.0.0.1:7000/1", "Redis at 127.0.0.1:7000 (Connection 'pace')"),
            ("redis://redis.example", "Redis at redis.example:6379 (Connection 'pace')"),
            ('{"conn_type": "redis", "host": "redis://:password-4711@r"}', "Redis (Connection 'pace')"),
            ('{"conn_type": "redis"}', "Redis (Connection 'pace')"),
        ],
    )
    def test_it_says_where_the_server_is_and_no_secret(self, connection: SetConnection, text: str, name: str) -> None:
        connection(text)
        assert redis_connector("pace").name == name


class TestConfiguration:
    def test_a_connection_that_does_not_exist_is_named(self) -> None:
        with pytest.raises(CorConfigurationError, match="Extra pace_redis_conn_id names the connection 'nowhere'"):
            redis_connector("nowhere")

    def test_a_connection_of_another_type_is_named(self, connection: SetConnection) -> None:
        connection("postgres://user:password-4711@127.0.0.1/db")
        with pytest.raises(CorConfigurationError, match="'pace', whose type is not Redis but 'postgres'") as raised:
            redis_connector("pace")
        assert "4711" not in str(raised.value)

    def test_what_to_install_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "airflow.providers.redis.hooks.redis", None)
        with pytest.raises(CorConfigurationError, match=r"install airflow-provider-cor\[redis\] on the workers"):
            redis_connector("pace")
