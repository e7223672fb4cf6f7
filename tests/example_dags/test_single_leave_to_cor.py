"""The example DAG with a form: what COR holds is what was typed, and nothing is sent of what cannot be meant."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from cor_provider.sandbox import Sandbox
from example_dags.in_cor import xcoms_and_rendered_fields

DAG_ID = "single_leave_to_cor"
TYPED = {"leave_id": "HR-LAP-7", "user_id": "HR-EMP-1", "first_day": "2026-06-22", "last_day": "2026-06-22"}


class Run(NamedTuple):
    """A run of the DAG, and what it left behind."""

    state: str
    errors: list[str]
    kept: str
    """All that Airflow keeps of the task: its XComs and its rendered templates."""


RunDag = Callable[..., Run]
"""The fixture `run_dag`: runs the DAG with what was typed instead of or besides `TYPED`."""


@pytest.fixture
def dag(load_dag: Callable[[str], Any]) -> Any:
    return load_dag(DAG_ID)  # each time anew: `dag.test()` leaves in its parameters what was typed


@pytest.fixture
def cor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    types = [{"id": "vacation"}, {"id": "absence"}, {"id": "training"}]
    with Sandbox(seed={"source": "GLOBANT", "users": [{"id": "HR-EMP-1"}], "leave_types": types}) as sandbox:
        connection = {"conn_type": "cor", "host": sandbox.url, "password": sandbox.token}
        monkeypatch.setenv("AIRFLOW_CONN_COR_DEFAULT", json.dumps(connection))
        yield sandbox


@pytest.fixture
def run_dag(dag: Any, cor: Sandbox, airflow_db: None) -> RunDag:
    def run(**typed: str) -> Run:
        dag_run = dag.test(run_conf={**TYPED, **typed})
        (task,) = dag_run.get_task_instances()
        rejected = task.xcom_pull(task_ids="push", key="rejected") or []
        return Run(
            str(dag_run.state), [one["error"] for one in rejected], xcoms_and_rendered_fields(DAG_ID, dag_run.run_id)
        )

    return run


@pytest.mark.parametrize(
    ("typed", "start", "end"),
    [
        pytest.param({}, "2026-06-22T00:00", "2026-06-22T23:59", id="one day"),
        pytest.param({"last_day": "2026-07-03"}, "2026-06-22T00:00", "2026-07-03T23:59", id="two weeks"),
        pytest.param(
            {"last_day": "2026-06-23", "zone": "Pacific/Auckland"},
            "2026-06-22T00:00",
            "2026-06-23T23:59",
            id="whole days anywhere",
        ),
        pytest.param({"first_part": "morning"}, "2026-06-22T07:00", "2026-06-22T11:00", id="a morning in Madrid"),
        pytest.param({"first_part": "afternoon"}, "2026-06-22T11:00", "2026-06-22T16:00", id="an afternoon in Madrid"),
        pytest.param(
            {"first_part": "morning", "zone": "America/Argentina/Buenos_Aires"},
            "2026-06-22T12:00",
            "2026-06-22T16:00",
            id="a morning in Buenos Aires",
        ),
        pytest.param(
            {"first_part": "morning", "zone": "Europe/Berlin"},
            "2026-06-22T07:00",
            "2026-06-22T11:00",
            id="a morning in Berlin",
        ),
        pytest.param(
            {"first_part": "morning", "zone": "Pacific/Auckland"},
            "2026-06-21T21:00",
            "2026-06-22T01:00",
            id="a morning in Auckland, the day before in UTC",
        ),
        pytest.param(
            {"last_day": "2026-06-24", "first_part": "afternoon"},
            "2026-06-22T11:00",
            "2026-06-24T16:00",
            id="from a midday on",
        ),
        pytest.param(
            {"last_day": "2026-06-24", "last_part": "morning"},
            "2026-06-22T07:00",
            "2026-06-24T11:00",
            id="until a midday",
        ),
    ],
)
def test_cor_holds_what_was_typed(run_dag: RunDag, cor: Sandbox, typed: dict[str, str], start: str, end: str) -> None:
    assert run_dag(**typed).state == "success"
    (leave,) = cor.leaves
    assert (leave.external_id, leave.user_id, leave.leave_type_id) == ("HR-LAP-7", "HR-EMP-1", "vacation")
    assert (leave.start, leave.end) == (f"{start}:00-00:00", f"{end}:00-00:00")
    assert leave.all_day == (not {"first_part", "last_part"} & typed.keys())


def test_the_leave_type_is_the_one_that_was_chosen(run_dag: RunDag, cor: Sandbox) -> None:
    assert run_dag(leave_type="absence").state == "success"
    assert [leave.leave_type_id for leave in cor.leaves] == ["absence"]


def test_a_leave_that_cor_has_is_left_as_it_is_and_the_run_says_so(run_dag: RunDag, cor: Sandbox) -> None:
    run_dag()
    before = cor.leaves
    again = run_dag(last_day="2026-06-26")
    assert (again.state, again.errors) == ("failed", ["DuplicateExternalIdError"])
    assert cor.leaves == before


def test_somebody_whom_cor_does_not_know_fails_the_run(run_dag: RunDag, cor: Sandbox) -> None:
    run = run_dag(user_id="HR-EMP-2")
    assert (run.state, run.errors) == ("failed", ["UserNotFoundError"])
    assert cor.leaves == ()


def test_a_lost_answer_does_not_fail_the_run(run_dag: RunDag, cor: Sandbox) -> None:
    cor.drop_next()
    assert run_dag().state == "success"
    assert len(cor.leaves) == 1


def test_a_last_day_before_the_first_is_refused(run_dag: RunDag, cor: Sandbox) -> None:
    assert run_dag(last_day="2026-06-21").state == "failed"
    assert cor.requests == ()


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param({"leave_id": ""}, id="no id"),
        pytest.param({"leave_id": " "}, id="blank id"),
        pytest.param({"user_id": "Ana Pereyra"}, id="a name"),
        pytest.param({"first_day": "22.06.2026"}, id="no ISO date"),
        pytest.param({"last_day": "2026-06-31"}, id="no day of the calendar"),
        pytest.param({"leave_type": "surgery"}, id="a type that is not offered"),
        pytest.param({"first_part": "some"}, id="no part of a day"),
        pytest.param({"zone": "Europe/Atlantis"}, id="a zone that is not offered"),
    ],
)
def test_the_form_refuses_what_cannot_be_meant(run_dag: RunDag, cor: Sandbox, typed: dict[str, str]) -> None:
    with pytest.raises(Exception, match="Invalid input for param"):  # each Airflow raises another class
        run_dag(**typed)


def test_the_task_keeps_nothing_of_the_leave(run_dag: RunDag, cor: Sandbox) -> None:
    kept = run_dag(leave_type="training", first_part="morning").kept
    assert "received" in kept
    assert "leave requests are not shown" in kept
    assert [value for value in ("HR-EMP-1", "training", "2026-06-22", "morning") if value in kept] == []
