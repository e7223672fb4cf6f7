"""The report: every outcome of a push as a row of a JSON Lines file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from tempfile import TemporaryFile
from typing import IO

from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider.outcome import LeaveOutcome


class Report:
    """
    A report that is being written; without a stream it is none.

    What keeps it from being written must not keep outcomes from being counted: it is raised when the report is closed.
    A store's client raises what it likes, not only an ``OSError``.
    """

    def __init__(self, stream: IO[str] | None) -> None:
        self._stream = stream
        self.error: Exception | None = None

    def add(self, outcome: LeaveOutcome) -> bool:
        """Add the row of an outcome, and return whether the report can still be written."""
        self.write([json.dumps(outcome.to_row(), ensure_ascii=False) + "\n"])
        return self.error is None

    def write(self, rows: Iterable[str]) -> None:
        """Add rows."""
        if self._stream and not self.error:
            try:
                self._stream.writelines(rows)
            except Exception as error:  # noqa: BLE001  # as told above
                self.error = error

    def flush(self) -> None:
        """Hand what was added to the storage; object stores show it only when the report is closed."""
        if self._stream and not self.error:
            try:
                self._stream.flush()
            except Exception as error:  # noqa: BLE001  # likewise
                self.error = error


@contextmanager
def open_report(path: str | None, *, earlier_rows: Iterable[str] = ()) -> Iterator[Report]:
    """
    Open a report; it is complete when the block is left.

    A row is ``{"id", "status", "cor_id", "error", "message", "attempts", "position"}``.

    :param path: path or URI that ``ObjectStoragePath`` opens; folders are made. None for no report.
    :param earlier_rows: rows to begin with, as :func:`read_rows` returns them.
    :raises Exception: when the block is left, if it could not be written; mostly an ``OSError``.
    """
    if not path:
        yield Report(None)
        return
    target = ObjectStoragePath(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    stream = target.open("w", encoding="utf-8")
    report = Report(stream)
    try:
        report.write(earlier_rows)
        yield report
    finally:
        report.flush()
        if report.error:
            with suppress(Exception):
                stream.close()
        else:
            stream.close()
    if report.error:
        raise report.error


def read_rows(path: str | None, *, until: int) -> IO[str] | None:
    """
    Return the rows of an earlier try's report, up to a position in the input; None if it does not have them all.

    They are in a file that is gone when it is closed, since there may be millions.

    :param path: as :func:`open_report` takes it; without one, there are no rows to have.
    :param until: the last position.
    """
    if not path:
        return StringIO()
    rows = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  # for the caller to close
    count = 0
    try:
        with ObjectStoragePath(path).open("rb") as stream:
            for line in iter(stream.readline, b""):  # what Airflow 2 opens cannot be iterated
                # A last line that was cut off is none.
                if line.endswith(b"\n") and json.loads(line)["position"] <= until:
                    rows.write(line.decode())
                    count += 1
    except Exception:  # noqa: BLE001  # it is not there, or not a report, or the store does not work
        count = -1
    if count != until:
        rows.close()
        return None
    rows.seek(0)
    return rows
