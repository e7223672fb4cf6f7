"""CreateLeaveOperator as Airflow runs it: templates, upstream outputs and mapping, and what Airflow keeps of them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any

import pytest
from airflow.models import TaskInstance
from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.utils.session import create_session

from cor_provider.sandbox import Sandbox

try:
    from airflow.models.asset import AssetEvent
except ImportError:  # Airflow 2
    from airflow.models.dataset import DatasetEvent as AssetEvent  # type: ignore[no-redef]


@dataclass
class Run:
    """What is left of a run of the DAG `create_leave`."""

    created: set[str]
    rendered: dict[tuple[str, int], Any]
    labels: dict[tuple[str, int], str]
    asset_events: list[dict[str, Any]]
    log: str


@pytest.fixture(scope="module")
def run(airflow_db: None, load_dag: Callable[[str], Any]) -> Run:
    seed = {"source": "GLOBANT", "users": [{"id": "employee-7"}], "leave_types": [{"id": "surgery"}]}
    log = io.StringIO()
    with Sandbox(seed=seed) as sandbox, pytest.MonkeyPatch.context() as patch, redirect_stdout(log):
        extra = {"source": "GLOBANT"}
        connection = {"conn_type": "cor", "host": sandbox.url, "password": sandbox.token, "extra": extra}
        patch.setenv("AIRFLOW_CONN_COR_DEFAULT", json.dumps(connection))
        state = load_dag("create_leave").test().state
    assert state == "success", log.getvalue()
    with create_session() as session:
        rows = session.query(RenderedTaskInstanceFields).filter_by(dag_id="create_leave")
        rendered = {(row.task_id, row.map_index): row.rendered_fields.get("leave_requests", "") for row in rows}
        tasks = session.query(TaskInstance).filter(TaskInstance.dag_id == "create_leave", TaskInstance.map_index >= 0)
        labels = {(one.task_id, one.map_index): one.rendered_map_index for one in tasks}
        asset_events = [event.extra for event in session.query(AssetEvent)]
    return Run({leave.external_id for leave in sandbox.leaves}, rendered, labels, asset_events, log.getvalue())


def test_every_form_that_airflow_hands_over_is_created(run: Run) -> None:
    assert run.created == {
        *("create_leave-one", "several-2", "several-3", "json", "upstream-1", "upstream-2"),
        *("lazy-1", "lazy-2", "lazy-3", "mapped-1", "mapped-2", "over-1", "over-2"),
    }


def test_no_form_is_shown_as_a_rendered_template(run: Run) -> None:
    tasks = ("one", "several", "json", "upstream", "mapped_upstream")
    mapped = [(task, index) for task in ("mapped", "mapped_over_upstream") for index in (0, 1)]
    hidden = "<leave requests are not shown>"
    shown = {task: value for task, value in run.rendered.items() if value not in {"", None}}
    assert shown == dict.fromkeys([*((task, -1) for task in tasks), *mapped], hidden)


def test_the_log_counts_leave_and_tells_nothing_of_it(run: Run) -> None:
    assert "Leave requests: 3 received: 3 created." in run.log
    assert "employee-7" not in run.log
    assert "surgery" not in run.log


@pytest.mark.since_airflow("3.0")  # `DAG.test` of Airflow 2 keeps neither
def test_mapped_tasks_are_called_by_their_external_ids(run: Run) -> None:
    assert {label for (task_id, _index), label in run.labels.items() if task_id.startswith("mapped")} == {
        *("mapped-1", "mapped-2"),
        *("over-1", "over-2"),
    }


@pytest.mark.since_airflow("3.0")  # `DAG.test` of Airflow 2 keeps neither
def test_the_event_of_an_outlet_carries_the_counts(run: Run) -> None:
    (extra,) = run.asset_events
    assert (extra["received"], extra["created"], extra["rejected"]) == (2, 2, 0)
