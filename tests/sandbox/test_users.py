"""Users in the sandbox: as COR documents them, and what its page shows of them."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox

CHANGE = {"metadata": {"source": "OKTA"}}


def test_an_update_changes_only_what_is_given(sandbox: Sandbox, send: Any, user: dict[str, Any]) -> None:
    created = send(sandbox, "POST", "users", user).json()
    answer = send(sandbox, "PUT", f"users/{user['id']}", {**CHANGE, "role_id": 2, "phone": None})
    assert answer.status_code == 200
    assert answer.json() == {**created, "role_id": 2, "updated_at": answer.json()["updated_at"]}


def test_an_update_of_nothing_shows_the_user(sandbox: Sandbox, send: Any, user: dict[str, Any]) -> None:
    created = send(sandbox, "POST", "users", user).json()
    assert send(sandbox, "PUT", f"users/{user['id']}", CHANGE).json()["id"] == created["id"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"email": "JOHN.DOE@Company.com"}, "DuplicateEmailError"),
        ({"email": "JOHN.DOE@Company.com", "metadata": {"source": "SAP"}}, "DuplicateEmailError"),
        ({"id": "OKTA-USER-12345"}, "DuplicateExternalIdError"),
        ({"role_id": 7}, "InvalidRoleError"),
        ({"user_position_id": "P-1"}, "ZC002"),
        ({"seniority_id": "S-1"}, "ZC002"),
        ({"last_name": ""}, "ValidationError"),
    ],
)
def test_what_cor_has_or_does_not_know_is_refused(
    fields: dict[str, Any], error: str, sandbox: Sandbox, send: Any, user: dict[str, Any]
) -> None:
    send(sandbox, "POST", "users", user)
    another = {**user, "id": "OKTA-2", "email": "jane@company.com", **fields}
    assert send(sandbox, "POST", "users", another).json()["error"] == error
    assert len(sandbox.mails) == 1


def test_the_address_may_be_checked_first(sandbox: Sandbox, send: Any, user: dict[str, Any]) -> None:
    send(sandbox, "POST", "users", user)
    assert send(sandbox, "POST", "users", user).json()["error"] == "DuplicateExternalIdError"
    sandbox.store.checks_email_first = True
    assert send(sandbox, "POST", "users", user).json()["error"] == "DuplicateEmailError"


def test_an_update_of_an_unknown_user_is_refused(sandbox: Sandbox, send: Any) -> None:
    answer = send(sandbox, "PUT", "users/nobody", CHANGE)
    assert (answer.status_code, answer.json()["error"]) == (404, "ZC001")


def test_a_deleted_user_is_gone_with_its_leave_and_the_address_stays_taken(
    sandbox: Sandbox, send: Any, user: dict[str, Any], leave: dict[str, Any]
) -> None:
    metadata = leave["metadata"]
    created = send(sandbox, "POST", "users", {**user, "metadata": metadata}).json()
    send(sandbox, "POST", "leaves", {**leave, "userId": user["id"]})
    answer = send(sandbox, "DELETE", f"users/{user['id']}", {"metadata": metadata})
    assert (answer.status_code, answer.json()) == (
        200,
        {"message": "User deleted successfully", "external_id": user["id"], "cor_id": created["id"]},
    )
    assert sandbox.leaves == ()
    assert send(sandbox, "DELETE", f"users/{user['id']}", {"metadata": metadata}).json()["error"] == "ZC001"
    again = send(sandbox, "POST", "users", {**user, "metadata": metadata, "id": "OKTA-2"})
    assert again.json()["error"] == "DuplicateEmailError"


def test_positions_and_seniorities_come_from_the_seed(send: Any, user: dict[str, Any]) -> None:
    seed = {"source": "OKTA", "positions": [{"id": "P-1"}], "seniorities": [{"id": "S-1"}]}
    with Sandbox(seed=seed) as sandbox:
        answer = send(sandbox, "POST", "users", {**user, "user_position_id": "P-1", "seniority_id": "S-1"})
    assert answer.status_code == 201


def test_an_empty_sandbox_takes_leave_once_its_user_is_created(
    send: Any, user: dict[str, Any], leave: dict[str, Any]
) -> None:
    with Sandbox(empty=True) as sandbox:
        assert send(sandbox, "POST", "leaves", leave).json()["error"] == "UserNotFoundError"
        assert sandbox.users == ()
        send(sandbox, "POST", "users", {**user, "metadata": leave["metadata"], "id": leave["userId"]})
        assert send(sandbox, "POST", "leaves", leave).status_code == 201


def test_the_page_shows_users_and_the_mails_that_none_of_them_got(
    sandbox: Sandbox, send: Any, user: dict[str, Any]
) -> None:
    assert "Mails that COR would have sent" not in requests.get(sandbox.url, timeout=60).text
    send(sandbox, "POST", "users", {**user, "first_name": "<b>John"})
    page = requests.get(sandbox.url, timeout=60).text
    assert [text in page for text in ("Mails that COR would have sent", "&lt;b&gt;John Doe", "Collaborator")] == [
        True
    ] * 3
    assert page.count("john.doe@company.com") == 2
    (mail,) = sandbox.mails
    assert (mail.email, mail.name) == ("john.doe@company.com", "<b>John Doe")


def test_of_very_many_users_the_page_lists_the_newest(sandbox: Sandbox) -> None:
    for number in range(600):
        sandbox.store.create_user(
            source="SAP", external_id=f"E-{number}", email=f"{number}@a.b", first_name="N", last_name=f"{number}"
        )
    page = requests.get(sandbox.url, timeout=60).text
    assert "601 who may have leave here, the newest of them" in page
    assert [f"<code>E-{number}</code>" in page for number in (99, 100, 599)] == [False, True, True]


def test_users_of_the_seed_get_no_mail(sandbox: Sandbox) -> None:
    assert sandbox.mails == ()
    assert [one.name for one in sandbox.users] == ["John Doe"]
