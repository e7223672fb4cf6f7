"""Read the rows of a file that HR wrote, for an extract that has to look at them before they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from pydantic_core import PydanticCustomError

from cor_provider.exceptions import CorValidationError
from cor_provider.fields import external_id
from cor_provider.fields.when import DateFormat, read_when
from cor_provider.inputs.files import iter_file
from cor_provider.inputs.reading import open_any
from cor_provider.inputs.translation import Form, Translation
from cor_provider.records.kinds import LEAVE

__all__ = ["Row", "group_rows", "read_rows"]

Meaning = TypeVar("Meaning")


class Row(Mapping[str, Any]):
    """
    A row of HR's file, by your names for its columns; what it lacks is None.

    Where it cannot be read, it raises a ``CorValidationError`` that names HR's column but no value:
    :func:`~cor_provider.extract.rows.to_leaves_or_rejected` makes a rejection of that. A damaged row, such as one with
    more fields than the header, raises it for each of its fields.
    """

    def __init__(
        self,
        fields: Mapping[str, Any],
        columns: Mapping[str, str],
        date_format: DateFormat | None = None,
        problem: str | None = None,
    ) -> None:
        self._fields = fields
        self._columns = columns
        self._date_format = date_format
        self._problem = problem

    def word(self, name: str) -> str:
        """Return the text of a column in lower case and without superfluous blanks; blank if there is none."""
        value = self._fields.get(name)
        return "" if value is None else " ".join(str(value).split()).casefold()

    def meaning(self, name: str, words: Mapping[str, Meaning]) -> Meaning:
        """
        Return what the word in a column means.

        :param words: the meanings by HR's words, in lower case; ``""`` for a blank. Another word refuses the row.
        """
        _ = self[name]  # a damaged row has no words
        if (word := self.word(name)) not in words:
            expected = ", ".join(one or "blank" for one in words)
            raise self.error(name, f"is none of {expected}" if word else f"is blank; expected one of {expected}")
        return words[word]

    def day(self, name: str) -> date:
        """Return the date in a column, as it is written; a time of day is left out."""
        value = self[name] if self._date_format is None else self._date_format.read(self[name])
        try:
            when = read_when(value)
        except PydanticCustomError as problem:
            raise self.error(name, problem.message()) from None
        return when.date() if isinstance(when, datetime) else when

    def id_in(self, name: str) -> str | None:
        """Return the id in a column as COR would have it; None if there is none that is readable."""
        try:
            return external_id.read_text(self._fields.get(name))
        except PydanticCustomError:
            return None

    def error(self, name: str, problem: str) -> CorValidationError:
        """Return the error that refuses this row; the problem follows the name of the column, and shows no value."""
        return CorValidationError(f'column "{self._columns[name]}" {problem}')

    def __getitem__(self, name: str) -> Any:
        if self._problem:
            raise CorValidationError(self._problem)
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._columns)})"  # rows end up in logs: no values


def read_rows(path: str, columns: Mapping[str, str], *, date_format: str | None = None) -> Iterator[Row]:
    """
    Yield the rows of a file that HR wrote.

    It reads what the operators read: encodings, separators, packed files and so on.

    :param path: path or URI of a ``.csv``, ``.json``, ``.jsonl``, ``.parquet`` or ``.xlsx`` file (or packed: ``.gz``).
    :param columns: HR's columns by your names for them.
    :param date_format: the ``strptime`` form of dates that are not ISO 8601.
    :raises FileNotFoundError: if there is no such file.
    :raises CorConfigurationError: if the file cannot be read, or lacks one of the columns.
    """
    form = Form(LEAVE, tuple(columns), optional=frozenset(), columns=columns, values="{}")
    translation = Translation(columns, date_format=date_format, form=form)
    dates = None if translation.date_format is None else DateFormat(translation.date_format)
    missing = dict.fromkeys(columns)
    for record in iter_file(path, open_any, translation):
        if record.problem:
            yield Row({}, columns, problem=f"{record.place} {record.problem}")
        else:
            yield Row(missing | dict(translation.translate(record.fields)), columns, dates)


def group_rows(rows: Iterable[Row], name: str) -> list[list[Row]]:
    """
    Return the rows that have the same id in a column, in the order of the first of them.

    :param name: your name for the column. Rows without a readable id there stay alone.
    """
    groups: dict[object, list[Row]] = {}
    for number, row in enumerate(rows):
        groups.setdefault(row.id_in(name) or number, []).append(row)
    return list(groups.values())
