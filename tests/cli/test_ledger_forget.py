"""`ledger forget`: a person leaves the ledger, and nothing else does."""

from __future__ import annotations

import io
import json
import os
import threading
from datetime import date
from pathlib import Path

import pytest

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sandbox import Sandbox
from cor_provider.sync.lease import Lease, Owner
from cor_provider.sync.ledger import Ledger
from cor_provider.sync.ledger_entry import LeaveVersion, LedgerEntry
from support import Connect, leave
from sync_support import Run, counts, held, remembered, sent

from .conftest import Cor


@pytest.fixture
def folder(sync: Run, ledger: Path, sandbox: Sandbox) -> Path:
    """The folder of a ledger with `L1` of u1, and `L2` of u2."""
    sync([leave(), leave("L2", user_id="u2")])
    sandbox.clear_requests()
    return ledger.parent


def sit_at_a_terminal(monkeypatch: pytest.MonkeyPatch, says: str) -> None:
    terminal = io.StringIO(says + "\n")
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)


def test_all_leave_of_the_person_goes_and_the_rest_stays(cor: Cor, folder: Path, ledger: Path) -> None:
    ran = cor("ledger", "forget", folder, "--user", "u1", "--yes")
    assert ran.code == 0
    assert ran.out.startswith("Forgotten: 1 entry. The ledger notes how many and when, not whose.\n")
    assert "Leave of this person that is in COR stays there" in ran.text
    assert remembered(ledger) == {"L2": "yes"}
    assert "u1" not in ledger.read_text()


def test_the_ledger_notes_how_much_went_and_when(cor: Cor, folder: Path) -> None:
    cor("ledger", "forget", folder, "--user", "u1", "--yes")
    (data,) = cor("ledger", "show", folder, "--output", "json", "--conn-id", "cor_default").data
    assert [one["entries"] for one in data["forgotten"]] == [1]
    assert data["is_proven"]
    assert "a person was forgotten, 1 entry" in cor("ledger", "show", folder).text


def test_nothing_is_sent_and_no_later_sync_deletes_their_leave(
    cor: Cor, folder: Path, sandbox: Sandbox, sync: Run
) -> None:
    cor("ledger", "forget", folder, "--user", "u1", "--yes")
    assert sent(sandbox) == []
    assert sync([leave("L2", user_id="u2")]) == counts(received=1, unchanged=1)
    assert held(sandbox) == ["L1", "L2"]


def test_what_hr_still_hands_over_is_sent_again(cor: Cor, folder: Path, sandbox: Sandbox, sync: Run) -> None:
    cor("ledger", "forget", folder, "--user", "u1", "--yes")
    sync([leave(), leave("L2", user_id="u2")])
    assert sent(sandbox) == ["POST L1", "PUT L1"]


