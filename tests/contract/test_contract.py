"""The file of a contract: what it holds of an answer, and that nothing else can get in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from requests import PreparedRequest, Response
from requests.structures import CaseInsensitiveDict

from cor_provider.contract.contract import Call, CallName, Contract


def answer(status: int, body: Any, **headers: str) -> Response:
    response = Response()
    response.status_code = status
    response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response.headers = CaseInsensitiveDict(headers)
    response.request = PreparedRequest()
    return response


def told(response: Response, name: CallName = "create again") -> dict[str, Any]:
    (call,) = json.loads(Contract(version=1, calls=(Call.of(name, response),)).write())["calls"]
    return dict(call)


MARKERS = ("Marker", "marker", "4711", "0815", "E-7", "2026", "Ana")


@pytest.mark.parametrize(
    "response",
    [
        answer(409, {"message": "Leave 4711 of Ana: Marker", "error": "MarkerError", "code": "MK815"}),
        answer(409, {"Ana": 1, "4711": {"Marker": 2}, "E-7": [{"marker": "Marker"}], "data": {"Ana": "Ana"}}),
        answer(201, {"data": {"id": 4711, "userId": 815, "start": "2026-05-11", "status": "Marker"}}),
        answer(201, {"status": 4711, "statusCode": "4711", "error": "Marker", "success": "Marker", "ok": 4711}),
        answer(200, [{"id": 4711, "name": "Ana", "leaveType": {"name": "Marker", "Ana": None}}] * 47),
        answer(400, b"Marker 4711 MarkerError"),
        answer(502, b"<html><body>Marker 4711</body></html>"),
        answer(400, b"<error><Marker>4711</Marker></error>"),
        answer(
            400, {}, **{"X-Marker": "4711", "Content-Type": "Marker/4711", "Ana": "Ana", "E-7": "", "Server": "Ana"}
        ),
        answer(4711, b""),
    ],
)
@pytest.mark.parametrize("name", ["create", "list", "delete again"])
def test_nothing_of_an_answer_but_its_shape_gets_in(response: Response, name: CallName) -> None:
    text = json.dumps(told(response, name))
    assert [marker for marker in MARKERS if marker in text] == []


def test_it_says_what_was_asked_and_what_came() -> None:
    response = answer(409, {"error": "ZC004"}, **{"Content-Type": "application/json", "X-Mine": "1", "Date": "today"})
    assert told(response) == {
        "call": "create again",
        "method": "POST",
        "path": "/v2/integrations/leaves",
        "status": 409,
        "headers": ["content-type", "date"],
        "other_headers": 1,
        "form": "JSON",
        "body": {
            "type": "object",
            "keys": {"error": {"type": "string", "length": [1, 8], "words": ["ZC004"], "alone": True}},
        },
    }


@pytest.mark.parametrize(
    ("name", "request_line"),
    [
        ("create", ("POST", "/v2/integrations/leaves")),
        ("unknown leave type", ("POST", "/v2/integrations/leaves")),
        ("update of an unknown id", ("PUT", "/v2/integrations/leaves/{id}")),
        ("delete of the refused type", ("DELETE", "/v2/integrations/leaves/{id}")),
        ("list", ("GET", "/user/leaves?usersId={id}")),
    ],
)
def test_a_path_has_no_ids(name: CallName, request_line: tuple[str, str]) -> None:
    call = told(answer(200, {}), name)
    assert (call["method"], call["path"]) == request_line


@pytest.mark.parametrize(
    ("body", "form"), [(b"", "nothing"), (b"null", "JSON"), (b"oops", "text"), (b"<html><body>", "web page")]
)
def test_it_says_what_kind_of_body_it_is(body: bytes, form: str) -> None:
    call = told(answer(500, body))
    assert call["form"] == form
    assert ("body" in call) == (form != "nothing")


def test_what_was_written_can_be_read() -> None:
    contract = Contract(version=1, calls=(Call.of("list", answer(200, [{"id": 1, "deleted_at": None}])),))
    assert Contract.read(contract.write()) == contract


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "all of it"),
        ("[]", "all of it"),
        ('{"version": 2, "calls": []}', "version"),
        ('{"version": 1, "calls": [{"call": "Marker"}]}', "calls.0.call"),
        ('{"version": 1, "calls": [], "Marker": 1}', "Marker"),
    ],
)
def test_a_file_that_is_no_contract_is_refused_by_its_place(text: str, place: str) -> None:
    with pytest.raises(ValueError, match=f"not a contract that prove wrote: {place}: "):
        Contract.read(text)


def test_a_header_that_is_not_on_the_list_cannot_be_put_in() -> None:
    call = told(answer(200, {})) | {"headers": ["x-marker"]}
    with pytest.raises(ValueError, match=r"calls.0.headers"):
        Contract.read(json.dumps({"version": 1, "calls": [call]}))
