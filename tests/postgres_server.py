"""A PostgreSQL of one's own, and databases that are gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg2  # type: ignore[import-untyped]  # its types are another package

from ports import free_port


class Database:
    """A database on a server."""

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
def new_database(server: str, script: str = "SELECT 1") -> Iterator[Database]:
    """Create a database, run an SQL script in it, and drop it in the end."""
    name = f"cor_test_{uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name}")
    try:
        database = Database(server, name)
        database.execute(script)
        yield database
    finally:
        _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def start_server() -> Iterator[str]:
    """Start a server on a free port, and end it with the block; its programs must be installed."""
    programs = find_programs()
    assert programs
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


def find_programs() -> Path | None:
    """Return the folder of the server's programs, if they are installed."""
    on_path = shutil.which("initdb")
    places = [Path(on_path).parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((place for place in reversed(places) if (place / "pg_ctl").exists()), None)


def answers(server: str) -> bool:
    """Return whether a server lets one in."""
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
