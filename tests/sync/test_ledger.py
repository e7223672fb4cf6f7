"""The ledger: what it keeps, what it does not tell, and what it makes of files that are not its own."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from cor_provider.exceptions import CorConfigurationError, CorLedgerError
from cor_provider.leave import LeaveRequest
from cor_provider.sync.ledger import Entry, Ledger, Version, Window
from support import leave

COR = "https://integrations.projectcor.com/v2/integrations/leaves"
MAY = Version("u1", date(2026, 5, 11), date(2026, 5, 12))
JUNE = Version("u2", date(2026, 6, 1), date(2026, 6, 2))


def open_ledger(folder: Path, **options: Any) -> Ledger:
    return Ledger(f"file://{folder}/ledger", **{"source": "GLOBANT", "cor": COR, "key": b"key", **options})


def read(**fields: Any) -> LeaveRequest:
    return LeaveRequest.model_validate(leave(**fields))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """The file of a ledger."""
    ledger = open_ledger(tmp_path)
    ledger.entries = {"L1": Entry((MAY,), ledger.digest(read())), "Ł/2 ": Entry((MAY, JUNE))}
    ledger.write()
    return tmp_path / "ledger" / "GLOBANT.jsonl"


def test_a_new_ledger_is_empty(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.read()
    assert ledger.entries == {}


def test_what_is_written_is_read(tmp_path: Path, written: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.read()
    assert ledger.entries == {"L1": Entry((MAY,), ledger.digest(read())), "Ł/2 ": Entry((MAY, JUNE))}
    assert not ledger.key_changed


def test_it_says_nothing_of_leave_types_and_nothing_that_a_guess_could_be_held_against(written: Path) -> None:
    header, known, unknown, trailer = map(json.loads, written.read_text().splitlines())
    assert header.keys() == {"format", "version", "source", "cor", "key_check"}
    assert known.keys() == {"id", "in_cor", "digest", "versions"}
    assert unknown == {"id": "Ł/2 ", "in_cor": "unknown", "versions": [
        ["u1", "2026-05-11", "2026-05-12"], ["u2", "2026-06-01", "2026-06-02"],
    ]}  # fmt: skip
    assert trailer == {"entries": 2}
    assert "vacation" not in written.read_text()


@pytest.mark.parametrize(
    "change",
    [{"user_id": "u2"}, {"leave_type_id": "x"}, {"start": "2026-05-10"}, {"end": "2026-05-13"}, {"id": "L2"}],
)
def test_the_digest_is_of_all_that_is_sent(change: dict[str, str], tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    assert ledger.digest(read()) == ledger.digest(read(note="not sent"))
    assert ledger.digest(read()) != ledger.digest(read(**change))


def test_the_digest_tells_hours_from_whole_days(tmp_path: Path) -> None:
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
    for length in range(len(whole) - 1):  # the last byte is the end of the line
        written.write_bytes(whole[:length])
        with pytest.raises(CorLedgerError, match=r"is no ledger, or is not whole\. Restore it"):
            open_ledger(tmp_path).read()


@pytest.mark.parametrize("content", ["[]", "{}", "1\n2", '{"id": "L1"}\n{"id": "L2"}', "\xff", '{}\n{"entries": 0}'])
def test_another_file_is_refused(content: str, tmp_path: Path, written: Path) -> None:
    written.write_text(content, encoding="latin-1")
    with pytest.raises(CorLedgerError):
        open_ledger(tmp_path).read()


@pytest.mark.parametrize(("field", "value"), [("source", "SAP"), ("cor", "http://127.0.0.1:8765")])
def test_a_ledger_of_another_source_or_another_cor_is_refused(
    field: str, value: str, tmp_path: Path, written: Path
) -> None:
    header, *rest = written.read_text().splitlines()
    written.write_text("\n".join([json.dumps({**json.loads(header), field: value}), *rest]))
    with pytest.raises(CorLedgerError, match=f"about the {field} '{value}', not"):
        open_ledger(tmp_path).read()


def test_a_ledger_of_a_newer_version_is_refused(tmp_path: Path, written: Path) -> None:
    written.write_text(written.read_text().replace('"version": 1', '"version": 2'))
    with pytest.raises(CorLedgerError, match="newer version"):
        open_ledger(tmp_path).read()


def test_a_source_names_one_file_whatever_its_characters(tmp_path: Path) -> None:
    assert open_ledger(tmp_path, source="a/../b").path.name == "a%2F..%2Fb.jsonl"


@pytest.mark.parametrize("folder", ["", "None", None])
def test_no_folder_is_told(folder: Any) -> None:
    with pytest.raises(CorConfigurationError, match="ledger: needs"):
        Ledger(folder, source="GLOBANT", cor=COR, key=b"key")


@pytest.mark.parametrize(
    "value",
    [
        ["2026-05-01", "2026-05-31"],
        ("2026-05-01T00:00:00+02:00", " 2026-05-31 "),
        ["2026-05-01T00:00:00Z", "2026-05-31T00:00:00Z"],
        "2026-05-01/2026-05-31",
        [date(2026, 5, 1), datetime(2026, 5, 31, 23, tzinfo=timezone.utc)],
    ],
)
def test_a_window_is_two_dates(value: object) -> None:
    assert Window.read(value) == Window(date(2026, 5, 1), date(2026, 5, 31))


@pytest.mark.parametrize("value", [None, "", "2026-05-01", ["2026-05-01"], ["a", "b"], 5, ["2026-05-02", "2026-05-01"]])
def test_what_is_no_window_is_told(value: object) -> None:
    with pytest.raises(CorConfigurationError, match="window: "):
        Window.read(value)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [(10, 11, True), (12, 13, True), (1, 31, True), (11, 11, True), (9, 10, False), (13, 14, False)],
)
def test_both_ends_of_a_window_count(first: int, last: int, expected: bool) -> None:
    assert MAY.overlaps(Window(date(2026, 5, first), date(2026, 5, last))) is expected


def test_a_leave_that_may_be_in_either_place_overlaps_if_one_does() -> None:
    assert Entry((MAY, JUNE)).overlaps(Window(date(2026, 6, 1), date(2026, 6, 1)))
    assert not Entry((MAY, JUNE)).overlaps(Window(date(2026, 5, 20), date(2026, 5, 25)))
