"""What the tests of the example DAGs for HR systems over HTTP share: a run of one, and what COR is to hold after it."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cor_provider.sandbox import Sandbox
from example_dags.hris_fake import HrisFake
from example_dags.in_cor import Clock, InCor, leaves_in, utc, whole_days, xcoms_and_rendered_fields

HOME = ("Europe/Berlin", "span")
CHOICES = [
    HOME,
    ("America/Argentina/Buenos_Aires", "span"),
    ("Pacific/Auckland", "span"),
    ("UTC", "span"),
    ("Pacific/Auckland", "split"),
]
"""A company's time zone, and how it wants to see half days."""


class Part(NamedTuple):
    """A part of a leave as COR is to hold it: days, and times of day where it is not all-day."""

    first: str
    last: str
    starts: int | None = None
    ends: int | None = None
    suffix: str = ""

    def in_cor(self, user_id: str, leave_type: str, zone: str) -> InCor:
        if self.starts is None or self.ends is None:
            return whole_days(user_id, self.first, self.last, leave_type)
        start, end = utc(self.first, time(self.starts), zone), utc(self.last, time(self.ends), zone)
        return InCor(user_id, leave_type, start, end, all_day=False)


class Run(NamedTuple):
    """A run of a DAG, and what it left behind."""

    state: str
    in_cor: dict[str, InCor]
    files: str
    """All that is in the folder of the run."""
    kept: str
    """All that Airflow keeps of the tasks: XComs and rendered templates."""
    report: list[dict[str, Any]]


RunDag = Callable[..., Run]
"""The fixture `run_dag`: runs the DAG from an HR system into a COR, under a company's choices."""


def new_cor(*users: str) -> Sandbox:
    types = [{"id": "vacation"}, {"id": "absence"}, {"id": "training"}]
    return Sandbox(seed={"source": "GLOBANT", "users": [{"id": user} for user in users], "leave_types": types})


def run_hris_dag(
    dag: Any,
    leave_exchange: Path,
    hr: HrisFake,
    cor: Sandbox,
    *,
    connection: dict[str, str],
    choice: tuple[str, str],
    conf: dict[str, Any],
) -> Run:
    """
    Run a DAG; the Connection to the HR system goes by the first word of the DAG's id.

    :param conf: what somebody fills into the form of the trigger.
    """
    connections = {
        dag.dag_id.partition("_")[0]: {"conn_type": "http", "host": hr.url, **connection},
        "cor_default": {"conn_type": "cor", "host": cor.url, "password": cor.token},
    }
    dag.get_task("sync").ledger = f"file://{leave_exchange}/ledger-{cor.url.rpartition(':')[2]}"
    names = dag.get_task("extract").python_callable.__globals__
    with pytest.MonkeyPatch.context() as patch:
        for name, value in zip(("datetime", "COMPANY_ZONE", "POLICY"), (Clock, *choice), strict=True):
            patch.setitem(names, name, value)
        for name, fields in connections.items():
            patch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))
        patch.setattr(dag, "params", deepcopy(dag.params))  # a run would leave its values in them
        dag_run = dag.test(run_conf=conf)
    folder = leave_exchange / dag.dag_id / dag_run.run_id
    report = folder / "report.jsonl"
    return Run(
        str(dag_run.state),
        leaves_in(cor),
        "".join(path.read_text(encoding="utf-8") for path in folder.glob("*")),
        xcoms_and_rendered_fields(dag.dag_id, dag_run.run_id),
        [json.loads(line) for line in report.read_text().splitlines()] if report.exists() else [],
    )
