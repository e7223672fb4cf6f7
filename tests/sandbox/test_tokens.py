from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox

Send = Callable[..., requests.Response]

UNAUTHORIZED = {"error": 401, "message": "Unauthorized"}


def ask_for_token(
    sandbox: Sandbox,
    *,
    credentials: tuple[str, str] = ("sandbox-key", "sandbox-secret"),
    grant: str = "client_credentials",
) -> requests.Response:
    return requests.post(f"{sandbox.api_url}/oauth/token?grant_type={grant}", auth=credentials, timeout=60)


def ask_for_me(sandbox: Sandbox, token: str) -> requests.Response:
    return requests.get(f"{sandbox.api_url}/me", headers={"Authorization": f"Bearer {token}"}, timeout=60)


def test_credentials_are_exchanged_for_a_token_as_documented(sandbox: Sandbox) -> None:
    answer = ask_for_token(sandbox)

    assert answer.status_code == 200
    assert list(answer.json()) == ["access_token", "token_type", "expires_in", "refresh_token"]
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 3600


def test_a_minted_token_opens_all_of_cor(sandbox: Sandbox, send: Send, leave: dict[str, Any]) -> None:
    token = ask_for_token(sandbox).json()["access_token"]

    assert ask_for_me(sandbox, token).status_code == 200
    assert send(sandbox, "POST", "leaves", leave, token=token).status_code == 201


def test_a_token_can_be_minted_without_a_request(sandbox: Sandbox) -> None:
    token = sandbox.mint_token()

    assert token != sandbox.token
    assert ask_for_me(sandbox, token).status_code == 200


def test_wrong_credentials_get_no_token(sandbox: Sandbox) -> None:
    answer = ask_for_token(sandbox, credentials=("sandbox-key", "wrong"))

    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)


def test_credentials_are_those_that_the_sandbox_was_given() -> None:
    with Sandbox(api_key="k", client_secret="s") as sandbox:
        assert ask_for_token(sandbox, credentials=("k", "s")).status_code == 200
        assert ask_for_token(sandbox).status_code == 401


@pytest.mark.parametrize("grant", ["", "authorization_code", "x&grant_type=client_credentials"])
def test_the_only_grant_type_is_client_credentials(sandbox: Sandbox, grant: str) -> None:
    answer = ask_for_token(sandbox, grant=grant)

    assert (answer.status_code, answer.json()["error"]) == (400, "ValidationError")


def test_a_minted_token_expires() -> None:
    now = [1_000_000.0]
    with Sandbox(token_lifetime=60, clock=lambda: now[0]) as sandbox:
        token = ask_for_token(sandbox).json()["access_token"]
        now[0] += 59
        assert ask_for_me(sandbox, token).status_code == 200
        now[0] += 1
        assert ask_for_me(sandbox, token).status_code == 401


def test_with_a_lifetime_of_zero_every_minted_token_is_stale() -> None:
    with Sandbox(token_lifetime=0) as sandbox:
        assert ask_for_me(sandbox, ask_for_token(sandbox).json()["access_token"]).status_code == 401


def test_the_fixed_token_does_not_expire() -> None:
    now = [1_000_000.0]
    with Sandbox(token="mine", clock=lambda: now[0]) as sandbox:
        now[0] *= 2
        assert ask_for_me(sandbox, "mine").status_code == 200


def test_revoked_tokens_are_refused_and_new_ones_are_good(sandbox: Sandbox) -> None:
    minted = ask_for_token(sandbox).json()["access_token"]

    sandbox.revoke_tokens()

    assert ask_for_me(sandbox, sandbox.token).status_code == 401
    assert ask_for_me(sandbox, minted).status_code == 401
    assert ask_for_me(sandbox, ask_for_token(sandbox).json()["access_token"]).status_code == 200


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer wrong", "sandbox-token", "Basic eDp5"]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "v2/integrations/leaves"),
        ("PUT", "v2/integrations/leaves/1"),
        ("DELETE", "v2/integrations/leaves/1"),
        ("POST", "v2/integrations/users"),
        ("GET", "v1/me"),
    ],
)
def test_every_endpoint_of_cor_needs_a_token(
    sandbox: Sandbox, method: str, path: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = requests.request(method, f"{sandbox.url}/{path}", headers=headers, json={}, timeout=60)

    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)


def test_me_is_the_documented_example(sandbox: Sandbox) -> None:
    me = ask_for_me(sandbox, "sandbox-token").json()

    assert list(me) == [
        "id",
        "first_name",
        "last_name",
        "email",
        "picture",
        "role_id",
        "user_position_id",
        "daily_hours",
        "remaining_hours",
        "cuil",
        "labels",
    ]
