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

from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider import _files
from cor_provider.outcome import LeaveOutcome


class Report:
    """
    A report that is being written; without a file it is none.

    What keeps it from being written must not keep outcomes from being counted: it is raised when the report is closed.
    A store's client raises what it likes, not only an ``OSError``.
    """

    def __init__(self, file: _files.NewFile | None) -> None:
        self._file = file
        self.error: Exception | None = None

    def add(self, outcome: LeaveOutcome) -> bool:
        """Add the row of an outcome, and return whether the report can still be written."""
        if self._file:
            self.write([outcome.line])
        return self.error is None

    def write(self, rows: Iterable[bytes]) -> None:
        """Add rows."""
        if self._file and not self.error:
            try:
                self._file.stream.writelines(rows)
            except Exception as error:  # noqa: BLE001  # as told above
                self.error = error

    def flush(self) -> None:
        """Hand what was added to the storage, where an earlier try's rows are looked for if this one is killed."""
        if self._file and not self.error:
            try:
                self._file.stream.flush()
            except Exception as error:  # noqa: BLE001  # likewise
                self.error = error

    def close(self, check: Callable[[], None]) -> None:
        """
        Have the report be there, whole.

        :param check: raises something if what it would replace must stay.
        """
        if not self._file:
            return
        if not self.error:
            try:
                check()
                self._file.finish()
            except Exception as error:  # noqa: BLE001  # likewise
                self.error = error
        if self.error:
            self._file.discard()


@dataclass
class EarlierRows:
    """
    The rows that an earlier try has written of what it settled.

    :param rows: in a file that is gone when it is closed, since there may be millions.
    :param left_over: where it has left them, if it was killed.
    """

    rows: IO[bytes] = field(default_factory=BytesIO)
    left_over: Path | None = None

    def close(self) -> None:
        """Let go of them."""
        self.rows.close()

    def delete_left_over(self) -> None:
        """Delete what the earlier try has left, once its rows are elsewhere."""
        if self.left_over:
            with suppress(OSError):
                self.left_over.unlink()


@contextmanager
def open_report(path: object, *, earlier: EarlierRows, check: Callable[[], None]) -> Iterator[Report]:
    """
    Open a report; it is there, and complete, when the block is left, however that happens.

    Until then, what it replaces stays as it was. A row is what
    :meth:`~cor_provider.outcome.LeaveOutcome.to_row` returns.

    :param path: path or URI that ``ObjectStoragePath`` opens; folders are made. None for no report.
    :param earlier: rows to begin with, as :func:`read_rows` returns them.
    :param check: called right before the report takes the place of what was there; raises something if it must not.
    :raises Exception: when the block is left, if it could not be written; mostly an ``OSError``.
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
    Return the rows of an earlier try's report, up to a position in the input; None if it does not have them all.

    Of a try that was killed they are in the file that it was writing beside the report.

    :param path: as :func:`open_report` takes it; without one, there are no rows to have.
    :param until: the last position.
    :param is_complete: tells these rows from those of any other report.
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
        except Exception:  # noqa: BLE001, S110  # it is not there, or not a report, or the store does not work
            pass
        rows.close()
    return None


def _sources(report: ObjectStoragePath) -> Iterator[tuple[Callable[[], IO[bytes]], Path | None]]:
    """Yield what opens the files that the rows may be in, the newest first, and where they are if they were left."""
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
        # A last line that was cut off is none.
        if line.endswith(b"\n") and json.loads(line)["position"] <= position:
            yield line
