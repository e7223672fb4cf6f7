"""What the commands are."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cor_provider.cli.commands import COR, Command, Group


def commands(group: Group) -> Iterator[Command]:
    for one in group.commands:
        if isinstance(one, Group):
            yield from commands(one)
        else:
            yield one


def test_there_are_those_of_the_contract() -> None:
    assert [one.module for one in commands(COR)] == [
        "check",
        "doctor",
        "examples_copy",
        "examples_list",
        "ledger_adopt",
        "ledger_forget",
        "ledger_show",
        "plan",
        "prove",
        "report",
    ]


@pytest.mark.parametrize("command", [*commands(COR)], ids=lambda command: command.module)
def test_each_has_a_module_that_runs_it_and_output_for_scripts(command: Command) -> None:
    assert callable(importlib.import_module(f"cor_provider.cli.{command.module}").run)
    assert any("--output" in argument.flags for argument in command.arguments)


@pytest.mark.parametrize("module", ["commands", "parser", "main"])
def test_reading_them_imports_no_airflow(module: str) -> None:
    code = f"import sys, cor_provider.cli.{module}; sys.exit('airflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
