"""The ledger: what it keeps, what it leaves out, and what it makes of files that are not its own."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cor_provider import _files
from cor_provider.exceptions import CorConfigurationError, CorLedgerError
from cor_provider.leave import LeaveRequest
from cor_provider.sync.ledger import (
    FORMAT_VERSION,
    MOST_APPROVALS,
    Forgotten,
    InCor,
    LeaveVersion,
    Ledger,
    LedgerContent,
    LedgerEntry,
    UsedApproval,
)
from cor_provider.sync.seal import seal
from cor_provider.sync.window import Window
from support import leave

COR = "https://integrations.projectcor.com/v2/integrations/leaves"
MAY = LeaveVersion("u1", date(2026, 5, 11), date(2026, 5, 12))
JUNE = LeaveVersion("u2", date(2026, 6, 1), date(2026, 6, 2))


def open_ledger(folder: Path, **options: Any) -> Ledger:
    return Ledger(f"file://{folder}/ledger", **{"source": "GLOBANT", "cor": COR, "key": b"key", **options})


def read(**fields: Any) -> LeaveRequest:
    return LeaveRequest.model_validate(leave(**fields))


def entries(ledger: Ledger) -> dict[str, LedgerEntry]:
    return {"L1": LedgerEntry((MAY,), "yes", ledger.digest(read())), "Ł/2 ": LedgerEntry((MAY, JUNE), "unknown")}


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The file of a ledger."""
    ledger = open_ledger(tmp_path)
    ledger.entries = entries(ledger)
    ledger.write()
    return tmp_path / "ledger" / "GLOBANT.jsonl"


