"""
``make demo``: leave from a sample HR database reaches COR, which the sandbox stands in for.

Airflow itself runs the DAG ``hr_database_to_cor``. All that this makes is in ``.demo`` in the clone, anew each time.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

from cor_provider.sandbox import Sandbox

SAMPLE = Path(__file__).resolve().parent
DAGS = SAMPLE.parent
DEMO = DAGS.parent / ".demo"
DATABASE = DEMO / "hr.sqlite"
EXCHANGE = DEMO / "leave"
LOG = DEMO / "airflow.log"
CALENDAR = DEMO / "calendar.html"
WINDOW = {"first_day": "2026-01-01", "last_day": "2026-12-31"}
STYLES = {
    "created": "green",
    "updated": "green",
    "existing": "cyan",
    "rejected": "yellow",
    "failed": "red",
    "not_sent": "red",
}

console = Console(force_terminal=sys.stdout.isatty(), highlight=False, markup=False, soft_wrap=True)


def main() -> None:
    """Run the demo; exit with an error if Airflow fails or a leave is unaccounted for."""
    os.umask(0o077)  # as with people's data
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir()
    with step("Sample HR database, in SQLite"):
        build_database()
    with Sandbox(seed=SAMPLE / "cor.json") as sandbox:
        console.print(f"COR sandbox at {sandbox.url}")
        environment = airflow_environment(sandbox)
        with step("Airflow's metadata database"):
            airflow("db", "migrate", environment=environment)
        with step(f"DAG hr_database_to_cor, {WINDOW['first_day']} to {WINDOW['last_day']}"):
            airflow("dags", "test", "hr_database_to_cor", "--conf", json.dumps(WINDOW), environment=environment)
        save_calendar(sandbox.url)
    show(read_rows("report.jsonl"), received=len(read_rows("leaves.jsonl")))


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is going on, and how long it took."""
    console.print(f"{what} ... ", end="")
    start = time.monotonic()
    yield
    console.print(f"{time.monotonic() - start:.1f} s")


def build_database() -> None:
    """Make the HR database from the shipped SQL."""
    with closing(sqlite3.connect(DATABASE)) as database:
        database.executescript((SAMPLE / "hr.sql").read_text(encoding="utf-8"))


def airflow_environment(sandbox: Sandbox) -> dict[str, str]:
    """Return an environment in which nothing of the caller's Airflow and Python is left, nor a proxy on the way."""
    cor = {"source": "GLOBANT", "api_url": sandbox.api_url}
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "_AIRFLOW", "PYTHON"))},
        "AIRFLOW_HOME": str(DEMO / "airflow_home"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
        "AIRFLOW_CONN_COR_DEFAULT": json.dumps(
            {"conn_type": "cor", "host": sandbox.url, "password": sandbox.token, "extra": cor}
        ),
        "AIRFLOW_CONN_HR_DATABASE": json.dumps({"conn_type": "sqlite", "host": str(DATABASE)}),
        "AIRFLOW_VAR_LEAVE_EXCHANGE": f"file://{EXCHANGE}",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def airflow(*arguments: str, environment: dict[str, str]) -> None:
    """Run an Airflow command; what it says goes to a file, and the end of that to the terminal if it fails."""
    with LOG.open("a", encoding="utf-8") as log:
        command = [sys.executable, "-m", "airflow", *arguments]
        done = subprocess.run(command, env=environment, cwd=DEMO, stdout=log, stderr=log, check=False)  # noqa: S603  # ours
    if done.returncode:
        tail = LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-40:]
        sys.exit(
            "\n".join(["failed:", *tail, "", f"airflow {' '.join(arguments[:2])} failed; its whole log is in {LOG}"])
        )


def save_calendar(url: str) -> None:
    """Keep the sandbox's calendar page as a file."""
    with requests.Session() as session:
        session.trust_env = False
        page = session.get(url, timeout=30)
    page.raise_for_status()
    CALENDAR.write_bytes(page.content)


def read_rows(name: str) -> list[dict[str, Any]]:
    """Read a file of JSON Lines that the one DAG run wrote."""
    (file,) = EXCHANGE.rglob(name)
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def show(report: list[dict[str, Any]], *, received: int) -> None:
    """Print the outcome of every leave, rejections last, and check that none is missing."""
    table = Table("leave", "outcome", "error", box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for row in sorted(report, key=lambda row: (list(STYLES).index(row["status"]), str(row["id"]))):
        table.add_row(str(row["id"]), row["status"], row["error"], style=STYLES[row["status"]])
    counts = Counter(row["status"] for row in report)
    console.print("", table, "", sep="\n")
    console.print(
        f"{received} received = " + " + ".join(f"{counts[status]} {status}" for status in STYLES if counts[status])
    )
    if received != counts.total():
        sys.exit(f"but the report has {counts.total()} leaves")
    console.print(f"calendar: {CALENDAR}\nlog:      {LOG}")


if __name__ == "__main__":
    main()
