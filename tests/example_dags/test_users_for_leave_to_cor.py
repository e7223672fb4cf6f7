"""The example DAG that creates the users whom leave needs: from nobody in COR to all leave in it, with one approval."""

from __future__ import annotations

import json
import runpy
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest

from cor_provider._compat import AirflowFailException, Context
from cor_provider.operators.leaves import CreateLeaveOperator
from cor_provider.operators.users import CreateUsersOperator
from cor_provider.sandbox import Sandbox
from local_airflow import Run, RunningAirflow, run_airflow
from sync_support import TaskInstance

DAG_ID = "users_for_leave_to_cor"
APPLY_DAG_ID = "users_for_leave_to_cor_apply"
SEED = {"source": "GLOBANT", "leave_types": [{"id": "vacation"}]}

PEOPLE = pd.DataFrame(
    {
        "id": [f"user-zq{number:02}" for number in range(60)],
        "email": [f"mail-zq{number:02}@company.example" for number in range(60)],
        "first_name": "First-zq",
        "last_name": "Last-zq",
        "phone": [f"+34 600 555 {number:03}" for number in range(60)],
    }
)
"""All of HR's people. Ten of them have no leave."""

MARKERS = ("user-zq", "mail-zq", "First-zq", "Last-zq", "600 555")
LEAVE = [
    {
        "id": f"L-{number:03}",
        "user_id": f"user-zq{number % 50:02}",
        "leave_type_id": "vacation",
        "start": f"2026-{5 + number // 50:02}-11",
        "end": f"2026-{5 + number // 50:02}-12",
    }
    for number in range(200)
]

with_approval = pytest.mark.since_airflow("3.1")
without_approval = pytest.mark.before_airflow("3.1")


def put(folder: Path) -> None:
    """Put HR's files there."""
    folder.mkdir(exist_ok=True)
    (folder / "leave.jsonl").write_text("".join(json.dumps(one) + "\n" for one in LEAVE))
    PEOPLE.to_csv(folder / "people.csv", index=False)


def requests_about_users(cor: Sandbox) -> int:
    return sum("/users" in request.path for request in cor.requests)


def in_cor(cor: Sandbox) -> tuple[int, int, int]:
    """Return the number of users, of mails to them, and of leaves."""
    return len(cor.users), len(cor.mails), len(cor.leaves)


@dataclass
class Loop:
    """A running Airflow with the DAG, HR's files, and a COR."""

    airflow: RunningAirflow
    cor: Sandbox
    folder: Path

    def start(self) -> Run:
        return self.airflow.start_run(DAG_ID)

    def wait_for_question(self, run: Run) -> dict[str, Any]:
        log = self.airflow.home / "output" / "scheduler.log"
        asked = f"TaskInstance Finished: dag_id={DAG_ID}, task_id=approve, run_id={run.run_id}"
        self.airflow.wait_for(lambda: asked in log.read_text(errors="replace"))
        return dict(self.airflow.get(self._question(run)))

    def answer(self, run: Run, option: str) -> str:
        self.airflow._ask("PATCH", self._question(run), json={"chosen_options": [option], "params_input": {}})
        return run.wait()

    def _question(self, run: Run) -> str:
        return f"dags/{DAG_ID}/dagRuns/{run.run_id}/taskInstances/approve/-1/hitlDetails"


@pytest.fixture
def cor() -> Iterator[Sandbox]:
    with Sandbox(empty=True, seed=SEED) as sandbox:
        yield sandbox


@pytest.fixture
def loop(cor: Sandbox, example_dags: Path, tmp_path: Path) -> Iterator[Loop]:
    """An Airflow that has this example, and nobody's schedule."""
    exchange, dags = tmp_path / "leave", tmp_path / "dags"
    exchange.mkdir()
    dags.mkdir()
    shutil.copy(example_dags / f"{DAG_ID}.py", dags)
    put(exchange / DAG_ID)
    settings = {
        "AIRFLOW_CONN_COR_DEFAULT": json.dumps({"conn_type": "cor", "host": cor.url, "password": cor.token}),
        "AIRFLOW_VAR_LEAVE_EXCHANGE": f"file://{exchange}",
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
    }
    with run_airflow(tmp_path / "home", dags=dags, settings=settings) as running:
        running.wait_for_dags(DAG_ID)
        yield Loop(running, cor, exchange / DAG_ID)


