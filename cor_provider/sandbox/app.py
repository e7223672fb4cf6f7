"""COR's endpoints, and the sandbox's own page."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from email.utils import formatdate

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from cor_provider.contract.contract import Contract
from cor_provider.sandbox.assumptions import ASSUMPTIONS
from cor_provider.sandbox.by_contract import ByContract
from cor_provider.sandbox.by_hand import HandEdits, choices
from cor_provider.sandbox.calendar import render_calendar
from cor_provider.sandbox.error_styles import render
from cor_provider.sandbox.errors import Refusal, http_refusal
from cor_provider.sandbox.faults import Faults
from cor_provider.sandbox.hangup import HangUp
from cor_provider.sandbox.main_api import Readings, list_leaves
from cor_provider.sandbox.openapi import describe
from cor_provider.sandbox.operations import OPERATIONS, USERS
from cor_provider.sandbox.payloads import (
    ME,
    BodyT,
    DeleteLeaveBody,
    DeleteUserBody,
    LeaveBody,
    NewLeaveBody,
    NewUserBody,
    UserBody,
    leave_answer,
    leave_deleted_answer,
    read_body,
    token_answer,
    user_answer,
    user_deleted_answer,
)
from cor_provider.sandbox.store import Store, StoredLeave
from cor_provider.sandbox.tokens import Tokens

Endpoint = Callable[[Request], Awaitable[Response]]

LOOPBACK = {"127.0.0.1", "localhost", "localhost.", "[::1]"}
"""The host names of this machine. By the last one the sandbox can be reached through a tunnel."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RecordedRequest:
    """A request to one of COR's endpoints: ``path`` as it was sent, still encoded; header names in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class CorStandIn:
    """The web application: COR's endpoints, and a page of the leave that it holds."""

    def __init__(
        self,
        *,
        store: Store,
        tokens: Tokens,
        faults: Faults,
        error_style: str,
        main_api: Readings,
        record_requests: bool = True,
        contract: Contract | None = None,
    ) -> None:
        self.requests: list[RecordedRequest] = []
        self._store = store
        self._tokens = tokens
        self._faults = faults
        self.error_style = error_style
        self.main_api = main_api
        self._record_requests = record_requests
        self._by_contract = None if contract is None else ByContract(contract)

    def app(self) -> FastAPI:
        """Return the web application."""
        app = FastAPI(openapi_url=None, redirect_slashes=False, dependencies=[Depends(_require_loopback)])
        endpoints = {
            "createLeave": self._faulty(self._create_leave),
            "updateLeave": self._faulty(self._update_leave),
            "deleteLeave": self._faulty(self._delete_leave),
            "createUser": self._faulty(self._create_user),
            "updateUser": self._faulty(self._update_user),
            "deleteUser": self._faulty(self._delete_user),
            "listLeaves": self._faulty(self._list_leaves),
            "mintToken": self._endpoint(self._mint_token),
            "me": self._endpoint(self._me),
        }
        by_path: defaultdict[str, dict[str, Endpoint]] = defaultdict(dict)
        for operation in OPERATIONS:
            by_path[operation.path][operation.method] = endpoints[operation.name]
        # One route for a path: the refusal of another method then names all that the path has.
        for path, by_method in by_path.items():
            app.add_api_route(path, _by_method(by_method), methods=[*by_method])
        app.include_router(self._own_pages())
        return app

    def _own_pages(self) -> APIRouter:
        """Return what is unlike anything in COR."""
        router = APIRouter()
        router.add_api_route("/", self._calendar, methods=["GET"])
        router.add_api_route("/sandbox/leaves", self._held_leaves, methods=["GET"])
        router.add_api_route("/sandbox/openapi.json", self._openapi, methods=["GET"])
        HandEdits(self._store, log=_log).add_to(router)
        return router

    def _endpoint(self, work: Endpoint) -> Endpoint:
        """Return an endpoint without faults, whose answers show the time."""

        async def endpoint(request: Request) -> Response:
            await self._record(request)
            answer = await self._attempt(work, request)
            answer.headers["Date"] = formatdate(usegmt=True)
            _log(request, str(answer.status_code))
            return answer

        return endpoint

    def _faulty(self, work: Endpoint) -> Endpoint:
        """Return an endpoint for leave or users: authenticated, and with faults."""

        async def authenticated_work(request: Request) -> Response:
            self._authenticate(request)
            return await work(request)

        async def endpoint(request: Request) -> Response:
            try:
                await self._record(request)
                await asyncio.sleep(self._faults.latency)
            except asyncio.CancelledError:  # the sandbox is stopping
                return HangUp()
            fault = self._faults.next_fault()
            if fault is None:
                answer = await self._attempt(authenticated_work, request)
            else:
                if fault.commit:
                    await self._attempt(authenticated_work, request)
                answer = fault.answer
            _log(request, "no answer" if isinstance(answer, HangUp) else str(answer.status_code))
            return answer

        return endpoint

    async def _record(self, request: Request) -> None:
        body = await request.body()
        if self._record_requests:
            self.requests.append(
                RecordedRequest(
                    method=request.method,
                    path=request.scope["raw_path"].decode("latin-1"),
                    query=request.scope["query_string"].decode("latin-1"),
                    headers=dict(request.headers),
                    body=body,
                )
            )

    async def _attempt(self, work: Endpoint, request: Request) -> Response:
        try:
            answer = await work(request)
        except Refusal as refusal:
            by_contract = self._by_contract and self._by_contract.refuse(request, refusal)
            return by_contract or render(refusal, self.error_style)
        return self._by_contract.answer(request, answer) if self._by_contract else answer

    def _authenticate(self, request: Request) -> None:
        if not self._tokens.accepts(request.headers.get("authorization")):
            raise http_refusal(401)

    async def _create_leave(self, request: Request) -> Response:
        payload = await _read(NewLeaveBody, request)
        return self._leave_response(201, self._store.create_leave(external_id=payload.id, **payload.fields()))

    async def _update_leave(self, request: Request) -> Response:
        payload = await _read(LeaveBody, request)
        leave_id = request.path_params["leave_id"]
        return self._leave_response(200, self._store.update_leave(external_id=leave_id, **payload.fields()))

    async def _delete_leave(self, request: Request) -> Response:
        payload = await _read(DeleteLeaveBody, request)
        leave_id = request.path_params["leave_id"]
        self._store.delete_leave(source=payload.source, external_id=leave_id, user_id=payload.user_id)
        return JSONResponse(leave_deleted_answer(leave_id))

    def _leave_response(self, status: int, leave: StoredLeave) -> Response:
        answer = leave_answer(
            status,
            leave,
            user_cor_id=self._store.user_cor_ids[leave.source, leave.user_id],
            leave_type_cor_id=self._store.leave_type_cor_ids[leave.source, leave.leave_type_id],
        )
        return JSONResponse(answer, status)

    async def _create_user(self, request: Request) -> Response:
        payload = await _read(NewUserBody, request)
        user = self._store.create_user(
            source=payload.source, external_id=payload.id, email=payload.email, **payload.fields()
        )
        return JSONResponse(user_answer(user), 201)

    async def _update_user(self, request: Request) -> Response:
        payload = await _read(UserBody, request)
        user_id = request.path_params["user_id"]
        user = self._store.update_user(source=payload.source, external_id=user_id, **payload.fields())
        return JSONResponse(user_answer(user))

    async def _delete_user(self, request: Request) -> Response:
        payload = await _read(DeleteUserBody, request)
        user = self._store.delete_user(source=payload.source, external_id=request.path_params["user_id"])
        return JSONResponse(user_deleted_answer(user))

    async def _list_leaves(self, request: Request) -> Response:
        return JSONResponse(list_leaves(self._store, request.query_params, self.main_api))

    async def _mint_token(self, request: Request) -> Response:
        if request.query_params.getlist("grant_type") != ["client_credentials"]:
            raise Refusal("ValidationError", fields=["grant_type"])
        token = self._tokens.mint(request.headers.get("authorization"))
        if token is None:
            raise http_refusal(401)
        return JSONResponse(token_answer(token, lifetime=self._tokens.lifetime))

    async def _me(self, request: Request) -> Response:
        self._authenticate(request)
        return JSONResponse(ME)

    async def _calendar(self) -> Response:
        page = render_calendar(
            self._store.leaves,
            user_names={external_id: name for (_, external_id), name in list(self._store.users.items())},
            leave_type_names={external_id: name for (_, external_id), name in list(self._store.leave_types.items())},
            choices=list(choices(self._store)),
            users=list(self._store.profiles.values()),
            mails=list(self._store.mails),
            assumptions=ASSUMPTIONS,
        )
        # Another page could show this one in a frame, and have people click on its buttons unseen.
        return HTMLResponse(page, headers={"Content-Security-Policy": "frame-ancestors 'none'"})

    async def _held_leaves(self) -> Response:
        return JSONResponse([asdict(leave) for leave in self._store.leaves])

    async def _openapi(self) -> Response:
        return JSONResponse(describe(self.error_style, self._by_contract))


async def _require_loopback(request: Request) -> None:
    """
    Refuse a host name that is none of this machine's own.

    A site whose name was made to lead to this machine, once its page was open, could otherwise read what is here: the
    page needs no token, and everybody knows the default one.
    """
    if _PORT.sub("", request.headers.get("host", "")).lower() not in LOOPBACK:
        raise HTTPException(403, "The sandbox answers to the host names of this machine only, such as localhost.")


_PORT = re.compile(r":[0-9]*\Z")


async def _read(model: type[BodyT], request: Request) -> BodyT:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return read_body(model, await request.body() if media_type == "application/json" else b"")


def _by_method(endpoints: Mapping[str, Endpoint]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await endpoints[request.method](request)

    return endpoint


def _log(request: Request, answer: str) -> None:
    """Log a request without what may be secret or personal: its query, headers and body, and the id of a user."""
    path = request.scope["raw_path"].decode("latin-1")
    logger.info("%s %s: %s", request.method, f"{USERS}/…" if path.startswith(f"{USERS}/") else path, answer)
