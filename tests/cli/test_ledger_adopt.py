"""`ledger adopt`: after a ledger was lost, the report of an audit takes its place, as far as it can."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cor_provider.sandbox import Sandbox
from support import Connect, leave
from sync_support import Run, by_hand, counts, found, held, remembered, sent

from .conftest import Cor


@pytest.fixture
def report(sync: Run, audit: Run, ledger: Path, sandbox: Sandbox, tmp_path: Path) -> Path:
    """The report of an audit of `L1`, `L2` and `L3`, and of leave by hand; then the ledger is lost."""
    sync([leave(), leave("L2"), leave("L3", user_id="u2")])
    sandbox.store.create_leave(external_id="by hand", **by_hand("2026-05-25", "2026-05-26"))
    audit(report_path=f"{tmp_path}/audit.jsonl")
    ledger.unlink()
    sandbox.clear_requests()
    return tmp_path / "audit.jsonl"


def test_leave_that_hr_has_cancelled_meanwhile_is_deleted_after_all(
    cor: Cor, report: Path, ledger: Path, sync: Run, sandbox: Sandbox
) -> None:
    ran = cor("ledger", "adopt", ledger.parent, report, "--yes")
    assert ran.code == 0
    assert ran.text == ("Adopted: 3 leaves; 0 were in the ledger already. Left out: 1 leave that never was the sync's.")
    assert "sent after this audit" in ran.err
    assert remembered(ledger) == {"L1": "yes", "L2": "yes", "L3": "yes"}
    assert sent(sandbox) == []
    assert sync([leave(), leave("L2")]) == counts(received=2, updated=2, deleted=1)
    assert sorted(sent(sandbox)) == ["DELETE L3", "PUT L1", "PUT L2"]
    assert held(sandbox) == ["L1", "L2", "by hand"]


def test_more_leave_by_hand_is_counted_in_the_plural(cor: Cor, report: Path, ledger: Path) -> None:
    *others, by_hand = report.read_text().splitlines(keepends=True)
    report.write_text("".join([*others, by_hand, by_hand]))
    ran = cor("ledger", "adopt", ledger.parent, report, "--yes")
    assert ran.text.endswith("Left out: 2 leaves that never were the sync's.")


def test_the_ledger_that_a_sync_has_built_since_then_keeps_what_it_knows(
    cor: Cor, report: Path, ledger: Path, sync: Run, sandbox: Sandbox
) -> None:
    sync([leave(), leave("L2", end="2026-05-20"), leave("L4")])
    cor("ledger", "adopt", ledger.parent, report, "--yes")
    sandbox.clear_requests()
    assert sync([leave(), leave("L2", end="2026-05-20"), leave("L4")])["unchanged"] == 3
    assert sent(sandbox) == ["DELETE L3"]


def test_the_next_audit_knows_what_was_adopted(cor: Cor, report: Path, ledger: Path, audit: Run) -> None:
    cor("ledger", "adopt", ledger.parent, report, "--yes")
    assert audit() == found(audited=3, confirmed=3, foreign=1)


def test_what_the_audit_found_is_adopted_as_it_was_found(cor: Cor, report: Path, ledger: Path) -> None:
    rows = [json.loads(line) for line in report.read_text().splitlines()]
    for row, status in zip(rows, ("missing", "changed", "unverifiable"), strict=False):
        row["status"] = status
    report.write_text("".join(json.dumps(row) + "\n" for row in rows))
    cor("ledger", "adopt", ledger.parent, report, "--yes")
    assert remembered(ledger) == {"L1": "missing", "L2": "changing", "L3": "unknown"}


def test_it_asks_and_says_what_it_cannot_know(
    cor: Cor, report: Path, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for answer, code in (("n", 2), ("y", 0)):
        terminal = io.StringIO(answer + "\n")
        monkeypatch.setattr(terminal, "isatty", lambda: True)
        monkeypatch.setattr("sys.stdin", terminal)
        ran = cor("ledger", "adopt", ledger.parent, report)
        assert ran.code == code
        assert "the report does not know" in ran.err
        assert "Adopt 3 leaves? [y/N]" in ran.err
        assert ledger.exists() == (code == 0)


def test_a_second_time_there_is_nothing_to_adopt(cor: Cor, report: Path, ledger: Path) -> None:
    cor("ledger", "adopt", ledger.parent, report, "--yes")
    before = ledger.read_bytes()
    ran = cor("ledger", "adopt", ledger.parent, report, "--output", "json")
    assert ran.data == {"adopted": 0, "known": 3, "foreign": 1, "ledger": str(ledger)}
    assert ledger.read_bytes() == before


def test_the_report_of_another_source_is_refused(cor: Cor, report: Path, ledger: Path) -> None:
    ran = cor("ledger", "adopt", ledger.parent, report, "--yes", "--source", "BAMBOO")
    assert ran.code == 2
    assert f"{report} is of the source 'GLOBANT', and the ledger of 'BAMBOO'" in ran.err
    assert [*ledger.parent.glob("*.jsonl")] == []


def test_the_report_of_another_cor_is_refused(
    cor: Cor, report: Path, ledger: Path, connect: Connect, sandbox: Sandbox
) -> None:
    connect(host="https://other.example.com")
    ran = cor("ledger", "adopt", ledger.parent, report, "--yes")
    assert ran.code == 2
    assert f"is of the COR at '{sandbox.url}/" in ran.err
    assert "the ledger of 'https://other.example.com/" in ran.err
    assert not ledger.exists()


@pytest.mark.parametrize("lacking", ["source", "cor"])
def test_a_report_that_does_not_say_whose_it_is_is_refused(
    lacking: str, cor: Cor, report: Path, ledger: Path, sandbox: Sandbox
) -> None:
    rows = [json.loads(line) for line in report.read_text().splitlines()]
    whose = {name: rows[0][name] for name in ("source", "cor")}
    for row in rows:
        del row[lacking]
    report.write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = cor("ledger", "adopt", ledger.parent, report, "--yes")
    assert ran.code == 2
    assert f'add "source": "{whose["source"]}" and "cor": "{whose["cor"]}" to each row' in ran.err
    assert not ledger.exists()
    report.write_text("".join(json.dumps({**row, **whose}) + "\n" for row in rows))
    assert cor("ledger", "adopt", ledger.parent, report, "--yes").code == 0


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        ({"user_id": 7}, "user_id: must be a valid string"),
        ({"user_id": None}, "user_id: must be a valid string"),
        ({"id": ["L1"]}, "id: must be a valid string"),
        ({"id": ""}, "id: is missing"),
        ({"start": "2026-05-20", "end": "2026-05-01"}, "end: is before start"),
        ({"cor_id": "12x"}, "cor_id: must be a valid integer"),
        ({"status": "deleted"}, "status: must be 'confirmed'"),
        ({"status": "foreign"}, "id: must be null"),
    ],
    ids=str,
)
def test_an_edited_report_is_refused_by_line_and_field(
    edit: dict[str, Any], problem: str, cor: Cor, report: Path, ledger: Path
) -> None:
    rows = [json.loads(line) for line in report.read_text().splitlines()]
    rows[1] |= edit
    report.write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = cor("ledger", "adopt", ledger.parent, report, "--yes")
    assert ran.code == 2
    assert ran.err.startswith(f"error: {report}, line 2: {problem}")
    assert not ledger.exists()


def test_another_report_is_refused(
    cor: Cor, sync: Run, ledger: Path, tmp_path: Path, create: Callable[..., Any]
) -> None:
    create([leave()], report_path=f"{tmp_path}/report.jsonl")
    ran = cor("ledger", "adopt", ledger.parent, tmp_path / "report.jsonl", "--yes")
    assert ran.code == 2
    assert "is not the report of an audit (its report_path): line 1" in ran.err
    assert cor("ledger", "adopt", ledger.parent, tmp_path / "gone.jsonl", "--yes").code == 2
    assert not ledger.exists()
