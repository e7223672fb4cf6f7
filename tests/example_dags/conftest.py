"""An HR database with the sample data, and the Connection and the Variable that the example DAGs need."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

EXAMPLE_DAGS = Path(__file__).parents[2] / "example_dags"


@pytest.fixture(scope="session")
def example_dags() -> Path:
    return EXAMPLE_DAGS


@pytest.fixture(scope="module")
def module_patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def hr_database(tmp_path_factory: pytest.TempPathFactory, module_patch: pytest.MonkeyPatch) -> Path:
    """The sample HR database, as the Connection `hr_database`."""
    path = tmp_path_factory.mktemp("hr") / "hr.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.executescript((EXAMPLE_DAGS / "demo" / "hr.sql").read_text(encoding="utf-8"))
    module_patch.setenv("AIRFLOW_CONN_HR_DATABASE", json.dumps({"conn_type": "sqlite", "host": str(path)}))
    return path


@pytest.fixture(scope="module")
def leave_exchange(tmp_path_factory: pytest.TempPathFactory, module_patch: pytest.MonkeyPatch) -> Path:
    """The folder that the Variable `leave_exchange` names."""
    path = tmp_path_factory.mktemp("leave")
    module_patch.setenv("AIRFLOW_VAR_LEAVE_EXCHANGE", f"file://{path}")
    return path
