"""What the sandbox holds: the leave that it was sent, once per external id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox

Send = Callable[..., requests.Response]


DELETION = {"metadata": {"source": "GLOBANT"}, "userId": "external-user-id-3"}


NOON = 1705314600  # 2024-01-15T10:30:00Z, the time in COR's examples


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


def test_an_external_id_is_taken_once_per_source(send: Send, leave: dict[str, Any]) -> None:
    people = {"users": [{"id": "external-user-id-3"}], "leave_types": [{"id": "external-type-3"}]}
    with Sandbox(seed=[{"source": "GLOBANT", **people}, {"source": "SAP", **people}]) as sandbox:
        first = send(sandbox, "POST", "leaves", leave)
        again = send(sandbox, "POST", "leaves", {**leave, "end": "2026-05-15T23:59:00-00:00"})
        elsewhere = send(sandbox, "POST", "leaves", {**leave, "metadata": {"source": "SAP"}})

    assert (first.status_code, again.status_code, elsewhere.status_code) == (201, 409, 201)
    assert again.json()["error"] == "DuplicateExternalIdError"
    assert [held.end for held in sandbox.leaves] == [leave["end"], leave["end"]]


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


def test_a_created_user_can_take_leave(
    sandbox: Sandbox, send: Send, user: dict[str, Any], leave: dict[str, Any]
) -> None:
    send(sandbox, "POST", "users", {**user, "metadata": {"source": "GLOBANT"}})

    answer = send(sandbox, "POST", "leaves", {**leave, "userId": "OKTA-USER-12345"})

    assert answer.json()["data"]["userId"] == 67891


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
