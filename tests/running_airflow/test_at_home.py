"""What a user sees of a push in Airflow besides its state: names, links, asset events, and when it is tried again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cor_provider.sandbox import Sandbox
from local_airflow import MAJOR, Run, RunningAirflow


@pytest.fixture
def start(running_airflow: RunningAirflow, tmp_path: Path) -> Callable[[str], Run]:
    """Start a DAG on a file with a leave of its own."""

    def start_run(dag_id: str) -> Run:
        fields = {"user_id": "user-zq7", "leave_type_id": "surgery-zq7", "start": "2026-05-11", "end": "2026-05-12"}
        path = tmp_path / "leave.jsonl"
        path.write_text(json.dumps({"id": f"{dag_id}-{tmp_path.name}", **fields}))
        return running_airflow.start_run(dag_id, leave=str(path))

    return start_run


def test_a_push_has_a_map_index_label_a_link_and_an_asset_event(
    start: Callable[[str], Run], running_airflow: RunningAirflow, tmp_path: Path
) -> None:
    run = start("at_home")
    assert run.wait() == "success"
    labels = {one["rendered_map_index"] for one in run.tasks() if one["task_id"] == "mapped"}
    assert labels == {f"{tmp_path.name}/leave.jsonl"}
    assert run.link("push", "COR") == "https://app.projectcor.com"
    assert not run.link("nothing", "COR")
    events = running_airflow.get(MAJOR.asset_events)
    (extra,) = (event["extra"] for event in next(value for value in events.values() if isinstance(value, list)))
    assert (extra["received"], extra["created"]) == (1, 1)


@pytest.mark.since_airflow("3.3")
@pytest.mark.parametrize("dag_id", ["paced_retry", "paced_mapped_retry"])
def test_another_try_begins_when_cor_asked_for_it(dag_id: str, start: Callable[[str], Run], cor: Sandbox) -> None:
    cor.answer_next(429, headers={"Retry-After": "2"})
    run = start(dag_id)
    assert run.wait() == "success"
    (task,) = run.tasks()
    assert task["try_number"] == 2


def test_what_another_try_cannot_help_is_not_tried_again(
    start: Callable[[str], Run], cor: Sandbox, tmp_path: Path
) -> None:
    cor.answer_next(422, {"error": "UserNotFoundError"})
    run = start("paced_retry")
    assert run.wait() == "failed"
    assert [task["try_number"] for task in run.tasks()] == [1]
