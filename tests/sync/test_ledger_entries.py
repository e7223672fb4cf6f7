"""The entries of a ledger while somebody works with them: they are those of a dict, and rows that stay are copied."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from tempfile import TemporaryFile
from typing import IO, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider.sync.ledger_entries import LedgerEntries
from cor_provider.sync.ledger_entry import InCor, LeaveVersion, LedgerEntry
from cor_provider.sync.window import Window
from sync_support import fill_the_disk

MAY = LeaveVersion("u1", date(2026, 5, 11), date(2026, 5, 12))
JUNE = LeaveVersion("u2", date(2026, 6, 1), date(2026, 6, 2))
DIGEST = "0" * 32

any_text = st.text(max_size=8) | st.sampled_from(["L1", "L2", 'a "quote"', "a\nline", "a\\slash", "\0"])
any_ids = st.none() | st.integers(1, 10**18 - 1)
any_entry = st.builds(
    LedgerEntry,
    st.lists(st.builds(LeaveVersion, any_text, st.dates(), st.dates()), min_size=1, max_size=3).map(tuple),
    st.sampled_from(get_args(InCor)),
    st.none() | st.text("0123456789abcdef", min_size=32, max_size=32),
    any_ids,
    any_ids,
    any_ids,
    st.none() | st.tuples(any_text, any_text),
)
any_entries = st.dictionaries(any_text, any_entry, max_size=6)
any_changes = st.lists(st.tuples(any_text, st.none() | any_entry), max_size=6)


def rows_of(entries: dict[str, LedgerEntry]) -> bytes:
    return b"".join(entry.to_line(leave_id) for leave_id, entry in entries.items())


@pytest.fixture
def entries() -> Iterator[LedgerEntries]:
    with closing(LedgerEntries()) as entries:
        yield entries


@given(loaded=any_entries, changes=any_changes, window=st.tuples(st.dates(), st.dates()).map(sorted))
def test_they_are_those_of_a_dict(
    loaded: dict[str, LedgerEntry], changes: list[tuple[str, LedgerEntry | None]], window: list[date]
) -> None:
    expected, days = dict(loaded), Window(*window)
    with closing(LedgerEntries()) as entries:
        entries.load([rows_of(loaded)])
        for leave_id, entry in changes:
            if entry:
                expected[leave_id] = entries[leave_id] = entry
            else:
                assert entries.pop(leave_id, None) == expected.pop(leave_id, None)
        assert len(entries) == len(expected)
        assert dict(entries.items()) == {leave_id: entries[leave_id] for leave_id in entries} == expected
        ours = [entry for entry in expected.values() if not entry.is_foreign]
        assert entries.count_ours() == len(ours)
        assert entries.count_ours(days) == sum(entry.overlaps(days) for entry in ours)


@given(loaded=any_entries, changes=any_changes)
def test_what_is_written_of_them_is_loaded_as_they_are(
    loaded: dict[str, LedgerEntry], changes: list[tuple[str, LedgerEntry | None]]
) -> None:
    with closing(LedgerEntries()) as entries, closing(LedgerEntries()) as again:
        entries.load([rows_of(loaded)])
        for leave_id, entry in changes:
            if entry:
                entries[leave_id] = entry
            else:
                entries.pop(leave_id, None)
        again.load(entries.rows())
        assert list(again.items()) == list(entries.items())


def test_rows_that_stay_are_copied_byte_for_byte_in_their_order(entries: LedgerEntries) -> None:
    odd = b'{"id": "L1",  "in_cor": "yes", "digest": null, "versions": [["u1", "2026-05-11", "2026-05-12"]]}\n'
    kept = [LedgerEntry((MAY,), "yes", DIGEST).to_line(f"K{number}") for number in range(3)]
    entries.load(
        [kept[0] + LedgerEntry((MAY,)).to_line("changed") + odd, kept[1] + LedgerEntry((MAY,)).to_line("gone")]
    )
    entries["changed"] = LedgerEntry((JUNE,), "changing")
    del entries["gone"]
    entries["K2"] = LedgerEntry((MAY,), "yes", DIGEST)
    changed = LedgerEntry((JUNE,), "changing").to_line("changed")
    assert b"".join(entries.rows()) == kept[0] + changed + odd + kept[1] + kept[2]


@given(loaded=any_entries)
def test_it_finds_what_a_plan_compares(loaded: dict[str, LedgerEntry]) -> None:
    with closing(LedgerEntries()) as entries:
        entries.load([rows_of(loaded)])
        for number, (leave_id, entry) in enumerate(loaded.items(), start=1):
            found = entries.find(leave_id)
            assert found
            assert found[:2] == (number, entry.in_cor)
            assert (found[2] or None) == entry.digest
            assert entries.by_number(number) == (leave_id, entry)
        assert entries.find("another id") is None
        assert entries.numbers == len(loaded) + 1


def test_what_was_deleted_is_not_found(entries: LedgerEntries) -> None:
    entries.load([rows_of({"loaded": LedgerEntry((MAY,)), "kept": LedgerEntry((MAY,))})])
    for leave_id in ("added", "last"):
        entries[leave_id] = LedgerEntry((MAY,))
    for leave_id in ("loaded", "added"):
        del entries[leave_id]
        assert entries.find(leave_id) is None
    found = [entries.by_number(number) for number in range(1, entries.numbers)]
    assert [one and one[0] for one in found] == [None, "kept", None, "last"]


def test_an_id_that_is_there_twice_is_refused(entries: LedgerEntries) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        entries.load([LedgerEntry((MAY,)).to_line("L1"), LedgerEntry((JUNE,)).to_line("L1")])


@pytest.mark.parametrize(
    "row",
    [
        b'{"id": 1, "in_cor": "yes", "digest": null, "versions": [["u1", "2026-05-11", "2026-05-12"]]}\n',
        b'{"id": "L1", "in_cor": {}, "digest": null, "versions": [["u1", "2026-05-11", "2026-05-12"]]}\n',
        b'{"id": "L1", "in_cor": "yes", "digest": null, "versions": [["u1", "2026-05-11"]]}\n',
        b'{"id": "L1"}\n',
        b"1\n",
        b"\n",
        b"\xff\n",
    ],
)
def test_other_rows_are_refused(row: bytes, entries: LedgerEntries) -> None:
    with pytest.raises((ValueError, LookupError, TypeError)):
        entries.load([row])


def test_an_entry_that_is_not_there_cannot_be_deleted(entries: LedgerEntries) -> None:
    for _ in range(2):
        with pytest.raises(KeyError):
            del entries["L1"]
        entries["L1"] = LedgerEntry((MAY,))
        del entries["L1"]


def test_rows_that_changed_are_found_without_a_look_at_the_others(entries: LedgerEntries) -> None:
    query = "EXPLAIN QUERY PLAN SELECT place, size, line FROM entry WHERE line IS NOT NULL ORDER BY number"
    (plan,) = entries._database.execute(query).fetchall()
    assert "USING INDEX by_change" in plan[3]


@pytest.mark.parametrize("first", [0, 1], ids=["a write", "a look-up"])
def test_rows_that_were_cut_off_are_an_error(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[IO[bytes]] = []

    def make() -> IO[bytes]:
        files.append(TemporaryFile())  # noqa: SIM115  # the entries close it
        return files[-1]

    monkeypatch.setattr("cor_provider.sync.ledger_entries.TemporaryFile", make)
    with closing(LedgerEntries()) as entries:
        entries.load([rows_of({"L1": LedgerEntry((MAY,), "yes", DIGEST)})])
        files[0].truncate(0)
        uses: list[Callable[[], object]] = [lambda: list(entries.rows()), lambda: entries["L1"]]
        uses = [uses[first], *uses, lambda: entries.find("L1")]
        for use in uses:
            with pytest.raises(OSError, match="cut off"):
                use()
        assert isinstance(entries.error, OSError)


def test_after_a_failed_write_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    fill_the_disk(monkeypatch, 20, of=1)
    with closing(LedgerEntries()) as entries:
        with pytest.raises(sqlite3.OperationalError, match="disk is full"):  # noqa: PT012
            for number in range(1_000):
                entries[f"L{number}"] = LedgerEntry((MAY,), "yes", DIGEST)
        for use in (lambda: list(entries.rows()), lambda: entries["L0"], lambda: entries.find("L0")):
            with pytest.raises(sqlite3.OperationalError, match="disk is full"):
                use()
