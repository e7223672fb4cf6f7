"""What the tests of example DAGs on PostgreSQL share: a server, databases that are gone afterwards, and runs."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2  # type: ignore[import-untyped]  # its types are another package
import pytest

from cor_provider.sandbox import Sandbox
from example_dags.in_cor import InCor, leaves_in
from local_airflow import free_port

SERVER = "COR_TEST_POSTGRES"
"""The environment variable for the server to use, such as ``host=127.0.0.1 user=postgres``."""


class Database:
    """A database on the server, with an SQL script already run in it."""

    def __init__(self, server: str, name: str) -> None:
        self._dsn = f"{server} dbname={name}"

    @property
    def airflow_connection(self) -> dict[str, Any]:
        """The fields of Airflow's Connection to it."""
        with closing(self.connect()) as connection:
            fields = connection.get_dsn_parameters()
            password = connection.info.password
        return {
            "conn_type": "postgres",
            "host": fields["host"],
            "port": int(fields["port"]),
            "login": fields["user"],
            "password": password,
            "schema": fields["dbname"],
        }

    def connect(self) -> Any:
        """Open a session."""
        return psycopg2.connect(self._dsn)

    def execute(self, sql: str, *parameters: Any) -> None:
        """Run a statement in a transaction of its own."""
        with closing(self.connect()) as connection, connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters or None)


@contextmanager
def new_database(script: str) -> Iterator[Database]:
    """Create a database and drop it in the end. Skips the test if there is no server to be had."""
    with _server() as server:
        name = f"cor_test_{uuid4().hex}"
        _administer(server, f"CREATE DATABASE {name}")
        try:
            database = Database(server, name)
            database.execute(script)
            yield database
        finally:
            _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _server() -> Iterator[str]:
    if server := os.environ.get(SERVER):
        yield server
        return
    local = "host=127.0.0.1 port=5432 user=postgres connect_timeout=5"
    if _answers(local):
        yield local
        return
    if not (programs := _find_programs()):
        pytest.skip(f"no PostgreSQL: {SERVER} is not set, none at 127.0.0.1:5432 lets postgres in, none is installed")
    with _own_server(programs) as server:
        yield server


@contextmanager
def _own_server(programs: Path) -> Iterator[str]:
    # The server refuses to run as root.
    run_as = {"user": pwd.getpwnam("nobody").pw_uid} if os.getuid() == 0 else {}
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="postgres-", dir="/tmp") as home:
        if run_as:
            shutil.chown(home, "nobody")
        data = f"{home}/data"
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "cwd": home, **run_as}
        initialise = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", f"--pgdata={data}"]
        subprocess.run([programs / "initdb", *initialise], check=True, **quiet)
        options = f"-h 127.0.0.1 -p {port} -k {home} -F"
        subprocess.run(
            [programs / "pg_ctl", "start", "--wait", f"--pgdata={data}", f"--log={home}/log", f"--options={options}"],
            check=True,
            **quiet,
        )
        try:
            yield f"host=127.0.0.1 port={port} user=postgres"
        finally:
            subprocess.run([programs / "pg_ctl", "stop", "--mode=immediate", f"--pgdata={data}"], check=True, **quiet)


def _find_programs() -> Path | None:
    on_path = shutil.which("initdb")
    places = [Path(on_path).parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((place for place in reversed(places) if (place / "pg_ctl").exists()), None)


def _answers(server: str) -> bool:
    try:
        psycopg2.connect(server).close()
    except psycopg2.OperationalError:
        return False
    return True


def _administer(server: str, sql: str) -> None:
    with closing(psycopg2.connect(f"{server} dbname=postgres")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)


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

    def run(self, since: str | None = None) -> Run:
        """Run the DAG once."""
        dag_run = self.dag.test(run_conf={"since": since})
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
    with new_database(sql) as database, Sandbox(seed=seed) as cor:
        connections = {
            connection_id: database.airflow_connection,
            "cor_default": {"conn_type": "cor", "host": cor.url, "password": cor.token},
        }
        for name, connection in connections.items():
            patch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))
        yield Transfer(dag, database, cor, folder)


def _read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
