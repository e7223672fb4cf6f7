"""The file of a contract: what it holds of an answer, and that nothing else can get in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests import PreparedRequest, Response
from requests.structures import CaseInsensitiveDict

from cor_provider.contract.contract import Call, CallName, Contract
from cor_provider.contract.shape import Shape
from cor_provider.contract.words import ERROR_NAMES, HEADERS, KEYS, STATUS_WORDS, STATUSES


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
        answer(200, {"data": {"ana@Marker.example": {"id": 4711}, "E-7": [4711, "Ana"], "0815": None}}),
        answer(200, {"errors": [[["Marker", {"Ana": {"4711": [{"E-7": "2026-05-11"}]}}]]]}),
        answer(200, [[{"data": [[4711, 0.4711, -4711, 4711e300]]}]]),
        answer(200, b"[" + b"4711" * 4711 + b"]"),
        answer(200, {"Marker" * 20_000: 1, "status" * 4711: "Ana", "STATUS": "Marker", "id\u0000Ana": "E-7"}),
        answer(404, {"message": ["LeaveNotFoundError of Ana", "Marker"], "code": ["MK0815", 4711]}),
        answer(404, {"status": "success Ana", "code": "ZC001 E-7", "error": {"name": "AnaError", "status": "4711"}}),
        answer(200, {"status": ["Marker"], "success": {"Ana": "Ana"}, "ok": "E-7", "start": "2026-05-11 Ana"}),
        answer(200, b'{"id": 4711, "id": 815, "Ana": "Marker"', **{"Content-Type": "application/json"}),
        answer(200, {}, **{"X-User-Ana": "1", "X-4711": "2", "Set-Cookie": "Marker=4711", "Location": "/E-7"}),
    ],
)
@pytest.mark.parametrize("name", ["create", "list", "delete again"])
def test_nothing_of_an_answer_but_its_shape_gets_in(response: Response, name: CallName) -> None:
    text = json.dumps(told(response, name))
    assert [marker for marker in MARKERS if marker in text] == []


TEXTS = st.text() | st.sampled_from(sorted(KEYS | ERROR_NAMES | STATUS_WORDS | HEADERS))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,20}", fullmatch=True) | st.sampled_from(sorted(HEADERS))
OF_THE_FILE = {*Call.model_fields, *Shape.model_fields, *get_args(CallName), "JSON", "text", "web page", "nothing"} | {
    *("POST", "PUT", "GET", "DELETE", "/v2/integrations/leaves", "/v2/integrations/leaves/{id}"),
    *("/user/leaves?usersId={id}", "object", "array", "string", "integer", "number", "boolean", "null", "deeper"),
}


@given(
    name=st.sampled_from(get_args(CallName)),
    status=st.integers(200, 599),
    body=JSON | st.binary(),
    headers=st.dictionaries(NAMES, NAMES, max_size=5),
)
def test_whatever_comes_only_words_of_the_lists_get_into_the_file(
    name: CallName, status: int, body: Any, headers: dict[str, str]
) -> None:
    for one in parts(told(answer(status, body, **headers), name)):
        if isinstance(one, str):
            assert one in OF_THE_FILE | KEYS | ERROR_NAMES | STATUS_WORDS | HEADERS or re.fullmatch(
                r"0000-00-00[T 0:.Z+-]*", one
            )
        elif one is not None and not isinstance(one, bool):
            assert one in STATUSES | {status} or one < 10 or one.bit_count() == 1 or (one - 1).bit_count() == 1


def parts(value: Any) -> Iterator[Any]:
    """Yield every key and every value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from parts(inner)
    else:
        yield value


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
