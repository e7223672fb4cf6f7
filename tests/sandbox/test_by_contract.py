"""A sandbox with a contract answers in the shapes of the COR that the contract is of."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import requests

from cor_provider.contract.contract import Call, Contract
from cor_provider.contract.shape import shape_of
from cor_provider.sandbox import Sandbox
from cor_provider.sandbox.by_contract import filled, read_contract
from prove_support import recorded
from support import Connect

from .conftest import UNLIKE_THE_SANDBOX, Send, connected


def test_it_answers_a_trial_as_that_cor_did(connect: Connect, file: Path, tmp_path: Path) -> None:
    with connected(connect) as sandbox:
        for status, body, headers in UNLIKE_THE_SANDBOX:
            sandbox.answer_next(status, body, headers=headers, commit=True)
        first, _ = recorded()
    with connected(connect, contract=file):
        second, contract = recorded()
    assert contract == read_contract(file)
    assert second == first


def test_it_answers_with_its_own_ids_and_dates(send: Send, leave: dict[str, Any], file: Path) -> None:
    with Sandbox(contract=file) as sandbox:
        created = send(sandbox, "POST", "leaves", leave)
        send(sandbox, "POST", "leaves", {**leave, "id": "another"})
        headers = {"Authorization": f"Bearer {sandbox.token}"}
        url = f"{sandbox.api_url}/user/leaves?usersId=67890"
        listed = requests.get(url, headers=headers, timeout=60).json()
        held = [one.external_id for one in sandbox.leaves]
    assert created.status_code == 200
    assert (created.json()["id"], created.json()["userId"]) == ("12345", "67890")
    assert {"x-powered-by", "etag"} <= {*created.headers}
    assert [(row["id"], row["start"]) for row in listed["data"]] == [
        (12346, "2026-05-11T00:00:00.000Z"),
        (12345, "2026-05-11T00:00:00.000Z"),
    ]
    assert listed["total"] == "2"
    assert held == ["external-id-3", "another"]


def test_an_id_is_its_own_however_long_it_is(send: Send, leave: dict[str, Any], file: Path) -> None:
    with Sandbox(contract=file, first_leave_id=261127175047000) as sandbox:
        assert send(sandbox, "POST", "leaves", leave).json()["id"] == "261127175047000"


def test_an_unknown_user_is_refused_as_an_unknown_leave_type_is(send: Send, leave: dict[str, Any], file: Path) -> None:
    with Sandbox(contract=file) as sandbox:
        answer = send(sandbox, "POST", "leaves", {**leave, "userId": "nobody"})
    assert answer.status_code == 422
    assert "UserNotFoundError" in answer.text
    assert "LeaveTypeNotFoundError" not in answer.text


def test_what_the_contract_does_not_show_is_answered_in_the_error_style(
    send: Send, leave: dict[str, Any], file: Path
) -> None:
    with Sandbox(contract=file, error_style="error-name") as sandbox:
        invalid = send(sandbox, "POST", "leaves", {**leave, "allDay": None})
        unknown_token = send(sandbox, "POST", "leaves", leave, token="wrong")
        user = send(sandbox, "POST", "users", {"metadata": {"source": "SAP"}})
    assert invalid.json()["error"] == user.json()["error"] == "ValidationError"
    assert unknown_token.json()["error"] == "Unauthorized"


def test_a_contract_without_a_call_leaves_it_to_the_sandbox(send: Send, leave: dict[str, Any], tmp_path: Path) -> None:
    delete = Call(
        call="delete", method="DELETE", path="/v2/integrations/leaves/{id}", status=204, headers=(), form="nothing"
    )
    (tmp_path / "short.json").write_text(Contract(version=1, calls=(delete,)).write())
    with Sandbox(contract=tmp_path / "short.json") as sandbox:
        assert send(sandbox, "POST", "leaves", leave).json()["data"]["id"] == 12345


@pytest.mark.parametrize(
    "value",
    [
        {"statusCode": 201, "status": "success", "data": {"id": 5, "start": "2026-05-11", "status": "pending"}},
        {"error": "ZC001", "message": "Required validation failed. ZC001", "Ana": 1, "Bo": [2]},
        ["", "DuplicateExternalIdError", 1.5, None],
        {"data": [[{"id": "7"}]], "ok": False, "success": True},
        "LeaveNotFoundError: " + "x" * 300,
        True,
        None,
        [],
    ],
)
def test_a_value_that_is_made_up_has_the_shape(value: Any) -> None:
    assert shape_of(filled(shape_of(value), {})) == shape_of(value)


@pytest.mark.parametrize(
    ("text", "complaint"), [(None, "No such file or directory"), ("{}", "not a contract that prove wrote: version: ")]
)
def test_a_file_that_is_no_contract_is_an_error(tmp_path: Path, text: str | None, complaint: str) -> None:
    path = tmp_path / "cor-contract.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=re.escape(f"contract: {path}: {complaint}")):
        Sandbox(contract=path)


def test_no_text_of_that_cor_is_repeated(file: Path) -> None:
    text = json.dumps(json.loads(file.read_text()))
    assert [one for one in ("Ana", "Vac", "prove-1", "12345", "2016", "abc", "X-Ours", "Done") if one in text] == []
