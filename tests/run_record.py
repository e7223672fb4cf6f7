"""
Keeps what ran on which Airflow and Python, and makes the table of it in CONTRIBUTING.md.

``make test RECORD=1`` adds a line to ``tests/runs.jsonl``, whatever the end; ``make runs-table`` makes the table of the
last run of each kind. A test fails while the two differ.
"""

from __future__ import annotations

import json
import os
import platform
import re
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[1]
RUNS = REPOSITORY / "tests" / "runs.jsonl"
PAGE = REPOSITORY / "CONTRIBUTING.md"
TABLE = re.compile(r"(?<=<!-- runs: made by `make runs-table` -->\n\n).*?(?=\n\n)", re.DOTALL)
HEAD = (
    "| Airflow | Python | what ran | passed | failed | skipped | minutes | date |\n"
    "| --- | --- | --- | --: | --: | --: | --: | --- |"
)
EVERY_TEST = "every test"
CHOICES = ("markexpr", "keyword", "deselect", "ignore_glob", "lf")
"""Pytest's options that leave some of the tests out."""

Run = Mapping[str, Any]
Kind = tuple[str, str, str]
"""Minor versions of Airflow and Python, and what ran."""

_start = pytest.StashKey[float]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", type=Path, metavar="FILE", help="add how this run ended to a file of JSON lines")
    parser.addoption("--record-as", help="what the tests that were asked for are, if not as they are named")


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[_start] = time.monotonic()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: pytest.ExitCode, config: pytest.Config
) -> None:
    """Record a run that came to its end, in the process that the others report to."""
    record: Path | None = config.getoption("--record")
    ended = exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
    if record and ended and not hasattr(config, "workerinput"):
        stats = terminalreporter.stats
        run = {
            "airflow": version("apache-airflow"),
            "python": platform.python_version(),
            "what": config.getoption("--record-as") or what_ran(config),
            "passed": len(stats.get("passed", ())),
            "failed": len(stats.get("failed", ())) + len(stats.get("error", ())),
            "skipped": len(stats.get("skipped", ())),
            "minutes": round((time.monotonic() - config.stash[_start]) / 60, 1),
            "date": datetime.now(timezone.utc).date().isoformat(),
        }
        with record.open("a", encoding="utf-8") as file:
            file.write(json.dumps(run) + "\n")


def what_ran(config: pytest.Config) -> str:
    """Name the tests by what was asked for."""
    ignored = config.getoption("ignore") or ()
    if config.args_source is pytest.Config.ArgsSource.ARGS:
        return " ".join(sorted(config.args))
    chosen = [f"({chosen})" for option in CHOICES if (chosen := config.getoption(option))]
    return " ".join([EVERY_TEST, *sorted(f"without {_relative(path)}" for path in ignored), *chosen])


def table(runs: Iterable[Run]) -> str:
    """Return the table of the last run of each kind, the newest Airflow first."""
    last = last_runs(runs)
    newest_first = sorted(last, key=lambda kind: (*_sortable(kind), kind[2]))
    return "\n".join([HEAD, *map(_row, (last[kind] for kind in newest_first))])


def last_runs(runs: Iterable[Run]) -> dict[Kind, Run]:
    """Return the last run of each kind."""
    return {(_minor(run["airflow"]), _minor(run["python"]), run["what"]): run for run in runs}


def clean_runs(runs: Iterable[Run]) -> set[tuple[str, str]]:
    """Return on which Airflow and Python the last run of every test, benchmarks or not, had no failure."""
    whole = (EVERY_TEST, f"{EVERY_TEST} without tests/benchmarks")
    return {
        (airflow, python)
        for (airflow, python, what), run in last_runs(runs).items()
        if what in whole and not run["failed"] and not run["skipped"]
    }


def read_runs() -> list[Run]:
    return [json.loads(line) for line in RUNS.read_text(encoding="utf-8").splitlines()]


def _row(run: Run) -> str:
    names = ("airflow", "python", "what", "passed", "failed", "skipped", "minutes", "date")
    return f"| {' | '.join(str(run[name]) for name in names)} |"


def _minor(release: str) -> str:
    return ".".join(release.split(".")[:2])


def _sortable(kind: Kind) -> tuple[list[int], list[int]]:
    airflow, python, _ = kind
    return [-int(part) for part in airflow.split(".")], [-int(part) for part in python.split(".")]


def _relative(path: str) -> str:
    return os.path.relpath(path, REPOSITORY)


if __name__ == "__main__":
    PAGE.write_text(TABLE.sub(lambda _: table(read_runs()), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
