"""Leave requests in any form that a task accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider.exceptions import CorConfigurationError, CorValidationError
from cor_provider.inputs.files import OnOpen
from cor_provider.inputs.records import iter_records
from cor_provider.leave import Leave, LeaveKey, LeaveRequest, UnreadableLeave, read_leave, read_leave_key


def _open_any(_path: ObjectStoragePath) -> None:
    pass


def iter_leaves(
    leave_requests: object, *, timezone: str | None = None, on_open: OnOpen = _open_any
) -> Iterator[LeaveRequest | UnreadableLeave]:
    """
    Read leave requests one by one, without holding them all in memory if the form allows that.

    A record that cannot be read is yielded as an :class:`UnreadableLeave`, so that the others are not lost.

    :param leave_requests: a :class:`LeaveRequest` or a mapping that it accepts; any iterable of them, also nested; JSON
        text (it starts with ``[`` or ``{``); the path or URI of a ``.json``, ``.jsonl``, ``.csv`` or ``.parquet`` file
        that ``ObjectStoragePath`` opens. None, empty text and ``"None"`` hold no leave requests.
    :param timezone: IANA name of the zone for times without an offset, such as ``Europe/Madrid``.
    :param on_open: called with every file right before it is opened.
    :raises CorConfigurationError: on iteration, if the input is none of these; the message does not quote it.
    """
    yield from _iter_read(leave_requests, partial(read_leave, timezone=_read_timezone(timezone)), on_open)


def iter_leave_keys(leave_requests: object, *, on_open: OnOpen = _open_any) -> Iterator[LeaveKey | UnreadableLeave]:
    """Read the ``id`` and ``user_id`` of each record, which a delete needs; otherwise as :func:`iter_leaves`."""
    yield from _iter_read(leave_requests, read_leave_key, on_open)


def _iter_read(
    leave_requests: object, read: Callable[[object], Leave | UnreadableLeave], on_open: OnOpen
) -> Iterator[Leave | UnreadableLeave]:
    for position, record in enumerate(iter_records(leave_requests, on_open), start=1):
        leave = read(record)
        if isinstance(leave, UnreadableLeave) and leave.leave_id is None:
            leave = UnreadableLeave(None, CorValidationError(f"Record {position}: {leave.error.message}"))
        yield leave


def _read_timezone(name: str | None) -> tzinfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # an unknown zone is a KeyError, a folder's name an OSError
        raise CorConfigurationError(
            f"timezone: {name!r} is not a time zone. Use an IANA name such as Europe/Madrid."
        ) from None
