"""
Formats in which COR might send errors.

COR documents the names of leave errors but not their JSON, so a client has to understand all of ``ERROR_STYLES``.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from cor_provider.sandbox.errors import Refusal
from cor_provider.sandbox.payloads import COMPANY_ID

Style = Callable[[Refusal], Response]

DEFAULT_ERROR_STYLE = "envelope"


def render(refusal: Refusal, error_style: str) -> Response:
    """
    Return the response for a refusal in an error style.

    In the default style, a 401 has the body that COR documents. In every style, a 502 or 504 is a gateway's page, since
    such a request never reached COR.

    :param error_style: a key of ``ERROR_STYLES``.
    """
    if refusal.status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}:
        return _gateway_page(refusal)
    if refusal.status == HTTPStatus.UNAUTHORIZED and error_style == DEFAULT_ERROR_STYLE:
        return ERROR_STYLES["error-status"](refusal)
    return ERROR_STYLES[error_style](refusal)


def _json(content: Callable[[Refusal], Any]) -> Style:
    return lambda refusal: JSONResponse(content(refusal), refusal.status)


def _json_in_ok(content: Callable[[Refusal], Any]) -> Style:
    return lambda refusal: JSONResponse(content(refusal), 200 if refusal.about_the_record else refusal.status)


def _gateway_page(refusal: Refusal) -> Response:
    title = f"{refusal.status} {HTTPStatus(refusal.status).phrase}"
    return HTMLResponse(
        f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>", refusal.status
    )


def _xml(refusal: Refusal) -> Response:
    body = f"<error><name>{escape(refusal.name)}</name><message>{escape(refusal.message)}</message></error>"
    return Response(body, refusal.status, media_type="application/xml")


def _envelope(refusal: Refusal) -> dict[str, Any]:
    return {"statusCode": refusal.status, "status": "error", "error": refusal.name, "message": refusal.message}


def _error_response(refusal: Refusal) -> dict[str, Any]:
    return {"status": "ERROR", "code": refusal.code, "message": refusal.named_message}


def _validation_array(refusal: Refusal) -> list[dict[str, str]]:
    if not refusal.fields:
        return [{"message": refusal.named_message}]
    return [
        {"field": field, "validation": "required", "message": f"{refusal.name}: required validation failed on {field}"}
        for field in refusal.fields
    ]


def _batch(status: str) -> Callable[[Refusal], dict[str, Any]]:
    return lambda refusal: {
        "status": status,
        "company_id": COMPANY_ID,
        "records_received": 1,
        "records_created": 0,
        "records_rejected": 1,
        "errors": [{"error_code": refusal.code, "message": refusal.named_message}],
    }


def _zc001(refusal: Refusal) -> dict[str, Any]:
    """Use ZC001 for both of its documented meanings: no mapping (update-leave), no field (seniority/create)."""
    code, message = refusal.code, refusal.named_message
    if refusal.name == "ValidationError":
        code, message = "ZC001", "Required validation failed. Missing required fields"
    elif refusal.name in _MISSING_MAPPINGS:
        code, message = "ZC001", refusal.message
    return {"status": refusal.status, "name": "CORCustomError", "code": code, "message": message}


_MISSING_MAPPINGS = {"LeaveNotFoundError", "UserNotFoundError", "LeaveTypeNotFoundError", "ZC001"}


ERROR_STYLES: dict[str, Style] = {
    # What the documented envelope of a leave suggests.
    "envelope": _json(_envelope),
    "envelope-fail": _json(lambda r: {"statusCode": r.status, "status": "fail", "message": r.named_message}),
    "envelope-data": _json(
        lambda r: {"statusCode": r.status, "status": "error", "data": {"name": r.name, "message": r.message}}
    ),
    "envelope-error": _json(
        lambda r: {"statusCode": r.status, "status": "error", "error": {"name": r.name, "message": r.message}}
    ),
    "ok-envelope": _json_in_ok(_envelope),
    # What COR documents for its main API and for other endpoints.
    "custom-error": _json(
        lambda r: {"status": r.status, "name": "CORCustomError", "code": r.code, "message": r.named_message}
    ),
    "custom-error-bare": _json(lambda r: {"name": "CORCustomError", "code": r.code, "message": r.named_message}),
    "error-status": _json(lambda r: {"error": r.status, "message": r.named_message}),
    "zc001": _json(_zc001),
    "error-response": _json(_error_response),
    "error-response-list": _json(lambda r: {**_error_response(r), "errors": [{"message": r.named_message}]}),
    "validation-array": _json(_validation_array),
    "error-name": _json(lambda r: {"error": r.name, "message": r.message}),
    "null": _json(lambda _: None),
    "ok-partial": _json_in_ok(_batch("partial")),
    "ok-partial-success": _json_in_ok(_batch("partial_success")),
    "ok-failed": _json_in_ok(_batch("failed")),
    "ok-failure": _json_in_ok(_batch("failure")),
    "ok-errors": _json_in_ok(
        lambda r: {"leaves": [], "errors": [{"name": r.name, "code": r.code, "message": r.message}]}
    ),
    "empty": lambda r: Response(status_code=r.status),
    # What is usual elsewhere.
    "framework": _json(
        lambda r: {"statusCode": r.status, "error": HTTPStatus(r.status).phrase, "message": r.named_message}
    ),
    "framework-list": _json(
        lambda r: {"statusCode": r.status, "error": HTTPStatus(r.status).phrase, "message": [r.named_message]}
    ),
    "oauth": _json(
        lambda r: {
            "error": "invalid_client" if r.status == HTTPStatus.UNAUTHORIZED else r.name,
            "error_description": r.message,
        }
    ),
    "html": _gateway_page,
    "text": lambda r: PlainTextResponse(r.named_message, r.status),
    "xml": _xml,
}
"""Every form of an error that a client of COR must survive, by a short name."""
