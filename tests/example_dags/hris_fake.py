"""
Contract fakes of two HR systems' APIs, served over HTTP: they are not those systems, and no code of theirs.

`BambooHR` is after the published pages "List Time Off Requests" (documentation.bamboohr.com) and docs/TimeOffApi.md of
BambooHR/bhr-api-python; `Personio` after the OpenAPI documents of personio/api-docs (API v1), "Authentication" and
"Absences" on developer.personio.de. What they answer has the shape of the samples there: ids, names and notes included.

What they do not know: the real rate limits, which are not published; other filters and endpoints than those read here;
BambooHR's XML; how rights narrow what a key sees; in which order rows come. What Personio's `offset` counts: by the
OpenAPI documents pages of time-offs and rows of absence periods, by the changelog pages. Its pages leave open whether
the first is number 0 or 1. So both endpoints serve all three. Users report that Personio's time-offs reach a day beyond
`end_date`: here they do.
"""

from __future__ import annotations

import base64
import socket
from collections import deque
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.middleware.base import RequestResponseEndpoint
from typing_extensions import Self

from cor_provider.sandbox.server import HOST, BackgroundServer

LARGEST_PAGE = 200  # Personio's

SKIPS: Mapping[str, Callable[[int, int], int]] = {
    "rows": lambda offset, _limit: offset,
    "pages from 0": lambda offset, limit: offset * limit,
    "pages from 1": lambda offset, limit: max(0, offset - 1) * limit,  # 0, the default, is the first page too
}
"""How many rows come before a page of Personio's, by what the offset counts."""


class HrisFake:
    """An HTTP server on 127.0.0.1; what it received is in `requests`, as (method, path, query)."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.app = FastAPI(openapi_url=None)
        self.app.middleware("http")(self._receive)
        self._queued: deque[Response | Callable[[], None]] = deque()

    def __enter__(self) -> Self:
        listener = socket.create_server((HOST, 0))
        self.url = f"http://{HOST}:{listener.getsockname()[1]}"
        self._server = BackgroundServer(self.app)
        self._server.start(listener)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def answer_next(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Give this answer to the next request, after those queued before."""
        self._queued.append(Response(body, status, headers))

    def let_pass(self, requests: int) -> None:
        """Answer so many requests properly before the next queued answer."""
        self._queued.extend([lambda: None] * requests)

    def change_next(self, change: Callable[[], None]) -> None:
        """Make a change right before the next request is answered, after those queued before."""
        self._queued.append(change)

    async def _receive(self, request: Request, answer: RequestResponseEndpoint) -> Response:
        self.requests.append((request.method, request.url.path, dict(request.query_params)))
        queued = self._queued.popleft() if self._queued else None
        if isinstance(queued, Response):
            return queued
        if queued:
            queued()
        return await answer(request)


class BambooHR(HrisFake):
    """Time off requests. `rows` are in the shape of the API, notes included."""

    def __init__(self, rows: list[dict[str, Any]], *, api_key: str) -> None:
        super().__init__()
        self.rows = rows
        self.filters_by_day = True
        self._key = api_key
        self.app.get("/api/v1/time_off/requests")(self._list)

    def _list(self, request: Request) -> Response:
        query = request.query_params
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic" or base64.b64decode(credentials).decode().partition(":")[0] != self._key:
            return Response(status_code=401)
        try:
            first, last = date.fromisoformat(query["start"]), date.fromisoformat(query["end"])
        except (LookupError, ValueError):
            return Response(status_code=400)
        if "application/json" not in request.headers.get("Accept", ""):
            return Response("<requests/>", media_type="application/xml")
        rows = self.rows
        if self.filters_by_day:
            rows = [row for row in rows if row["end"] >= str(first) and row["start"] <= str(last)]
        if "status" in query:
            rows = [row for row in rows if row["status"]["status"] in query["status"].split(",")]
        if query.get("excludeNote"):
            rows = [{key: value for key, value in row.items() if key != "notes"} for row in rows]
        return JSONResponse(rows)


class Personio(HrisFake):
    """
    Absences: `time_offs` are those counted in days, `absence_periods` those in hours.

    Both in the shape of the API's `attributes`. `offset_counts` is one of `SKIPS`, by default as the OpenAPI documents
    have it: pages of time-offs, rows of absence periods.
    """

    def __init__(
        self,
        time_offs: list[dict[str, Any]],
        absence_periods: list[dict[str, Any]],
        *,
        client_id: str,
        client_secret: str,
        offset_counts: str | None = None,
    ) -> None:
        super().__init__()
        self.time_offs = time_offs
        self.absence_periods = absence_periods
        self.token = "papi-token-of-this-fake"
        self._credentials = {"client_id": client_id, "client_secret": client_secret}
        self._time_offs_by = offset_counts or "pages from 0"
        self._absence_periods_by = offset_counts or "rows"
        self.app.post("/v1/auth")(self._log_in)
        self.app.get("/v1/company/time-offs")(self._list_time_offs)
        self.app.get("/v1/company/absence-periods")(self._list_absence_periods)

    async def _log_in(self, request: Request) -> Response:
        if await request.json() != self._credentials:
            return _refuse(403, "Wrong credentials")
        return JSONResponse({"success": True, "data": {"token": self.token}})

    def _list_time_offs(self, request: Request, start_date: date, end_date: date, limit: int, offset: int) -> Response:
        rows = [
            row
            for row in self.time_offs
            if row["end_date"][:10] >= str(start_date) and row["start_date"][:10] <= str(end_date + timedelta(days=1))
        ]
        return self._answer("TimeOffPeriod", request, rows, limit, offset, self._time_offs_by)

    def _list_absence_periods(
        self, request: Request, start_date: date, end_date: date, limit: int, offset: int
    ) -> Response:
        rows = [
            row
            for row in self.absence_periods
            if row["end"][:10] >= str(start_date) and row["start"][:10] <= str(end_date)
        ]
        return self._answer("AbsencePeriod", request, rows, limit, offset, self._absence_periods_by)

    def _answer(  # noqa: PLR0917  # each is a part of the page
        self, kind: str, request: Request, rows: list[dict[str, Any]], limit: int, offset: int, offset_counts: str
    ) -> Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _refuse(401, "Unauthorized")
        limit = min(limit, LARGEST_PAGE)
        skip = SKIPS[offset_counts](offset, limit)
        body = {
            "success": True,
            "metadata": {
                "total_elements": len(rows),
                "current_page": skip // limit + 1,
                "total_pages": -(-len(rows) // limit),
            },
            "data": [{"type": kind, "attributes": row} for row in rows[skip : skip + limit]],
        }
        return JSONResponse(body, headers={"Authorization": f"Bearer {self.token}"})


def _refuse(status: int, message: str) -> Response:
    return JSONResponse({"success": False, "error": {"code": status, "message": message}}, status)
