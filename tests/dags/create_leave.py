"""`CreateLeaveOperator` on everything that a task of Airflow can hand it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow import DAG

from airflow_names import task
from cor_provider._compat import Asset
from cor_provider.operators.leaves import CreateLeaveOperator


def leave(leave_id: str) -> dict[str, Any]:
    return {
        "id": leave_id,
        "user_id": "employee-7",
        "leave_type_id": "surgery",
        "start": "2026-05-11",
        "end": "2026-05-12",
    }


@task(show_return_value_in_logs=False)
def one_of(leave_id: str) -> dict[str, Any]:
    return leave(leave_id)


@task(show_return_value_in_logs=False)
def some_of(leave_ids: list[str]) -> list[dict[str, Any]]:
    return [leave(leave_id) for leave_id in leave_ids]


@task
def nothing() -> None:
    """Return no leave requests."""


with DAG(
    "create_leave",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
) as dag:
    CreateLeaveOperator(task_id="one", leave_requests=leave("{{ dag.dag_id }}-one"))
    CreateLeaveOperator(
        task_id="several",
        leave_requests=[leave("several-{{ 1 + 1 }}"), leave("several-3")],
        outlets=[Asset("cor://leave")],
    )
    one_of.override(task_id="pulled")("json") >> CreateLeaveOperator(
        task_id="json", leave_requests="[{{ ti.xcom_pull(task_ids='pulled') | tojson }}]"
    )
    CreateLeaveOperator(task_id="upstream", leave_requests=some_of(["upstream-1", "upstream-2"]))
    CreateLeaveOperator(task_id="none", leave_requests=nothing())
    CreateLeaveOperator(
        task_id="mapped_upstream",
        leave_requests=some_of.override(task_id="map").expand(leave_ids=[["lazy-1"], ["lazy-2", "lazy-3"]]),
    )
    CreateLeaveOperator.partial(task_id="mapped").expand(leave_requests=[[leave("mapped-1")], leave("mapped-2")])
    CreateLeaveOperator.partial(task_id="mapped_over_upstream").expand(
        leave_requests=one_of.override(task_id="ones").expand(leave_id=["over-1", "over-2"])
    )
