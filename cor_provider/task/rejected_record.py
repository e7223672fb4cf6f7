"""A rejected record as its file holds it: read again by the same parameters, it is the same again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from pydantic_core import PydanticCustomError

from cor_provider.fields.all_day import read_all_day
from cor_provider.fields.daily_hours import read_hours
from cor_provider.fields.email import read_email
from cor_provider.fields.external_id import read_text
from cor_provider.fields.plain_text import read_text as read_plain_text
from cor_provider.fields.plain_text import require_text
from cor_provider.fields.role import read_role
from cor_provider.fields.when import read_when
from cor_provider.inputs.formats.formula_guard import REJECTED
from cor_provider.inputs.record import CORRECT, NAMELESS
from cor_provider.inputs.translation import Translation, collapse_blanks
from cor_provider.leave import LeaveKey
from cor_provider.records.external_ids import UnreadableRecord
from cor_provider.records.record import Record
from cor_provider.task.plain_values import to_plain
from cor_provider.task.rejected_formats import RejectedFormat
from cor_provider.user import read_optional_id


def as_written(record: object, file_format: RejectedFormat, translation: Translation) -> dict[str, Any]:
    """
    Return the values of a record as a format holds them, by column.

    A format may not be able to hold a value so that it is read as the same one: as text, a number that has lost digits
    would be a valid id. Such a value is left out of its field; the record is then refused again, and not another one.

    :param record: as it was handed in.
    :param translation: how the input is read.
    """
    meant, by_column = _read(record, translation)
    columns = translation.fields_by_column()
    row: dict[str, Any] = {}
    for column, value in by_column.items():
        field = columns.get(column)
        if field is None:
            name = _distinct(column, columns) if file_format.is_table else column
            row[name] = file_format.write_value(_plain(value))
        else:
            value_meant = meant[field] if field in meant else translation.translate({column: value})[field]
            meaning = _meaning(field, value_meant)
            for candidate in _candidates(field, value, translation):
                row[column] = file_format.write_value(candidate)
                again = translation.translate({column: file_format.read_value(row[column])})[field]
                if _meaning(field, again) == meaning:
                    break
    read_again = {column: file_format.read_value(row.get(column)) for column in by_column}
    if _is_another({**translation.translate(by_column), **meant}, translation.translate(read_again)):
        row[NAMELESS] = row.get(NAMELESS) or CORRECT
    return row


def _is_another(fields: Mapping[str, Any], again: Mapping[str, Any]) -> bool:
    """
    Return whether a field has a meaning that it did not have before.

    Column by column that cannot be told: several make an id, one may be read as several fields, and where a value is
    left out, another column may be read in its place.
    """
    return any(
        (meaning := _meaning(field, value)) is not None and meaning != _meaning(field, fields.get(field))
        for field, value in again.items()
    )


def _read(record: object, translation: Translation) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Return the fields of a record that is validated already, and the values of every record by column."""
    if isinstance(record, UnreadableRecord):
        meant = {} if record.id is None else {"id": record.id}
        return meant, translation.restore(meant)
    if isinstance(record, (Record, LeaveKey)):
        meant = {field: getattr(record, field) for field in translation.fields}
        return meant, translation.restore(meant)
    if isinstance(record, Mapping):
        return {}, {str(column): value for column, value in record.items() if column not in REJECTED}
    return {}, {NAMELESS: record}


def _distinct(column: str, read: Iterable[str]) -> str:
    """Return the name of a column that is not read, in a table: other white space does not make it one that is read."""
    name = collapse_blanks(column)
    return f"{name} (2)" if name in {*REJECTED, *map(collapse_blanks, read)} else column


def _candidates(field: str, value: Any, translation: Translation) -> Iterator[Any]:
    """Yield what may be written in place of a value; the last is refused when it is read."""
    plain = _plain(value)
    yield plain
    if isinstance(plain, date) and translation.date_format:
        yield plain.strftime(translation.date_format)
    yield "?" if field == "all_day" else None


def _plain(value: Any) -> Any:
    try:
        return to_plain(value)
    except Exception:  # noqa: BLE001  # any object may be handed in, and nested however deep
        return f"({type(value).__name__})"


def _meaning(field: str, value: object) -> str | None:
    """Return how a field is read, or None if it is refused."""
    try:
        read = _READERS[field](value)
    except PydanticCustomError:
        return None
    return read.isoformat() if isinstance(read, date) else repr(read)


_READERS: Mapping[str, Callable[[object], Any]] = {
    "id": read_text,
    "user_id": read_text,
    "leave_type_id": read_text,
    "start": read_when,
    "end": read_when,
    "all_day": read_all_day,
    "email": read_email,
    "first_name": require_text,
    "last_name": require_text,
    **dict.fromkeys(("phone", "position", "department"), read_plain_text),
    "role_id": read_role,
    "daily_hours": read_hours,
    **dict.fromkeys(("user_position_id", "seniority_id"), read_optional_id),
}
