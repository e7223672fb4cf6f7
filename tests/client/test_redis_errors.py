"""What is wrong with a Redis, in words that say what to do: against real ones, wherever one can be had that is so."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis as redis_library
from redis.exceptions import (
    AskError,
    AuthenticationError,
    BusyLoadingError,
    InvalidResponse,
    OutOfMemoryError,
    ResponseError,
)

from certificates import write_certificate
from cor_provider.client import redis_client
from cor_provider.client.redis_client import redis_connector
from cor_provider.client.redis_errors import Trouble, explain
from raw_server import RawServer
from redis_server import KnowsClusters, Redis, running_cluster, running_redis

SECRET = "password-4711"

Meet = Callable[[str], Trouble]


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> Meet:
    """Return a function that connects to a Redis that cannot be used, writes to it, and explains the error."""
    monkeypatch.setattr(redis_client, "ANSWER_SECONDS", 0.2)

    def use(connection: str) -> Trouble:
        monkeypatch.setenv("AIRFLOW_CONN_PACE", connection)
        with pytest.raises(Exception) as raised, closing(redis_connector("pace")()) as client:  # noqa: PT011  # whichever
            client.eval("return redis.call('SET', KEYS[1], '')", 1, "key")
        trouble = explain(raised.value)
        assert SECRET not in str(trouble)
        return trouble

    return use


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis with a password and a user who may do little."""
    with running_redis(tmp_path_factory.mktemp("redis"), "--requirepass", SECRET) as redis:
        with redis_library.Redis(port=redis.port, password=SECRET) as client:
            client.execute_command("ACL", "SETUSER", "reader", "on", f">{SECRET}", "~*", "+@read")
            client.execute_command("ACL", "SETUSER", "script", "on", f">{SECRET}", "~*", "+eval")
        yield redis


NO_CLUSTER = ({"password": SECRET, "extra": {"cluster": True}}, "is no cluster")
DATABASE_OF_CLUSTER = (
    {"password": SECRET, "extra": {"cluster": True, "db": 3}},
    "cannot be connected to with these fields",
)


class TestSettings:
    """What somebody must correct."""

    @pytest.mark.parametrize(
        ("fields", "what"),
        [
            ({"password": f"{SECRET}-wrong"}, "refuses the user or password"),
            ({"login": "nobody", "password": SECRET}, "refuses the user or password"),
            ({}, "refuses the user or password"),
            ({"password": f"{SECRET}-wrong", "extra": {"cluster": True}}, "refuses the user or password"),
            ({"login": "reader", "password": SECRET}, "does not let its user do what sharing takes"),
            ({"login": "script", "password": SECRET}, "does not let its user do what sharing takes"),
            ({"password": SECRET, "extra": {"ssl": True}}, "does not answer as TLS does"),
            pytest.param(*NO_CLUSTER, marks=KnowsClusters, id="no cluster"),
            ({"password": SECRET, "extra": {"db": 99}}, "does not have this database"),
            pytest.param(*DATABASE_OF_CLUSTER, marks=KnowsClusters, id="a database of a cluster"),
        ],
    )
    def test_a_connection_that_does_not_fit(
        self, meet: Meet, guarded: Redis, fields: dict[str, Any], what: str
    ) -> None:
        trouble = meet(guarded.connection(**fields))
        assert (trouble.what, trouble.is_setting) == (what, True)

    def test_what_to_correct_is_not_cor_s(self, meet: Meet, guarded: Redis) -> None:
        assert str(meet(guarded.connection(password="wrong"))) == (
            "refuses the user or password: correct Login and Password of that Connection, which have nothing to do "
            "with COR's token."
        )

    def test_a_replica(self, meet: Meet, redis: Redis, tmp_path: Path) -> None:
        with running_redis(tmp_path, "--replicaof", f"127.0.0.1 {redis.port}") as replica:
            assert meet(replica.connection()).what == "is a replica, which cannot be written to"

    def test_a_part_of_a_cluster(self, meet: Meet, tmp_path: Path) -> None:
        with running_cluster(tmp_path) as cluster:
            cluster.say("CLUSTER DELSLOTSRANGE 0 16383")
            assert not meet(cluster.connection()).is_setting  # it is down
        assert explain(AskError("1234 127.0.0.1:6379")).what == "is part of a cluster"

    @pytest.mark.needs("redis>=8")  # from which on the client says hello
    def test_one_that_is_too_old_for_the_client(self, meet: Meet, tmp_path: Path) -> None:
        with running_redis(tmp_path, "--rename-command", "HELLO", "") as old:
            assert meet(old.connection()).what == "is too old, or something else than a Redis"

    @pytest.mark.parametrize(
        "error",
        [InvalidResponse("HTTP/1.1 400"), ResponseError("Write commands not allowed after non deterministic commands")],
    )
    def test_what_is_no_redis_that_this_package_knows(self, error: Exception) -> None:
        assert explain(error).what == "is too old, or something else than a Redis"

    def test_a_server_that_expects_tls(self, meet: Meet, tmp_path: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(write_certificate(tmp_path))
        with RawServer(list, tls=context, closes=True) as server:
            fields = {"conn_type": "redis", "host": "127.0.0.1", "port": urlsplit(server.url).port}
            assert meet(json.dumps(fields)).what == "closes each connection"
            with_tls = meet(json.dumps({**fields, "extra": {"ssl": True}}))
        assert with_tls.what == "has a certificate that is not trusted here"


class TestWhatMayPass:
    def test_a_closed_port(self, meet: Meet, closed_port: int) -> None:
        trouble = meet(f"redis://127.0.0.1:{closed_port}")
        assert str(trouble) == "cannot be reached: check Host and Port of that Connection, and that it runs."
        assert not trouble.is_setting

    def test_a_server_that_says_nothing(self, meet: Meet) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            trouble = meet(json.dumps({"conn_type": "redis", "host": "127.0.0.1", "port": server.getsockname()[1]}))
        assert (trouble.what, trouble.is_setting) == ("does not answer in time", False)

    def test_a_name_that_is_not_found(self) -> None:
        error = ConnectionError("Error -2 connecting")
        error.__cause__ = socket.gaierror(-2, "Name or service not known")
        assert explain(error)[::2] == ("is not found by its name", False)

    @pytest.mark.parametrize(
        ("error", "what"),
        [
            (BusyLoadingError("Redis is loading the dataset in memory"), "is still loading its data"),
            (ResponseError("max number of clients reached"), "has too many clients"),
            (OutOfMemoryError("command not allowed when used memory > 'maxmemory'"), "has no memory left"),
            (ResponseError(f"MISCONF {SECRET}"), "cannot be used (ResponseError)"),
            (ValueError("an answer that is none"), "cannot be used (ValueError)"),
        ],
    )
    def test_a_server_in_need(self, error: Exception, what: str) -> None:
        trouble = explain(error)
        assert (trouble.what, trouble.is_setting) == (what, False)

    def test_one_that_was_stopped_is_not_taken_for_another_kind_of_server(self) -> None:
        refused = ConnectionError("Error 111 connecting")
        refused.__cause__ = ConnectionRefusedError()
        refused.__cause__.__context__ = ConnectionError("Connection closed by server.")
        assert explain(refused).what == "cannot be reached"

    def test_what_an_error_was_kept_apart_from_is_not_part_of_it(self) -> None:
        error = TimeoutError()
        error.__context__ = AuthenticationError()
        error.__suppress_context__ = True
        assert explain(error).what == "does not answer in time"
