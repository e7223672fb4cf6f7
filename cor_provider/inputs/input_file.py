"""A file or data frame of records, as its reader sees it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from io import SEEK_SET, BufferedReader, RawIOBase
from typing import IO, Any

from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.packing import unpacked
from cor_provider.inputs.translation import PLAIN, Translation
from cor_provider.records.kinds import USERS

CHUNK = 1024 * 1024
"""Bytes that are read at once."""

MOST_COLUMNS_SHOWN = 40
LONGEST_COLUMN_SHOWN = 40  # characters

_DATA = re.compile(r"\d.*\d|@")
"""What a row of data has somewhere and the names of columns hardly have: a date, a number, an address."""

_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class Input:
    """
    A file or data frame, and what is wanted of it.

    :param name: how errors name it: no personal data.
    :param translation: the columns that are read.
    """

    name: str
    translation: Translation = PLAIN

    @property
    def parameter(self) -> str:
        """The parameter of the operator that takes it, for errors."""
        return self.translation.form.kind.parameter

    def error(self, problem: str) -> CorConfigurationError:
        """Return the error for an input that cannot be used; ``problem`` says what to do about it."""
        return CorConfigurationError(f"{self.parameter}: {self.name}: {problem}")

    def used_columns(self, columns: Iterable[str]) -> list[str]:
        """
        Return those columns that are read, in the input's order.

        :raises CorConfigurationError: if one of them is there more than once.
        """
        used = self.translation.used(columns)
        if doubled := [f'"{name}"' for name, count in Counter(used).items() if count > 1]:
            raise self.error(f"has more than one column {', '.join(doubled)}. Rename or remove the others.")
        return used

    def check_columns(self, columns: Iterable[str], place: str = "", *, may_be_data: bool = False) -> None:
        """
        Refuse an input without the columns that are needed, once and not for each of its rows.

        :param place: what the error says first, such as where these columns were found.
        :param may_be_data: whether these may be no names of columns but people's data, which is not shown.
        :raises CorConfigurationError: naming the columns that it has and those that it lacks.
        """
        columns = list(columns)
        if missing := self.translation.missing(columns):
            similar = self.translation.similar(columns)
            # A row of people may have neither a number nor an address.
            is_of_people = self.translation.form.kind is USERS
            may_be_data |= is_of_people and not (similar or self.translation.used(columns))
            first = missing[0].split()[0]
            example = json.dumps(similar or {first: self.translation.form.columns[first]}, ensure_ascii=False)
            raise self.error(
                f"{place}has no column for {', '.join(missing)}. {_describe(columns, may_be_data)} Name its columns by "
                f"the parameter columns, such as {example}."
            )


@dataclass(frozen=True)
class InputFile(Input):
    """
    A file, and what is wanted of it.

    :param path: where it is.
    :param fragment: what follows ``#`` in its name, such as the sheet of a spreadsheet.
    """

    path: ObjectStoragePath = field(kw_only=True)
    fragment: str | None = field(default=None, kw_only=True)

    @contextmanager
    def open(self, *, seekable: bool = False) -> Iterator[BufferedReader]:
        """Open it; what is packed is unpacked, so that a reader that jumps in it must say ``seekable``."""
        with (
            self.path.open("rb") as stream,
            closing(BufferedReader(_Stored(stream), CHUNK)) as stored,
            unpacked(stored, self.path.name, self.error, seekable=seekable) as content,
        ):
            yield content


class _Stored(RawIOBase):
    """
    A file as it is stored.

    What Airflow opens notes lineage in each of its methods, and Python asks an open file for each of its lines whether
    it is closed. This one knows.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream: Any = stream

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._stream.seekable())

    def tell(self) -> int:
        return int(self._stream.tell())

    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        return int(self._stream.seek(offset, whence))

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # BufferedReader passes no other
        return int(self._stream.readinto(buffer))


def _describe(columns: list[str], may_be_data: bool) -> str:
    """Return which columns a file has. A file without a header has people's data in that place, which is not shown."""
    named = [column for column in columns if column]
    if len(named) == 1:
        return "It has only one column, which is not shown, since it may be a title or data."
    # Any row of data has digits in two dates, and more than one in most of them.
    if may_be_data or any(map(_DATA.search, named)) or sum(bool(_DIGIT.search(column)) for column in named) > 1:
        return "Its columns are not shown, since they look like data: is the first row really the header?"
    shown = ", ".join(f'"{column[:LONGEST_COLUMN_SHOWN]}"' for column in named[:MOST_COLUMNS_SHOWN])
    more = len(named) - MOST_COLUMNS_SHOWN
    return f"It has {shown or 'no column'}{f' and {more} more' if more > 0 else ''}."
