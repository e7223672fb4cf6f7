"""A process that starts an Airflow, with a scheduler and a process for each task, and has it run DAGs one by one."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from local_airflow import EXECUTOR, RunningAirflow, run_airflow

DAGS = Path(__file__).parent / "dags"
SECONDS_TO_RUN = 900


def run_dags(connection: str, parallelism: int, runs: list[tuple[str, str]]) -> dict[str, Any]:
    """
    Return the name of Airflow's executor, and for each run the seconds from the start of its first to the end of its
    last task ``push``, as Airflow records them.

    :param connection: the Airflow Connection to COR, as JSON.
    :param parallelism: how many tasks Airflow runs at once.
    :param runs: names of DAGs, each with the path of a file of leave requests.
    """
    cor = json.loads(connection)
    http = {"conn_type": "http", "host": cor["host"], "extra": {"Authorization": f"Bearer {cor['password']}"}}
    settings = {
        "AIRFLOW__CORE__PARALLELISM": str(parallelism),
        "AIRFLOW_CONN_COR_DEFAULT": connection,
        "AIRFLOW_CONN_COR_HTTP": json.dumps(http),
    }
    with run_airflow(Path(os.environ["AIRFLOW_HOME"]), dags=DAGS, settings=settings) as running:
        running.wait_for_dags(*(dag_id for dag_id, _leaves in runs))
        seconds = [run_dag(running, dag_id, leaves) for dag_id, leaves in runs]
    return {"executor": EXECUTOR, "seconds": seconds}


def run_dag(running: RunningAirflow, dag_id: str, leaves: str) -> float:
    run = f"dags/{dag_id}/dagRuns/{running.start_run(dag_id, leaves=leaves).run_id}"
    state = running.wait_for(
        lambda: (state := running.get(run)["state"]) in {"success", "failed"} and state, SECONDS_TO_RUN
    )
    if state != "success":
        running.fail(f"{dag_id} failed")
    pages = [running.get(f"{run}/taskInstances", limit=100, offset=offset)["task_instances"] for offset in (0, 100)]
    tasks = [task for page in pages for task in page if task["task_id"] == "push"]
    starts, ends = ([read_time(task[key]) for task in tasks] for key in ("start_date", "end_date"))
    return (max(ends) - min(starts)).total_seconds()


def read_time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))  # Python 3.10 does not know `Z`


if __name__ == "__main__":
    task_path, result_path = map(Path, sys.argv[1:])
    result_path.write_text(json.dumps(run_dags(**json.loads(task_path.read_text()))))
