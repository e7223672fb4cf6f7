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
NOON = 1705314600  # 2024-01-15T10:30:00Z, the time in COR's examples


@pytest.fixture
def held(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> Sandbox:
    """A sandbox that holds the leave of the documented example."""
    send(sandbox, "POST", "leaves", leave)
    return sandbox


@pytest.fixture
def user() -> dict[str, Any]:
    return {
        "metadata": {"source": "OKTA"},
        "id": "OKTA-USER-12345",
        "email": "john.doe@company.com",
        "first_name": "John",
        "last_name": "Doe",
        "phone": "+1 555-0100",
        "role_id": 4,
    }


# --- creating a leave


def test_the_documented_request_gets_the_documented_answer(send: Send, leave: dict[str, Any]) -> None:
    with Sandbox(clock=lambda: NOON) as sandbox:
        answer = send(sandbox, "POST", "leaves", leave)

    assert answer.status_code == 201
    assert answer.text == (
        '{"statusCode":201,"status":"success","data":{"id":12345,"userId":67890,"leaveTypeId":54321,'
        '"start":"2026-05-11T00:00:00-00:00","end":"2026-05-11T23:59:00-00:00","allDay":true,'
        '"company_id":2336,"created_at":"2024-01-15T10:30:00Z","updated_at":"2024-01-15T10:30:00Z","status":"pending"}}'
    )


def test_a_created_leave_is_held_as_it_was_sent(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    send(sandbox, "POST", "leaves", leave)

    (held,) = sandbox.leaves
    assert (held.source, held.external_id, held.user_id) == ("GLOBANT", "external-id-3", "external-user-id-3")
    assert (held.leave_type_id, held.all_day) == ("external-type-3", True)
    assert (held.start, held.end) == (leave["start"], leave["end"])
    assert held.cor_id == 12345


def test_leaves_are_held_in_the_order_of_their_creation(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], replacement: dict[str, Any]
) -> None:
    for name in ("b", "a", "c"):
        send(sandbox, "POST", "leaves", {**leave, "id": name})
    send(sandbox, "PUT", "leaves/b", replacement)

    assert [held.external_id for held in sandbox.leaves] == ["b", "a", "c"]


def test_overlapping_leaves_are_both_taken(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    assert send(sandbox, "POST", "leaves", leave).status_code == 201
    assert send(sandbox, "POST", "leaves", {**leave, "id": "another"}).status_code == 201


def test_unknown_fields_are_ignored(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    assert send(sandbox, "POST", "leaves", {**leave, "reason": "holiday"}).status_code == 201


@pytest.mark.parametrize(
    "moment",
    [
        "2026-05-11T09:00:00-00:00",
        "2026-05-11T09:00:00Z",
        "2026-05-11T09:00:00.000Z",
        "2026-05-11T09:00:00+05:30",
        "2026-05-11T09:00:00",
    ],
)
def test_any_iso_8601_date_time_is_taken_and_echoed(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], moment: str
) -> None:
    answer = send(sandbox, "POST", "leaves", {**leave, "start": moment, "end": moment, "allDay": False})

    assert answer.status_code == 201
    assert answer.json()["data"]["start"] == moment


# --- what is refused


@pytest.mark.parametrize("field", ["metadata", "id", "userId", "leaveTypeId", "start", "end", "allDay"])
def test_every_field_of_a_leave_is_required(sandbox: Sandbox, send: Send, leave: dict[str, Any], field: str) -> None:
    del leave[field]

    answer = send(sandbox, "POST", "leaves", leave)

    assert answer.status_code == 400
    assert answer.json() == {
        "statusCode": 400,
        "status": "error",
        "error": "ValidationError",
        "message": f"A required field is missing or malformed: {field}",
    }


@pytest.mark.parametrize(
    "malformed",
    [
        {"metadata": {}},
        {"metadata": {"source": ""}},
        {"metadata": "GLOBANT"},
        {"id": 4711},
        {"id": ""},
        {"userId": 4711},
        {"userId": None},
        {"leaveTypeId": 4711},
        {"start": "2026-05-11"},
        {"start": "11/05/2026T00:00:00"},
        {"start": 1778457600},
        {"end": "tomorrowT"},
        {"end": ""},
        {"allDay": "true"},
        {"allDay": 1},
    ],
)
def test_fields_of_a_wrong_type_are_refused(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], malformed: dict[str, Any]
) -> None:
    answer = send(sandbox, "POST", "leaves", {**leave, **malformed})

    assert answer.status_code == 400
    assert answer.json()["error"] == "ValidationError"
    assert sandbox.leaves == ()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(sandbox: Sandbox, body: bytes) -> None:
    answer = requests.post(
        f"{sandbox.url}/v2/integrations/leaves",
        data=body,
        headers={"Authorization": "Bearer sandbox-token", "Content-Type": "application/json"},
        timeout=10,
    )

    assert answer.json()["error"] == "ValidationError"


def test_a_body_of_another_content_type_is_not_read(sandbox: Sandbox, leave: dict[str, Any]) -> None:
    answer = requests.post(
        f"{sandbox.url}/v2/integrations/leaves",
        data=json.dumps(leave),
        headers={"Authorization": "Bearer sandbox-token", "Content-Type": "text/plain"},
        timeout=10,
    )

    assert answer.json()["error"] == "ValidationError"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"metadata": {"source": "WORKDAY"}}, (400, "InvalidSourceError")),
        ({"userId": "nobody"}, (404, "UserNotFoundError")),
        ({"leaveTypeId": "siesta"}, (404, "LeaveTypeNotFoundError")),
        ({"end": "2026-05-10T23:59:00-00:00"}, (422, "InvalidDateRangeError")),
        # the end is the earlier instant, though the later text
        ({"start": "2026-05-11T10:00:00-00:00", "end": "2026-05-11T11:00:00+05:30"}, (422, "InvalidDateRangeError")),
        # known to GLOBANT only
        ({"metadata": {"source": "SAP"}}, (404, "UserNotFoundError")),
    ],
)
def test_a_leave_that_cor_cannot_take_is_refused_by_name(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], change: dict[str, Any], refusal: tuple[int, str]
) -> None:
    answer = send(sandbox, "POST", "leaves", {**leave, **change})

    assert (answer.status_code, answer.json()["error"]) == refusal
    assert answer.json()["statusCode"] == answer.status_code
    assert sandbox.leaves == ()


