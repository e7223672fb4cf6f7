"""The report: every outcome of a push as a row of a JSON Lines file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider.outcome import LeaveOutcome


class Report:
    """A report that is being written; without a stream it is none."""

    def __init__(self, stream: IO[str] | None) -> None:
        self._stream = stream

    def add(self, outcome: LeaveOutcome) -> None:
        """Add the row of an outcome."""
        if self._stream:
            self._stream.write(json.dumps(outcome.to_row(), ensure_ascii=False) + "\n")

    def flush(self) -> None:
        """Hand what was added to the storage; object stores show it only when the report is closed."""
        if self._stream:
            self._stream.flush()


@contextmanager
def open_report(path: str | None, *, earlier_rows: Iterable[str] = ()) -> Iterator[Report]:
    """
    Open a report; it is complete when the block is left.

    A row is ``{"id", "status", "cor_id", "error", "message", "attempts", "position"}``.

    :param path: path or URI that ``ObjectStoragePath`` opens; folders are made. None for no report.
    :param earlier_rows: rows to begin with, as :func:`read_rows` returns them.
    """
    if not path:
        yield Report(None)
        return
    target = ObjectStoragePath(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8") as stream:
        stream.writelines(earlier_rows)
        yield Report(stream)


def read_rows(path: str | None, *, until: int) -> list[str] | None:
    """
    Return the rows of an earlier try's report, up to a position in the input; None if it does not have them all.

    :param path: as :func:`open_report` takes it; without one, there are no rows to have.
    :param until: the last position.
    """
    if not path:
        return []
    try:
        lines = ObjectStoragePath(path).read_text(encoding="utf-8").splitlines(keepends=True)
    except OSError:
        return None
    rows = [line for line in lines if line.endswith("\n") and json.loads(line)["position"] <= until]
    return rows if len(rows) == until else None
