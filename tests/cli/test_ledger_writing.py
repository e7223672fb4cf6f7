"""What `ledger adopt` and `ledger forget` share: nobody else's file is replaced, and no sync is disturbed."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from cor_provider.cli.ledger_writing import check_owner, in_a_command, leased
from cor_provider.exceptions import CorConfigurationError, CorLedgerBusyError
from cor_provider.sync.lease import Lease, Owner
from sync_support import open_ledger


@pytest.mark.parametrize("exists", [True, False])
def test_the_file_of_another_user_or_in_a_folder_of_another_is_not_written(
    exists: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = open_ledger(tmp_path)
    check_owner(ledger)  # there is no folder yet
    (tmp_path / "ledger").mkdir()
    if exists:
        ledger.write()
    check_owner(ledger)
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    with pytest.raises(CorConfigurationError, match="belongs to another user"):
        check_owner(ledger)


def test_a_ledger_in_use_is_left_alone_and_is_free_again_afterwards(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.write()
    with leased(ledger, "ledger adopt"), pytest.raises(CorLedgerBusyError, match="the command ledger adopt is using"):
        Lease(ledger.path, Owner("a sync", 1, "token"), threading.Event()).take()
    lease = Lease(ledger.path, Owner("a sync", 1, "token"), threading.Event())
    lease.take()
    with pytest.raises(CorLedgerBusyError, match="Run this command again"), in_a_command(), leased(ledger, "x"):
        pass