def test_an_external_id_is_taken_once_per_source(send: Send, leave: dict[str, Any]) -> None:
    people = {"users": [{"id": "external-user-id-3"}], "leave_types": [{"id": "external-type-3"}]}
    with Sandbox(seed=[{"source": "GLOBANT", **people}, {"source": "SAP", **people}]) as sandbox:
        first = send(sandbox, "POST", "leaves", leave)
        again = send(sandbox, "POST", "leaves", {**leave, "end": "2026-05-15T23:59:00-00:00"})
        elsewhere = send(sandbox, "POST", "leaves", {**leave, "metadata": {"source": "SAP"}})

    assert (first.status_code, again.status_code, elsewhere.status_code) == (201, 409, 201)
    assert again.json()["error"] == "DuplicateExternalIdError"
    assert [held.end for held in sandbox.leaves] == [leave["end"], leave["end"]]


@pytest.mark.parametrize("field", ["metadata", "id", "userId", "leaveTypeId", "start", "end", "allDay"])
@pytest.mark.parametrize("value", [["s3cr3t"], {"s3cr3t": "s3cr3t"}, {"source": "s3cr3t"}])
def test_a_refusal_never_repeats_what_was_sent(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], field: str, value: Any
) -> None:
    answer = send(sandbox, "POST", "leaves", {**leave, field: value})

    assert answer.status_code == 400
    assert "s3cr3t" not in answer.text


def test_a_refusal_never_repeats_an_id_or_a_token(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], replacement: dict[str, Any]
) -> None:
    refusals = [
        send(sandbox, "POST", "leaves", {**leave, "userId": "s3cr3t"}),
        send(sandbox, "POST", "leaves", {**leave, "leaveTypeId": "s3cr3t"}),
        send(sandbox, "PUT", "leaves/s3cr3t", replacement),
        send(sandbox, "DELETE", "leaves/s3cr3t", DELETION),
        send(sandbox, "POST", "leaves", leave, token="s3cr3t"),
    ]

    assert [answer.status_code for answer in refusals] == [404, 404, 404, 404, 401]
    assert "s3cr3t" not in "".join(answer.text for answer in refusals)


# --- updating and deleting


