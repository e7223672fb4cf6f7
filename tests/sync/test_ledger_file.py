"""The file of a ledger: what it says, and what is made of files that are cut off, altered, older or no ledgers."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from fsspec.spec import AbstractBufferedFile  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from cor_provider import _files
from cor_provider._compat import ObjectStoragePath
from cor_provider.exceptions import CorLedgerBusyError, CorLedgerError
from cor_provider.sync.ledger_entry import InCor, LeaveVersion, LedgerEntry
from cor_provider.sync.ledger_file import FORMAT_VERSION, MOST_APPROVALS, Forgotten, LedgerContent, UsedApproval
from cor_provider.sync.seal import Seal
from support import attach_memory
from sync_support import COR, open_ledger

MAY = LeaveVersion("u1", date(2026, 5, 11), date(2026, 5, 12))
JUNE = LeaveVersion("u2", date(2026, 6, 1), date(2026, 6, 2))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The file of a ledger."""
    ledger = open_ledger(tmp_path)
    ledger.entries["L1"] = LedgerEntry((MAY,), "yes", "0" * 32, cor_id=12345)
    ledger.entries["Ł/2 "] = LedgerEntry((MAY, JUNE), "unknown")
    ledger.write()
    return tmp_path / "ledger" / "GLOBANT.jsonl"


def content_of(path: Path, key: bytes | None = b"key") -> LedgerContent:
    content = LedgerContent.read(ObjectStoragePath(f"file://{path}"), key)
    assert content
    return content


def sealed(lines: bytes, key: bytes = b"key") -> bytes:
    seal = Seal(key)
    seal.add(lines)
    return lines + seal.line


def test_it_says_nothing_of_leave_types(written: Path) -> None:
    header, known, unknown, approvals, seal = map(json.loads, written.read_text().splitlines())
    assert header.keys() == {"format", "version", "source", "cor", "key_check"}
    assert known == {
        "id": "L1", "in_cor": "yes", "digest": "0" * 32, "cor_id": 12345, "cor_user_id": None,
        "versions": [["u1", "2026-05-11", "2026-05-12"]],
    }  # fmt: skip
    assert unknown["versions"] == [["u1", "2026-05-11", "2026-05-12"], ["u2", "2026-06-01", "2026-06-02"]]
    assert approvals == {"approvals": [], "forgotten": []}
    assert seal.keys() == {"mac", "sha256"}


def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path: Path, written: Path) -> None:
    whole = written.read_bytes()
    for length in range(len(whole)):
        written.write_bytes(whole[:length])
        with pytest.raises(CorLedgerError, match="is not a ledger, or it was cut off or altered"):
            open_ledger(tmp_path).read()


@pytest.mark.parametrize("content", ["[]", "{}", "1\n2", '{"id": "L1"}\n{"id": "L2"}', "\xff", '{}\n{"entries": 0}'])
def test_another_file_is_refused(content: str, tmp_path: Path, written: Path) -> None:
    written.write_text(content, encoding="latin-1")
    with pytest.raises(CorLedgerError):
        open_ledger(tmp_path).read()


@pytest.mark.parametrize(
    "row",
    [
        b'{"id": "a", "in_cor": null, "digest": null, "cor_id": null, "cor_user_id": null, "versions": []}',
        b'{"id": null, "in_cor": "yes", "digest": null, "cor_id": null, "cor_user_id": null, "versions": []}',
        b"[" * 100_000,
    ],
    ids=["no state", "no id", "too deep"],
)
def test_a_row_that_no_ledger_has_is_refused_with_what_to_do(row: bytes, tmp_path: Path, written: Path) -> None:
    header, *_, trailer, _ = written.read_bytes().splitlines(keepends=True)
    written.write_bytes(sealed(header + row + b"\n" + trailer))
    with pytest.raises(CorLedgerError, match="Restore it from a backup, or delete it"):
        open_ledger(tmp_path).read()


def test_a_damaged_ledger_may_be_replaced_by_the_report_of_an_audit(tmp_path: Path, written: Path) -> None:
    written.write_bytes(written.read_bytes()[:-1])
    with pytest.raises(CorLedgerError, match=r"the report of an audit \(its report_path\), run .*ledger adopt after"):
        open_ledger(tmp_path).read()


