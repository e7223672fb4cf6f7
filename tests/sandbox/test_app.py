"""The endpoints: what COR documents, and what the sandbox assumes where it does not."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox
from cor_provider.sandbox.assumptions import ASSUMPTIONS

Send = Callable[..., requests.Response]

DELETION = {"metadata": {"source": "GLOBANT"}, "userId": "external-user-id-3"}


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("text/plain", 400),
        ("application/jsonp", 400),
        ("application/json; charset=utf-8", 201),
        ("Application/JSON", 201),
    ],
)
def test_only_a_body_that_is_said_to_be_json_is_read(
    sandbox: Sandbox, leave: dict[str, Any], content_type: str, status: int
) -> None:
    answer = requests.post(
        f"{sandbox.url}/v2/integrations/leaves",
        data=json.dumps(leave),
        headers={"Authorization": "Bearer sandbox-token", "Content-Type": content_type},
        timeout=60,
    )

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("leave_id", "encoded"),
    [
        ("HR/2026/1", "HR%2F2026%2F1"),
        ("50%", "50%25"),
        ("a b?c#d", "a%20b%3Fc%23d"),
        ("%2F", "%252F"),
        ("días-1", "d%C3%ADas-1"),
        ("two\nlines\n", "two%0Alines%0A"),
    ],
)
def test_an_external_id_is_percent_encoded_in_the_path(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], leave_id: str, encoded: str
) -> None:
    send(sandbox, "POST", "leaves", {**leave, "id": leave_id})

    answer = send(sandbox, "DELETE", f"leaves/{encoded}", DELETION)

    assert answer.json()["data"]["deletedId"] == leave_id
    assert sandbox.requests[-1].path == f"/v2/integrations/leaves/{encoded}"


def test_a_line_break_at_the_end_makes_another_external_id(held: Sandbox, send: Send) -> None:
    answer = send(held, "DELETE", "leaves/external-id-3%0A", DELETION)

    assert answer.json()["error"] == "LeaveNotFoundError"
    assert len(held.leaves) == 1


def test_a_path_names_all_of_its_methods_when_it_refuses_another(sandbox: Sandbox, send: Send) -> None:
    answer = send(sandbox, "PATCH", "leaves/external-id-3")

    assert answer.status_code == 405
    assert {method.strip() for method in answer.headers["Allow"].split(",")} == {"PUT", "DELETE"}


def test_the_calendar_page_shows_leaves_and_assumptions(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    send(sandbox, "POST", "leaves", leave)

    page = requests.get(sandbox.url, timeout=60)

    assert page.headers["content-type"].startswith("text/html")
    assert "John Doe" in page.text
    assert "not COR" in page.text
    assert ASSUMPTIONS[-1] in page.text


def test_what_the_sandbox_holds_is_listed_as_json(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    send(sandbox, "POST", "leaves", leave)

    (held,) = requests.get(f"{sandbox.url}/sandbox/leaves", timeout=60).json()

    assert (held["external_id"], held["source"], held["cor_id"]) == ("external-id-3", "GLOBANT", 12345)


@pytest.mark.parametrize("path", ["leave", "leaves/", "v1/leaves", "users/1"])
def test_another_path_gets_no_answer_of_cor(sandbox: Sandbox, send: Send, leave: dict[str, Any], path: str) -> None:
    answer = send(sandbox, "POST", path, leave)

    assert answer.status_code in {404, 405}
    assert "Error" not in answer.text


def test_the_root_of_the_main_api_is_separate(sandbox: Sandbox) -> None:
    assert sandbox.api_url == f"{sandbox.url}/v1"
    assert requests.get(sandbox.api_url, timeout=60).status_code == 404


def test_one_connection_serves_many_requests(sandbox: Sandbox, leave: dict[str, Any]) -> None:
    connection = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=60)
    headers = {"Authorization": "Bearer sandbox-token", "Content-Type": "application/json"}
    for number in range(3):
        connection.request("POST", "/v2/integrations/leaves", json.dumps({**leave, "id": f"l{number}"}), headers)
        answer = connection.getresponse()
        answer.read()
        assert not answer.will_close
    connection.close()
    assert len(sandbox.leaves) == 3


def test_cleared_requests_are_forgotten(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    send(sandbox, "POST", "leaves", leave)
    sandbox.clear_requests()
    assert sandbox.requests == ()


def test_the_main_api_says_what_time_it_is(sandbox: Sandbox) -> None:
    answer = requests.get(f"{sandbox.api_url}/me", timeout=60)

    assert answer.headers["Date"].endswith("GMT")


OWN_PAGES = ("/", "/sandbox/leaves", "/sandbox/openapi.json")
ENDPOINTS = ("/v1/user/leaves?usersId=67891", "/v1/me")


@pytest.mark.parametrize("path", [*OWN_PAGES, *ENDPOINTS])
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:8765", "localhost.evil.example", "localhost:1@evil.example", ""]
)
def test_a_foreign_site_whose_name_leads_to_this_machine_reads_nothing(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], path: str, host: str
) -> None:
    send(sandbox, "POST", "leaves", leave)
    headers = {"Host": host, "Authorization": "Bearer sandbox-token"}  # everybody knows it

    answer = requests.get(f"{sandbox.url}{path}", headers=headers, timeout=60)

    assert answer.status_code == 403
    assert answer.json() == {"detail": "The sandbox answers to the host names of this machine only, such as localhost."}


def test_nor_does_it_write(sandbox: Sandbox, leave: dict[str, Any]) -> None:
    headers = {"Host": "evil.example", "Authorization": "Bearer sandbox-token"}
    answer = requests.post(f"{sandbox.url}/v2/integrations/leaves", json=leave, headers=headers, timeout=60)

    assert answer.status_code == 403
    assert (sandbox.leaves, sandbox.requests) == ((), ())


@pytest.mark.parametrize("path", [*OWN_PAGES, *ENDPOINTS])
@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9000", "localhost.:80", "127.0.0.1:1", "[::1]", "[::1]:8765"])
def test_another_name_of_this_machine_may_read(sandbox: Sandbox, path: str, host: str) -> None:
    headers = {"Host": host, "Authorization": "Bearer sandbox-token"}

    assert requests.get(f"{sandbox.url}{path}", headers=headers, timeout=60).status_code != 403
