"""
The right to work on a ledger. One run has it at a time.

It is a fencing lease. Its holder renews it while it runs, and checks before each request that it still holds it. A
holder that is cut off from the store stops sending by itself. Another run can take the lease only after that, once the
holder's last request must have ended too. The store's clock measures the age of a lease, so the clocks of workers may
differ.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

from cor_provider import _clock, _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorLedgerBusyError

SECONDS_TO_SENDING_END = 60.0
"""A holder that could not renew its lease for this long stops sending."""

SECONDS_UNDER_WAY = 60.0
"""How long a request may take, unless the holder declares a longer time."""

SECONDS_TO_EXPIRY = SECONDS_TO_SENDING_END + SECONDS_UNDER_WAY
"""Another run may take over a lease that was not renewed for this long, unless the lease declares a longer time."""

SECONDS_BETWEEN_RENEWALS = 15.0

SECONDS_BETWEEN_CHECKS = 1.0
"""How long a holder sends without checking that it still holds the lease."""


@dataclass(frozen=True)
class Owner:
    """
    The holder of a lease.

    :param task: names the task and its run; the same for all tries.
    :param attempt: the number of the try.
    :param token: distinguishes owners with the same name.
    """

    task: str
    attempt: int
    token: str

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Owner:
        """Return the owner for a task; outside a task, a unique one."""
        ti: Any = context.get("ti")
        token = uuid4().hex
        if not hasattr(ti, "run_id"):
            return cls(f"process {token}", 1, token)
        where = f" [{ti.map_index}]" if ti.map_index >= 0 else ""
        return cls(f"{ti.dag_id} {ti.run_id} {ti.task_id}{where}", ti.try_number, token)


@dataclass(frozen=True)
class _Holder:
    """The current holder of a lease, and the seconds until it expires unless renewed."""

    task: str | None
    attempt: int
    expires_in: float

    def busy(self) -> CorLedgerBusyError:
        who = f"{self.task} is using it" if self.task else "another run has just started to use it"
        return CorLedgerBusyError(who, retry_after=self.expires_in)


class Lease:
    """
    The right to work on a ledger.

    Each new holder creates a file with the next number. Only one run can succeed in that, and the highest number
    counts. Only the holder of a higher number deletes a lower one, so a latecomer always finds the higher number and
    stays out.

    :param ledger: path of the ledger; the lease files lie beside it.
    :param owner: the run that asks for the lease.
    :param stopping: set it, from any thread, to stop waiting for the lease. The lease sets it when it is lost.
    :param seconds_under_way: how long a permitted request may take.
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

        If an earlier try of the same task holds it, wait until it expires: that try was probably killed.

        :raises CorLedgerBusyError: if another run holds it; ``retry_after`` counts the seconds until it expires.
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
            raise CorLedgerBusyError("another run has just started to use it", retry_after=SECONDS_TO_EXPIRY)
        self._number, self._renewed_at, self._checked_at = number, begun_at, begun_at
        with suppress(Exception):  # the next holder tidies up too
            for older in self._numbers():
                if older < number:
                    _files.delete(self._path(older))

    def check(self) -> None:
        """
        Make sure that the lease is still held. Call it before each write.

        :raises CorLedgerBusyError: if another run has taken over, or may have.
        """
        with self._lock:
            if self._lost:
                raise self._lost
            begun_at = _clock.now()
            if not self._is_ours(self._number):
                self._lose("another run has taken over, since this one did not renew its lease in time")
            if _clock.now() - self._renewed_at >= SECONDS_TO_SENDING_END:  # checked last: the store may be slow
                self._lose(f"this run could not renew its lease{self._last_problem}, and another may have taken over")
            self._checked_at = begun_at

    def permits(self) -> bool:
        """Return whether a request may be sent now. This is cheap enough to call before each request."""
        with self._lock:
            now = _clock.now()
            is_due = now - self._checked_at >= SECONDS_BETWEEN_CHECKS
            if is_due or now - self._renewed_at >= SECONDS_TO_SENDING_END:
                try:
                    self.check()
                except CorLedgerBusyError:
                    return False
                except Exception as error:  # noqa: BLE001  # each store raises its own errors, and may recover
                    self._note_problem(error)
                    self._checked_at = now
                    return _clock.now() - self._renewed_at < SECONDS_TO_SENDING_END
            return self._lost is None

    @property
    def lost(self) -> CorLedgerBusyError | None:
        """The error that explains why the lease was lost; None while it is held."""
        return self._lost

    def renew(self) -> None:
        """
        Extend the lease.

        :raises CorLedgerBusyError: if another run has taken over.
        """
        with self._lock:
            self.check()
            begun_at = _clock.now()
            _files.replace(self._path(self._number), self._content())
            self._renewed_at = begun_at

    def release(self) -> None:
        """Release the lease. If the store cannot be written to, the lease expires instead."""
        with self._lock, suppress(Exception):
            self.check()
            # The file stays, since its number must not be used again.
            _files.replace(self._path(self._number), self._content(is_released=True))

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew the lease while the block runs. Stop the run if the lease is lost or cannot be renewed in time."""
        ended = threading.Event()

        def keep() -> None:
            while not ended.wait(SECONDS_BETWEEN_RENEWALS):
                try:
                    self.renew()
                except Exception as error:  # noqa: BLE001  # each store raises its own errors, and may recover
                    self._note_problem(error)
                if not self.permits():
                    self._stopping.set()

        renewing = threading.Thread(target=keep, name="cor-lease", daemon=True)
        renewing.start()
        try:
            yield
        finally:
            ended.set()
            renewing.join(timeout=SECONDS_BETWEEN_RENEWALS)  # a hanging store must not block the end of the task

    def _lose(self, reason: str) -> None:
        self._lost = CorLedgerBusyError(reason, retry_after=self._expires_after)
        raise self._lost

    def _note_problem(self, error: Exception) -> None:
        self._last_problem = f" ({type(error).__name__})"

    def _numbers(self) -> list[int]:
        ends = (name.removeprefix(self._prefix) for name in _files.names(self._folder) if name.startswith(self._prefix))
        return [int(end) for end in ends if end.isdecimal()]

    def _is_ours(self, number: int) -> bool:
        """Return whether this number is the highest, and its lease belongs to this owner."""
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
        """Return the holder of the lease with this number, or None if the lease is free."""
        if not number:
            return None
        path = self._path(number)
        try:
            age = _files.store_time(self._folder / f"{self._prefix}clock.{self._owner.token}") - _files.modified(path)
            content = _files.read(path) or b""
        except FileNotFoundError:  # deleted by the holder of a higher number
            return _Holder(None, 0, SECONDS_TO_EXPIRY)
        try:
            lease = json.loads(content)
            is_released, task, attempt = lease["is_released"], lease["task"], lease["attempt"]
            expires_in = lease["expires_after"] - max(0.0, age)
        except (ValueError, LookupError, TypeError):  # its owner is writing it, or was killed while writing it
            is_released, task, attempt = False, None, 0
            expires_in = SECONDS_TO_EXPIRY - max(0.0, age)
        return None if is_released or expires_in <= 0 else _Holder(task, attempt, expires_in)


def lease_files(ledger: ObjectStoragePath) -> ObjectStoragePath:
    """Return the common prefix of the paths of a ledger's lease files; a number follows it."""
    return ledger.parent / f"{ledger.stem}.lock."
