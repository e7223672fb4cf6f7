"""Edits by hand, as somebody may make them in COR itself: forms on the sandbox's page delete, move and add leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from cor_provider.sandbox.payloads import in_utc, read_instant
from cor_provider.sandbox.store import Store, StoredLeave

Form = dict[str, str]


class Span(NamedTuple):
    """The ends of a leave, as the provider would send them."""

    start: str
    end: str
    all_day: bool


def read_span(start: str, end: str) -> Span:
    """
    Read the ends of a leave: two days, the last included, or two date-times, which without an offset are in UTC.

    :raises ValueError: if they are neither, or in the wrong order.
    """
    try:
        if "T" in start and "T" in end:
            first, last = (in_utc(read_instant(text)).replace(tzinfo=None) for text in (start, end))
            span = Span(
                f"{first.isoformat(timespec='seconds')}-00:00", f"{last.isoformat(timespec='seconds')}-00:00", False
            )
        else:
            span = Span(
                f"{date.fromisoformat(start)}T00:00:00-00:00", f"{date.fromisoformat(end)}T23:59:00-00:00", True
            )
    except ValueError:
        raise ValueError("A leave needs two days, such as 2026-05-11, or two date-times") from None
    if read_instant(span.end) < read_instant(span.start):
        raise ValueError("The end of a leave must not be before its start")
    return span


class Choices(NamedTuple):
    """The users and leave types of a source for new leave, by COR's ids."""

    source: str
    users: list[tuple[int, str]]
    leave_types: list[tuple[int, str]]


def choices(store: Store) -> Iterator[Choices]:
    """Yield what new leave can be chosen from, for each source in which there is a choice."""
    users, leave_types = list(store.users.items()), list(store.leave_types.items())
    for source in dict.fromkeys(source for (source, _), _ in users):
        choice = Choices(
            source,
            users=_options(source, users, store.user_cor_ids),
            leave_types=_options(source, leave_types, store.leave_type_cor_ids),
        )
        if choice.leave_types:
            yield choice


def _options(
    source: str, names: list[tuple[tuple[str, str], str]], cor_ids: dict[tuple[str, str], int]
) -> list[tuple[int, str]]:
    own = ((key, name) for key, name in names if key[0] == source)
    options = [(cor_ids[key], name if name == key[1] else f"{name} ({key[1]})") for key, name in own]
    return sorted(options, key=lambda option: option[1].casefold())


class HandEdits:
    """
    The endpoints of the forms. They take forms from the sandbox's own page only, or from no page at all.

    :param log: logs a request and the status of its answer.
    """

    def __init__(self, store: Store, *, log: Callable[[Request, str], None]) -> None:
        self._store = store
        self._log = log

    def add_to(self, router: APIRouter) -> None:
        """Add the endpoints, to routes that only a name of this machine reaches."""
        router.add_api_route("/sandbox/leaves", self._endpoint(self._add), methods=["POST"])
        router.add_api_route("/sandbox/leaves/{cor_id:int}/move", self._endpoint(self._move), methods=["POST"])
        router.add_api_route("/sandbox/leaves/{cor_id:int}/delete", self._endpoint(self._delete), methods=["POST"])

    def _endpoint(self, edit: Callable[[Request, Form], str]) -> Callable[[Request], object]:
        """Return an endpoint that edits, and then leads back to a place on the page."""

        async def endpoint(request: Request) -> Response:
            answer = await attempt(request)
            self._log(request, str(answer.status_code))
            return answer

        async def attempt(request: Request) -> Response:
            if not _is_own(request):
                return _refusal(403, "Only the sandbox's own page may edit its leave")
            form = parse_qs((await request.body()).decode("latin-1"))
            try:
                place = edit(request, {name: values[-1].strip() for name, values in form.items()})
            except LookupError as error:
                return _refusal(404, str(error.args[0]))
            except ValueError as error:
                return _refusal(400, str(error))
            return RedirectResponse(f"/{place}", 303)

        return endpoint

    def _add(self, _: Request, form: Form) -> str:
        user, leave_type = form.get("user", ""), form.get("leave_type", "")
        if not (user.isdecimal() and leave_type.isdecimal()):
            raise ValueError("A leave needs a person and a leave type")
        return _line(self._store.add_by_hand(int(user), *_span(form), leave_type_cor_id=int(leave_type)))

    def _move(self, request: Request, form: Form) -> str:
        return _line(self._store.move_by_hand(request.path_params["cor_id"], *_span(form)))

    def _delete(self, request: Request, _: Form) -> str:
        self._store.delete_by_hand(request.path_params["cor_id"])
        return ""


def _span(form: Form) -> Span:
    return read_span(form.get("start", ""), form.get("end", ""))


def _line(leave: StoredLeave) -> str:
    return f"#leave-{leave.cor_id}"


def _is_own(request: Request) -> bool:
    """
    Return whether a form does not come from a foreign page.

    Browsers name the page's origin with every POST.
    """
    own = f"http://{request.headers.get('host', '')}"
    return request.headers.get("origin", own) == own


def _refusal(status: int, message: str) -> Response:
    return PlainTextResponse(f"{message}. Go back, and load the page again.\n", status)
