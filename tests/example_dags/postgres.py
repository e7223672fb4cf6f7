"""What the tests of example DAGs on PostgreSQL share: databases that are gone afterwards, and runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cor_provider.sandbox import Sandbox
from example_dags.in_cor import InCor, leaves_in
from postgres_server import Database, answers, find_programs, new_database, start_server

SERVER = "COR_TEST_POSTGRES"
"""The environment variable for the server to use, such as ``host=127.0.0.1 user=postgres``."""


@contextmanager
def some_server() -> Iterator[str]:
    """Find a server, or start one. Skips the test if there is none to be had."""
    if server := os.environ.get(SERVER):
        yield server
        return
    local = "host=127.0.0.1 port=5432 user=postgres connect_timeout=5"
    if answers(local):
        yield local
        return
    if not find_programs():
        pytest.skip(f"no PostgreSQL: {SERVER} is not set, none at 127.0.0.1:5432 lets postgres in, none is installed")
    with start_server() as server:
        yield server


@dataclass
class Run:
    """A run of the DAG, and what it left behind."""

    tasks: dict[str, str]
    in_cor: dict[str, InCor]
    extracted: set[str]
    outcomes: set[tuple[str, str]]


class Transfer:
    """A database, the DAG that reads it, and a COR."""

    def __init__(self, dag: Any, database: Database, cor: Sandbox, folder: Path) -> None:
        self.dag, self.database, self.cor = dag, database, cor
        self._folder = folder / dag.dag_id
        self._params = dict(dag.params)

    def run(self, **conf: Any) -> Run:
        """Run the DAG once, with these trigger parameters; `dag.test()` would keep them for later runs."""
        dag_run = self.dag.test(run_conf={**self._params, **conf})
        written = self._folder / dag_run.run_id
        report = [row for path in written.glob("report*.jsonl") for row in _read_lines(path)]
        return Run(
            {one.task_id: str(one.state) for one in dag_run.get_task_instances()},
            leaves_in(self.cor),
            {row["id"] for row in _read_lines(written / "leaves.jsonl")},
            {(row["id"], row["status"]) for row in report},
        )


@contextmanager
def start_transfer(
    dag: Any, connection_id: str, script: str, *, users: Iterable[str], folder: Path, patch: pytest.MonkeyPatch
) -> Iterator[Transfer]:
    """Fill a database from a script beside this file, start an empty COR that knows these users, and connect both."""
    sql = Path(__file__).with_name(script).read_text(encoding="utf-8")
    leave_types = [{"id": name} for name in ("vacation", "training", "absence")]
    seed = {"source": "GLOBANT", "users": [{"id": user} for user in users], "leave_types": leave_types}
    for task in dag.tasks:
        task.retries = 0  # `dag.test()` would sit out the delay before a retry
    with some_server() as server, new_database(server, sql) as database, Sandbox(seed=seed) as cor:
        connections = {
            connection_id: database.airflow_connection,
            "cor_default": {"conn_type": "cor", "host": cor.url, "password": cor.token},
        }
        for name, connection in connections.items():
            patch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))
        yield Transfer(dag, database, cor, folder)


def _read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