def test_an_update_replaces_the_leave_and_keeps_its_id(
    send: Send, leave: dict[str, Any], replacement: dict[str, Any]
) -> None:
    now = [NOON]
    with Sandbox(clock=lambda: now[0]) as sandbox:
        send(sandbox, "POST", "leaves", leave)
        now[0] += 60
        answer = send(sandbox, "PUT", "leaves/external-id-3", replacement)

    assert answer.status_code == 200
    assert answer.text == (
        '{"statusCode":200,"status":"success","data":{"id":12345,"userId":67890,"leaveTypeId":54321,'
        '"start":"2026-05-11T00:00:00-00:00","end":"2026-05-12T23:59:00-00:00","allDay":true,'
        '"company_id":2336,"created_at":"2024-01-15T10:30:00Z","updated_at":"2024-01-15T10:31:00Z","status":"pending"}}'
    )
    assert [held.end for held in sandbox.leaves] == ["2026-05-12T23:59:00-00:00"]


def test_an_update_needs_every_field(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    send(sandbox, "POST", "leaves", leave)

    answer = send(sandbox, "PUT", "leaves/external-id-3", {"metadata": {"source": "GLOBANT"}, "allDay": True})

    assert answer.json()["error"] == "ValidationError"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"metadata": {"source": "WORKDAY"}}, "InvalidSourceError"),
        ({"userId": "nobody"}, "UserNotFoundError"),
        ({"leaveTypeId": "siesta"}, "LeaveTypeNotFoundError"),
        ({"end": "2026-05-10T23:59:00-00:00"}, "InvalidDateRangeError"),
        ({"metadata": {"source": "SAP"}}, "ZC001"),
    ],
)
def test_an_update_that_is_refused_changes_nothing(
    held: Sandbox, send: Send, replacement: dict[str, Any], change: dict[str, Any], name: str
) -> None:
    before = held.leaves

    answer = send(held, "PUT", "leaves/external-id-3", {**replacement, **change})

    assert answer.json()["error"] == name
    assert held.leaves == before


def test_an_update_of_an_unknown_leave_is_zc001(sandbox: Sandbox, send: Send, replacement: dict[str, Any]) -> None:
    answer = send(sandbox, "PUT", "leaves/unheard-of", replacement)

    assert answer.status_code == 404
    assert answer.json()["error"] == "ZC001"


def test_a_deleted_leave_is_gone_and_its_id_is_free(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    send(sandbox, "POST", "leaves", leave)

    answer = send(sandbox, "DELETE", "leaves/external-id-3", DELETION)

    assert answer.status_code == 200
    assert answer.text == (
        '{"statusCode":200,"status":"success",'
        '"data":{"message":"Leave request deleted successfully","deletedId":"external-id-3"}}'
    )
    assert sandbox.leaves == ()
    assert send(sandbox, "POST", "leaves", leave).status_code == 201


@pytest.mark.parametrize(
    ("path", "body", "refusal"),
    [
        ("leaves/unheard-of", DELETION, (404, "LeaveNotFoundError")),
        ("leaves/external-id-3", {**DELETION, "userId": "nobody"}, (404, "UserNotFoundError")),
        ("leaves/external-id-3", {**DELETION, "userId": None}, (400, "ValidationError")),
        ("leaves/external-id-3", {"userId": "external-user-id-3"}, (400, "ValidationError")),
        ("leaves/external-id-3", None, (400, "ValidationError")),
        ("leaves/external-id-3", {**DELETION, "metadata": {"source": "WORKDAY"}}, (400, "InvalidSourceError")),
    ],
)
def test_a_deletion_that_is_refused_deletes_nothing(
    held: Sandbox, send: Send, path: str, body: Any, refusal: tuple[int, str]
) -> None:
    answer = send(held, "DELETE", path, body)

    assert (answer.status_code, answer.json()["error"]) == refusal
    assert len(held.leaves) == 1


@pytest.mark.parametrize(
    ("leave_id", "encoded"),
    [
        ("HR/2026/1", "HR%2F2026%2F1"),
        ("50%", "50%25"),
        ("a b?c#d", "a%20b%3Fc%23d"),
        ("%2F", "%252F"),
        ("días-1", "d%C3%ADas-1"),
    ],
)
def test_an_external_id_is_percent_encoded_in_the_path(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], leave_id: str, encoded: str
) -> None:
    send(sandbox, "POST", "leaves", {**leave, "id": leave_id})

    answer = send(sandbox, "DELETE", f"leaves/{encoded}", DELETION)

    assert answer.json()["data"]["deletedId"] == leave_id
    assert sandbox.requests[-1].path == f"/v2/integrations/leaves/{encoded}"


