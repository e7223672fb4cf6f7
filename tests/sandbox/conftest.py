from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox
from support import DOCUMENTED_BODY

Send = Callable[..., requests.Response]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def send() -> Send:
    """`send(sandbox, "POST", "leaves", body)` sends a request to the integrations API; `token` is the fixed one."""

    def send(
        sandbox: Sandbox, method: str, path: str, body: Any = None, *, token: str | None = None
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {sandbox.token if token is None else token}"}
        url = f"{sandbox.url}/v2/integrations/{path}"
        return requests.request(method, url, json=body, headers=headers, timeout=60)

    return send


@pytest.fixture
def leave() -> dict[str, Any]:
    """COR's documented example of a request to create a leave."""
    return deepcopy(DOCUMENTED_BODY)


@pytest.fixture
def replacement(leave: dict[str, Any]) -> dict[str, Any]:
    """The body of a PUT that makes the leave one day longer."""
    return {**{key: value for key, value in leave.items() if key != "id"}, "end": "2026-05-12T23:59:00-00:00"}


@pytest.fixture
def deletion() -> dict[str, Any]:
    return {"metadata": {"source": "GLOBANT"}, "userId": "external-user-id-3"}


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
