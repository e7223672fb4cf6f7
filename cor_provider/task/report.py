"""The report: every outcome of a push as a row of a JSON Lines file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.outcome import Outcome


class Report:
    """
    A report that is being written. Without a file, nothing is written.

    A write error must not stop the counting of outcomes, so it is kept in ``error`` and raised at the end. It can be
    any exception: object store clients raise more than ``OSError``.
    """

    def __init__(self, file: _files.NewFile | None) -> None:
        self._file = file
        self.error: Exception | None = None
        self.is_written = False

    def add(self, outcome: Outcome) -> bool:
        """Add the row of an outcome, and return whether the report can still be written."""
        if self._file and not self.error:
            try:
                self._file.stream.write(outcome.line)
            except Exception as error:  # noqa: BLE001  # see the class
                self.error = error
        return self.error is None

    def write(self, rows: Iterable[bytes]) -> None:
        """Add rows."""
        if self._file and not self.error:
            try:
                self._file.stream.writelines(rows)
            except Exception as error:  # noqa: BLE001  # see the class
                self.error = error

    def flush(self) -> None:
        """Flush the rows to storage. If this try is killed, a retry finds them there."""
        if self._file and not self.error:
            try:
                self._file.stream.flush()
            except Exception as error:  # noqa: BLE001  # see the class
                self.error = error

    def close(self, check: Callable[[], None]) -> None:
        """
        Put the complete report in its place.

        :param check: raises an error if the report would replace a file that must stay.
        """
        if not self._file:
            return
        if not self.error:
            try:
                check()
                self._file.finish()
                self.is_written = True
            except Exception as error:  # noqa: BLE001  # see the class
                self.error = error
        if self.error:
            self._file.discard()


@dataclass
class EarlierRows:
    """
    The report rows of the records that earlier tries have done.

    :param rows: a temporary file, since there may be millions.
    :param left_over: the unfinished file of the earlier try, if it was killed.
    """

    rows: IO[bytes] = field(default_factory=BytesIO)
    left_over: Path | None = None

    def unknown_ids(self) -> Iterator[tuple[str | None, str | None]]:
        """Yield the error and the ``unknown_id`` of each row that has one."""
        for line in self.rows:
            if b'"unknown_id"' in line:
                outcome = Outcome.from_row(json.loads(line))
                yield outcome.error, outcome.unknown_id
        self.rows.seek(0)

    def close(self) -> None:
        """Discard the temporary file."""
        self.rows.close()

    def delete_left_over(self) -> None:
        """Delete the unfinished file of the earlier try. Call it once its rows are in the new report."""
        if self.left_over:
            with suppress(OSError):
                self.left_over.unlink()


@contextmanager
def open_report(path: object, *, earlier: EarlierRows, check: Callable[[], None]) -> Iterator[Report]:
    """
    Open a report. When the block ends, even in an error, the report is complete and in its place.

    Until then, an existing report stays as it was. Rows are those of :meth:`~cor_provider.outcome.Outcome.to_row`.

    :param path: path or URI that ``ObjectStoragePath`` opens; missing folders are made. None for no report.
    :param earlier: rows to begin with, from :func:`read_rows`.
    :param check: called right before the report is put in its place; raises an error if it would replace a file that
        must stay.
    :raises Exception: at the end of the block, if the report could not be written; mostly an ``OSError``.
    """
    report = Report(_files.begin(_files.locate(path)) if path else None)
    try:
        report.write(earlier.rows)
        report.flush()
        if not report.error:
            earlier.delete_left_over()
        yield report
    finally:
        report.close(check)
    if report.error:
        raise report.error


def read_rows(path: object, until: int, *, is_complete: Callable[[Iterable[bytes]], bool]) -> EarlierRows | None:
    """
    Return the rows of an earlier try's report up to a position in the input, or None if some are missing.

    If the try was killed, they are in the unfinished file beside the report.

    :param path: as for :func:`open_report`; without a path, no rows are needed.
    :param until: the last position.
    :param is_complete: returns whether the rows are exactly those of the earlier try.
    """
    if not path:
        return EarlierRows()
    for source, left_over in _sources(_files.locate(path)):
        rows = TemporaryFile()  # noqa: SIM115  # for the caller to close
        try:
            with source() as lines:
                rows.writelines(_rows_until(until, lines))
            rows.seek(0)
            if is_complete(rows):
                rows.seek(0)
                return EarlierRows(rows, left_over)
        except Exception:  # noqa: BLE001, S110  # the file is missing, is not a report, or the store does not work
            pass
        rows.close()
    return None


def _sources(report: ObjectStoragePath) -> Iterator[tuple[Callable[[], IO[bytes]], Path | None]]:
    """Yield a function that opens each file that may hold the rows, newest first, and the path if it is unfinished."""
    place = _files.on_disk(report)
    if place is None:
        yield lambda: report.fs.open(report.path, "rb"), None
    elif not _files.is_stream(report):
        left_overs = _files.left_overs(report)
        for one in sorted((*left_overs, place), key=_modified, reverse=True):
            yield partial(_open, one), one if one in left_overs else None


def _open(file: Path) -> IO[bytes]:
    return file.open("rb")


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _rows_until(position: int, lines: IO[bytes]) -> Iterator[bytes]:
    for line in iter(lines.readline, b""):
        # A last line without a line end was cut off.
        if line.endswith(b"\n") and json.loads(line)["position"] <= position:
            yield line