# --- users


def test_a_created_user_gets_the_documented_answer(send: Send, user: dict[str, Any]) -> None:
    with Sandbox(clock=lambda: NOON, seed=[]) as sandbox:
        answer = send(sandbox, "POST", "users", user)

    assert answer.status_code == 201
    assert answer.text == (
        '{"id":67890,"email":"john.doe@company.com","first_name":"John","last_name":"Doe","phone":"+1 555-0100",'
        '"role_id":4,"daily_hours":8,"company_id":2336,'
        '"created_at":"2024-01-15T10:30:00Z","updated_at":"2024-01-15T10:30:00Z"}'
    )


def test_a_created_user_can_take_leave(
    sandbox: Sandbox, send: Send, user: dict[str, Any], leave: dict[str, Any]
) -> None:
    send(sandbox, "POST", "users", {**user, "metadata": {"source": "GLOBANT"}})

    answer = send(sandbox, "POST", "leaves", {**leave, "userId": "OKTA-USER-12345"})

    assert answer.json()["data"]["userId"] == 67891


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"email": None}, (400, "ValidationError")),
        ({"daily_hours": "8"}, (400, "ValidationError")),
        ({"metadata": {"source": "WORKDAY"}}, (400, "InvalidSourceError")),
        ({"role_id": 7}, (400, "InvalidRoleError")),
        ({"email": "another@company.com"}, (409, "DuplicateExternalIdError")),
        ({"id": "another"}, (409, "DuplicateEmailError")),
    ],
)
def test_a_user_that_cor_cannot_take_is_refused_by_name(
    sandbox: Sandbox, send: Send, user: dict[str, Any], change: dict[str, Any], refusal: tuple[int, str]
) -> None:
    send(sandbox, "POST", "users", user)

    answer = send(sandbox, "POST", "users", {**user, **change})

    assert (answer.status_code, answer.json()["error"]) == refusal


# --- everything else


def test_the_calendar_page_shows_leaves_and_assumptions(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    send(sandbox, "POST", "leaves", leave)

    page = requests.get(sandbox.url, timeout=10)

    assert page.headers["content-type"].startswith("text/html")
    assert "John Doe" in page.text
    assert "not COR" in page.text
    assert ASSUMPTIONS[-1] in page.text


def test_what_the_sandbox_holds_is_listed_as_json(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    send(sandbox, "POST", "leaves", leave)

    (held,) = requests.get(f"{sandbox.url}/sandbox/leaves", timeout=10).json()

    assert (held["external_id"], held["source"], held["cor_id"]) == ("external-id-3", "GLOBANT", 12345)


@pytest.mark.parametrize("path", ["leave", "leaves/", "v1/leaves", "users/1"])
def test_another_path_gets_no_answer_of_cor(sandbox: Sandbox, send: Send, leave: dict[str, Any], path: str) -> None:
    answer = send(sandbox, "POST", path, leave)

    assert answer.status_code in {404, 405}
    assert "Error" not in answer.text


def test_the_root_of_the_main_api_is_separate(sandbox: Sandbox) -> None:
    assert sandbox.api_url == f"{sandbox.url}/v1"
    assert requests.get(sandbox.api_url, timeout=10).status_code == 404


def test_one_connection_serves_many_requests(sandbox: Sandbox, leave: dict[str, Any]) -> None:
    connection = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=10)
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


def test_leave_can_be_removed_behind_the_api(
    sandbox: Sandbox, send: Send, leave: dict[str, Any], deletion: dict[str, Any]
) -> None:
    send(sandbox, "POST", "leaves", leave)
    send(sandbox, "POST", "leaves", {**leave, "id": "L2"})
    sandbox.store.remove_leave("GLOBANT", "L2")
    assert [one.external_id for one in sandbox.leaves] == [leave["id"]]
    assert send(sandbox, "DELETE", "leaves/L2", deletion).status_code == 404
    sandbox.store.clear_leaves()
    assert sandbox.leaves == ()