def test_a_new_ledger_is_empty(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.read()
    assert ledger.entries == {}


def test_what_is_written_is_read(tmp_path: Path, written: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.read()
    assert ledger.entries == entries(ledger)
    assert not ledger.key_changed


def test_it_says_nothing_of_leave_types_and_nothing_that_a_guess_could_be_held_against(written: Path) -> None:
    header, known, unknown, approvals, seal = map(json.loads, written.read_text().splitlines())
    assert header.keys() == {"format", "version", "source", "cor", "key_check"}
    assert known.keys() == {"id", "in_cor", "digest", "versions"}
    assert unknown == {"id": "Ł/2 ", "in_cor": "unknown", "digest": None, "versions": [
        ["u1", "2026-05-11", "2026-05-12"], ["u2", "2026-06-01", "2026-06-02"],
    ]}  # fmt: skip
    assert approvals == {"approvals": []}
    assert seal.keys() == {"mac", "sha256"}
    assert "vacation" not in written.read_text()


@pytest.mark.parametrize(
    "change",
    [{"user_id": "u2"}, {"leave_type_id": "x"}, {"start": "2026-05-10"}, {"end": "2026-05-13"}, {"id": "L2"}],
)
def test_the_digest_is_of_all_that_is_sent(change: dict[str, str], tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    assert ledger.digest(read()) == ledger.digest(read(note="not sent"))
    assert ledger.digest(read()) != ledger.digest(read(**change))


def test_the_digest_of_hours_differs_from_that_of_whole_days(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    day, hours = read(start="2026-05-11", end="2026-05-11"), ("2026-05-11T00:00:00Z", "2026-05-11T23:59:00Z")
    assert ledger.digest(day) != ledger.digest(read(start=hours[0], end=hours[1], all_day=False))


def test_the_digest_is_keyed(tmp_path: Path) -> None:
    assert open_ledger(tmp_path).digest(read()) != open_ledger(tmp_path, key=b"other").digest(read())


def test_another_key_is_noticed_and_nothing_is_lost(tmp_path: Path, written: Path) -> None:
    ledger = open_ledger(tmp_path, key=b"other")
    ledger.read()
    assert ledger.key_changed
    assert list(ledger.entries) == ["L1", "Ł/2 "]


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


@pytest.mark.parametrize(("field", "value"), [("source", "SAP"), ("cor", "http://127.0.0.1:8765")])
def test_a_ledger_of_another_source_or_another_cor_is_refused(field: str, value: str, tmp_path: Path) -> None:
    other = open_ledger(tmp_path, **{field: value})
    other.write()
    other.path.rename(open_ledger(tmp_path).path)
    with pytest.raises(CorLedgerError, match=f"belongs to the {field} '{value}', not"):
        open_ledger(tmp_path).read()


@pytest.mark.parametrize("version", [1, FORMAT_VERSION + 1])
def test_a_ledger_of_another_version_is_refused(version: int, tmp_path: Path, written: Path) -> None:
    written.write_text(written.read_text().replace(f'"version": {FORMAT_VERSION}', f'"version": {version}'))
    with pytest.raises(CorLedgerError, match="another version"):
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
    ledger.entries, ledger.approvals = entries, {one.plan: one for one in approvals}
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
        assert (read.entries, read.approvals) == (ledger.entries, ledger.approvals)


@given(content=st.binary(max_size=300))
def test_bytes_of_any_kind_are_no_ledger(content: bytes, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    _files.replace(open_ledger(folder).path, content)
    with pytest.raises(CorLedgerError):
        open_ledger(folder).read()


def test_old_approvals_are_forgotten(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.approvals = {str(number): UsedApproval(str(number), "task") for number in range(MOST_APPROVALS + 5)}
    ledger.write()
    again = open_ledger(tmp_path)
    again.read()
    assert [*again.approvals] == [str(number) for number in range(5, MOST_APPROVALS + 5)]


# Paths and windows


def test_a_source_names_one_file_whatever_its_characters(tmp_path: Path) -> None:
    assert open_ledger(tmp_path, source="a/../b").path.name == "a%2F..%2Fb.jsonl"


@pytest.mark.parametrize("folder", ["", "None", None])
def test_a_missing_folder_is_an_error_that_names_the_parameter(folder: Any) -> None:
    with pytest.raises(CorConfigurationError, match="ledger: is empty"):
        Ledger(folder, source="GLOBANT", cor=COR, key=b"key")


def test_a_leave_that_may_be_in_either_place_overlaps_if_one_does() -> None:
    assert LedgerEntry((MAY, JUNE), "unknown").overlaps(Window(date(2026, 6, 1), date(2026, 6, 1)))
    assert not LedgerEntry((MAY, JUNE), "unknown").overlaps(Window(date(2026, 5, 20), date(2026, 5, 25)))


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(10, 11, True), (12, 13, True), (1, 31, True), (11, 11, True), (9, 10, False), (13, 14, False)],
)
def test_both_ends_of_a_window_count(first: int, last: int, expected: bool) -> None:
    assert MAY.overlaps(Window(date(2026, 5, first), date(2026, 5, last))) is expected


def test_a_person_is_forgotten_with_all_versions_of_their_leave(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.entries = entries(ledger)
    assert ledger.forget_user("u1") == 2
    assert ledger.entries == {}


def test_leave_that_is_now_another_persons_stays_without_the_earlier_versions(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.entries = {"L1": LedgerEntry((MAY, JUNE, replace(MAY, end=MAY.start)), "changing", "digest")}
    assert ledger.forget_user("u2") == 1
    assert ledger.entries == {"L1": LedgerEntry((MAY, replace(MAY, end=MAY.start)), "unknown", "digest")}


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
    ledger.entries = entries(ledger)
    assert ledger.forget_user("nobody") == 0
    assert ledger.forgotten == []


def test_what_was_forgotten_is_beside_the_approvals_where_earlier_versions_do_not_look(
    tmp_path: Path, written: Path
) -> None:
    ledger = open_ledger(tmp_path)
    ledger.forgotten = [Forgotten("2026-11-27", 3)]
    ledger.write()
    assert json.loads(written.read_text().splitlines()[-2]) == {
        "approvals": [],
        "forgotten": [{"on": "2026-11-27", "entries": 3}],
    }


def test_its_content_is_readable_without_the_key_but_then_not_proven(written: Path) -> None:
    content = written.read_bytes()
    unproven, proven = (LedgerContent.parse(written, content, key) for key in (None, b"key"))
    assert unproven.entries == proven.entries
    assert (unproven.is_proven, proven.is_proven) == (False, True)


def test_without_a_key_check_nothing_is_proven(written: Path) -> None:
    header, *rows, _seal = written.read_bytes().splitlines(keepends=True)
    forged = json.dumps({**json.loads(header), "key_check": None}).encode() + b"\n" + b"".join(rows)
    assert not LedgerContent.parse(written, seal(forged, b"any")).is_proven
