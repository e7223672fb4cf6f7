"""The file of rejected records: as they were handed in, with the errors in front, to correct and hand in again."""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import IO, Any, NamedTuple

from cor_provider import _files
from cor_provider.exceptions import CorConfigurationError
from cor_provider.inputs.formats import find_reader
from cor_provider.inputs.formats.formula_guard import REJECTED
from cor_provider.inputs.input_file import InputFile
from cor_provider.inputs.translation import Translation
from cor_provider.outcome import Outcome
from cor_provider.task.rejected_formats import FORMATS, RejectedFormat
from cor_provider.task.rejected_record import as_written


class Rejection(NamedTuple):
    """The position of a rejected record in the input, and the reason."""

    position: int
    error: str
    message: str

    @classmethod
    def of(cls, outcome: Outcome) -> Rejection:
        """Return the rejection that an outcome is."""
        return cls(outcome.position or 0, outcome.error or "", outcome.message or "")


def check_rejected_path(name: str, path: object) -> None:
    """
    Check the name of a file of rejected records.

    :param name: the parameter that names it.
    :raises ValueError: naming the parameter, if its ending is of no format.
    """
    if path and _format_of(path) is None:
        raise ValueError(f"{name}: expected a path or URI that ends in one of {', '.join(FORMATS)}.")


class RejectedFile:
    """
    Collects the rejected records of a push while it runs, and writes them at its end, in the order of the input.

    Records are kept only until their outcome is known. The rejected ones go to an unfinished file beside the one to
    write, since their columns must be known before the first is written. Without a path, nothing is kept or written.

    A write error must not stop the counting of outcomes, so it is kept and raised at the end.

    :param path: path or URI of the file; None for none.
    :param translation: returns how the input is read.
    """

    def __init__(self, path: object, translation: Callable[[], Translation]) -> None:
        self._path = path
        self._read_translation = translation
        self._records: dict[int, object] = {}
        self._begins_after: int | None = None
        self._earlier: list[Rejection] = []
        self._next_earlier = 0
        self._spool: _Spool | None = None
        self._left_overs: list[Path] = []
        self._error: Exception | None = None
        self.is_written = False

    def check(self) -> None:
        """
        Check that the file can be written, before anything is sent.

        :raises CorConfigurationError: naming the parameter, with what to do.
        """
        if not self._path:
            return
        try:
            check_rejected_path("rejected_path", self._path)
        except ValueError as error:
            raise CorConfigurationError(str(error)) from None
        if _files.is_stream(_files.locate(self._path)):
            raise CorConfigurationError("rejected_path: is a stream, which others may read. Name a file.")
        self._format.check()
        if own := self._translation.used(REJECTED):
            raise CorConfigurationError(
                f"rejected_path: the file has a column {own[0]} of its own. Give that column of the input another name."
            )

    def resume(self, after: int, earlier: list[Rejection]) -> None:
        """
        Begin to keep records. Without this call, none is kept.

        :param after: the last position that earlier tries have done.
        :param earlier: the rejections up to there, ascending, from :meth:`find_earlier`.
        """
        self._begins_after, self._earlier = after, earlier

    def keep(self, position: int, record: object) -> None:
        """
        Keep a record until its outcome is known.

        Positions ascend. Of those that earlier tries have done, the rejected ones are written again.
        """
        if not self._path or self._begins_after is None:
            return
        if position > self._begins_after:
            self._records[position] = record
        elif self._next_earlier < len(self._earlier):
            rejection = self._earlier[self._next_earlier]
            if rejection.position == position:
                self._next_earlier += 1
                self._write(rejection, record)

    def add(self, outcome: Outcome) -> bool:
        """Take an outcome, and return whether rejected records can still be written."""
        record = self._records.pop(outcome.position or 0, None)
        if self._path and outcome.status == "rejected" and outcome.position:
            self._write(Rejection.of(outcome), record)
        return self._error is None

    def flush(self) -> None:
        """Flush the rejected records to storage. If this try is killed, a retry finds them there."""
        if self._spool and not self._error:
            try:
                self._spool.flush()
            except Exception as error:  # noqa: BLE001  # see the class
                self._error = error
            else:
                self._delete_left_overs()

    def find_earlier(
        self, positions: Iterable[int], *, is_complete: Callable[[list[Rejection]], bool]
    ) -> list[Rejection] | None:
        """
        Return the rejections of an earlier try, or None if they cannot be found.

        :param positions: those of the records that it rejected, ascending.
        :param is_complete: returns whether the rejections are exactly those of the earlier try.
        """
        positions = list(positions)
        if not self._path:
            return []
        path = _files.locate(self._path)
        for left_over in (*_files.left_overs(path), None):
            with suppress(Exception):  # the file is missing, is another one, or the store does not work
                found = _in_left_over(left_over, positions) if left_over else self._in_file(positions)
                if is_complete(found):
                    return found
        return None if positions else []

    @contextmanager
    def opened(self, check: Callable[[], None]) -> Iterator[None]:
        """
        Collect rejected records while the block runs. When it ends, even in an error, they are in their file.

        If there is none, an earlier file is deleted, unless the block ends in an error.

        :param check: raises an error if the file would replace one that must stay.
        :raises Exception: at the end of the block, if the file could not be written.
        """
        if not self._path:
            yield
            return
        path = _files.locate(self._path)
        self._left_overs = _files.left_overs(path)
        self._spool = _Spool(_files.begin(path))
        try:
            yield
            if not self._error and not self._spool.positions:
                check()
                _files.delete(path)
        finally:
            self._close(check)
        if self._error:
            raise self._error

    @property
    def _format(self) -> RejectedFormat:
        found = _format_of(self._path)
        assert found  # noqa: S101  # checked before anything else
        return found

    def _write(self, rejection: Rejection, record: object) -> None:
        if self._spool and not self._error:
            try:
                self._spool.add(rejection, as_written(record, self._format, self._translation))
            except Exception as error:  # noqa: BLE001  # see the class
                self._error = error

    @cached_property
    def _translation(self) -> Translation:
        return self._read_translation()

    def _delete_left_overs(self) -> None:
        """Delete the unfinished files of earlier tries: they hold people's data, and this one has their rejections."""
        if self._next_earlier == len(self._earlier):
            while self._left_overs:
                with suppress(OSError):
                    self._left_overs.pop().unlink()

    def _close(self, check: Callable[[], None]) -> None:
        spool = self._spool
        assert spool  # noqa: S101  # it is open
        try:
            if not self._error and spool.positions:
                with _files.writing(_files.locate(self._path), before_replacing=check) as stream:
                    self._format.write(stream, self._columns(spool.rows()), spool.rows())
                self.is_written = True
            if not self._error:
                self._delete_left_overs()
        except Exception as error:  # noqa: BLE001  # see the class
            self._error = error
        finally:
            spool.discard()
            self._records.clear()

    def _columns(self, rows: Iterable[Mapping[str, Any]]) -> list[str]:
        """Return all columns in the order in which they appear, and those without which a table is not read."""
        columns = list(dict.fromkeys(column for row in rows for column in row))
        return [*columns, *self._translation.missing_columns(columns)]

    def _in_file(self, positions: list[int]) -> list[Rejection]:
        """Return the rejections in the file that an earlier try has finished."""
        reader = find_reader(str(self._path))
        assert reader  # noqa: S101  # every format can be read
        records = reader(InputFile("the file", Translation(fields=()), path=_files.locate(self._path)))
        return [
            Rejection(position, record.fields["error"] or "", record.fields["message"] or "")
            for position, record in zip(positions, records, strict=False)
        ]


