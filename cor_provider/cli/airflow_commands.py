"""
The commands as Airflow takes them from a provider, from 3.2 on: ``airflow cor …``.

Airflow imports this whenever its command line starts. A command's own module is imported only when it runs.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable

from airflow.cli.cli_config import ActionCommand, Arg, CLICommand, GroupCommand

from cor_provider.cli.commands import COR, Command, Group
from cor_provider.cli.main import run_command


def get_cli_commands() -> list[CLICommand]:
    """Return the commands. Named in ``get_provider_info`` under ``cli``."""
    return [_of(COR)]


def _of(one: Command | Group) -> CLICommand:
    if isinstance(one, Group):
        return GroupCommand(one.name, one.help, [_of(command) for command in one.commands])
    arguments = [Arg(argument.flags, help=argument.help, **argument.settings) for argument in one.arguments]
    return ActionCommand(one.name, one.help, _function(one), arguments, description=one.description)


def _function(command: Command) -> Callable[[Namespace], None]:
    def run(options: Namespace) -> None:
        sys.exit(run_command(command, options))

    return run
