"""The report: every outcome of a push as a row of a JSON Lines file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider.outcome import LeaveOutcome


@contextmanager
def open_report(path: str | None) -> Iterator[Callable[[LeaveOutcome], None]]:
    """
    Open a report and hand out the function that adds an outcome to it.

    It is complete when the block is left; whether rows can be read before is up to the storage.

    A row is ``{"id", "status", "cor_id", "error", "message", "attempts"}``.

    :param path: path or URI that ``ObjectStoragePath`` opens; folders are made. None for no report.
    """
    if not path:
        yield lambda _outcome: None
        return
    target = ObjectStoragePath(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w", encoding="utf-8") as stream:
        yield lambda outcome: stream.write(json.dumps(outcome.to_row(), ensure_ascii=False) + "\n")
