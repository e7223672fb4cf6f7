"""Rows of HR that cannot be read: each is rejected by its id, and stops no other."""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cor_provider.exceptions import CorDeleteGuardError, CorValidationError
from cor_provider.extract.json_lines import write_lines
from cor_provider.extract.rows import to_leaves_or_rejected
from cor_provider.extract.spans import prefix_id, to_spans
from cor_provider.leave import UnreadableLeave, read_leave
from cor_provider.sandbox import Sandbox
from operators_support import Create
from support import leave
from sync_support import Run, held, remembered

SECRET = "Marker of a value"


def row(number: int, **fields: Any) -> dict[str, Any]:
    """Return a row of HR; a field that is None is missing."""
    whole = {
        "number": number,
        "first": date(2026, 5, 11),
        "last": date(2026, 5, 13),
        "part": None,
        "zone": "Europe/Madrid",
        "amount": "1",
    }
    return {name: value for name, value in {**whole, **fields}.items() if value != "missing"}


def to_leaves(row: dict[str, Any], policy: Any = "split") -> list[dict[str, Any]]:
    half = row["part"] if float(row["amount"]) < 1 else None
    days = row["first"], row["last"]
    spans = to_spans(prefix_id("hr", row["number"]), *days, half_first=half, policy=policy, zone=row["zone"])
    return [{"user_id": "u1", "leave_type_id": "vacation", **span} for span in spans]


def leave_id(row: dict[str, Any]) -> str:
    return prefix_id("hr", row["number"])


BAD = [
    pytest.param({"zone": "Madrid", "amount": "0.5", "part": "afternoon"}, "ZoneInfoNotFoundError", id="no such zone"),
    pytest.param({"zone": "Europe", "amount": "0.5", "part": "afternoon"}, "ZoneInfoNotFoundError", id="a folder"),
    pytest.param({"zone": "../x", "amount": "0.5", "part": "afternoon"}, "ZoneInfoNotFoundError", id="no name"),
    pytest.param({"part": SECRET, "amount": "0.5"}, "ValueError", id="an unknown part"),
    pytest.param({"amount": ""}, "ValueError", id="a blank amount"),
    pytest.param({"amount": None}, "TypeError", id="no amount"),
    pytest.param({"amount": "missing"}, "KeyError", id="a missing key"),
    pytest.param({"last": None}, "TypeError", id="an open end"),
    pytest.param({"first": "11/5/2026", "part": "afternoon", "amount": "0.5"}, "TypeError", id="text for a date"),
]


@pytest.mark.parametrize(("fields", "kind"), BAD)
def test_a_row_that_cannot_be_read_is_rejected_by_its_id_and_the_others_arrive(
    create: Create, sandbox: Sandbox, tmp_path: Path, fields: dict[str, Any], kind: str
) -> None:
    rows = [row(1), row(2, **fields), row(3)]
    path = write_lines(f"{tmp_path}/leaves.jsonl", to_leaves_or_rejected(rows, to_leaves, leave_id=leave_id))
    create(path, max_rejected=1, report_path=f"{tmp_path}/report.jsonl")
    assert held(sandbox) == ["hr-1", "hr-3"]
    (rejected,) = (one for one in read_lines(tmp_path / "report.jsonl") if one["status"] == "rejected")
    assert (rejected["id"], rejected["error"]) == ("hr-2", "UnreadableRowError")
    line = r"at line \d+ of test_rows\.py\. \(leaves\.jsonl, line 2\)"
    assert re.fullmatch(rf"The extract could not read this row: {kind} {line}", rejected["message"])


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_no_value_of_the_row_is_kept_or_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [row(2, part=SECRET, amount="0.5"), row(3, amount=SECRET), row(4, zone=SECRET, amount="0.5", part="morning")]
    path = write_lines(f"{tmp_path}/leaves.jsonl", to_leaves_or_rejected(rows, to_leaves, leave_id=leave_id))
    assert SECRET not in Path(path).read_text() + caplog.text


def test_the_log_counts_rows_by_the_reason(caplog: pytest.LogCaptureFixture) -> None:
    rows = [row(1), row(2, amount=""), row(3, amount=""), row(4, amount="missing")]
    assert len([*to_leaves_or_rejected(rows, to_leaves, leave_id=leave_id)]) == 4
    assert "3 rows could not be read" in caplog.text
    assert "  2 ValueError at line" in caplog.text
    assert "  1 KeyError at line" in caplog.text