def test_it_asks_and_says_what_it_means(cor: Cor, folder: Path, ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sit_at_a_terminal(monkeypatch, "y")
    ran = cor("ledger", "forget", folder, "--user", "u1")
    assert ran.code == 0
    assert "no sync deletes it any more" in ran.err
    assert ran.err.endswith("Delete 1 entry of this person? [y/N] ")
    assert remembered(ledger) == {"L2": "yes"}


@pytest.mark.parametrize("says", ["", "n", "what?"])
def test_any_other_answer_deletes_nothing(
    cor: Cor, folder: Path, ledger: Path, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    before = ledger.read_bytes()
    sit_at_a_terminal(monkeypatch, says)
    ran = cor("ledger", "forget", folder, "--user", "u1")
    assert ran.code == 2
    assert ran.err.endswith("error: nothing was changed.\n")
    assert ledger.read_bytes() == before


def test_where_nobody_can_be_asked_it_needs_yes(
    cor: Cor, folder: Path, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ledger.read_bytes()
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    ran = cor("ledger", "forget", folder, "--user", "u1")
    assert (ran.code, ran.err) == (
        2,
        "error: nobody can be asked here: pass --yes to forget this person without asking.\n",
    )
    assert ledger.read_bytes() == before


def test_a_person_whom_it_does_not_hold_changes_nothing(cor: Cor, folder: Path, ledger: Path) -> None:
    before = ledger.read_bytes()
    ran = cor("ledger", "forget", folder, "--user", "nobody", "-o", "json")
    assert (ran.code, ran.data) == (0, {"forgotten": 0, "ledgers": {}})
    assert ledger.read_bytes() == before


def test_a_sync_that_is_running_is_not_disturbed(cor: Cor, folder: Path, ledger: Path) -> None:
    before = ledger.read_bytes()
    lease = Lease(ObjectStoragePath(f"file://{ledger}"), Owner("dag run sync", 1, "t"), threading.Event())
    lease.take()
    ran = cor("ledger", "forget", folder, "--user", "u1", "--yes")
    assert ran.code == 2
    assert "The ledger is in use: dag run sync is using it. Run this command again in" in ran.err
    assert ledger.read_bytes() == before


@pytest.fixture
def second(folder: Path) -> Path:
    """The ledger of another source beside it, with `L3` of u1."""
    hook = CorIntegrationsHook("cor_default", source="SAP")
    ledger = Ledger(f"file://{folder}", source="SAP", cor=hook.leaves_url, key=hook.ledger_key)
    ledger.entries["L3"] = LedgerEntry((LeaveVersion("u1", date(2026, 5, 11), date(2026, 5, 12)),))
    ledger.write()
    return folder / "SAP.jsonl"


def test_all_ledgers_in_the_folder_forget_the_person(cor: Cor, folder: Path, ledger: Path, second: Path) -> None:
    ran = cor("ledger", "forget", folder, "--user", "u1", "--yes", "--output", "json")
    assert ran.data == {"forgotten": 2, "ledgers": {str(ledger): 1, str(second): 1}}
    assert (remembered(ledger), remembered(second)) == ({"L2": "yes"}, {})


def test_if_a_sync_replaces_the_ledger_whenever_it_is_read_the_command_can_be_run_again(
    cor: Cor, folder: Path, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.write_text("")  # like the end of one version after the beginning of another
    monkeypatch.setattr(_files, "version", lambda path: object())
    ran = cor("ledger", "forget", folder, "--user", "u1", "--yes")
    assert ran.code == 2
    assert "Run this command again later: that is safe" in ran.err


@pytest.mark.parametrize("busy", ["GLOBANT", "SAP"])
def test_while_a_sync_is_using_one_of_them_all_stay(
    cor: Cor, folder: Path, ledger: Path, second: Path, busy: str
) -> None:
    before = [ledger.read_bytes(), second.read_bytes()]
    Lease(ObjectStoragePath(f"file://{folder}/{busy}.jsonl"), Owner("sync", 1, "t"), threading.Event()).take()
    assert cor("ledger", "forget", folder, "--user", "u1", "--yes").code == 2
    assert [ledger.read_bytes(), second.read_bytes()] == before


def test_a_sync_of_a_ledger_that_does_not_hold_the_person_is_no_hindrance(
    cor: Cor, folder: Path, ledger: Path, second: Path
) -> None:
    Lease(ObjectStoragePath(f"file://{second}"), Owner("sync", 1, "t"), threading.Event()).take()
    ran = cor("ledger", "forget", folder, "--user", "u2", "--yes", "--output", "json")
    assert (ran.code, ran.data) == (0, {"forgotten": 1, "ledgers": {str(ledger): 1}})


def test_another_user_than_the_workers_is_refused(
    cor: Cor, folder: Path, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, files = ledger.read_bytes(), sorted(folder.iterdir())
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    ran = cor("ledger", "forget", folder, "--user", "u1", "--yes")
    assert ran.code == 2
    assert f"Run this command as the user that owns the ledger, such as with sudo -u '#{owner}'." in ran.err
    assert (ledger.read_bytes(), sorted(folder.iterdir())) == (before, files)


def test_it_frees_the_ledger_again(cor: Cor, folder: Path, sync: Run) -> None:
    cor("ledger", "forget", folder, "--user", "u1", "--yes")
    assert sync([leave("L2", user_id="u2")])["unchanged"] == 1


def test_another_key_is_warned_of_before_anything_is_deleted(
    cor: Cor, folder: Path, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(password="another-token")
    sit_at_a_terminal(monkeypatch, "n")
    ran = cor("ledger", "forget", folder, "--user", "u1")
    assert "was sealed with another key than the Connection's" in ran.err


def test_a_ledger_of_another_cor_is_refused(cor: Cor, folder: Path, connect: Connect) -> None:
    connect(host="https://integrations.projectcor.com")
    ran = cor("ledger", "forget", folder, "--user", "u1", "--yes")
    assert ran.code == 2
    assert "belongs to the cor" in ran.err


def test_only_the_ledger_of_a_source_if_one_is_named(cor: Cor, folder: Path) -> None:
    ran = cor("ledger", "forget", folder, "--user", "u1", "--source", "SAP", "--yes")
    assert ran.code == 2
    assert "there is no ledger of the source SAP" in ran.err


def test_scripts_learn_how_much_went_from_which(cor: Cor, folder: Path, ledger: Path) -> None:
    ran = cor("ledger", "forget", folder, "--user", "u1", "--yes", "--output", "json")
    assert json.loads(ran.out) == {"forgotten": 1, "ledgers": {str(ledger): 1}}
