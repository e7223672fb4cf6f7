"""What the sandbox speaks, as an OpenAPI document in which each part is marked: see ``cor_provider.sandbox.marks``."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

import cor_provider
from cor_provider.sandbox.assumptions import ASSUMPTIONS, DISCLAIMER
from cor_provider.sandbox.error_styles import DEFAULT_ERROR_STYLE, render
from cor_provider.sandbox.errors import Refusal, http_refusal
from cor_provider.sandbox.faults import SERVER_ERRORS
from cor_provider.sandbox.marks import Marks, assumed, details, documented
from cor_provider.sandbox.operations import DOCS, MAIN_API, OPERATIONS, QUICKSTART, Operation, Parameter
from cor_provider.sandbox.shapes import Schema, schema_of_examples

_JSON = "application/json"
_STATUS_ASSUMPTIONS = {400: "HTTP 400:", 404: "HTTP 404:", 409: "HTTP 409:", 422: "HTTP 422:"}
_ERROR_BODY = ("The JSON of leave errors", "An error style without a field", "`code` is COR's code")


def describe(error_style: str = DEFAULT_ERROR_STYLE) -> dict[str, Any]:
    """
    Return the OpenAPI document of COR's operations in the sandbox; its own page and forms are not among them.

    :param error_style: the form of the errors in it.
    """
    paths: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for operation in OPERATIONS:
        path = operation.path.replace(":external_id}", "}")
        paths[path][operation.method.lower()] = _operation(operation, error_style)
    mentioned = {*_mentioned(paths)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "COR sandbox",
            "version": cor_provider.__version__,
            "description": f"{DISCLAIMER} x-cor-source says of each part whether COR documents it.",
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


def _operation(operation: Operation, error_style: str) -> dict[str, Any]:
    marks = documented(operation.page)
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": ["Main API" if operation.path.startswith("/v1/") else "Integrations API"],
        "security": [{operation.security: []}],
        "parameters": [_parameter(parameter, marks) for parameter in operation.parameters],
        "responses": _responses(operation, marks, error_style),
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


def _responses(operation: Operation, marks: Marks, error_style: str) -> dict[str, Any]:
    """Return the responses by status. Some error styles answer 200 for an error, beside the answer if all is well."""
    refusals = defaultdict(list)
    for refusal in _refusals(operation):
        refusals[render(refusal, error_style).status_code].append(refusal)
    success = _marked(operation.answer, marks)
    status_marks = assumed(operation.status_assumption) if operation.status_assumption else marks
    responses: dict[int, dict[str, Any]] = {
        operation.status: {
            "description": HTTPStatus(operation.status).phrase,
            "content": {_JSON: {"schema": success}},
            **status_marks,
        }
    }
    for status, named in refusals.items():
        refused = _refused(operation, status, named, error_style)
        if status == operation.status:
            content = refused["content"]
            content[_JSON] = {"schema": {"anyOf": [success, content[_JSON]["schema"]]}}
            refused |= {**status_marks, **details(*_ERROR_BODY, "wrap a failure in HTTP 200")}
        responses[status] = refused
    if operation.links:
        responses[operation.status]["links"] = {
            name: {"operationId": name, **link, **marks} for name, link in operation.links.items()
        }
    return {str(status): responses[status] for status in sorted(responses)}


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
