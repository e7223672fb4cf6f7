"""What Airflow's database holds of one task instance."""

from __future__ import annotations

import json
from typing import Any

from airflow.api_fastapi.core_api.routes.public.xcom import get_xcom_entry
from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.models.taskinstancekey import TaskInstanceKey
from fastapi import HTTPException, status
from sqlalchemy.orm import Session

from cor_provider.ui.published import TaskKey


def read_xcom(key: TaskKey, name: str, session: Session) -> Any:
    """Return an XCom of a task instance as the REST API does; None if there is none."""
    try:
        # The tables change between versions of Airflow. This function does not, since the REST API is stable.
        entry = get_xcom_entry(
            dag_id=key.dag_id,
            dag_run_id=key.run_id,
            task_id=key.task_id,
            map_index=key.map_index,
            xcom_key=name,
            session=session,
        )
    except HTTPException as error:
        if error.status_code == status.HTTP_404_NOT_FOUND:
            return None
        raise
    return _from_json(entry.value)


def read_rendered_fields(key: TaskKey, session: Session) -> dict[str, Any] | None:
    """Return the rendered template fields of a task instance, or None if Airflow does not keep them any more."""
    # The number of the try is not part of their key.
    of_airflow = TaskInstanceKey(key.dag_id, key.task_id, key.run_id, map_index=key.map_index)
    return RenderedTaskInstanceFields.get_templated_fields(of_airflow, session=session)


def _from_json(value: Any) -> Any:
    """Return a value that a task has pushed, or one that somebody has edited, which Airflow stores as JSON text."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
