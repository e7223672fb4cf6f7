"""The ledger of a source: where it lies, what it keeps, and how it forgets a person."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cor_provider import _files
from cor_provider.exceptions import CorConfigurationError, CorLedgerError
from cor_provider.sync.ledger import Ledger
from cor_provider.sync.ledger_entry import LeaveVersion, LedgerEntry
from sync_support import COR, open_ledger

MAY = LeaveVersion("u1", date(2026, 5, 11), date(2026, 5, 12))
JUNE = LeaveVersion("u2", date(2026, 6, 1), date(2026, 6, 2))
ENTRIES = {
    "L1": LedgerEntry((MAY,), "yes", "0" * 32, cor_id=12345, cor_user_id=678),
    "\u0141/2 ": LedgerEntry((MAY, JUNE), "unknown"),
}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The file of a ledger."""
    ledger = open_ledger(tmp_path)
    ledger.entries.update(ENTRIES)
    ledger.write()
    return tmp_path / "ledger" / "GLOBANT.jsonl"


def test_a_new_ledger_is_empty(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.read()
    assert ledger.entries == {}


def test_what_is_written_is_read(tmp_path: Path, written: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.read()
    assert ledger.entries == ENTRIES
    assert not ledger.key_changed


def test_another_key_is_noticed_and_nothing_is_lost(tmp_path: Path, written: Path) -> None:
    ledger = open_ledger(tmp_path, key=b"other")
    ledger.read()
    assert ledger.key_changed
    assert list(ledger.entries) == ["L1", "Ł/2 "]


def test_to_read_it_takes_one_database(tmp_path: Path, written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    databases = []
    make = _files.scratch

    def scratch() -> sqlite3.Connection:
        databases.append(make())
        return databases[-1]

    monkeypatch.setattr(_files, "scratch", scratch)
    ledger = open_ledger(tmp_path)
    ledger.read()
    ledger.close()
    assert len(databases) == 1


@pytest.mark.parametrize(("field", "value"), [("source", "SAP"), ("cor", "http://127.0.0.1:8765")])
def test_a_ledger_of_another_source_or_another_cor_is_refused(field: str, value: str, tmp_path: Path) -> None:
    other = open_ledger(tmp_path, **{field: value})
    other.write()
    other.path.rename(open_ledger(tmp_path).path)
    with pytest.raises(CorLedgerError, match=f"belongs to the {field} '{value}', not"):
        open_ledger(tmp_path).read()


# Paths, and people


def test_a_source_names_one_file_whatever_its_characters(tmp_path: Path) -> None:
    assert open_ledger(tmp_path, source="a/../b").path.name == "a%2F..%2Fb.jsonl"


@pytest.mark.parametrize("folder", ["", "None", None])
def test_a_missing_folder_is_an_error_that_names_the_parameter(folder: Any) -> None:
    with pytest.raises(CorConfigurationError, match="ledger: is empty"):
        Ledger(folder, source="GLOBANT", cor=COR, key=b"key")


def test_a_person_is_forgotten_with_all_versions_of_their_leave(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.entries.update(ENTRIES)
    assert ledger.forget_user("u1") == 2
    assert ledger.entries == {}


def test_leave_that_is_now_another_persons_stays_without_the_earlier_versions(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.entries["L1"] = LedgerEntry((MAY, JUNE, replace(MAY, end=MAY.start)), "changing", "digest", 7, 8)
    assert ledger.forget_user("u2") == 1
    assert ledger.entries == {"L1": LedgerEntry((MAY, replace(MAY, end=MAY.start)), "unknown", "digest", 7)}


def test_it_remembers_how_much_was_forgotten_and_when_but_not_whose(tmp_path: Path, written: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.read()
    ledger.forget_user("u2")
    ledger.write()

    again = open_ledger(tmp_path)
    again.read()
    (forgotten,) = again.forgotten
    assert forgotten.entries == 1
    assert date.fromisoformat(forgotten.on)
    assert "u2" not in written.read_text()


def test_without_leave_of_a_person_nothing_is_forgotten_and_nothing_noted(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.entries.update(ENTRIES)
    assert ledger.forget_user("nobody") == 0
    assert ledger.forgotten == []


def test_a_ledger_without_a_seal_is_read_once_and_the_log_says_so(tmp_path: Path, logged: Callable[[], str]) -> None:
    ledger = open_ledger(tmp_path)
    ledger.write()
    path = Path(ledger.path.path)
    header, *_ = path.read_text().splitlines(keepends=True)
    path.write_text(header.replace('"version": 3', '"version": 1') + '{"entries": 0}\n')
    ledger.read()
    assert "was written by an early version of this provider, without a seal" in logged()
    assert not ledger.key_changed
    ledger.write()
    ledger.read()
    assert logged().count("without a seal") == 1
