"""Any answer that may come over the wire, and what another HTTP client makes of it."""

from __future__ import annotations

import http.client
import io
import json
import re
import zlib
from contextlib import suppress
from typing import Any, cast

from hypothesis import strategies as st

# What may come

NAMES = st.sampled_from(
    [
        *("DuplicateExternalIdError", "LeaveNotFoundError", "UserNotFoundError", "ValidationError", "CORCustomError"),
        *("ZC001", "ZC004", "CE001", "UL007", "LeaveOverlapError", "HttpException", "NotFoundError", "Not Found"),
    ]
)
WORDS = st.sampled_from(
    [
        *("success", "error", "failed", "partial", "pending", "queued", "OK", "", "Leave deleted", "L1", "12345"),
        *("Required validation failed. Missing required fields", "The entity is not associated"),
    ]
)
NUMBERS = st.sampled_from([0, 1, 12345, 200, 201, 400, 401, 404, 409, 422, 429, 503, -1, 1e999, 2.0**53, 10**30, 0.5])
KEYS = st.sampled_from(
    [
        *("status", "statusCode", "error", "errors", "data", "message", "name", "code", "error_code", "id", "success"),
        *("ok", "deletedId", "external_id", "userId", "start"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | NAMES | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=8,
)
LEAVE = {"id": 12345, "userId": 67890, "leaveTypeId": 54321, "status": "pending"}
DELETED = {"message": "Leave request deleted successfully", "deletedId": "L1"}
CONFIRMATIONS: dict[str, list[tuple[int, Any]]] = {
    "POST": [(201, {"statusCode": 201, "status": "success", "data": LEAVE}), (200, LEAVE), (201, None)],
    "PUT": [(200, {"statusCode": 200, "status": "success", "data": LEAVE}), (200, LEAVE), (200, True)],
    "DELETE": [(200, {"statusCode": 200, "status": "success", "data": DELETED}), (200, DELETED), (200, True)],
}
CONFIRMED = [answer for answers in CONFIRMATIONS.values() for answer in answers]
BODIES = st.one_of(
    JSON.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([body for _, body in CONFIRMED]).flatmap(
        lambda body: st.dictionaries(KEYS, JSON, max_size=2).map(
            lambda more: json.dumps({**body, **more} if isinstance(body, dict) else body).encode()
        )
    ),
    NAMES.map(lambda name: f"<error><name>{name}</name></error>".encode()),
    NAMES.map(lambda name: f"<html><body>{name}</body></html>".encode()),
    st.sampled_from([b"", b"OK", b"{", b"\xef\xbb\xbf{}", b"\xff\xfe{\x00", b"NaN"]),
    st.sampled_from([(b"[", b"]", 300), (b"1", b"", 5000)]).map(lambda one: one[0] * one[2] + one[1] * one[2]),
    st.binary(max_size=50),
)
STATUSES = st.one_of(
    st.sampled_from([200, 200, 201, 202, 204, 207, 400, 404, 404, 409, 409, 422, 429, 500, 503]),
    st.integers(100, 599),
)
ODD_HEADERS = st.lists(
    st.one_of(
        st.tuples(st.just("Content-Type"), st.sampled_from(["application/json", "text/html", "", "\xff"])),
        st.tuples(st.just("Retry-After"), st.sampled_from(["0", "7", "-5", "1.5", "soon", "9" * 400, "7, 9"])),
        st.tuples(st.just("Retry-After"), st.sampled_from(["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 2001"])),
        st.tuples(st.just("Location"), st.sampled_from(["", "/", "http://[bad", "http://127.0.0.1:1/", "\xff", "//"])),
        st.tuples(st.just("Set-Cookie"), st.sampled_from(["a=b", "=", ";;", "\xff=\xff; expires=never"])),
        st.tuples(st.just("Content-Encoding"), st.sampled_from(["gzip", "deflate", "br", "none", "gzip, gzip"])),
        st.tuples(st.just("Transfer-Encoding"), st.sampled_from(["chunked", "gzip", "identity", "chunked, chunked"])),
        st.tuples(st.just("Content-Length"), st.sampled_from(["0", "1", "5", "-5", "1e3", "", "5;", "9" * 20])),
        st.tuples(st.text("ab:\r\n \xff", min_size=1, max_size=3), st.text("ab:\r\n \xff", max_size=3)),
    ),
    max_size=3,
)
REASONS = st.sampled_from(["OK", "", "\xff", "A very long reason " * 20])


def http_answer(status: int, body: bytes, headers: list[tuple[str, str]], reason: str = "OK") -> bytes:
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def honest(status: int, body: bytes, *more: tuple[str, str]) -> bytes:
    return http_answer(status, body, [("Content-Length", str(len(body))), *more])


ERRORS: list[tuple[int, Any]] = [
    (409, {"error": "DuplicateExternalIdError"}),
    (400, {"name": "CORCustomError", "code": "ZC004"}),
    (409, {"error": "Conflict", "message": "Zacharias"}),
    (404, {"status": 404, "name": "LeaveNotFoundError", "code": "ZC001"}),
    (404, {"code": "ZC001", "message": "The entity is not associated"}),
    (400, {"code": "ZC001", "message": "Required validation failed. Missing required fields"}),
    (404, {"error": "UserNotFoundError"}),
    (404, {"status": 404, "error": "Not Found"}),
    (200, {"message": "Service under maintenance"}),
    (200, {"status": "failed", "errors": [{"error_code": "CE001"}]}),
    (200, {"status": "success", "success": False, "data": LEAVE}),
    (201, {"statusCode": 201, "status": "success", "errors": [{"message": "Zacharias"}]}),
]
USUAL = st.sampled_from([*CONFIRMED, *ERRORS]).map(lambda answer: honest(answer[0], json.dumps(answer[1]).encode()))
HONEST = st.builds(honest, STATUSES, BODIES)
PACKED = st.builds(lambda status, body: honest(status, gzip(body), ("Content-Encoding", "gzip")), STATUSES, BODIES)
ODD = st.builds(http_answer, STATUSES, BODIES, ODD_HEADERS, REASONS)
CUT = st.builds(lambda answer, share: answer[: int(len(answer) * share)], HONEST | PACKED | ODD, st.floats(0, 1))
ANSWERS = st.one_of(USUAL, USUAL, HONEST, HONEST, PACKED, ODD, CUT, st.binary(max_size=50))


def gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return packer.compress(body) + packer.flush()


# What it says


class Seen:
    """An answer as another HTTP client sees it."""

    def __init__(self, method: str, raw: bytes) -> None:
        self.method = method
        self.status, self.body = 0, b""
        with suppress(http.client.HTTPException, ValueError, OSError, OverflowError, zlib.error):
            response = http.client.HTTPResponse(cast("Any", _Bytes(raw)), method=method)
            response.begin()
            self.body = _unpack(response.read(), response.headers.get("Content-Encoding", ""))
            self.status = response.status
        self.json: Any = None
        with suppress(ValueError, RecursionError):
            self.json = json.loads(self.body)

    def says(self, *words: str) -> bool:
        return any(word.encode() in self.body for word in words)

    @property
    def places(self) -> list[dict[str, Any]]:
        outer = self.json if isinstance(self.json, dict) else {}
        return [outer, outer["data"]] if isinstance(outer.get("data"), dict) else [outer]

    @property
    def may_confirm(self) -> bool:
        """Whether it may confirm the operation; an answer that reports a failure does not."""
        if not 200 <= self.status < 300 or self.is_failure:
            return False
        if str(self.places[0].get("status")).lower() == "success":
            return True
        if self.method == "POST" and self.status == 201:
            return True
        if self.method != "POST" and (self.status == 204 or self.json is True):
            return True
        if self.method == "DELETE":
            return any("message" in place and place.keys() & {"deletedId", "external_id"} for place in self.places)
        return any(re.fullmatch("[1-9][0-9]{0,17}", str(place.get("id"))) for place in self.places)

    @property
    def is_failure(self) -> bool:
        return any(
            place.get("success") is False or place.get("ok") is False or place.get("errors") or place.get("error")
            for place in self.places
        ) or self.places[0].get("statusCode") in [400, 401, 404, 409, 422, 429, 503]

    @property
    def is_duplicate(self) -> bool:
        return self.says("DuplicateExternalIdError", "ZC004")

    @property
    def is_conflict(self) -> bool:
        return self.is_duplicate or self.status == 409 or self.says("409")

    @property
    def is_missing(self) -> bool:
        is_about_fields = re.search("(?i)required|mandatory|validation failed", self.body.decode("latin-1"))
        return self.says("LeaveNotFoundError") or (self.says("ZC001") and not is_about_fields)


class _Bytes:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._raw)


def _unpack(body: bytes, encoding: str) -> bytes:
    wbits = {"gzip": 31, "deflate": 15}.get(encoding)
    if not wbits:
        return body
    with suppress(zlib.error):
        return zlib.decompressobj(wbits).decompress(body)
    return zlib.decompressobj(-15).decompress(body)
