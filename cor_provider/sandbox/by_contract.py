"""
Answers in the shapes of a contract, which ``prove`` writes of a COR.

What a shape leaves open is as in the sandbox's own answer: ids, dates, which leave there is. Texts are made up.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from email.utils import formatdate
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from cor_provider.contract.contract import Call, Contract
from cor_provider.contract.shape import Shape, length_range
from cor_provider.sandbox.errors import Refusal

SUCCESSES = {"POST": "create", "PUT": "update", "DELETE": "delete", "GET": "list"}
REFUSALS = {
    ("POST", "DuplicateExternalIdError"): "create again",
    ("POST", "InvalidDateRangeError"): "end before start",
    ("POST", "LeaveTypeNotFoundError"): "unknown leave type",
    ("PUT", "ZC001"): "update of an unknown id",
    ("DELETE", "LeaveNotFoundError"): "delete again",
}
"""The call of a contract that shows how COR refuses a request, by its method and the error."""

LIKE_A_LEAVE_TYPE = {"UserNotFoundError", "LeaveTypeNotFoundError"}
"""What is refused as an unknown leave type is, with its own name instead, where no call of a contract shows it."""

KEPT = {"deletedId", "external_id"}
"""Fields that repeat the request, of whatever length. The sandbox's own ids are kept too."""

NOT_MADE_UP = {
    *("connection", "content-encoding", "content-length", "content-type", "keep-alive", "location", "retry-after"),
    *("set-cookie", "transfer-encoding", "www-authenticate"),
}
"""Headers that mean something to a client. Others of a contract are sent, with a value that means nothing."""

WITHOUT_BODY = {204, 304}


class ByContract:
    """The answers of a contract."""

    def __init__(self, contract: Contract) -> None:
        self._calls: dict[str, Call] = {call.call: call for call in contract.calls}

    def answer(self, request: Request, own: Response) -> Response:
        """Return the answer to a request that is carried out; ``own`` is the sandbox's."""
        call = self.success(request.method, request.url.path)
        return own if call is None else _response(call, json.loads(bytes(own.body)))

    def refuse(self, request: Request, refusal: Refusal) -> Response | None:
        """Return the answer to a request that is refused; None if the contract does not show it."""
        call = self.refusal(request.method, request.url.path, refusal.name)
        return None if call is None else _response(call, {})

    def success(self, method: str, path: str) -> Call | None:
        """Return the call that shows how a request is answered; None if the contract has none."""
        return self._calls.get(SUCCESSES[method]) if is_about_leave(path) else None

    def refusal(self, method: str, path: str, name: str) -> Call | None:
        """Return the call that shows how a request is refused with an error; None if the contract has none."""
        if not is_about_leave(path):
            return None
        if call := self._calls.get(REFUSALS.get((method, name), "")):
            return call
        call = self._calls.get("unknown leave type")
        if call is None or call.body is None or name not in LIKE_A_LEAVE_TYPE:
            return None
        return call.model_copy(update={"body": _renamed(call.body, name)})


