"""The parser of ``python -m cor_provider``."""

from __future__ import annotations

import argparse
from typing import Any

from cor_provider.cli.commands import COR, Command, Group


def make_parser() -> argparse.ArgumentParser:
    """Return a parser for all commands. In what it parses, ``command`` is the :class:`Command`."""
    parser = argparse.ArgumentParser(prog="python -m cor_provider", description=f"{COR.help}.")
    _add_commands(parser, COR)
    return parser


def _add_commands(parser: argparse.ArgumentParser, group: Group) -> None:
    parsers: Any = parser.add_subparsers(metavar="COMMAND", required=True)
    for one in group.commands:
        if isinstance(one, Group):
            _add_commands(parsers.add_parser(one.name, help=one.help, description=f"{_sentence(one.help)}."), one)
        else:
            _add_arguments(parsers.add_parser(one.name, help=one.help, description=one.description), one)


def _add_arguments(parser: argparse.ArgumentParser, command: Command) -> None:
    for argument in command.arguments:
        parser.add_argument(*argument.flags, help=argument.help, **argument.settings)
    parser.set_defaults(command=command)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