def test_a_refusal_in_the_callers_own_words_is_kept_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(_row: object) -> list[Any]:
        raise CorValidationError('column "Zone" is no time zone')

    made = [*to_leaves_or_rejected([2, 3], refuse, leave_id=str)]
    found = [read_leave(one) for one in made]
    assert [one.id for one in found] == ["2", "3"]
    assert {str(one.error) for one in found if isinstance(one, UnreadableLeave)} == {
        'The extract could not read this row: column "Zone" is no time zone.'
    }
    assert '  2 column "Zone" is no time zone' in caplog.text


def test_the_line_is_that_of_the_callers_code(tmp_path: Path) -> None:
    source = tmp_path / "my dag.py"
    source.write_text("def to_leaves(row):\n    return help(row)\n\ndef help(row):\n    return int(row)\n")
    to_leaves = runpy.run_path(str(source))["to_leaves"]
    (one,) = to_leaves_or_rejected(["x"], to_leaves, leave_id=lambda _: "7")
    assert "ValueError at line 5 of my_dag.py" in one["user_id"]


def test_rows_may_become_none_one_or_several(create: Create, sandbox: Sandbox) -> None:
    made: dict[int, Any] = {1: [], 2: leave("L2"), 3: [leave("L3"), leave("L4")], 4: (leave(f"L{n}") for n in (5, 6))}
    create(to_leaves_or_rejected([1, 2, 3, 4], made.__getitem__, leave_id=str))
    assert held(sandbox) == ["L2", "L3", "L4", "L5", "L6"]


def test_a_row_that_breaks_off_between_its_leaves_is_rejected_as_a_whole() -> None:
    def break_off(_row: int) -> Iterator[dict[str, Any]]:
        yield leave()
        raise KeyError(SECRET)

    assert [one["id"] for one in to_leaves_or_rejected([7], break_off, leave_id=str)] == ["7"]


@pytest.mark.parametrize("error", [OSError("the network"), RuntimeError("Airflow"), MemoryError()])
def test_what_is_no_fault_of_the_row_is_raised(error: Exception) -> None:
    def fail(_row: int) -> list[Any]:
        raise error

    with pytest.raises(type(error)):
        list(to_leaves_or_rejected([1], fail, leave_id=str))


def test_an_error_in_reading_the_rows_is_raised() -> None:
    def rows() -> Iterator[int]:
        yield 1
        raise ValueError("cut off")

    with pytest.raises(ValueError, match="cut off"):
        list(to_leaves_or_rejected(rows(), lambda _: [], leave_id=str))


@pytest.mark.parametrize("policy", ["span", "split"])
def test_a_sync_leaves_a_row_that_cannot_be_read_as_it_is_with_all_its_parts(
    sync: Run, sandbox: Sandbox, ledger: Path, policy: Any
) -> None:
    half = {"amount": "0.5", "part": "afternoon"}
    read: Callable[..., Any] = partial(
        to_leaves_or_rejected, to_leaves=partial(to_leaves, policy=policy), leave_id=leave_id
    )
    sync(read([row(1, **half), row(10, **half), row(2)]))
    before = {one.external_id: one for one in sandbox.leaves}
    returned = sync(read([row(1, **half, zone="Madrid"), row(2)]), max_rejected=1)
    assert (returned["rejected"], returned["unchanged"]) == (1, 1)
    assert {one.external_id: one for one in sandbox.leaves} == {
        leave_id: one for leave_id, one in before.items() if not leave_id.startswith("hr-10")
    }
    assert sorted(remembered(ledger)) == held(sandbox)


def test_a_row_without_a_readable_id_refuses_every_delete(sync: Run, sandbox: Sandbox) -> None:
    sync(to_leaves_or_rejected([row(1), row(2)], to_leaves, leave_id=leave_id))
    with pytest.raises(CorDeleteGuardError, match="1 records have no readable id"):
        sync(to_leaves_or_rejected([row(1), row("missing")], to_leaves, leave_id=leave_id), max_rejected=1)  # type: ignore[arg-type]
    assert held(sandbox) == ["hr-1", "hr-2"]
