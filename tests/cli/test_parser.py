"""The help of `python -m cor_provider`, and what it takes."""

from __future__ import annotations

from typing import Any

import pytest

from cor_provider.cli.parser import make_parser


def help_of(*arguments: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        make_parser().parse_args([*arguments, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_its_help_lists_the_commands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        help_of(monkeypatch=monkeypatch, capsys=capsys)
        == """\
usage: python -m cor_provider [-h] COMMAND ...

Look after the leave that Airflow carries into COR.

positional arguments:
  COMMAND
    check     check a file of leave requests, and send nothing
    doctor    check the Connection, the token, the clock and the paths
    examples  example DAGs to begin with
    ledger    what a sync remembers having put into COR
    plan      show a sync's plan by user and kind of change
    prove     try on your COR what this provider assumes about it
    report    sum up a report: causes, what to do, missing users and leave
              types

options:
  -h, --help  show this help message and exit
"""
    )


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["check"], ["--columns JSON", "such as %d/%m/%Y", "Exit code 1 if anything would be rejected."]),
        (["doctor"], ["default cor_default", "--path PATH"]),
        (["report"], ["--id ID"]),
        (["plan"], ["--user ID"]),
        (["ledger"], ["forget", "show"]),
        (["ledger", "show"], ["--window FIRST/LAST"]),
        (["ledger", "forget"], ["Their leave in COR stays", "the next sync sends it again", "--yes"]),
    ],
    ids=" ".join,
)
def test_a_commands_help_says_what_it_does_and_takes(
    command: list[str], says: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = help_of(*command, monkeypatch=monkeypatch, capsys=capsys)
    assert max(map(len, shown.splitlines())) <= 80
    assert [text for text in says if text not in " ".join(shown.split())] == []


@pytest.mark.parametrize(
    "arguments", [[], ["check"], ["ledger"], ["ledger", "forget", "x"], ["plan", "x", "-o", "yaml"]]
)
def test_what_is_missing_or_unknown_ends_with_2(arguments: list[Any]) -> None:
    with pytest.raises(SystemExit) as ended:
        make_parser().parse_args(arguments)
    assert ended.value.code == 2


def test_the_default_connection_is_the_hooks() -> None:
    assert make_parser().parse_args(["doctor"]).conn_id == "cor_default"
