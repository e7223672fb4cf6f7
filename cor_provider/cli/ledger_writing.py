"""What the commands share that write to a ledger: who may, and that no sync is using it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from cor_provider import _files
from cor_provider.exceptions import CorConfigurationError, CorLedgerBusyError
from cor_provider.sync.lease import Lease, Owner
from cor_provider.sync.ledger import Ledger


def check_owner(ledger: Ledger) -> None:
    """
    Refuse to write a file that would then belong to another user, so that the sync could not use it any more.

    :raises CorConfigurationError: if the ledger, or its folder while there is none, belongs to another user.
    """
    place = _files.on_disk(ledger.path)
    if place is not None and not place.exists():
        place = place.parent
    if place is not None and place.exists() and (owner := place.stat().st_uid) != os.geteuid():
        raise CorConfigurationError(
            f"{place} belongs to another user, and would not any more: nothing was changed. Run this command as the "
            f"user that owns the ledger, such as with sudo -u '#{owner}'."
        )


@contextmanager
def in_a_command() -> Iterator[None]:
    """Say of a ledger that a sync is using that the command is to be run again, and not a task."""
    try:
        yield
    except CorLedgerBusyError as error:
        raise CorLedgerBusyError(error.reason, retry_after=error.retry_after, again="command") from None


@contextmanager
def leased(ledger: Ledger, command: str) -> Iterator[Lease]:
    """
    Hold a ledger's lease while the block runs.

    :raises CorLedgerBusyError: if a sync is using the ledger.
    """
    lease = Lease(ledger.path, Owner(f"the command {command}", 1, uuid4().hex), threading.Event())
    lease.take()
    try:
        with lease.kept():
            yield lease
    finally:
        lease.release()
