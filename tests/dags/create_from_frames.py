"""`CreateLeaveOperator` on data frames: handed over by Airflow, and written in the DAG's file."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
from airflow import DAG

from airflow_names import task
from cor_provider.operators.leaves import CreateLeaveOperator


def columns(*leave_ids: str) -> dict[str, Any]:
    size = len(leave_ids)
    return {
        "id": list(leave_ids),
        "user_id": ["employee-7"] * size,
        "leave_type_id": ["surgery"] * size,
        "start": [date(2026, 5, 11)] * size,
        "end": [date(2026, 5, 12)] * size,
    }


@task(show_return_value_in_logs=False)
def frame_of(leave_ids: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(columns(*leave_ids))
    return frame.astype({"start": "datetime64[ns]", "end": "datetime64[ns]"}).assign(all_day=True)


with DAG(
    "create_from_frames",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
) as dag:
    CreateLeaveOperator(task_id="pandas", leave_requests=pd.DataFrame(columns("pandas-1", "pandas-2")))
    CreateLeaveOperator(task_id="polars", leave_requests=pl.DataFrame(columns("polars")))
    CreateLeaveOperator(task_id="pyarrow", leave_requests=[pa.table(columns("pyarrow"))])
    CreateLeaveOperator(task_id="upstream", leave_requests=frame_of(["upstream-1", "upstream-2"]))
    CreateLeaveOperator(
        task_id="mapped_upstream",
        leave_requests=frame_of.override(task_id="map").expand(leave_ids=[["lazy-1"], ["lazy-2"]]),
    )
    CreateLeaveOperator.partial(task_id="mapped_over_upstream").expand(
        leave_requests=frame_of.override(task_id="ones").expand(leave_ids=[["over-1"], ["over-2"]])
    )
