"""The calls by which the assumptions are tried, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from cor_provider import _clock
from cor_provider.client.leaves import LeavesEndpoint
from cor_provider.client.success import read_cor_id
from cor_provider.exceptions import CorError, CorUnexpectedAnswerError
from cor_provider.leave import LeaveKey, LeaveRequest
from cor_provider.prove.leftovers import Leftovers

LAST_DAY = timedelta(days=6)
"""How long after the day that the user names the last day is that a request names."""

SECONDS_BETWEEN_CALLS = 0.5
"""So that no limit of COR's is met."""


@dataclass(frozen=True)
class Ids:
    """The external ids that are used: one of a leave that is created, the others of what COR should refuse."""

    leave: str

    @property
    def dates(self) -> str:
        """That of the leave which ends before it starts."""
        return f"{self.leave}-dates"

    @property
    def leave_type(self) -> str:
        """That of the leave with an unknown type, and the id of that type."""
        return f"{self.leave}-type"

    @property
    def unknown(self) -> str:
        """That of the leave which is updated although it was never created."""
        return f"{self.leave}-unknown"


@dataclass(frozen=True)
class Reply:
    """What came of a call: what COR sent, or the error that its answer stands for."""

    data: Mapping[str, Any] | None = None
    rows: tuple[Mapping[str, Any], ...] = ()
    error: CorError | None = None


Context = AbstractContextManager[object]
Label = Callable[[str], Context]


class Trial:
    """
    The calls.

    :param endpoint: where leave is sent.
    :param leaves_in_cor: lists what COR holds for a user, by COR's id.
    :param user_id: the user whose leave it is, by external id.
    :param day: the first day of the leave; the other requests name days until ``LAST_DAY`` after it.
    :param labelled: returns a context in which the call of this name is made.
    """

    def __init__(
        self,
        endpoint: LeavesEndpoint,
        leaves_in_cor: Callable[[int], Iterable[Mapping[str, Any]]],
        *,
        ids: Ids,
        user_id: str,
        leave_type_id: str,
        day: date,
        labelled: Label = nullcontext,
    ) -> None:
        self.ids = ids
        self.leftovers = Leftovers(endpoint, user_id)
        self.replies: dict[str, Reply] = {}
        self.leave = _leave(ids.leave, user_id, leave_type_id, day, day)
        self.moved = _leave(ids.leave, user_id, leave_type_id, day, day + timedelta(days=1))
        self._day = day
        self._endpoint = endpoint
        self._leaves_in_cor = leaves_in_cor
        self._labelled = labelled

    def run(self) -> None:
        """
        Make the calls; ``replies`` has what came of each, by its name.

        :raises CorError: if the leave cannot be created, so that there is nothing to try.
        """
        user, leave_type = self.leave.user_id, self.leave.leave_type_id
        ids, three, four = self.ids, self._day + timedelta(days=3), self._day + timedelta(days=4)
        self._create("create", self.leave)
        error = self.replies["create"].error
        if error and not isinstance(error, CorUnexpectedAnswerError):
            raise error
        self._create("create again", self.leave)
        self._create("end before start", _leave(ids.dates, user, leave_type, four, three))
        self._create("unknown leave type", _leave(ids.leave_type, user, ids.leave_type, three, three))
        self._update("update", self.moved)
        last = self._day + LAST_DAY
        self._update("update of an unknown id", _leave(ids.unknown, user, leave_type, last, last))
        self._list()
        self._delete("delete", ids.leave)
        self._delete("delete again", ids.leave)
        self._delete("delete of the refused dates", ids.dates)
        self._delete("delete of the refused type", ids.leave_type)
        self._delete("delete of the refused update", ids.unknown)

    @property
    def cor_ids(self) -> tuple[int | None, int | None]:
        """COR's own ids of the leave and of its user, as far as COR has told."""
        found = [self.replies[name].data or {} for name in ("create", "update") if name in self.replies]
        ids = [[read_cor_id(data.get(key)) for data in found] for key in ("id", "userId")]
        leave, user = (next(filter(None, values), None) for values in ids)
        return leave, user

    def _create(self, name: str, leave: LeaveRequest) -> None:
        self._call(name, lambda: Reply(self._endpoint.create(leave)), self.leftovers.writing(leave.id))

    def _update(self, name: str, leave: LeaveRequest) -> None:
        self._call(name, lambda: Reply(self._endpoint.update(leave)), self.leftovers.writing(leave.id))

    def _delete(self, name: str, leave_id: str) -> None:
        key = LeaveKey(leave_id, self.leave.user_id)
        self._call(name, lambda: Reply(self._endpoint.delete(key)), self.leftovers.deleting(leave_id))

    def _list(self) -> None:
        leave, user = self.cor_ids
        if user is not None:
            self._call("list", lambda: Reply(rows=tuple(_up_to(leave, self._leaves_in_cor(user)))), nullcontext())

    def _call(self, name: str, send: Callable[[], Reply], noted: Context) -> None:
        if self.replies:
            _clock.wait(threading.Event(), SECONDS_BETWEEN_CALLS)
        try:
            with self._labelled(name), noted:
                self.replies[name] = send()
        except CorError as error:
            self.replies[name] = Reply(error=error)


def _up_to(leave: int | None, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield rows until that of a leave has come: the rest, which may be on further pages, is not needed."""
    for row in rows:
        yield row
        if leave and read_cor_id(row.get("id")) == leave:
            return


def _leave(leave_id: str, user_id: str, leave_type_id: str, start: date, end: date) -> LeaveRequest:
    """Return a leave request that may also be wrong: that is what is tried."""
    return LeaveRequest.model_construct(
        id=leave_id, user_id=user_id, leave_type_id=leave_type_id, start=start, end=end, all_day=True
    )
