"""What the sandbox speaks, as an OpenAPI document in which each part is marked: see ``cor_provider.sandbox.marks``."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

import cor_provider
from cor_provider.contract.contract import Call, Contract
from cor_provider.sandbox.assumptions import ASSUMPTIONS, DISCLAIMER
from cor_provider.sandbox.by_contract import REFUSALS, ByContract, made_up_headers, media_type_of
from cor_provider.sandbox.error_styles import DEFAULT_ERROR_STYLE, render
from cor_provider.sandbox.errors import Refusal, http_refusal
from cor_provider.sandbox.faults import SERVER_ERRORS
from cor_provider.sandbox.marks import Marks, assumed, details, documented, recorded
from cor_provider.sandbox.operations import DOCS, MAIN_API, OPERATIONS, QUICKSTART, Operation, Parameter
from cor_provider.sandbox.shapes import Schema, schema_of_examples, schema_of_shape

_JSON = "application/json"
_STATUS_ASSUMPTIONS = {400: "HTTP 400:", 404: "HTTP 404:", 409: "HTTP 409:", 422: "HTTP 422:"}
_NO_CONTRACT = ByContract(Contract(version=1, calls=()))
_ERROR_BODY = ("The JSON of leave errors", "An error style without a field", "`code` is COR's code")


def describe(error_style: str = DEFAULT_ERROR_STYLE, by_contract: ByContract | None = None) -> dict[str, Any]:
    """
    Return the OpenAPI document of COR's operations in the sandbox; its own page and forms are not among them.

    :param error_style: the form of the errors in it.
    :param by_contract: the answers of a contract, which replace those that the sandbox has for the same.
    """
    paths: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for operation in OPERATIONS:
        path = operation.path.replace(":external_id}", "}")
        paths[path][operation.method.lower()] = _operation(operation, error_style, by_contract or _NO_CONTRACT)
    mentioned = {*_mentioned(paths)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "COR sandbox",
            "version": cor_provider.__version__,
            "description": f"{DISCLAIMER} x-cor-source says where each part comes from: COR documents it, the sandbox "
            "assumes it, or a COR has answered so to prove, whose file the sandbox was given.",
        },
        "servers": [{"url": "/"}],
        "paths": dict(paths),
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", **documented(DOCS + "development")},
                "key": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "An API key and its secret",
                    **documented(QUICKSTART),
                },
            }
        },
        # What is about no part, or about another error style.
        "x-cor-assumptions": [text for text in ASSUMPTIONS if text not in mentioned],
    }


def _mentioned(part: Any) -> Iterator[str]:
    """Yield the assumptions that a part of the document and the parts in it mention."""
    if isinstance(part, dict):
        yield from part.get("x-cor-assumptions", ())
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _mentioned(inner)


def _operation(operation: Operation, error_style: str, by_contract: ByContract) -> dict[str, Any]:
    marks = documented(operation.page)
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": ["Main API" if operation.path.startswith("/v1/") else "Integrations API"],
        "security": [{operation.security: []}],
        "parameters": [_parameter(parameter, marks) for parameter in operation.parameters],
        "responses": _responses(operation, error_style, by_contract),
        **marks,
        **details(*operation.assumptions),
    }
    if operation.body is not None:
        body = {_JSON: {"schema": _marked(operation.body, marks), "example": operation.example}}
        described["requestBody"] = {"required": True, "content": body, **marks}
    return described


def _parameter(parameter: Parameter, marks: Marks) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "schema": parameter.schema,
        **marks,
        **parameter.marks,
    }


def _marked(schema: Schema, marks: Marks) -> Schema:
    """Return a schema with marks on each field that has no source of its own."""
    marked = dict(schema)
    if "properties" in schema:
        marked["properties"] = {
            name: {**({} if "x-cor-source" in part else marks), **_marked(part, marks)}
            for name, part in schema["properties"].items()
        }
    if "items" in schema:
        marked["items"] = _marked(schema["items"], marks)
    return marked


def _responses(operation: Operation, error_style: str, by_contract: ByContract) -> dict[str, Any]:
    """Return the responses by status. One status may stand for several: some COR may answer 200 for an error too."""
    responses: dict[int, dict[str, Any]] = {}
    refusals = defaultdict(list)
    success = by_contract.success(operation.method, operation.path)
    if success is None:
        _add(responses, operation.status, _succeeded(operation))
    else:
        _add(responses, success.status, _recorded(success, recorded(success.call)))
    for refusal in _refusals(operation):
        call = by_contract.refusal(operation.method, operation.path, refusal.name)
        if call is None:
            refusals[render(refusal, error_style).status_code].append(refusal)
        else:
            is_shown = (operation.method, refusal.name) in REFUSALS
            marks = recorded(call.call) if is_shown else assumed("refused as an unknown leave type is")
            described = _recorded(call, marks)
            described["x-cor-errors"] = {refusal.name: _source(refusal.name, operation)}
            _add(responses, call.status, described)
    for status, named in refusals.items():
        described = _refused(operation, status, named, error_style)
        if status in responses and status < HTTPStatus.BAD_REQUEST:
            described |= details(*_ERROR_BODY, "wrap a failure in HTTP 200")
        _add(responses, status, described)
    links = {
        name: {"operationId": name, **link, **documented(operation.page)}
        for name, link in operation.links.items()
        # In the shape of a contract, the id may be elsewhere.
        if success is None or "$response" not in json.dumps(link)
    }
    if links:
        responses[operation.status if success is None else success.status]["links"] = links
    return {str(status): responses[status] for status in sorted(responses)}


def _succeeded(operation: Operation) -> dict[str, Any]:
    marks = documented(operation.page)
    return {
        "description": HTTPStatus(operation.status).phrase,
        "content": {_JSON: {"schema": _marked(operation.answer, marks)}},
        **(assumed(operation.status_assumption) if operation.status_assumption else marks),
    }


def _recorded(call: Call, marks: Marks) -> dict[str, Any]:
    """Return the response that a call of a contract shows."""
    described: dict[str, Any] = {"description": f"As to the call *{call.call}* of a trial", "content": {}, **marks}
    if call.body is not None and (kind := media_type_of(call)):
        schema = schema_of_shape(call.body) if kind == _JSON else {"type": "string"}
        described["content"][kind] = {"schema": _marked(schema, marks)}
    if names := sorted(made_up_headers(call)):
        header = {"required": True, "schema": {"type": "string"}, **marks}
        described["headers"] = dict.fromkeys(names, header)
    return described


def _add(responses: dict[int, dict[str, Any]], status: int, new: dict[str, Any]) -> None:
    """Add a response. If there is one of this status, either may come."""
    old = responses.get(status)
    if old is None:
        responses[status] = new
        return
    merged = {**new, **old}
    contents = [one["content"] for one in (old, new)]
    merged["content"] = {
        media_type: {"schema": _any_of(content[media_type] for content in contents if media_type in content)}
        for media_type in contents[0] | contents[1]
    }
    if headers := _of_both(old, new, "headers"):
        always = old.get("headers", {}).keys() & new.get("headers", {}).keys()
        merged["headers"] = {name: {**header, "required": name in always} for name, header in headers.items()}
    if errors := _of_both(old, new, "x-cor-errors"):
        merged["x-cor-errors"] = errors
    for key in ("x-cor-calls", "x-cor-assumptions"):
        if texts := [*dict.fromkeys([*old.get(key, ()), *new.get(key, ())])]:
            merged[key] = texts
    if "x-cor-calls" in merged:
        merged["x-cor-source"] = "recorded"
    responses[status] = merged


def _of_both(old: dict[str, Any], new: dict[str, Any], key: str) -> dict[str, Any]:
    return {**new.get(key, {}), **old.get(key, {})}


def _any_of(bodies: Iterable[dict[str, Any]]) -> Schema:
    schemas: list[Schema] = []
    for body in bodies:
        for schema in body["schema"].get("anyOf", [body["schema"]]):
            if schema not in schemas:
                schemas.append(schema)
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _refusals(operation: Operation) -> Iterator[Refusal]:
    """Yield everything that can be refused, in each form."""
    for name in (*operation.errors, *operation.assumed_errors):
        yield Refusal(name)
        if name == "ValidationError":
            yield Refusal(name, fields=["id"])
    statuses = (429, *SERVER_ERRORS) if operation.faulty else ()
    for status in (401, *statuses):
        yield http_refusal(status)


def _refused(operation: Operation, status: int, refusals: list[Refusal], error_style: str) -> dict[str, Any]:
    marks = _error_marks(operation, status, error_style)
    body_marks = marks if _is_documented_401(status, error_style) else assumed(_ERROR_BODY[0])
    names = {text for refusal in refusals for text in (refusal.name, refusal.code)}
    bodies = defaultdict(list)
    for refusal in refusals:
        answer = render(refusal, error_style)
        bodies[answer.headers.get("content-type", "").partition(";")[0]].append(bytes(answer.body))
    described: dict[str, Any] = {"description": HTTPStatus(status).phrase, "content": {}, **marks}
    for media_type in bodies.keys() - {""}:
        schema: Schema = {"type": "string"}
        if media_type == _JSON:
            examples = [json.loads(body) for body in bodies[media_type]]
            schema = _marked(schema_of_examples(examples, names=names), body_marks)
        described["content"][media_type] = {"schema": schema}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        described["headers"] = {
            "Retry-After": {
                "required": True,
                "schema": {"type": "integer", "minimum": 1},
                **assumed("A 429 comes with Retry-After"),
            }
        }
    if sources := {name: _source(name, operation) for name in _names(refusals)}:
        described["x-cor-errors"] = sources
    return described


def _names(refusals: Iterable[Refusal]) -> Iterator[str]:
    return (refusal.name for refusal in refusals if refusal.about_the_record)


def _source(name: str, operation: Operation) -> str:
    return "documented" if name in operation.errors else "assumed"


def _error_marks(operation: Operation, status: int, error_style: str) -> Marks:
    """Return the marks of a status: COR documents those that are about any request, and for leave only the names."""
    if status in _STATUS_ASSUMPTIONS:
        return assumed(_STATUS_ASSUMPTIONS[status], *_ERROR_BODY)
    if status == HTTPStatus.UNAUTHORIZED and operation.security == "key":
        return assumed("A refused token request")
    if _is_documented_401(status, error_style):
        return documented(MAIN_API)
    if status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}:
        return documented(DOCS + "development")
    return documented(QUICKSTART, *_ERROR_BODY)


def _is_documented_401(status: int, error_style: str) -> bool:
    return status == HTTPStatus.UNAUTHORIZED and error_style == DEFAULT_ERROR_STYLE