def read_contract(path: str | os.PathLike[str]) -> Contract:
    """
    Read the file of a contract.

    :raises ValueError: if it cannot be read, is none, or has no call.
    """
    try:
        contract = Contract.read(Path(path).read_bytes())
    except OSError as error:
        raise ValueError(f"contract: {path}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"contract: {path}: {error}") from None
    if not contract.calls:
        raise ValueError(f"contract: {path}: has no answer of COR. Run prove again")
    return contract


def is_about_leave(path: str) -> bool:
    """Return whether a request is one of those that a contract is about."""
    return path.startswith("/v2/integrations/leaves") or path == "/v1/user/leaves"


def _renamed(shape: Shape, name: str) -> Shape:
    words = tuple(name if word == "LeaveTypeNotFoundError" else word for word in shape.words)
    keys = {key: _renamed(inner, name) for key, inner in shape.keys.items()}
    items = shape.items and _renamed(shape.items, name)
    return shape.model_copy(update={"words": words, "keys": keys, "items": items})


def media_type_of(call: Call) -> str | None:
    """Return the media type of a call's answer; None if it has no body, or does not say."""
    if call.body is None or call.status in WITHOUT_BODY or "content-type" not in call.headers:
        return None
    return {"JSON": "application/json", "web page": "text/html"}.get(call.form, "text/plain")


def made_up_headers(call: Call) -> set[str]:
    """Return the names of the headers that have a value which means nothing."""
    return set(call.headers) - NOT_MADE_UP


def _response(call: Call, own: Any) -> Response:
    response = _body(call, own)
    for header in made_up_headers(call) - {*response.headers}:
        response.headers[header] = formatdate(usegmt=True) if header == "date" else "x"
    if "content-type" not in call.headers and "content-type" in response.headers:
        del response.headers["content-type"]
    for number in range(call.other_headers):
        response.headers[f"X-Sandbox-Other-{number}"] = "x"
    return response


def _body(call: Call, own: Any) -> Response:
    if call.body is None or call.status in WITHOUT_BODY:
        return Response(status_code=call.status)
    if call.form == "JSON":
        return JSONResponse(filled(call.body, own), call.status)
    if call.form == "web page":
        before, after = "<html><body>", "</body></html>"
        return HTMLResponse(before + _text(call.body, less=len(before + after)) + after, call.status)
    return PlainTextResponse(_text(call.body), call.status)


def filled(shape: Shape, own: Any, key: str = "") -> Any:
    """
    Return a value of this shape.

    :param own: what the sandbox would answer here: a value, or the object that has it under some key.
    """
    if shape.value is not None:
        return shape.value
    if shape.type == "object":
        fields = _fields(own)
        known = {name: filled(inner, _find(fields, name), name) for name, inner in shape.keys.items()}
        fewest, _ = shape.other_keys or (0, 0)
        return {**known, **{f"other {number}": None for number in range(fewest)}}
    if shape.type == "array":
        return _array(shape, own)
    return _scalar(shape, None if isinstance(own, (dict, list)) else own, key)


def _array(shape: Shape, own: Any) -> list[Any]:
    rows = own if isinstance(own, list) else [own] * (shape.length or (0, 0))[0]
    return [row if shape.items is None else filled(shape.items, row) for row in rows]


def _scalar(shape: Shape, own: Any, key: str) -> Any:
    if shape.type == "string":
        return _string(shape, own, key)
    if shape.type == "integer":
        return int(own) if isinstance(own, int) or (isinstance(own, str) and re.fullmatch("[0-9]+", own)) else 1
    made_up = {"boolean": own if isinstance(own, bool) else False, "number": 0.5}
    return made_up.get(shape.type)


def _string(shape: Shape, own: Any, key: str) -> str:
    text = "" if own is None or isinstance(own, bool) else str(own)
    if shape.date:
        digits = iter(re.sub("[^0-9]", "", text[:19]) or "20260511")
        return re.sub("0", lambda _: next(digits, "0"), shape.date)
    if text and not shape.words and (key in KEPT or text.isdecimal() or length_range(len(text)) == shape.length):
        return text
    return _text(shape)


def _text(shape: Shape, *, less: int = 0) -> str:
    """Return a text of the shape, shorter by so many characters."""
    if shape.alone:
        return shape.words[0]
    text = " ".join([*shape.words, *(["required field"] if shape.about_fields else [])])
    missing = (shape.length or (0, 0))[0] - less - len(text)
    if missing > 0 and text:
        return f"{text}." + "x" * (missing - 1)
    return text + "x" * missing


def _fields(own: Any) -> Mapping[str, Any]:
    """Return the sandbox's own fields, those inside its envelope too."""
    if isinstance(own, list):
        return {"data": own, "total": len(own)}
    if not isinstance(own, dict):
        return {}
    inner = own.get("data")
    return {**own, **inner} if isinstance(inner, dict) else own


def _find(fields: Mapping[str, Any], key: str) -> Any:
    """Return the field of this name, in either spelling; all of them for one that the sandbox does not have."""
    for name, value in fields.items():
        if name.replace("_", "").lower() == key.replace("_", "").lower():
            return value
    return fields
