"""
The right to work on a ledger, which one run has at a time.

It is a fencing lease. Its holder renews it as long as it runs, and before it sends anything checks that it still holds
it. Another run can take it over once the lease has gone without a renewal for longer than its holder goes on sending,
and than its last request can take: a holder that is cut off from the store stops by itself. The age of a lease is
measured by the clock of the store in which it lies, so that the clocks of workers may differ.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider import _clock, _files
from cor_provider.exceptions import CorLedgerBusyError

SECONDS_TO_SENDING_END = 60.0
"""A holder that could not renew its lease for so long sends nothing more."""

SECONDS_UNDER_WAY = 60.0
"""How long a request may take, unless the holder says that its own may take longer."""

SECONDS_TO_EXPIRY = SECONDS_TO_SENDING_END + SECONDS_UNDER_WAY
"""A lease that nobody renewed for so long may be taken over, unless it says otherwise."""

SECONDS_BETWEEN_RENEWALS = 15.0

SECONDS_BETWEEN_CHECKS = 1.0
"""How long a holder sends without asking whether it still is one."""


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


@dataclass(frozen=True)
class _Holder:
    """Whoever holds a lease now, and in how many seconds it expires unless renewed."""

    task: str | None
    attempt: int
    expires_in: float

    def busy(self) -> CorLedgerBusyError:
        who = f"{self.task} works on it" if self.task else "another run has just begun to work on it"
        return CorLedgerBusyError(who, retry_after=self.expires_in)


class Lease:
    """
    The right to work on a ledger.

    Each time that it changes hands, a file with the next number is made, which only one can succeed in; the highest
    number counts. A file of a lower number is deleted only by who holds a higher one, so that whoever comes late finds
    the higher one, and stays out.

    :param ledger: path of the ledger; the files lie beside it.
    :param owner: who asks.
    :param stopping: set it, from any thread, to stop waiting for the lease; it is set here when the lease is lost.
    :param seconds_under_way: how long a request may take that the holder is permitted to send.
    """

    def __init__(
        self,
        ledger: ObjectStoragePath,
        owner: Owner,
        stopping: threading.Event,
        *,
        seconds_under_way: float = SECONDS_UNDER_WAY,
    ) -> None:
        self._folder = ledger.parent
        self._prefix = lease_files(ledger).name
        self._owner = owner
        self._stopping = stopping
        self._expires_after = SECONDS_TO_SENDING_END + max(seconds_under_way, SECONDS_UNDER_WAY)
        self._number = 0
        self._renewed_at = 0.0
        self._checked_at = 0.0
        self._lost: CorLedgerBusyError | None = None
        self._last_problem = ""
        self._lock = threading.RLock()

    def take(self) -> None:
        """
        Take the lease, if it is free or has expired.

        One that an earlier try of the same task has left is waited for, since that try has probably been killed.

        :raises CorLedgerBusyError: if somebody else holds it; ``retry_after`` is when it expires unless renewed.
        """
        highest = self._highest()
        if holder := self._holder(highest):
            if holder.task != self._owner.task or holder.attempt >= self._owner.attempt:
                raise holder.busy()
            _clock.wait(self._stopping, holder.expires_in)
            highest = self._highest()
            if holder := self._holder(highest):
                raise holder.busy()
        begun_at = _clock.now()
        number = highest + 1
        if not _files.create(self._path(number), self._content()) or not self._is_ours(number):
            raise CorLedgerBusyError("another run has just begun to work on it", retry_after=SECONDS_TO_EXPIRY)
        self._number, self._renewed_at, self._checked_at = number, begun_at, begun_at
        with suppress(Exception):  # who comes later tidies up too
            for older in self._numbers():
                if older < number:
                    _files.delete(self._path(older))

    def check(self) -> None:
        """
        Make sure that the lease is still held, as is due before anything is written.

        :raises CorLedgerBusyError: if another run has taken over, or may have.
        """
        with self._lock:
            if self._lost:
                raise self._lost
            begun_at = _clock.now()
            if not self._is_ours(self._number):
                self._lose("another run has taken over, since this one was not heard of for too long")
            if _clock.now() - self._renewed_at >= SECONDS_TO_SENDING_END:  # only now: a store may be slow to answer
                self._lose(f"this run could not renew its lease{self._last_problem}, and another may have taken over")
            self._checked_at = begun_at

    def permits(self) -> bool:
        """Return whether a request may be sent now; it is cheap to ask before each."""
        with self._lock:
            now = _clock.now()
            is_due = now - self._checked_at >= SECONDS_BETWEEN_CHECKS
            if is_due or now - self._renewed_at >= SECONDS_TO_SENDING_END:
                try:
                    self.check()
                except CorLedgerBusyError:
                    return False
                except Exception as error:  # noqa: BLE001  # stores have their own, and may be back by the next time
                    self._last_problem = f" ({type(error).__name__})"
                    self._checked_at = now
                    return _clock.now() - self._renewed_at < SECONDS_TO_SENDING_END
            return self._lost is None

    @property
    def lost(self) -> CorLedgerBusyError | None:
        """Why the lease is not held any more; None while it is."""
        return self._lost

    def renew(self) -> None:
        """
        Have the lease last longer.

        :raises CorLedgerBusyError: if another run has taken over.
        """
        with self._lock:
            self.check()
            begun_at = _clock.now()
            _files.replace(self._path(self._number), self._content())
            self._renewed_at = begun_at

    def release(self) -> None:
        """Let the next one in: now, or where that cannot be written, when the lease has expired."""
        with self._lock, suppress(Exception):
            self.check()
            # The file stays, since its number must not be used again.
            _files.replace(self._path(self._number), self._content(is_released=True))

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew the lease for as long as the block runs; stop the run once it is lost, or cannot be renewed in time."""
        ended = threading.Event()

        def keep() -> None:
            while not ended.wait(SECONDS_BETWEEN_RENEWALS):
                try:
                    self.renew()
                except Exception as error:  # noqa: BLE001  # stores have their own, and may be back by the next time
                    self._last_problem = f" ({type(error).__name__})"
                if not self.permits():
                    self._stopping.set()

        renewing = threading.Thread(target=keep, name="cor-lease", daemon=True)
        renewing.start()
        try:
            yield
        finally:
            ended.set()
            renewing.join(timeout=SECONDS_BETWEEN_RENEWALS)  # a store that hangs must not keep the task from ending

    def _lose(self, reason: str) -> None:
        self._lost = CorLedgerBusyError(reason, retry_after=self._expires_after)
        raise self._lost

    def _numbers(self) -> list[int]:
        ends = (name.removeprefix(self._prefix) for name in _files.names(self._folder) if name.startswith(self._prefix))
        return [int(end) for end in ends if end.isdecimal()]

    def _is_ours(self, number: int) -> bool:
        """Return whether the lease of a number is the one that counts, and this owner's."""
        if self._highest() != number:
            return False
        try:
            return bool(json.loads(_files.read(self._path(number)) or b"")["token"] == self._owner.token)
        except (ValueError, LookupError, TypeError):  # somebody has deleted it, or written something else
            return False

    def _highest(self) -> int:
        return max(self._numbers(), default=0)

    def _path(self, number: int) -> ObjectStoragePath:
        return self._folder / f"{self._prefix}{number}"

    def _content(self, *, is_released: bool = False) -> bytes:
        return json.dumps(
            {
                **asdict(self._owner),
                "expires_after": self._expires_after,
                "is_released": is_released,
            }
        ).encode()

    def _holder(self, number: int) -> _Holder | None:
        """Return who holds the lease of a number, or None if it may be taken."""
        if not number:
            return None
        path = self._path(number)
        try:
            age = _files.store_time(self._folder / f"{self._prefix}clock.{self._owner.token}") - _files.modified(path)
            content = _files.read(path) or b""
        except FileNotFoundError:  # it is deleted since there is a higher one
            return _Holder(None, 0, SECONDS_TO_EXPIRY)
        try:
            lease = json.loads(content)
            is_released, task, attempt = lease["is_released"], lease["task"], lease["attempt"]
            expires_in = lease["expires_after"] - max(0.0, age)
        except (ValueError, LookupError, TypeError):  # it is made this moment; or its owner was killed just then
            is_released, task, attempt = False, None, 0
            expires_in = SECONDS_TO_EXPIRY - max(0.0, age)
        return None if is_released or expires_in <= 0 else _Holder(task, attempt, expires_in)


def lease_files(ledger: ObjectStoragePath) -> ObjectStoragePath:
    """Return how the paths of a ledger's leases begin; a number follows."""
    return ledger.parent / f"{ledger.stem}.lock."
