"""`UpdateLeaveOperator` and `DeleteLeaveOperator`, mapped and not, with what the DAG's default arguments say."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow import DAG

from cor_provider._compat import Asset
from cor_provider.operators.leaves import CreateLeaveOperator, DeleteLeaveOperator, UpdateLeaveOperator


def leave(leave_id: str, last_day: str = "2026-05-12") -> dict[str, Any]:
    return {
        "id": leave_id,
        "user_id": "employee-7",
        "leave_type_id": "surgery",
        "start": "2026-05-11",
        "end": last_day,
    }


def longer(leave_id: str) -> dict[str, Any]:
    return leave(leave_id, last_day="2026-05-29")


with DAG(
    "change_leave",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    default_args={"cor_conn_id": "cor_hr", "source": "SAP"},
) as dag:
    in_cor = ("kept", "updated", "mapped-updated", "deleted", "mapped-deleted", "beside-missing")
    create = CreateLeaveOperator(task_id="create", leave_requests=[leave(leave_id) for leave_id in in_cor])
    create >> [
        UpdateLeaveOperator(
            task_id="update",
            leave_requests=[longer("{{ 'updated' }}"), longer("new")],
            outlets=[Asset("cor://updated")],
        ),
        UpdateLeaveOperator.partial(task_id="mapped_update", if_missing="skip").expand(
            leave_requests=[[longer("mapped-updated")], longer("missing")]
        ),
        DeleteLeaveOperator(
            task_id="delete",
            leave_requests=[{"id": "{{ 'deleted' }}", "user_id": "employee-7"}],
            outlets=[Asset("cor://deleted")],
        ),
        DeleteLeaveOperator.partial(task_id="mapped_delete", if_missing="fail", max_rejected=1).expand(
            leave_requests=[[leave("mapped-deleted")], [leave("missing"), leave("beside-missing")]]
        ),
    ]
