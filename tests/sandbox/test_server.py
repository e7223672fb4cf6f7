"""The sandbox inside a process: what a test or a demo can see and do."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox

Send = Callable[..., requests.Response]


def test_requests_are_recorded_as_they_came_over_the_wire(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], deletion: dict[str, Any]
) -> None:
    send(sandbox, "POST", "leaves", leave)
    send(sandbox, "DELETE", "leaves/a%2Fb", deletion, token="wrong")

    first, second = sandbox.requests
    assert (first.method, first.path) == ("POST", "/v2/integrations/leaves")
    assert json.loads(first.body) == leave
    assert first.headers["authorization"] == "Bearer sandbox-token"
    assert (second.method, second.path) == ("DELETE", "/v2/integrations/leaves/a%2Fb")


def test_requests_for_tokens_are_recorded_with_their_query(sandbox: Sandbox) -> None:
    requests.post(f"{sandbox.api_url}/oauth/token?grant_type=client_credentials", timeout=60)

    (request,) = sandbox.requests
    assert (request.path, request.query) == ("/v1/oauth/token", "grant_type=client_credentials")


def test_the_sandboxs_own_pages_are_not_recorded(sandbox: Sandbox) -> None:
    requests.get(sandbox.url, timeout=60)
    requests.get(f"{sandbox.url}/sandbox/leaves", timeout=60)

    assert sandbox.requests == ()


def test_recording_can_be_switched_off(send: Send, leave: dict[str, Any]) -> None:
    with Sandbox(record_requests=False) as sandbox:
        send(sandbox, "POST", "leaves", leave)

    assert sandbox.requests == ()
    assert len(sandbox.leaves) == 1


def test_it_listens_on_this_machine_only(sandbox: Sandbox) -> None:
    assert sandbox.url.startswith("http://127.0.0.1:")


def test_several_run_side_by_side(send: Send, leave: dict[str, Any]) -> None:
    with Sandbox() as one, Sandbox() as other:
        send(one, "POST", "leaves", leave)

        assert one.url != other.url
        assert other.leaves == ()


def test_a_stopped_sandbox_can_be_asked_and_started_again(send: Send, leave: dict[str, Any]) -> None:
    sandbox = Sandbox()
    with sandbox:
        url = sandbox.url
        send(sandbox, "POST", "leaves", leave)
    assert len(sandbox.leaves) == 1
    with pytest.raises(requests.ConnectionError):
        send(sandbox, "POST", "leaves", leave)

    with sandbox:
        assert sandbox.url == url
        assert send(sandbox, "POST", "leaves", leave).status_code == 409


def test_stopping_waits_for_nobody(send: Send, leave: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    sandbox = Sandbox(latency_ms=3_600_000)
    sandbox.start()
    disconnected = threading.Event()

    def wait_for_an_answer() -> None:
        try:
            send(sandbox, "POST", "leaves", leave)
        except requests.ConnectionError:
            disconnected.set()

    client = threading.Thread(target=wait_for_an_answer)
    client.start()
    while not sandbox.requests:
        pass
    sandbox.stop()
    client.join()

    assert disconnected.is_set()  # and not a timeout, after which the client would have given up
    assert caplog.records == []


def test_a_taken_port_is_an_error(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match="in use"):
        Sandbox(port=int(sandbox.url.rpartition(":")[2])).start()


def test_it_needs_no_airflow() -> None:
    code = (
        "import sys; import cor_provider.sandbox.server; print(any(m.split('.')[0] == 'airflow' for m in sys.modules))"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
