"""`airflow cor …`, as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from airflow.cli.cli_config import ActionCommand, GroupCommand

from cor_provider.cli.airflow_commands import get_cli_commands
from cor_provider.cli.commands import COR, Group


def airflow(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "airflow", *map(str, arguments)]
    # Its unit test mode logs to standard output before anything else.
    env = {name: value for name, value in os.environ.items() if name != "AIRFLOW__CORE__UNIT_TEST_MODE"}
    env["PYTHONWARNINGS"] = "ignore"  # and so do warnings of its own code, on a Python that deprecates what it uses
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, env=env)


@pytest.fixture(scope="module")
def shown() -> str:
    return " ".join(airflow("cor", "--help").stdout.split())


def names(one: Group | GroupCommand) -> list[object]:
    below = one.commands if isinstance(one, Group) else one.subcommands
    return [[each.name, names(each)] if isinstance(each, (Group, GroupCommand)) else each.name for each in below]


def test_they_are_the_same_commands() -> None:
    (cor,) = get_cli_commands()
    assert isinstance(cor, GroupCommand)
    assert names(cor) == names(COR)


def test_a_command_ends_with_its_exit_code(tmp_path: Path) -> None:
    (cor,) = get_cli_commands()
    assert isinstance(cor, GroupCommand)
    check = next(one for one in cor.subcommands if one.name == "check")
    assert isinstance(check, ActionCommand)
    options = {"file": str(tmp_path / "none.csv"), "output": "json", "conn_id": None, "timezone": None}
    namespace = type("Options", (), {**options, "columns": None, "values": None, "date_format": None})()
    with pytest.raises(SystemExit) as ended:
        check.func(namespace)
    assert ended.value.code == 2


@pytest.mark.since_airflow("3.2")
def test_airflow_lists_them(shown: str) -> None:
    for one in COR.commands:
        assert one.name in shown


@pytest.mark.since_airflow("3.2")
def test_airflow_runs_them_with_the_same_result(tmp_path: Path) -> None:
    file = tmp_path / "leave.jsonl"
    file.write_text('{"id": "L1", "user_id": "E-7", "leave_type_id": "vacation"}\n')
    ended = airflow("cor", "check", file, "--output", "json")
    assert (ended.returncode, json.loads(ended.stdout)["rejected"]) == (1, 1), ended.stderr
