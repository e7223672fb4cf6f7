"""Leave requests in any form that a task accepts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.files import OnOpen
from cor_provider.inputs.reading import OnRecord, Reading, keep_none, open_any
from cor_provider.inputs.records import iter_records
from cor_provider.inputs.translation import PLAIN, PLAIN_KEYS, Translation
from cor_provider.leave import LeaveKey, LeaveRequest, UnreadableLeave, read_leave, read_leave_key


def iter_leaves(
    leave_requests: object,
    *,
    timezone: str | None = None,
    translation: Translation = PLAIN,
    on_open: OnOpen = open_any,
    on_record: OnRecord = keep_none,
) -> Iterator[LeaveRequest | UnreadableLeave]:
    """
    Read leave requests one by one, without holding them all in memory if the form allows that.

    A record that cannot be read is yielded as an :class:`UnreadableLeave`, so that the others are not lost.

    :param leave_requests: a :class:`LeaveRequest` or a mapping that it accepts; any iterable of them, also nested; a
        data frame of pandas, polars or pyarrow; JSON text (it starts with ``[`` or ``{``); the path or URI of a
        ``.json``, ``.jsonl``, ``.csv``, ``.parquet`` or ``.xlsx`` file (or packed: ``.gz``) that ``ObjectStoragePath``
        opens. None, empty text and ``"None"`` hold no leave requests.
    :param timezone: IANA name of the zone for times without an offset, such as ``Europe/Madrid``.
    :param translation: how the input's columns, values and dates become those of a leave request.
    :param on_open: called with every file right before it is opened.
    :param on_record: called with every record right before the leave that is read from it is yielded.
    :raises CorConfigurationError: on iteration, if the input is none of these; the message does not quote it.
    """
    read = partial(read_leave, timezone=_read_timezone(timezone), label=translation.label)
    reading = Reading(read, UnreadableLeave, translation)
    yield from reading.iterate(iter_records(leave_requests, on_open, translation), on_record)


def iter_leave_keys(
    leave_requests: object,
    *,
    translation: Translation = PLAIN_KEYS,
    on_open: OnOpen = open_any,
    on_record: OnRecord = keep_none,
) -> Iterator[LeaveKey | UnreadableLeave]:
    """Read the ``id`` and ``user_id`` of each record, which a delete needs; otherwise as :func:`iter_leaves`."""
    read = partial(read_leave_key, label=translation.label)
    reading = Reading(read, UnreadableLeave, translation)
    yield from reading.iterate(iter_records(leave_requests, on_open, translation), on_record)


def _read_timezone(name: str | None) -> tzinfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # an unknown zone is a KeyError, a folder's name an OSError
        raise CorConfigurationError(
            f"timezone: {name!r} is not a time zone. Use an IANA name such as Europe/Madrid."
        ) from None
