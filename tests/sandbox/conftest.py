from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import requests

from cor_provider.sandbox import Sandbox
from prove_support import recorded
from support import DOCUMENTED_BODY, SEED, Connect

Send = Callable[..., requests.Response]

LEAVE = {"id": "12345", "userId": "67891", "leaveTypeId": "54322", "state": "new", "Ana": 1, "ok": True}
ROW = {"id": 12345, "user_id": 67891, "start": "2016-05-09T03:00:00.000Z", "end": "2016-05-11T02:59:00.000Z"}
GONE = {"status": 404, "name": "CORCustomError", "code": "ZC001", "message": "The entity is not associated"}
UNLIKE_THE_SANDBOX: list[tuple[int, Any, dict[str, str]]] = [
    (200, LEAVE, {"X-Powered-By": "Express", "ETag": "abc"}),
    (400, {"statusCode": 400, "message": ["ZC004", "used"], "stack": None}, {"X-Ours": "1"}),
    (417, [{"field": "end", "validation": "after", "message": "InvalidDateRangeError"}], {}),
    (422, {"errors": {"leaveTypeId": ["LeaveTypeNotFoundError for this company"]}, "message": "no"}, {}),
    (200, {"data": {**LEAVE, "updatedAt": "2024-10-21 14:19:01"}, "errors": []}, {}),
    (404, GONE, {}),
    (200, {"data": [{**ROW, "deleted_at": None, "leaveType": {"id": 1, "name": "Vac"}}], "total": "1"}, {}),
    (200, {"message": "Done", "external_id": "prove-1", "cor_id": 1.5}, {}),
    *[(404, GONE, {})] * 4,
]
"""Answers to a trial as no sandbox gives them, in documented and in likely forms."""


@contextmanager
def connected(connect: Connect, **options: Any) -> Iterator[Sandbox]:
    with Sandbox(seed=SEED, **options) as sandbox:
        connect(host=sandbox.url, extra={"api_url": sandbox.api_url})
        yield sandbox


@pytest.fixture
def file(connect: Connect, tmp_path: Path) -> Path:
    """The contract of a COR unlike the sandbox."""
    with connected(connect) as sandbox:
        for status, body, headers in UNLIKE_THE_SANDBOX:
            sandbox.answer_next(status, body, headers=headers, commit=True)
        _, contract = recorded()
    path = tmp_path / "cor-contract.json"
    path.write_text(contract.write())
    return path


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
