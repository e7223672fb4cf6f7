"""The Connection of the hook, and the Redis over which its pushes share their pace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cor_provider.exceptions import (
    CorConfigurationError,
    CorInvalidSourceError,
    CorUserNotFoundError,
)
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sandbox import Sandbox
from redis_server import Redis, running_redis
from support import Connect, leave


class TestSharedPace:
    """What happens over Redis: tests/push/test_shared_turns.py."""

    def test_a_push_with_a_redis_that_cannot_be_used_sends_nothing_and_says_which_field(
        self, connect: Connect, sandbox: Sandbox
    ) -> None:
        connect(extra={"pace_redis_conn_id": "nowhere"})
        outcomes = CorIntegrationsHook().create_leaves([leave(), leave("L2")])
        assert {next(outcomes).status for _ in range(2)} <= {"failed", "not_sent"}
        with pytest.raises(CorConfigurationError, match="Extra pace_redis_conn_id names the connection 'nowhere'"):
            next(outcomes)
        assert sandbox.requests == ()

    def test_a_single_request_has_no_pace_to_share(self, connect: Connect) -> None:
        connect(extra={"pace_redis_conn_id": "nowhere"})
        CorIntegrationsHook().create_leave(leave())

    def test_whether_redis_does_all_that_a_push_needs_can_be_asked(
        self, connect: Connect, redis: Redis, closed_port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connect()
        assert CorIntegrationsHook().test_redis() is None
        connect(extra={"pace_redis_conn_id": "pace"})
        monkeypatch.setenv("AIRFLOW_CONN_PACE", redis.connection())
        name = f"Redis at 127.0.0.1:{redis.port} (Connection 'pace')"
        assert CorIntegrationsHook().test_redis() == (True, f"{name} works: pushes share their pace.")
        monkeypatch.setenv("AIRFLOW_CONN_PACE", f"redis://127.0.0.1:{closed_port}")
        tested = CorIntegrationsHook().test_redis()
        assert tested
        assert not tested[0]
        assert f"127.0.0.1:{closed_port} (Connection 'pace') cannot be reached: check" in tested[1]

    def test_a_redis_that_only_answers_to_ping_is_an_error(
        self, connect: Connect, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        connect(extra={"pace_redis_conn_id": "pace"})
        with running_redis(tmp_path, "--replicaof", f"127.0.0.1 {redis.port}") as replica:
            monkeypatch.setenv("AIRFLOW_CONN_PACE", replica.connection())
            with pytest.raises(CorConfigurationError, match=r"is a replica.* Until then, each push finds its own pace"):
                CorIntegrationsHook().test_redis()


class TestConnection:
    @pytest.mark.parametrize("path", ["", "/", "/base/"])
    def test_a_slash_at_the_end_of_the_host_changes_nothing(
        self, path: str, connect: Connect, sandbox: Sandbox
    ) -> None:
        connect(host=sandbox.url + path)
        if path == "/base/":
            with pytest.raises(CorConfigurationError, match="check that it is the base URL"):
                CorIntegrationsHook().create_leave(leave())
        else:
            CorIntegrationsHook().create_leave(leave())

    def test_the_port_may_stand_in_its_own_field(self, connect: Connect, sandbox: Sandbox) -> None:
        scheme_and_host, _, port = sandbox.url.rpartition(":")
        connect(host=scheme_and_host, port=int(port))
        CorIntegrationsHook().create_leave(leave())

    def test_a_connection_from_a_uri_works(
        self, connect: Connect, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        host = sandbox.url.replace(":", "%3A").replace("/", "%2F")
        uri = f"cor://:{sandbox.token}@{host}/?source=GLOBANT&timeout=60&api_url=&proxy=&ca_bundle="
        monkeypatch.setenv("AIRFLOW_CONN_FROM_URI", uri)
        CorIntegrationsHook("from_uri").create_leave(leave())

    @pytest.mark.parametrize(
        ("fields", "problem"),
        [
            ({"host": "http://integrations.projectcor.com"}, "Host must begin with https://"),
            ({"host": "http://127.0.0.1.example.com"}, "Host must begin with https://"),
            ({"host": "ftp://127.0.0.1"}, "Host must begin with https://"),
            ({"host": "https://user:pass@cor.example"}, "Host is not a base URL"),
            ({"host": "https://cor.example/?a=1"}, "Host is not a base URL"),
            ({"host": "https://cor.example:99999"}, "Host is not a base URL"),
            ({"host": "https://[::"}, "Host is not a base URL"),
            ({"extra": {"api_url": "http://api.projectcor.com/v1"}}, "Extra api_url must begin with https://"),
            ({"extra": {"timeout": "long"}}, "Extra timeout is not a number of seconds"),
            ({"extra": {"timeout": 0}}, "Extra timeout is not a number of seconds"),
            ({"extra": {"timeout": "inf"}}, "Extra timeout is not a number of seconds"),
            ({"extra": {"requests_per_second": "many"}}, "Extra requests_per_second is not a number of requests"),
            ({"extra": {"requests_per_second": 0}}, "Extra requests_per_second is not a number of requests"),
            ({"extra": {"pace_redis_conn_id": 6379}}, "Extra pace_redis_conn_id is a number, not text"),
            ({"extra": {"ledger_secret": "*" * 20}}, "Extra ledger_secret consists of asterisks"),
            ({"extra": {"ledger_secret": "guess me"}}, "Extra ledger_secret is shorter than 16 characters"),
            ({"extra": {"ca_bundle": "/no/such/file"}}, "Extra ca_bundle is not a file"),
            ({"password": ""}, "has no Password"),
            ({"password": "two\nlines"}, "Password contains spaces or characters that are not allowed"),
            ({"password": "Bearer token"}, "Password contains spaces or characters that are not allowed"),
            ({"login": "€-key"}, "Login contains spaces or characters that are not allowed"),
            ({"extra": {"proxy": "{"}}, "Extra proxy is not JSON"),
            ({"password": "ñ-token"}, "Password contains spaces or characters that are not allowed"),
        ],
    )
    def test_a_field_that_cannot_work_is_named(
        self, fields: dict[str, Any], problem: str, connect: Connect, sandbox: Sandbox
    ) -> None:
        connect(**fields)
        with pytest.raises(CorConfigurationError, match=problem) as raised:
            CorIntegrationsHook().create_leave(leave())
        assert "pass@" not in str(raised.value)
        assert sandbox.requests == ()

    @pytest.mark.filterwarnings("ignore:Encountered JSON value in `extra`")  # Airflow 2 warns of it too
    def test_an_extra_that_is_no_object_is_named(self, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_ODD", json.dumps({"conn_type": "cor", "password": "token-1", "extra": "[]"}))
        with pytest.raises(CorConfigurationError, match="Extra is not a JSON object"):
            CorIntegrationsHook("odd").create_leave(leave())

    def test_a_connection_that_does_not_exist_is_a_configuration_error(self) -> None:
        with pytest.raises(CorConfigurationError, match="'no_such_connection' does not exist"):
            CorIntegrationsHook("no_such_connection").create_leave(leave())

    @pytest.mark.parametrize("host", ["https://a..b", "https://" + "a" * 70])
    def test_a_host_that_cannot_be_a_url_is_a_configuration_error(self, host: str, connect: Connect) -> None:
        connect(host=host)
        with pytest.raises(CorConfigurationError, match="is not a usable URL"):
            CorIntegrationsHook().create_leave(leave())

    @pytest.mark.parametrize("host", ["", None, "integrations.projectcor.com", "https://integrations.projectcor.com/"])
    def test_an_empty_host_is_cors(self, host: str | None, connect: Connect) -> None:
        connect(host=host, extra={"api_url": ""})
        settings = CorIntegrationsHook()._settings
        assert (settings.host, settings.api_url) == (
            "https://integrations.projectcor.com",
            "https://api.projectcor.com/v1",
        )

    @pytest.mark.parametrize("host", ["http://localhost:1", "http://127.0.0.9", "http://[::1]:5", "HTTP://LOCALHOST"])
    def test_plain_http_is_good_enough_on_loopback(self, host: str, connect: Connect) -> None:
        connect(host=host)
        assert CorIntegrationsHook()._settings.host.lower() == host.lower()

    def test_the_source_is_the_calls_then_the_hooks_then_the_connections(
        self, connect: Connect, sandbox: Sandbox
    ) -> None:
        connect(extra={"source": "GLOBANT"})
        hook = CorIntegrationsHook(source="SAP")
        with pytest.raises(CorUserNotFoundError):  # the sandbox knows its users under another source
            hook.create_leave(leave())
        hook.create_leave(leave(), source="GLOBANT")
        CorIntegrationsHook().create_leave(leave("L2"))
        sources = [json.loads(request.body)["metadata"]["source"] for request in sandbox.requests]
        assert sources == ["SAP", "GLOBANT", "GLOBANT"]

    def test_without_a_source_nothing_is_sent(self, connect: Connect, sandbox: Sandbox) -> None:
        connect(extra={"source": " "})
        with pytest.raises(CorConfigurationError, match="No source"):
            CorIntegrationsHook().create_leave(leave())
        assert sandbox.requests == ()

    def test_a_source_that_cor_refuses_is_a_configuration_error(self, hook: CorIntegrationsHook) -> None:
        with pytest.raises(CorInvalidSourceError):
            hook.create_leave(leave(), source="BAMBOOHR")