@with_approval
def test_from_nobody_in_cor_to_all_leave_with_one_approval_and_a_second_run_sends_no_user(loop: Loop) -> None:
    rejected = loop.start()
    question = loop.wait_for_question(rejected)
    assert "50 to create." in question["body"]
    assert [marker for marker in MARKERS if marker in json.dumps(question)] == []
    assert (loop.folder / rejected.run_id / "users.html").read_text().count("@company.example") == 50
    assert in_cor(loop.cor) == (0, 0, 0)
    assert loop.answer(rejected, "Reject") == "failed"  # the leave is not in
    assert (rejected.states()["create"], in_cor(loop.cor)) == ({"skipped"}, (0, 0, 0))

    approved = loop.start()
    loop.wait_for_question(approved)
    assert loop.answer(approved, "Approve") == "success"
    assert in_cor(loop.cor) == (50, 50, 200)
    assert approved.xcom("create")["created"] == 50
    assert approved.xcom("push_again")["created"] == 200

    about_users = requests_about_users(loop.cor)
    second = loop.start()
    assert second.wait() == "success"
    assert second.xcom("push")["existing"] == 200
    assert [second.states()[task_id] for task_id in ("approve", "create", "push_again")] == [{"skipped"}] * 3
    assert requests_about_users(loop.cor) == about_users
    assert in_cor(loop.cor) == (50, 50, 200)

    logs = "".join(path.read_text(errors="replace") for path in (loop.airflow.home / "logs").rglob("*.log"))
    assert "50 users to create" in logs
    kept = (loop.airflow.home / "airflow.db").read_bytes().decode(errors="replace")
    assert [marker for marker in MARKERS if marker in logs + kept] == []


@without_approval
def test_the_plan_that_is_typed_is_done(loop: Loop) -> None:
    planned = loop.start()
    assert planned.wait() == "success"
    assert in_cor(loop.cor) == (0, 0, 0)
    applied = loop.airflow.start_run(APPLY_DAG_ID, plan=planned.xcom("plan")["plan"])
    assert applied.wait() == "success"
    assert in_cor(loop.cor) == (50, 50, 200)


def test_nobody_is_asked_for_more_users_than_may_be_created(example_dags: Path) -> None:
    choose = runpy.run_path(str(example_dags / f"{DAG_ID}.py"))["choose"].function
    assert choose({"create": 100, "rejected": 10}, {"rejected": 1}) == "approve"
    with pytest.raises(AirflowFailException, match="101 users are more than MAX_CREATES=100"):
        choose({"create": 101, "rejected": 0}, {"rejected": 1})


def test_nobody_is_asked_about_a_plan_that_has_failed_since_it_rejects_too_many(example_dags: Path) -> None:
    choose = runpy.run_path(str(example_dags / f"{DAG_ID}.py"))["choose"].function
    with pytest.raises(AirflowFailException, match="11 people are rejected, more than MAX_REJECTED=10"):
        choose({"create": 5, "rejected": 11}, {"rejected": 1})


def test_lost_answers_and_errors_create_each_user_and_each_leave_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path)
    report, plan = str(tmp_path / "report.jsonl"), str(tmp_path / "plan.jsonl")
    patient: dict[str, Any] = {"max_attempts": 30, "source": "GLOBANT"}

    def execute(operator: Any) -> dict[str, Any]:
        returned: dict[str, Any] = operator.execute(cast("Context", {"ti": TaskInstance()}))
        return returned

    def push() -> CreateLeaveOperator:
        return CreateLeaveOperator(
            task_id="push", leave_requests=str(tmp_path / "leave.jsonl"), report_path=report, **patient
        )

    def users(**parameters: Any) -> CreateUsersOperator:
        people = str(tmp_path / "people.csv")
        return CreateUsersOperator(
            task_id="users", users=people, only_for=report, max_creates=50, **patient, **parameters
        )

    with Sandbox(empty=True, seed=SEED, error_rate=0.2, drop_rate=0.2, random_seed=5) as cor:
        connection = {"conn_type": "cor", "host": cor.url, "password": cor.token}
        monkeypatch.setenv("AIRFLOW_CONN_COR_DEFAULT", json.dumps(connection))
        with pytest.raises(AirflowFailException):
            execute(push())
        assert execute(users(plan_only=True, plan_path=plan))["not_sent"] == 50
        assert execute(users(approved_plan=plan))["created"] == 50
        assert execute(push())["created"] == 200
        assert in_cor(cor) == (50, 50, 200)
        about_users = requests_about_users(cor)
        assert execute(users())["received"] == 0
        assert requests_about_users(cor) == about_users
