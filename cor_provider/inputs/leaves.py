"""Leave requests in any form that a task accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import tzinfo
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorConfigurationError, CorValidationError
from cor_provider.inputs.files import OnOpen
from cor_provider.inputs.json_text import Doubled
from cor_provider.inputs.record import Record
from cor_provider.inputs.records import iter_records
from cor_provider.inputs.translation import PLAIN, PLAIN_KEYS, Translation
from cor_provider.leave import Leave, LeaveKey, LeaveRequest, UnreadableLeave, read_leave, read_leave_key

OnRecord = Callable[[int, object], None]
"""Called with the position of every record, from 1, and the record as it was handed in, for a person to correct."""


def _open_any(_path: ObjectStoragePath) -> None:
    pass


def _keep_none(_position: int, _record: object) -> None:
    pass


def iter_leaves(
    leave_requests: object,
    *,
    timezone: str | None = None,
    translation: Translation = PLAIN,
    on_open: OnOpen = _open_any,
    on_record: OnRecord = _keep_none,
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
    yield from _iter_read(iter_records(leave_requests, on_open, translation), read, translation, on_record)


def iter_leave_keys(
    leave_requests: object,
    *,
    translation: Translation = PLAIN_KEYS,
    on_open: OnOpen = _open_any,
    on_record: OnRecord = _keep_none,
) -> Iterator[LeaveKey | UnreadableLeave]:
    """Read the ``id`` and ``user_id`` of each record, which a delete needs; otherwise as :func:`iter_leaves`."""
    read = partial(read_leave_key, label=translation.label)
    yield from _iter_read(iter_records(leave_requests, on_open, translation), read, translation, on_record)


def _iter_read(
    records: Iterator[object],
    read: Callable[[object], Leave | UnreadableLeave],
    translation: Translation,
    on_record: OnRecord,
) -> Iterator[Leave | UnreadableLeave]:
    for position, record in enumerate(records, start=1):
        on_record(position, record.to_correct if isinstance(record, Record) else record)
        if isinstance(record, Record):
            yield _read_row(record, read, translation)
            continue
        leave = _read_mapping(record, read, translation) if isinstance(record, Mapping) else read(record)
        if isinstance(leave, UnreadableLeave) and leave.leave_id is None:
            leave = UnreadableLeave(None, CorValidationError(f"Record {position}: {leave.error.message}"))
        yield leave


def _read_row(
    record: Record, read: Callable[[object], Leave | UnreadableLeave], translation: Translation
) -> Leave | UnreadableLeave:
    if record.problem:
        return UnreadableLeave(None, CorValidationError(f"{record.place} {record.problem} ({record.file})."))
    leave = _read_mapping(record.fields, read, translation)
    if isinstance(leave, UnreadableLeave):
        # The cause comes first: logs show the beginning of a line.
        place = f"{record.file}, {record.place}"
        return UnreadableLeave(leave.leave_id, type(leave.error)(f"{leave.error.message} ({place})"))
    return leave


def _read_mapping(
    fields: Mapping[str, Any], read: Callable[[object], Leave | UnreadableLeave], translation: Translation
) -> Leave | UnreadableLeave:
    translated = translation.translate(fields)
    leave = read(translated)
    if isinstance(leave, UnreadableLeave) and (
        doubled := [translation.label(field) for field, value in translated.items() if isinstance(value, Doubled)]
    ):
        error = CorValidationError(f"{', '.join(doubled)}: the JSON object has this key more than once")
        return UnreadableLeave(leave.leave_id, error)
    return leave


def _read_timezone(name: str | None) -> tzinfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # an unknown zone is a KeyError, a folder's name an OSError
        raise CorConfigurationError(
            f"timezone: {name!r} is not a time zone. Use an IANA name such as Europe/Madrid."
        ) from None
