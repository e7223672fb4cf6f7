"""Runs a command: what it prints, its errors and its exit code are the same in both command lines."""

from __future__ import annotations

import logging
import os
import sys
import traceback
import warnings
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from typing import IO

from cor_provider.cli.commands import Command
from cor_provider.cli.parser import make_parser

DONE = 0
FOUND = 1
"""The command did its work, and found something to do."""
COULD_NOT_WORK = 2
"""As ``argparse`` ends if the arguments are wrong."""
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``python -m cor_provider`` and return its exit code."""
    options = make_parser().parse_args(arguments)
    return run_command(options.command, options)


def run_command(command: Command, options: Namespace) -> int:
    """
    Run a command and return its exit code.

    :param options: its arguments, as a parser has read them.
    """
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")  # or Airflow 3 asks no database for a Connection
    stdout = sys.stdout
    with redirect_stdout(sys.stderr), _quiet():  # Airflow may log to it
        try:
            return FOUND if _run(command, options, stdout) else DONE
        except BrokenPipeError:  # whoever read it has enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
            return DONE
        except KeyboardInterrupt:
            return INTERRUPTED
        except Exception as error:  # noqa: BLE001  # also a bug must not end as a finding does
            if _is_expected(error):
                print(f"error: {_describe(error)}", file=sys.stderr)  # noqa: T201  # a command prints
            else:
                traceback.print_exc()
            return COULD_NOT_WORK


def _run(command: Command, options: Namespace, stdout: IO[str]) -> bool:
    # Not before: help, and Airflow's command line when it starts, need neither.
    from cor_provider.cli.output import Output  # noqa: PLC0415

    module = import_module(f"cor_provider.cli.{command.module}")
    return bool(module.run(options, Output(stdout, as_json=options.output == "json")))


def _is_expected(error: Exception) -> bool:
    """Return whether an error says what to do, so that nobody needs its traceback."""
    from cor_provider.exceptions import CorError  # noqa: PLC0415  # as above

    return isinstance(error, (CorError, OSError, ImportError))  # an object store may need a package


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep off the terminal what Airflow warns of, and what it logs about looking for a Connection."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            import airflow  # noqa: F401, PLC0415  # it sets filters of its own, and Airflow 3.1 logs already then

            if not sys.warnoptions:
                warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _describe(error: BaseException) -> str:
    """Return an error in one line, with what to do."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror and error.filename:
        text = f"{error.filename}: {error.strerror}"
    return " ".join(text.split())
