"""The right to work on a ledger, which one run has at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider import _clock, _files
from cor_provider.exceptions import CorLedgerBusyError

SECONDS = 600.0
"""How long a lease lasts that nobody renews: so long a run that was killed keeps others out."""

SECONDS_BETWEEN_RENEWALS = 60.0


@dataclass(frozen=True)
class Owner:
    """
    Who holds a lease.

    :param task: which task of which run it is, the same for every try of it.
    :param attempt: the number of the try.
    :param token: tells apart what has the same name.
    """

    task: str
    attempt: int
    token: str

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Owner:
        """Return the owner that a task is; outside a task, one like no other."""
        ti: Any = context.get("ti")
        token = uuid4().hex
        if not hasattr(ti, "run_id"):
            return cls(f"process {token}", 1, token)
        where = f" [{ti.map_index}]" if ti.map_index >= 0 else ""
        return cls(f"{ti.dag_id} {ti.run_id} {ti.task_id}{where}", ti.try_number, token)


class Lease:
    """
    The right to work on a ledger.

    Each time that it changes hands, a file with the next number is made, which only one can succeed in; the highest
    number counts. A file of a lower number is deleted only by who holds a higher one, so that whoever comes late finds
    the higher one, and stays out.

    :param ledger: path of the ledger; the files lie beside it.
    :param owner: who asks.
    """

    def __init__(self, ledger: ObjectStoragePath, owner: Owner) -> None:
        self._folder = ledger.parent
        self._prefix = lease_files(ledger).name
        self._owner = owner
        self._number = 0
        self._until = 0.0
        self._lock = threading.Lock()

    def take(self) -> None:
        """
        Take the lease: if it is free, or its owner let it run out, or an earlier try of the same task has left it.

        :raises CorLedgerBusyError: if somebody else holds it.
        """
        highest = max(self._numbers(), default=0)
        if highest and (held_by := self._holder(highest)):
            raise CorLedgerBusyError(held_by)
        until = _end()
        if not _files.create(self._path(highest + 1), self._content(until)) or max(self._numbers()) != highest + 1:
            raise CorLedgerBusyError("another run has just begun to work on it")
        self._number, self._until = highest + 1, until
        for number in self._numbers():
            if number < self._number:
                _files.delete(self._path(number))

    def check(self) -> None:
        """
        Make sure that the lease is still held, as is due before anything is written.

        :raises CorLedgerBusyError: if another run has taken over.
        """
        if max(self._numbers(), default=0) != self._number:
            raise CorLedgerBusyError("another run has taken over, since this one was not heard of for too long")

    def renew(self) -> None:
        """
        Have the lease last longer.

        :raises CorLedgerBusyError: if another run has taken over.
        """
        with self._lock:
            self.check()
            until = _end()
            _files.replace(self._path(self._number), self._content(until))
            self._until = until

    def release(self) -> None:
        """Let the next one in: now, or where that cannot be written, when the lease has run out."""
        with self._lock, suppress(Exception):
            self.check()
            # The file stays, since its number must not be used again.
            _files.replace(self._path(self._number), self._content(until=0))

    @contextmanager
    def kept(self, stop: threading.Event) -> Iterator[None]:
        """
        Renew the lease for as long as the block runs.

        :param stop: set if the lease is lost, or cannot be renewed before it runs out.
        """
        ended = threading.Event()

        def keep() -> None:
            while not ended.wait(SECONDS_BETWEEN_RENEWALS):
                if not self._is_kept():
                    stop.set()

        renewing = threading.Thread(target=keep, name="cor-lease", daemon=True)
        renewing.start()
        try:
            yield
        finally:
            ended.set()
            renewing.join()

    def _is_kept(self) -> bool:
        """Renew it, and return whether it lasts until the next time."""
        try:
            self.renew()
        except CorLedgerBusyError:
            return False
        except Exception:  # noqa: BLE001  # stores have their own, and may be back by then
            return _clock.timestamp() + SECONDS_BETWEEN_RENEWALS < self._until
        return True

    def _numbers(self) -> list[int]:
        ends = (name.removeprefix(self._prefix) for name in _files.names(self._folder) if name.startswith(self._prefix))
        return [int(end) for end in ends if end.isdecimal()]

    def _path(self, number: int) -> ObjectStoragePath:
        return self._folder / f"{self._prefix}{number}"

    def _content(self, until: float) -> bytes:
        return json.dumps({**asdict(self._owner), "until": until}).encode()

    def _holder(self, number: int) -> str | None:
        """Return who holds a lease and until when, in words, or None if it may be taken."""
        path = self._path(number)
        try:
            holder = json.loads(_files.read(path) or b"")
            task, attempt, until = holder["task"], holder["attempt"], holder["until"]
        except (ValueError, LookupError, TypeError):
            # It was made this moment; or its owner was killed just then; or it is deleted since there is a higher one.
            try:
                task, attempt, until = "a run that has just begun", 0, _files.modified(path) + SECONDS
            except FileNotFoundError:
                return "another run has just begun to work on it"
        if _clock.timestamp() >= until or (task == self._owner.task and attempt < self._owner.attempt):
            return None
        moment = datetime.fromtimestamp(until, timezone.utc)
        return f"{task} works on it, and has until {moment:%Y-%m-%d %H:%M:%S} UTC unless it renews that"


def lease_files(ledger: ObjectStoragePath) -> ObjectStoragePath:
    """Return how the paths of a ledger's leases begin; a number follows."""
    return ledger.parent / f"{ledger.stem}.lock."


def _end() -> float:
    """Return when a lease runs out that is taken or renewed now."""
    return _clock.timestamp() + SECONDS