class _Spool:
    """Rejected records in the order in which they settle, and where each begins."""

    def __init__(self, file: _files.NewFile) -> None:
        self._file = file
        self.positions = array("Q")
        self._offsets = array("Q")
        self._size = 0

    def add(self, rejection: Rejection, row: dict[str, Any]) -> None:
        line = (json.dumps([*rejection, row]) + "\n").encode()
        self._file.stream.write(line)
        self.positions.append(rejection.position)
        self._offsets.append(self._size)
        self._size += len(line)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of the file to write, in the order of the input."""
        self.flush()
        stream = self._file.stream
        for index in sorted(range(len(self.positions)), key=self.positions.__getitem__):
            stream.seek(self._offsets[index])
            _position, error, message, row = json.loads(stream.readline())
            yield {"error": error, "message": message, **row}

    def flush(self) -> None:
        self._file.stream.flush()

    def discard(self) -> None:
        self._file.discard()


def _in_left_over(file: Path, positions: list[int]) -> list[Rejection]:
    """Return the rejections at these positions in the unfinished file of a try that was killed."""
    wanted = set(positions)
    found = {}
    with file.open("rb") as lines:
        for line in _complete_lines(lines):
            rejection = Rejection(*json.loads(line)[:3])
            if rejection.position in wanted:
                found[rejection.position] = rejection
    return [found[position] for position in positions]


def _complete_lines(lines: IO[bytes]) -> Iterator[bytes]:
    return (line for line in lines if line.endswith(b"\n"))  # a last line without a line end was cut off


def _format_of(path: object) -> RejectedFormat | None:
    text = os.fspath(path) if isinstance(path, os.PathLike) else str(path)
    return FORMATS.get(os.path.splitext(str(text).strip())[1].lower())  # noqa: PTH122  # a URI is not a local path
