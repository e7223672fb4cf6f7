"""Which ledgers a path names."""

from __future__ import annotations

from pathlib import Path

import pytest

from cor_provider import _files
from cor_provider.cli.ledgers import find_ledgers, read_content, source_of
from cor_provider.exceptions import CorConfigurationError, CorLedgerBusyError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("GLOBANT.jsonl", "My%20HR.jsonl", "GLOBANT.lock.3", ".GLOBANT.jsonl.x2", "notes.txt"):
        (tmp_path / name).touch()
    return tmp_path


def names(*arguments: object, **options: str) -> list[str]:
    return [file.name for file in find_ledgers(*map(str, arguments), **options)]


def test_a_folder_has_one_for_each_source(folder: Path) -> None:
    assert names(folder) == ["GLOBANT.jsonl", "My%20HR.jsonl"]


def test_a_source_chooses_its_own(folder: Path) -> None:
    assert names(folder, source="My HR") == ["My%20HR.jsonl"]


def test_a_file_is_itself(folder: Path) -> None:
    (ledger,) = find_ledgers(str(folder / "My%20HR.jsonl"))
    assert source_of(ledger) == "My HR"


def test_a_uri_works_too(folder: Path) -> None:
    assert len(names(folder.as_uri())) == 2


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_where_there_is_none_it_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(CorConfigurationError, match="there is no ledger in"):
        find_ledgers(str(tmp_path / name))


def test_a_source_without_a_ledger_is_named(folder: Path) -> None:
    with pytest.raises(CorConfigurationError, match="there is no ledger of the source SAP in"):
        find_ledgers(str(folder), source="SAP")


@pytest.mark.parametrize("broken", ["names", "open_to_read"])
def test_an_error_of_a_stores_client_says_what_to_check(
    folder: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr(_files, broken, lambda path: 1 / 0)
    with pytest.raises(CorConfigurationError, match=r"cannot be read \(ZeroDivisionError\): check the store"):
        read_content(find_ledgers(str(folder))[0])


def test_a_ledger_that_changes_whenever_it_is_read_is_busy_and_the_command_can_be_run_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_files, "version", lambda path: object())
    with pytest.raises(CorLedgerBusyError, match="Run this command again later: that is safe"):
        read_content(find_ledgers(str(folder))[0])
