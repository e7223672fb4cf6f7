"""How commands end: exit codes and errors, and what else reaches the terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cor_provider.cli import main as tested
from cor_provider.cli.commands import Command
from cor_provider.cli.main import run_command
from cor_provider.exceptions import CorConfigurationError
from local_airflow import make_database


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs a command that does what it is given."""

    def run(work: Any) -> int:
        module = ModuleType("fake")
        module.run = lambda options, output: work()  # type: ignore[attr-defined]
        monkeypatch.setattr(tested, "import_module", lambda name: module)
        return run_command(Command("fake", "fake", "", "", ()), Namespace(output="table"))

    return run


def raises(error: BaseException) -> Any:
    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize(
    ("work", "code"),
    [
        (lambda: False, 0),
        (lambda: True, 1),
        (raises(CorConfigurationError("x")), 2),
        (raises(FileNotFoundError(2, "No such file", "f")), 2),
        (raises(ModuleNotFoundError("No module named 's3fs'")), 2),
        (raises(KeyboardInterrupt()), 130),
    ],
)
def test_the_exit_code_says_what_came_of_it(ends: Any, work: Any, code: int) -> None:
    assert ends(work) == code


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (CorConfigurationError("timezone: is\nwrong."), "error: timezone: is wrong.\n"),
        (PermissionError(13, "Permission denied", "/data/x"), "error: /data/x: Permission denied\n"),
        (OSError("the store is gone"), "error: the store is gone\n"),
    ],
)
def test_an_error_is_one_line(ends: Any, error: Exception, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    ends(raises(error))
    assert capsys.readouterr() == ("", line)


def test_a_bug_keeps_its_traceback_and_is_no_finding(ends: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert ends(lambda: 1 / 0) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Traceback")
    assert err.endswith("ZeroDivisionError: division by zero\n")


def test_what_libraries_print_is_not_in_the_result(ends: Any, capsys: pytest.CaptureFixture[str]) -> None:
    ends(lambda: sys.stdout.write("noise\n") and False)
    assert capsys.readouterr() == ("", "noise\n")


def test_it_is_a_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cor_provider", "check", str(tmp_path / "none.csv")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "there is no file" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_a_connection_in_the_database_of_airflow_is_found(tmp_path: Path) -> None:
    (tmp_path / "leave.csv").write_text("id,user_id,leave_type_id,start,end\nL1,E-7,sick,2026-05-11,2026-05-12\n")
    own = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    }
    environment = {name: value for name, value in os.environ.items() if name != "_AIRFLOW_PROCESS_CONTEXT"} | own

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    connection = {"conn_type": "cor", "password": "token", "extra": {"source": "GLOBANT"}}
    make_database(tmp_path)
    run("airflow", "connections", "add", "cor_db", "--conn-json", json.dumps(connection)).check_returncode()
    ended = run("cor_provider", "check", "leave.csv", "--conn-id", "cor_db")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_reader_that_has_enough_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "leave.jsonl"
    file.write_text("".join(f'{{"id": "{number}"}}\n' for number in range(50_000)))
    command = f"{sys.executable} -m cor_provider check {file} --output json | head -1"
    ended = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=120, check=False)  # noqa: S602
    assert ended.stdout == "{\n"
    assert "Error" not in ended.stderr
