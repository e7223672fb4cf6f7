"""Users who are created by mapped tasks, of which another task says for whom."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow import DAG

from airflow_names import task
from cor_provider.operators.users import CreateUsersOperator

PERSON = {"id": "E-1", "email": "e-1@company.com", "first_name": "Ana", "last_name": "Vega"}

with DAG("mapped_users", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)) as dag:

    @task
    def reports() -> list[Any]:
        """Return what a push without a report gives."""
        return [None, {"report": None}]

    CreateUsersOperator.partial(task_id="for_those", users=[PERSON]).expand(only_for=reports())
    CreateUsersOperator.partial(task_id="for_all").expand(users=[[PERSON]])
