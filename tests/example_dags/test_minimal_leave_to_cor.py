"""The smallest example DAG: what the file says is in COR."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cor_provider.sandbox import Sandbox
from example_dags.in_cor import leaves_in, whole_days

DAG_ID = "minimal_leave_to_cor"
HEADER = "id,user_id,leave_type_id,start,end"


@pytest.fixture
def cor(monkeypatch: pytest.MonkeyPatch) -> Any:
    seed = {"source": "GLOBANT", "users": [{"id": "u1"}], "leave_types": [{"id": "vacation"}]}
    with Sandbox(seed=seed) as sandbox:
        connection = {"conn_type": "cor", "host": sandbox.url, "password": sandbox.token}
        monkeypatch.setenv("AIRFLOW_CONN_COR_DEFAULT", json.dumps(connection))
        yield sandbox


def run(load_dag: Callable[[str], Any]) -> str:
    dag = load_dag(DAG_ID)
    dag.get_task("push").retries = 0
    return str(dag.test().state)


def test_every_leave_of_the_file_is_in_cor_and_a_second_run_changes_nothing(
    load_dag: Callable[[str], Any], cor: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, airflow_db: None
) -> None:
    file = tmp_path / "leave.csv"
    file.write_text(f"{HEADER}\nL1,u1,vacation,2026-05-11,2026-05-12\nL2,u1,vacation,2026-06-01,2026-06-01\n")
    monkeypatch.setenv("AIRFLOW_VAR_LEAVE_FILE", str(file))
    expected = {"L1": whole_days("u1", "2026-05-11", "2026-05-12"), "L2": whole_days("u1", "2026-06-01", "2026-06-01")}
    for _ in range(2):
        assert run(load_dag) == "success"
        assert leaves_in(cor) == expected


def test_leave_that_cor_refuses_fails_the_run(
    load_dag: Callable[[str], Any], cor: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, airflow_db: None
) -> None:
    file = tmp_path / "leave.csv"
    file.write_text(f"{HEADER}\nL1,nobody,vacation,2026-05-11,2026-05-12\n")
    monkeypatch.setenv("AIRFLOW_VAR_LEAVE_FILE", str(file))
    assert run(load_dag) == "failed"
