"""Connections that are closed without an answer."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox

RAW_HEADERS = {"Authorization": "Bearer sandbox-token", "Content-Type": "application/json"}


def test_a_dropped_connection_carries_no_byte_and_the_leave_is_there(sandbox: Sandbox, leave: dict[str, Any]) -> None:
    sandbox.drop_next()
    host, port = sandbox.url.removeprefix("http://").split(":")
    body = json.dumps(leave).encode()
    headers = {"Host": host, "Content-Length": len(body), **RAW_HEADERS}
    head = "POST /v2/integrations/leaves HTTP/1.1\r\n" + "".join(f"{key}: {headers[key]}\r\n" for key in headers)
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head.encode() + b"\r\n" + body)
        assert connection.recv(1) == b""

    assert [held.external_id for held in sandbox.leaves] == ["external-id-3"]


def test_a_client_sees_a_dropped_connection_as_no_response(sandbox: Sandbox, leave: dict[str, Any]) -> None:
    sandbox.drop_next()
    connection = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=60)

    connection.request("POST", "/v2/integrations/leaves", json.dumps(leave), RAW_HEADERS)

    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    connection.close()


def test_a_connection_can_be_dropped_in_the_middle_of_its_life(sandbox: Sandbox, leave: dict[str, Any]) -> None:
    with requests.Session() as session:
        session.headers.update({"Authorization": "Bearer sandbox-token"})
        url = f"{sandbox.url}/v2/integrations/leaves"
        session.post(url, json={**leave, "id": "a"}, timeout=60)
        sandbox.drop_next()
        with pytest.raises(requests.ConnectionError):
            session.post(url, json={**leave, "id": "b"}, timeout=60)
        session.post(url, json={**leave, "id": "c"}, timeout=60)

    assert [held.external_id for held in sandbox.leaves] == ["a", "b", "c"]
