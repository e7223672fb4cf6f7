"""The operator that creates users, as Airflow maps it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from airflow.models import TaskInstance
from airflow.utils.session import create_session

from cor_provider.sandbox import Sandbox


def test_a_mapped_task_without_a_report_creates_nobody(
    airflow_db: None, load_dag: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(empty=True) as cor:
        extra = {"source": "GLOBANT"}
        connection = {"conn_type": "cor", "host": cor.url, "password": cor.token, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_COR_DEFAULT", json.dumps(connection))
        load_dag("mapped_users").test()
        requests = len(cor.requests)
    with create_session() as session:
        tasks = session.query(TaskInstance).filter(TaskInstance.dag_id == "mapped_users", TaskInstance.map_index >= 0)
        states = {(one.task_id, one.map_index): str(one.state) for one in tasks}
    assert states == {("for_those", 0): "failed", ("for_those", 1): "failed", ("for_all", 0): "success"}
    assert requests == 1