def test_of_an_entry_without_a_digest_a_plan_compares_none(tmp_path: Path, written: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.entries["L3"] = LedgerEntry((MAY,), "unknown")
    ledger.write()
    with closing(content_of(written)) as content:
        known = content.entries.find("L3")
    assert known is not None
    assert known[1:] == ("unknown", None)


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path, written: Path) -> None:
    newer = f'"version": {FORMAT_VERSION + 1}'
    written.write_text(written.read_text().replace(f'"version": {FORMAT_VERSION}', newer))
    with pytest.raises(CorLedgerError, match="another version of this provider, a newer one"):
        open_ledger(tmp_path).read()


# What was altered


@pytest.mark.parametrize("key", [b"key", b"another"])
def test_a_flip_of_any_bit_is_refused(key: bytes, tmp_path: Path, written: Path) -> None:
    whole = written.read_bytes()
    for place in range(len(whole)):
        altered = bytearray(whole)
        altered[place] ^= 1 << (place % 8)
        written.write_bytes(altered)
        with pytest.raises(CorLedgerError):
            open_ledger(tmp_path, key=key).read()


def test_an_id_that_somebody_changed_is_refused_with_what_to_do(tmp_path: Path, written: Path) -> None:
    written.write_text(written.read_text().replace('"id": "L1"', '"id": "L7"'))
    with pytest.raises(CorLedgerError, match=r"cut off or altered\. Restore it from a backup, or delete it"):
        open_ledger(tmp_path).read()


def test_who_does_not_know_the_key_cannot_alter_it_whole_or_in_part(tmp_path: Path, written: Path) -> None:
    forged = open_ledger(tmp_path, key=b"guess")
    forged.read()
    forged.entries.clear()
    forged.write()
    header, _, rest = written.read_text().partition("\n")
    other = open_ledger(tmp_path / "other")
    other.write()
    key_check = json.loads(other.path.read_text().splitlines()[0])["key_check"]
    written.write_text(json.dumps({**json.loads(header), "key_check": key_check}) + "\n" + rest)
    with pytest.raises(CorLedgerError):
        open_ledger(tmp_path).read()


any_text = st.text(max_size=20)
versions = st.builds(LeaveVersion, any_text, st.dates(), st.dates())
any_entries = st.dictionaries(
    any_text,
    st.builds(
        LedgerEntry,
        st.lists(versions, min_size=1, max_size=3).map(tuple),
        st.sampled_from(get_args(InCor)),
        st.none() | st.text("0123456789abcdef", min_size=32, max_size=32),
    ),
    max_size=3,
)
any_approvals = st.lists(st.builds(UsedApproval, any_text, any_text, st.booleans()), max_size=3)


