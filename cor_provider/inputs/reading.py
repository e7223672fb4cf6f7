"""Read the records of an input one by one; what is not valid keeps its place among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorValidationError
from cor_provider.inputs.json_text import Doubled
from cor_provider.inputs.record import Record
from cor_provider.inputs.translation import Translation
from cor_provider.records.external_ids import Identified, UnreadableRecord

OnRecord = Callable[[int, object], None]
"""Called with the position of every record, from 1, and the record as it was handed in, for a person to correct."""

ReadT = TypeVar("ReadT", bound=Identified)
UnreadableT = TypeVar("UnreadableT", bound=UnreadableRecord)


def open_any(_path: ObjectStoragePath) -> None:
    """Accept every file."""


def keep_none(_position: int, _record: object) -> None:
    """Keep no record."""


def want_all(_record: object) -> bool:
    """Leave out no record."""
    return True


@dataclass(frozen=True)
class Reading(Generic[ReadT, UnreadableT]):
    """
    How records are read.

    :param read: reads one, and returns one that is not valid as ``unreadable``.
    :param translation: how the input's columns and values become those of a record.
    """

    read: Callable[[object], ReadT | UnreadableT]
    unreadable: type[UnreadableT]
    translation: Translation

    def iterate(
        self,
        records: Iterator[object],
        on_record: OnRecord,
        is_wanted: Callable[[ReadT | UnreadableT], bool] = want_all,
    ) -> Iterator[ReadT | UnreadableT]:
        """
        Yield what is read of each record.

        :param on_record: called with every record right before what is read of it is yielded.
        :param is_wanted: returns whether a record is to be yielded. Those that are not have no position.
        """
        yielded = 0
        for position, record in enumerate(records, start=1):
            one = self._read_row(record) if isinstance(record, Record) else self._read_element(record, position)
            if is_wanted(one):
                yielded += 1
                on_record(yielded, record.to_correct if isinstance(record, Record) else record)
                yield one

    def _read_element(self, record: object, position: int) -> ReadT | UnreadableT:
        one = self._read_mapping(record) if isinstance(record, Mapping) else self.read(record)
        if isinstance(one, self.unreadable) and one.id is None:
            return self.unreadable(None, CorValidationError(f"Record {position}: {one.error.message}"))
        return one

    def _read_row(self, record: Record) -> ReadT | UnreadableT:
        if record.problem:
            return self.unreadable(None, CorValidationError(f"{record.place} {record.problem} ({record.file})."))
        one = self._read_mapping(record.fields)
        if isinstance(one, self.unreadable):
            # The cause comes first: logs show the beginning of a line.
            place = f"{record.file}, {record.place}"
            return self.unreadable(one.id, type(one.error)(f"{one.error.message} ({place})"))
        return one

    def _read_mapping(self, fields: Mapping[str, Any]) -> ReadT | UnreadableT:
        translated = self.translation.translate(fields)
        one = self.read(translated)
        if not isinstance(one, self.unreadable):
            return one
        if doubled := [
            self.translation.label(name) for name, value in translated.items() if isinstance(value, Doubled)
        ]:
            error = CorValidationError(f"{', '.join(doubled)}: the JSON object has this key more than once")
            return self.unreadable(one.id, error)
        return one
