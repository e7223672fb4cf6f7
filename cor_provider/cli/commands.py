"""
What the commands are: their names, arguments and help.

Both parsers are made from this, ours and Airflow's. Airflow reads it whenever its command line starts, so nothing here
imports Airflow or does any work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DEFAULT_CONNECTION = "cor_default"


@dataclass(frozen=True)
class Argument:
    """
    An argument of a command.

    :param flags: its name, or its short and its long option.
    :param settings: further arguments of ``ArgumentParser.add_argument``.
    """

    flags: tuple[str, ...]
    help: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """
    A command.

    :param module: the module of this package whose function ``run`` does the work.
    :param help: one line, for the list of commands.
    :param description: for its own help.
    """

    name: str
    module: str
    help: str
    description: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class Group:
    """Commands under one name."""

    name: str
    help: str
    commands: tuple[Command | Group, ...]


def _option(*flags: str, help: str, **settings: Any) -> Argument:  # noqa: A002  # argparse's word
    return Argument(flags, help, settings)


_OUTPUT = _option(
    "-o",
    "--output",
    help="table for people (the default), json for scripts",
    choices=("table", "json"),
    default="table",
)


def _connection(help_text: str, default: str | None = None) -> Argument:
    return _option("--conn-id", metavar="ID", default=default, help=help_text)


CHECK = Command(
    "check",
    "check",
    "check a file of leave requests, and send nothing",
    "Read and check a file of leave requests, as a task with validate_only does, and send nothing. Exit code 1 if "
    "anything would be rejected.",
    (
        _option("file", metavar="FILE", help="path or URI, in any format that the operators take"),
        _option("--columns", metavar="JSON", help="the file's names of the columns, as the operators' columns"),
        _option("--values", metavar="JSON", help="COR's values for the file's, as the operators' values"),
        _option("--date-format", metavar="FORMAT", help="form of dates that are not ISO 8601, such as %%d/%%m/%%Y"),
        _option("--timezone", metavar="ZONE", help="zone of times without an offset, such as Europe/Madrid"),
        _connection("check this Connection and its source too, but not its token"),
        _OUTPUT,
    ),
)

DOCTOR = Command(
    "doctor",
    "doctor",
    "check the Connection, the token, the clock and the paths",
    "Check what a task needs here, and say what to do. It changes nothing in COR. Exit code 1 if there is a problem.",
    (
        _connection(f"the Connection, default {DEFAULT_CONNECTION}", DEFAULT_CONNECTION),
        _option(
            "--path",
            metavar="PATH",
            action="append",
            default=[],
            help="a folder or file that tasks write to: path or URI; may be repeated",
        ),
        _OUTPUT,
    ),
)

EXAMPLES_LIST = Command(
    "list",
    "examples_list",
    "list the example DAGs",
    "List the example DAGs that come with the provider, and what each does.",
    (_OUTPUT,),
)

EXAMPLES_COPY = Command(
    "copy",
    "examples_copy",
    "copy an example DAG, to begin with it",
    "Copy an example DAG into a folder. A file that is there already is never overwritten.",
    (
        _option("name", metavar="NAME", help="the example, as the list has it"),
        _option("folder", metavar="FOLDER", nargs="?", default=".", help="where to, such as dags; default here"),
        _OUTPUT,
    ),
)

REPORT = Command(
    "report",
    "report",
    "sum up a report: causes, what to do, missing users and leave types",
    "Sum up a report that a task wrote to its report_path. Exit code 1 if anything was rejected, failed or not sent, "
    "or if an audit found that anything is missing or changed.",
    (
        _option("file", metavar="FILE", help="the report: path or URI"),
        _option("--id", metavar="ID", help="only this leave, by its external id"),
        _OUTPUT,
    ),
)

PLAN = Command(
    "plan",
    "plan",
    "show a sync's plan by user and kind of change",
    "Show a plan that a sync wrote to its plan_path.",
    (
        _option("file", metavar="FILE", help="the plan (JSON Lines): path or URI"),
        _option("--user", metavar="ID", help="only this user, each change in a line"),
        _OUTPUT,
    ),
)

LEDGER_SHOW = Command(
    "show",
    "ledger_show",
    "show what a ledger holds",
    "Show what a sync's ledger says that COR holds. Without a filter, only the numbers; with one, a line per leave.",
    (
        _option("path", metavar="PATH", help="the ledger's folder or file: path or URI"),
        _option("--id", metavar="ID", help="only this leave, by its external id"),
        _option("--user", metavar="ID", help="only leave of this user"),
        _option("--window", metavar="FIRST/LAST", help="only leave in these days, such as 2026-01-01/2026-12-31"),
        _connection("the Connection whose key shows that the ledger was not altered"),
        _OUTPUT,
    ),
)

LEDGER_FORGET = Command(
    "forget",
    "ledger_forget",
    "forget a person",
    "Delete all entries of a user from a sync's ledger, and note how many went, but not whose. Their leave in COR "
    "stays, and no sync deletes it any more. If HR still hands it over, the next sync sends it again. Asks first.",
    (
        _option("path", metavar="PATH", help="the ledger's folder or file: path or URI"),
        _option("--user", metavar="ID", required=True, help="the user's external id"),
        _option("--source", metavar="SOURCE", help="only the ledger of this source; by default all in the folder"),
        _connection(f"the sync's Connection, default {DEFAULT_CONNECTION}", DEFAULT_CONNECTION),
        _option("-y", "--yes", action="store_true", help="do not ask"),
        _OUTPUT,
    ),
)

LEDGER_ADOPT = Command(
    "adopt",
    "ledger_adopt",
    "take leave into a lost ledger, from the report of an audit",
    "After a ledger was lost: take into it the leave that the report of an audit lists and the ledger lacks, so that "
    "the sync deletes what HR has cancelled. The report cannot know what was sent after the audit, or what was outside "
    "its window. Asks first.",
    (
        _option("path", metavar="PATH", help="the ledger's folder, as the sync has it: path or URI"),
        _option("report", metavar="REPORT", help="the report of the latest audit: path or URI"),
        _option("--source", metavar="SOURCE", help="the sync's source; by default that of the Connection"),
        _connection(f"the sync's Connection, default {DEFAULT_CONNECTION}", DEFAULT_CONNECTION),
        _option("-y", "--yes", action="store_true", help="do not ask"),
        _OUTPUT,
    ),
)

PROVE = Command(
    "prove",
    "prove",
    "try on your COR what this provider assumes about it",
    "Try on your own COR what this provider assumes about it, with one leave that is deleted again. Asks first. Exit "
    "code 1 if an assumption does not hold, or if leave could not be deleted; 2 if nothing could be tried.",
    (
        _option("--user", metavar="ID", required=True, help="the user whose leave it is, by external id"),
        _option("--leave-type", metavar="ID", required=True, help="its leave type, by external id"),
        _option(
            "--day",
            metavar="DATE",
            help="a day without leave, more than a year ago, such as 2016-05-11; default ten years ago",
        ),
        _option("--source", metavar="SOURCE", help="the source of these ids; default the Connection's"),
        _connection(f"the Connection, default {DEFAULT_CONNECTION}", DEFAULT_CONNECTION),
        _option(
            "--contract",
            metavar="PATH",
            default="cor-contract.json",
            help="where to write the shape of COR's answers, for the sandbox; default cor-contract.json",
        ),
        _option("-y", "--yes", action="store_true", help="do not ask"),
        _OUTPUT,
    ),
)

COR = Group(
    "cor",
    "Look after the leave that Airflow carries into COR",
    (
        CHECK,
        DOCTOR,
        Group("examples", "example DAGs to begin with", (EXAMPLES_COPY, EXAMPLES_LIST)),
        Group("ledger", "what a sync remembers having put into COR", (LEDGER_ADOPT, LEDGER_FORGET, LEDGER_SHOW)),
        PLAN,
        PROVE,
        REPORT,
    ),
)
"""All commands."""
