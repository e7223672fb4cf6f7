"""Leave and users from files, in every way in which a push can end."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow import DAG

from cor_provider.operators.leaves import CreateLeaveOperator
from cor_provider.operators.users import CreateUsersOperator


def paths(**context: Any) -> list[str]:
    folder = context["dag_run"].conf["folder"]
    return [f"{folder}/mapped-1.jsonl", f"{folder}/mapped-2.csv"]


def push(task_id: str, name: str, **options: Any) -> CreateLeaveOperator:
    return CreateLeaveOperator(
        task_id=task_id,
        leave_requests=f"{{{{ dag_run.conf['folder'] }}}}/{name}",
        report_path="{{ dag_run.conf['reports'] }}/{{ task.task_id }}.jsonl",
        **options,
    )


def create_users(task_id: str, users: Any, **options: Any) -> CreateUsersOperator:
    return CreateUsersOperator(
        task_id=task_id,
        users=users,
        report_path="{{ dag_run.conf['reports'] }}/{{ task.task_id }}.jsonl",
        plan_path="{{ dag_run.conf['reports'] }}/{{ task.task_id }}.plan.jsonl",
        **options,
    )


PEOPLE = "{{ dag_run.conf['folder'] }}/people.jsonl"
ONE = "zq1"  # Airflow keeps this source, and whatever is written out in it
NAMES = {"first_name": f"given-{ONE}", "last_name": f"family-{ONE}", "phone": f"600{ONE}"}
HANDED_OVER = [{"id": f"person-{ONE}", "email": f"mail-{ONE}@zq7.example", **NAMES}]

with DAG("marked_leave", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)) as dag:
    push("created", "leave.jsonl") >> push("updated", "changed.jsonl", if_exists="update")
    CreateLeaveOperator.partial(task_id="mapped").expand(leave_requests=dag.task(paths)())
    push("with_token", "token.jsonl", cor_conn_id="cor_token")
    push("rejected", "rejected.jsonl")
    push("unreadable", "unreadable.json")
    push("wrong_secret", "leave.jsonl", cor_conn_id="cor_wrong_secret")
    push("unreachable", "leave.jsonl", cor_conn_id="cor_unreachable", max_attempts=1)
    create_users("users_planned", PEOPLE, plan_only=True, max_rejected=9) >> create_users("users_created", PEOPLE)
    create_users("users_handed_over", HANDED_OVER)
    create_users("users_refused", PEOPLE, max_creates=1, rejected_path="{{ dag_run.conf['reports'] }}/again.jsonl")
    create_users("users_unreachable", PEOPLE, cor_conn_id="cor_unreachable", max_attempts=1)