@given(entries=any_entries, approvals=any_approvals, data=st.data())
def test_of_any_bytes_it_reads_what_was_written_or_nothing(
    entries: dict[str, LedgerEntry], approvals: list[UsedApproval], data: st.DataObject, tmp_path_factory: Any
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    ledger = open_ledger(folder)
    ledger.entries.update(entries)
    ledger.approvals.update({one.plan: one for one in approvals})
    ledger.write()
    path = Path(ledger.path.path)
    whole = path.read_bytes()
    place = st.integers(0, len(whole))
    first, last = sorted((data.draw(place), data.draw(place)))
    path.write_bytes(whole[:first] + data.draw(st.binary(max_size=40) | st.just(whole[first:last])) + whole[last:])
    read = open_ledger(folder)
    try:
        read.read()
    except CorLedgerError:
        assert path.read_bytes() != whole
    else:
        assert path.read_bytes() == whole
        assert (dict(read.entries), read.approvals) == (dict(ledger.entries), ledger.approvals)


@given(content=st.binary(max_size=300))
def test_bytes_of_any_kind_are_no_ledger(content: bytes, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    _files.replace(open_ledger(folder).path, content)
    with pytest.raises(CorLedgerError):
        open_ledger(folder).read()


def test_old_approvals_are_forgotten(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.approvals.update({str(n): UsedApproval(str(n), "task") for n in range(MOST_APPROVALS + 5)})
    ledger.write()
    again = open_ledger(tmp_path)
    again.read()
    assert [*again.approvals] == [str(number) for number in range(5, MOST_APPROVALS + 5)]


def test_what_was_forgotten_is_beside_the_approvals(tmp_path: Path, written: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.forgotten.append(Forgotten("2026-11-27", 3))
    ledger.write()
    assert json.loads(written.read_text().splitlines()[-2])["forgotten"] == [{"on": "2026-11-27", "entries": 3}]


def test_its_content_is_readable_without_the_key_but_then_not_proven(written: Path) -> None:
    unproven, proven = (content_of(written, key) for key in (None, b"key"))
    assert unproven.entries == proven.entries
    assert (unproven.is_proven, proven.is_proven) == (False, True)


def test_without_a_key_check_nothing_is_proven(written: Path) -> None:
    header, *rows, _seal = written.read_bytes().splitlines(keepends=True)
    forged = json.dumps({**json.loads(header), "key_check": None}).encode() + b"\n" + b"".join(rows)
    written.write_bytes(sealed(forged, b"any"))
    assert not content_of(written).is_proven


def test_where_there_is_no_file_there_is_no_content(tmp_path: Path) -> None:
    assert LedgerContent.read(ObjectStoragePath(f"file://{tmp_path}/none.jsonl")) is None


@pytest.mark.parametrize("size", [1, 7, 200])
def test_it_is_read_in_blocks_of_any_size(size: int, written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = dict(content_of(written).entries)
    monkeypatch.setattr("cor_provider._files.BLOCK", size)
    assert dict(content_of(written).entries) == whole


# In an object store


class ReadInParts(AbstractBufferedFile):  # type: ignore[misc]
    """A file of an object store, which is read in several requests, and so may be in parts of several versions."""

    def _fetch_range(self, start: int, end: int) -> Any:
        return self.fs.cat_file(self.path, start, end)


@pytest.fixture
def stored(written: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectStoragePath:
    """The ledger in an object store, of which a request reads 100 bytes."""
    path = ObjectStoragePath(f"{attach_memory()}/ledgers/GLOBANT.jsonl")
    _files.replace(path, written.read_bytes())
    monkeypatch.setattr(_files, "BLOCK", 100)
    open_any = path.fs.open

    def open_in_parts(name: str, mode: str = "rb", **options: Any) -> Any:
        return ReadInParts(path.fs, name, block_size=100) if mode == "rb" else open_any(name, mode, **options)

    monkeypatch.setattr(path.fs, "open", open_in_parts)
    return path


Replace = Callable[[int], None]


@pytest.fixture
def replace_while_it_is_read(stored: ObjectStoragePath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Replace:
    """Have a sync replace the ledger right after a part of it was read, so many times."""
    ledger = open_ledger(tmp_path)
    ledger.read()
    read_part = stored.fs.cat_file

    def replace(times: int) -> None:
        numbers = iter(range(times))

        def read_and_replace(*arguments: Any) -> bytes:
            part: bytes = read_part(*arguments)
            if (number := next(numbers, None)) is not None:
                ledger.entries[f"N{number}"] = LedgerEntry((JUNE,), "yes", "1" * 32)
                ledger.write()
                _files.replace(stored, Path(ledger.path.path).read_bytes())
            return part

        monkeypatch.setattr(stored.fs, "cat_file", read_and_replace)

    return replace


def test_a_ledger_that_a_sync_replaces_while_it_is_read_is_read_again(
    stored: ObjectStoragePath, replace_while_it_is_read: Replace
) -> None:
    replace_while_it_is_read(2)
    with closing(LedgerContent.read(stored, b"key") or LedgerContent("", "")) as content:
        assert [*content.entries] == ["L1", "Ł/2 ", "N0", "N1"]
        assert content.is_proven


def test_if_it_is_replaced_again_and_again_it_is_busy_and_not_altered(
    stored: ObjectStoragePath, replace_while_it_is_read: Replace
) -> None:
    replace_while_it_is_read(100)
    with pytest.raises(CorLedgerBusyError, match=r"a sync replaces memory://.* again later: that is safe"):
        LedgerContent.read(stored, b"key")


def test_if_nobody_replaces_it_it_is_altered(stored: ObjectStoragePath) -> None:
    _files.replace(stored, (_files.read(stored) or b"").replace(b"L1", b"L7"))
    with pytest.raises(CorLedgerError, match="altered"):
        LedgerContent.read(stored, b"key")


# What earlier versions wrote

DIGEST = "53915aa008cb77a8fe5892f178570ca2"


def header_of(version: int, key_check: str) -> str:
    return json.dumps(
        {
            "format": "airflow-provider-cor ledger",
            "version": version,
            "source": "GLOBANT",
            "cor": COR,
            "key_check": key_check,
        }
    )


@pytest.fixture
def key_check(written: Path) -> str:
    return str(json.loads(written.read_text().splitlines()[0])["key_check"])


OF_VERSION_1 = [
    f'{{"id": "L1", "in_cor": "yes", "digest": "{DIGEST}", "versions": [["u1", "2026-05-11", "2026-05-12"]]}}',
    (
        '{"id": "L2", "in_cor": "unknown", "versions": '
        '[["u1", "2026-05-11", "2026-05-12"], ["u2", "2026-06-01", "2026-06-02"]]}'
    ),
]
ENTRIES = {"L1": LedgerEntry((MAY,), "yes", DIGEST), "L2": LedgerEntry((MAY, JUNE), "unknown")}


@pytest.fixture
def version_1(written: Path, key_check: str) -> Path:
    """The file of a ledger as version 1 wrote it."""
    written.write_text("\n".join([header_of(1, key_check), *OF_VERSION_1, '{"entries": 2}', ""]))
    return written


@pytest.fixture
def version_2(written: Path, key_check: str) -> Path:
    """The file of a ledger as version 2 wrote it."""
    rows = [OF_VERSION_1[0], OF_VERSION_1[1].replace('"unknown"', '"unknown", "digest": null')]
    approvals = '{"approvals": [{"plan": "p", "task": "t", "is_done": true}]}'
    written.write_bytes(sealed("\n".join([header_of(2, key_check), *rows, approvals, ""]).encode()))
    return written


def test_version_1_is_read_and_known_to_be_unproven(version_1: Path) -> None:
    content = content_of(version_1)
    assert dict(content.entries) == ENTRIES
    assert (content.has_key, content.is_sealed, content.is_proven) == (True, False, False)
    assert not content_of(version_1, b"another").has_key


def test_version_2_is_read_and_proven(version_2: Path) -> None:
    content = content_of(version_2)
    assert dict(content.entries) == ENTRIES
    assert content.approvals == {"p": UsedApproval("p", "t", is_done=True)}
    assert content.is_proven


@pytest.mark.parametrize("version", ["version_1", "version_2"])
def test_the_next_write_makes_them_the_version_of_today(
    version: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = request.getfixturevalue(version)
    ledger = open_ledger(tmp_path)
    ledger.read()
    ledger.write()
    header, *rows, _approvals, _seal = map(json.loads, path.read_text().splitlines())
    assert header["version"] == FORMAT_VERSION
    assert {row["cor_id"] for row in rows} == {row["cor_user_id"] for row in rows} == {None}
    content = content_of(path)
    assert dict(content.entries) == ENTRIES
    assert content.is_proven


def test_a_flip_of_any_bit_in_version_2_is_refused(version_2: Path) -> None:
    test_a_flip_of_any_bit_is_refused(b"key", version_2.parents[1], version_2)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('{"entries": 2}\n', '{"entries": 1}\n'),
        ('{"entries": 2}\n', ""),
        ('{"entries": 2}\n', '{"entries": 2}'),
        ('"L2"', '"L1"'),  # twice
        ('"L2"', '""'),
        ("2026-05-12", "2026-05-42"),
        ("2026-05-12", "2026-04-12"),  # before it begins
        ("2026-05-12", "20260512"),
        ("5391", "539z"),
        ('"in_cor": "yes"', '"in_cor": "yet"'),
        ('"unknown"', '"missing"'),
        ('"versions": [[', '"versions":  [['),
        ('[["u1", "2026-05-11", "2026-05-12"]]', "[]"),
        ('"u1"', "1"),
    ],
)
def test_of_version_1_it_is_noticed_what_it_cannot_have_written(was: str, becomes: str, version_1: Path) -> None:
    version_1.write_text(version_1.read_text().replace(was, becomes, 1))
    with pytest.raises(CorLedgerError):
        content_of(version_1)


def test_a_ledger_of_today_is_not_taken_for_one_without_a_seal(written: Path) -> None:
    written.write_text(written.read_text().replace('"version": 3', '"version": 1'))
    with pytest.raises(CorLedgerError):
        content_of(written)
