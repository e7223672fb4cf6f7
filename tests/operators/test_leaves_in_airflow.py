"""The operators as Airflow runs them: templates, upstream outputs and mapping, and what Airflow keeps of them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import pytest
from airflow.models import TaskInstance
from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.utils.session import create_session

from cor_provider.sandbox import Sandbox
from example_dags.in_cor import InCor, leaves_in, whole_days

try:
    from airflow.models.asset import AssetEvent
    from airflow.models.xcom import XComModel

    read_xcom: Callable[[Any], Any] = XComModel.deserialize_value
except ImportError:  # Airflow 2
    from airflow.models.dataset import DatasetEvent as AssetEvent  # type: ignore[no-redef]
    from airflow.models.xcom import BaseXCom as XComModel  # type: ignore[no-redef]

    read_xcom = attrgetter("value")  # it is read as it is loaded

HIDDEN = "<leave requests are not shown>"


@dataclass
class Run:
    """What is left of a run of a DAG."""

    in_cor: dict[str, InCor]
    rendered: dict[tuple[str, int], Any]
    results: dict[tuple[str, int], Any]
    labels: dict[tuple[str, int], str]
    asset_events: dict[str | None, dict[str, Any]]
    log: str


RunDag = Callable[..., Run]


@pytest.fixture(scope="module")
def run_dag(airflow_db: None, load_dag: Callable[[str], Any]) -> RunDag:
    """Return a function that runs a DAG against a COR of its own, which knows people by one source alone."""

    def run(dag_id: str, *, conn_id: str = "cor_default", source: str = "GLOBANT") -> Run:
        seed = {"source": source, "users": [{"id": "employee-7"}], "leave_types": [{"id": "surgery"}]}
        log = io.StringIO()
        with Sandbox(seed=seed) as sandbox, pytest.MonkeyPatch.context() as patch, redirect_stdout(log):
            extra = {"source": "GLOBANT"}
            connection = {"conn_type": "cor", "host": sandbox.url, "password": sandbox.token, "extra": extra}
            patch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
            dag = load_dag(dag_id)
            state = dag.test().state
        assert state == "success", log.getvalue()
        with create_session() as session:
            rows = session.query(RenderedTaskInstanceFields).filter_by(dag_id=dag_id)
            rendered = {(row.task_id, row.map_index): row.rendered_fields.get("leave_requests", "") for row in rows}
            xcoms = session.query(XComModel).filter_by(dag_id=dag_id, key="return_value")
            results = {(one.task_id, one.map_index): read_xcom(one) for one in xcoms}
            tasks = session.query(TaskInstance).filter(TaskInstance.dag_id == dag_id, TaskInstance.map_index >= 0)
            labels = {(one.task_id, one.map_index): one.rendered_map_index for one in tasks}
            events = session.query(AssetEvent).filter_by(source_dag_id=dag_id)
            asset_events = {event.source_task_id: event.extra for event in events}
        return Run(leaves_in(sandbox), rendered, results, labels, asset_events, log.getvalue())

    return run


@pytest.fixture(scope="module")
def run(run_dag: RunDag) -> Run:
    return run_dag("create_leave")


@pytest.fixture(scope="module")
def frames(run_dag: RunDag) -> Run:
    return run_dag("create_from_frames")


@pytest.fixture(scope="module")
def changes(run_dag: RunDag) -> Run:
    return run_dag("change_leave", conn_id="cor_hr", source="SAP")


def test_every_form_that_airflow_hands_over_is_created(run: Run) -> None:
    assert set(run.in_cor) == {
        *("create_leave-one", "several-2", "several-3", "json", "upstream-1", "upstream-2"),
        *("lazy-1", "lazy-2", "lazy-3", "mapped-1", "mapped-2", "over-1", "over-2"),
    }


def test_no_form_is_shown_as_a_rendered_template(run: Run) -> None:
    tasks = ("one", "several", "json", "upstream", "mapped_upstream")
    mapped = [(task, index) for task in ("mapped", "mapped_over_upstream") for index in (0, 1)]
    shown = {task: value for task, value in run.rendered.items() if value not in {"", None}}
    assert shown == dict.fromkeys([*((task, -1) for task in tasks), *mapped], HIDDEN)


def test_the_log_counts_leave_and_shows_nothing_of_it(run: Run) -> None:
    assert "Leave requests: 3 received: 3 created." in run.log
    # `DAG.test` of Airflow 3.0 logs what each task hands to the next.
    log = "".join(line for line in run.log.splitlines() if "SetXCom(" not in line)
    assert "employee-7" not in log
    assert "surgery" not in log


@pytest.mark.since_airflow("3.0")  # Airflow 2 does not pass on frames of pandas 3
def test_data_frames_are_created_given_and_from_upstream(frames: Run) -> None:
    expected = {"pandas-1", "pandas-2", "polars", "pyarrow", "upstream-1", "upstream-2", "lazy-1", "lazy-2"}
    days = whole_days("employee-7", "2026-05-11", "2026-05-12", "surgery")
    assert frames.in_cor == dict.fromkeys({*expected, "over-1", "over-2"}, days)


@pytest.mark.since_airflow("3.0")  # likewise
def test_nothing_of_a_data_frame_is_shown(frames: Run) -> None:
    assert set(frames.rendered.values()) <= {HIDDEN, "", None}
    assert frames.rendered["pandas", -1] == HIDDEN
    assert "employee-7" not in frames.log
    assert "surgery" not in frames.log


@pytest.mark.since_airflow("3.0")  # `DAG.test` of Airflow 2 keeps neither
def test_mapped_tasks_are_called_by_their_external_ids(run: Run) -> None:
    assert {label for (task_id, _index), label in run.labels.items() if task_id.startswith("mapped")} == {
        *("mapped-1", "mapped-2"),
        *("over-1", "over-2"),
    }


@pytest.mark.since_airflow("3.0")  # `DAG.test` of Airflow 2 keeps neither
def test_the_event_of_an_outlet_carries_the_counts(run: Run) -> None:
    (extra,) = run.asset_events.values()
    assert (extra["received"], extra["created"], extra["rejected"]) == (2, 2, 0)


def test_leave_is_changed_by_the_connection_and_source_of_the_default_arguments(changes: Run) -> None:
    longer = whole_days("employee-7", "2026-05-11", "2026-05-29", "surgery")
    assert changes.in_cor == {
        "kept": whole_days("employee-7", "2026-05-11", "2026-05-12", "surgery"),
        **dict.fromkeys(("updated", "mapped-updated", "new"), longer),
    }


def test_every_change_returns_its_counts(changes: Run) -> None:
    assert {
        task: {status: count for status, count in result.items() if count} for task, result in changes.results.items()
    } == {
        ("create", -1): {"received": 6, "created": 6},
        ("update", -1): {"received": 2, "updated": 1, "created": 1},
        ("mapped_update", 0): {"received": 1, "updated": 1},
        ("mapped_update", 1): {"received": 1, "unchanged": 1},
        ("delete", -1): {"received": 1, "deleted": 1},
        ("mapped_delete", 0): {"received": 1, "deleted": 1},
        ("mapped_delete", 1): {"received": 2, "deleted": 1, "rejected": 1},
    }


def test_leave_requests_of_changes_are_shown_nowhere(changes: Run) -> None:
    assert changes.rendered == dict.fromkeys(changes.results, HIDDEN)
    assert "employee-7" not in changes.log
    assert "surgery" not in changes.log


@pytest.mark.since_airflow("3.0")  # `DAG.test` of Airflow 2 does not keep them
def test_the_events_of_outlets_of_changes_carry_the_counts(changes: Run) -> None:
    assert changes.asset_events["update"] == changes.results["update", -1]
    assert changes.asset_events["delete"] == changes.results["delete", -1]


@pytest.fixture(scope="module")
def syncs(run_dag: RunDag, tmp_path_factory: pytest.TempPathFactory) -> Run:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNC_FOLDER", str(tmp_path_factory.mktemp("sync")))
        return run_dag("sync_leaves")


def test_a_plan_is_done_and_the_next_extract_kept_in_step(syncs: Run) -> None:
    assert syncs.in_cor == {
        "kept": whole_days("employee-7", "2026-05-11", "2026-05-29", "surgery"),
        "moved": whole_days("employee-7", "2026-05-18", "2026-05-29", "surgery"),
    }
    statuses = ("created", "updated", "deleted", "unchanged", "not_sent")
    assert {task: [result[status] for status in statuses] for (task, _), result in syncs.results.items()} == {
        "plan": [0, 0, 0, 0, 3],
        "apply": [3, 0, 0, 0, 0],
        "again": [0, 1, 1, 1, 0],
    }


def test_a_sync_logs_counts_and_shows_nothing_of_leave(syncs: Run) -> None:
    assert "The plan: 0 create, 1 update, 1 delete, 0 forget, 1 unchanged, 0 rejected" in syncs.log
    for personal in ("employee-7", "surgery", "2026-05-1"):
        assert personal not in syncs.log
    assert {str(shown) for shown in syncs.rendered.values()} <= {HIDDEN, "", "None"}
