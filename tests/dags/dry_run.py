"""Extracts what it is handed, and pushes it into COR, except in a dry run."""

from __future__ import annotations

from datetime import datetime, timezone

from airflow import DAG

from airflow_names import task
from cor_provider._compat import Param
from cor_provider.extract.dry_run import dry_run_params, show_dry_run
from cor_provider.operators.leaves import CreateLeaveOperator, DeleteLeaveOperator


@task
def extract(leaves: str, gone: str) -> str:
    """Return the leaves, as an example returns their path."""
    show_dry_run(leaves, deletes=gone or None, source="GLOBANT", timezone="Europe/Madrid")
    return leaves


with DAG(
    "dry_run",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    params={**dry_run_params(), "leaves": Param("", type="string"), "gone": Param("", type="string")},
) as dag:
    extracted = extract("{{ params.leaves }}", "{{ params.gone }}")
    push = CreateLeaveOperator(task_id="push", leave_requests=extracted, source="GLOBANT", timezone="Europe/Madrid")
    delete = DeleteLeaveOperator(task_id="delete", leave_requests="{{ params.gone }}", source="GLOBANT")
    push >> delete
