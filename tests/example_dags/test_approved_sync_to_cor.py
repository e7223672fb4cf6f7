"""The example DAG with an approval, in an Airflow that runs: what is approved is done, that and nothing else."""

from __future__ import annotations

import json
import runpy
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from cor_provider._compat import Context
from cor_provider.operators.leaves import SyncLeavesOperator
from cor_provider.sandbox import Sandbox
from example_dags.in_cor import InCor, leaves_in, whole_days
from local_airflow import Run, RunningAirflow, run_airflow

DAG_ID = "approved_sync_to_cor"
APPLY_DAG_ID = "approved_sync_to_cor_apply"
USERS = ("user-zq7", "user-zq8")
YEAR = datetime.now(timezone.utc).year + 1  # in the window of the DAG even if this year ends meanwhile

with_approval = pytest.mark.since_airflow("3.1")
without_approval = pytest.mark.before_airflow("3.1")


def leave(leave_id: str, *, last_day: int = 15, user_id: str = USERS[0]) -> dict[str, str]:
    start, end = f"{YEAR}-05-11", f"{YEAR}-05-{last_day}"
    return {"id": leave_id, "user_id": user_id, "leave_type_id": "surgery-zq7", "start": start, "end": end}


BEFORE = [leave("kept"), leave("moved"), leave("cancelled", user_id=USERS[1])]
AFTER = [leave("kept"), leave("moved", last_day=19), leave("new", user_id=USERS[1])]


def in_cor(leaves: list[dict[str, str]]) -> dict[str, InCor]:
    return {one["id"]: whole_days(one["user_id"], one["start"], one["end"], one["leave_type_id"]) for one in leaves}


@dataclass
class Transfer:
    """HR's file, a running Airflow with the DAG, and a COR."""

    airflow: RunningAirflow
    cor: Sandbox
    folder: Path
    runs: list[Run] = field(default_factory=list)

    def put(self, leaves: list[dict[str, str]]) -> None:
        """Replace HR's file."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "leaves.jsonl").write_text("".join(json.dumps(one) + "\n" for one in leaves))

    def start(self) -> Run:
        run = self.airflow.start_run(DAG_ID)
        self.runs.append(run)
        return run

    def end(self) -> None:
        """End what a failed test has left, since one run waits for another."""
        for run in self.runs:
            self.airflow._ask("PATCH", f"dags/{DAG_ID}/dagRuns/{run.run_id}", json={"state": "failed"})

    def wait_for_question(self, run: Run) -> dict[str, Any]:
        """Return what the approver is asked."""
        # Nobody answers within a blink, and Airflow 3.3 relies on it: it fails a task that goes on before its scheduler
        # has seen that the process which asked has ended. Only the scheduler's log shows when it has.
        log = self.airflow.home / "output" / "scheduler.log"
        asked = f"TaskInstance Finished: dag_id={DAG_ID}, task_id=approve, run_id={run.run_id}"
        self.airflow.wait_for(lambda: asked in log.read_text(errors="replace"))
        return dict(self.airflow.get(self._question(run)))

    def answer(self, run: Run, option: str) -> str:
        """Answer as the approver does in Airflow, and return how the run ends."""
        self.airflow._ask("PATCH", self._question(run), json={"chosen_options": [option], "params_input": {}})
        return run.wait()

    def log(self, run: Run, task_id: str) -> str:
        """Return what the first try of a task has logged."""
        folder = self.airflow.home / "logs" / f"dag_id={run.dag_id}" / f"run_id={run.run_id}"
        return (folder / f"task_id={task_id}" / "attempt=1.log").read_text()

    def _question(self, run: Run) -> str:
        return f"dags/{DAG_ID}/dagRuns/{run.run_id}/taskInstances/approve/-1/hitlDetails"


@pytest.fixture(scope="module")
def cor() -> Iterator[Sandbox]:
    users = [{"id": user} for user in USERS]
    with Sandbox(seed={"source": "GLOBANT", "users": users, "leave_types": [{"id": "surgery-zq7"}]}) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def connection(cor: Sandbox) -> str:
    return json.dumps({"conn_type": "cor", "host": cor.url, "password": cor.token})


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the Variable `leave_exchange` names."""
    return tmp_path_factory.mktemp("leave")


@pytest.fixture(scope="module")
def running_airflow(
    example_dags: Path, connection: str, exchange: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningAirflow]:
    """An Airflow that has this example, and nobody's schedule."""
    home = tmp_path_factory.mktemp("airflow")
    (home / "dags").mkdir()
    shutil.copy(example_dags / f"{DAG_ID}.py", home / "dags")
    settings = {
        "AIRFLOW_CONN_COR_DEFAULT": connection,
        "AIRFLOW_VAR_LEAVE_EXCHANGE": f"file://{exchange}",
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
    }
    with run_airflow(home / "home", dags=home / "dags", settings=settings) as running:
        running.wait_for_dags(DAG_ID)
        yield running


@pytest.fixture
def transfer(
    running_airflow: RunningAirflow, cor: Sandbox, connection: str, exchange: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Transfer]:
    """COR holds what HR's file said before, and the file has changed."""
    folder = exchange / DAG_ID
    shutil.rmtree(folder, ignore_errors=True)
    for one in cor.leaves:
        cor.store.delete_leave(source="GLOBANT", external_id=one.external_id, user_id=one.user_id)
    monkeypatch.setenv("AIRFLOW_CONN_COR_DEFAULT", connection)
    window, ledger = (f"{YEAR - 1}-01-01", f"{YEAR}-12-31"), f"file://{folder}/ledger"
    earlier = SyncLeavesOperator(
        task_id="earlier", leave_requests=BEFORE, source="GLOBANT", window=window, ledger=ledger
    )
    earlier.execute(Context())
    transfer = Transfer(running_airflow, cor, folder)
    transfer.put(AFTER)
    assert leaves_in(cor) == in_cor(BEFORE)
    yield transfer
    transfer.end()


@with_approval
def test_what_is_approved_is_done(transfer: Transfer) -> None:
    run = transfer.start()
    transfer.wait_for_question(run)
    assert leaves_in(transfer.cor) == in_cor(BEFORE)
    assert transfer.answer(run, "Approve") == "success"
    assert leaves_in(transfer.cor) == in_cor(AFTER)
    counts = run.xcom("apply")
    assert (counts["created"], counts["updated"], counts["deleted"], counts["unchanged"]) == (1, 1, 1, 1)


@with_approval
def test_the_approver_sees_the_counts_and_where_the_page_is_but_nobodys_data(transfer: Transfer) -> None:
    run = transfer.start()
    question = transfer.wait_for_question(run)
    assert (
        "1 to create (0 of these overwrite if COR has it), 1 to update, 1 to delete, 0 to forget, 1 unchanged, "
        "0 rejected."
    ) in question["body"]
    page = transfer.folder / run.run_id / "plan.html"
    assert f"`file://{page}`" in question["body"]
    assert page.exists()
    shown = json.dumps({name: question[name] for name in ("subject", "body", "options", "params")})
    assert [value for value in (*USERS, "surgery-zq7", "-05-1", "cancelled") if value in shown] == []
    transfer.answer(run, "Reject")


@with_approval
def test_of_what_is_rejected_nothing_is_sent(transfer: Transfer) -> None:
    run = transfer.start()
    transfer.wait_for_question(run)
    requests = len(transfer.cor.requests)
    assert transfer.answer(run, "Reject") == "success"
    assert run.states()["apply"] == {"skipped"}
    assert len(transfer.cor.requests) == requests
    assert leaves_in(transfer.cor) == in_cor(BEFORE)


@with_approval
def test_leave_that_changed_after_the_plan_is_refused(transfer: Transfer) -> None:
    run = transfer.start()
    transfer.wait_for_question(run)
    transfer.put([leave("kept"), leave("moved", last_day=20), leave("newer")])
    requests = len(transfer.cor.requests)
    assert transfer.answer(run, "Approve") == "failed"
    assert "1 operations are new, 1 are gone, 1 are different. Nothing was sent." in transfer.log(run, "apply")
    assert [task["try_number"] for task in run.tasks() if task["task_id"] == "apply"] == [1]
    assert len(transfer.cor.requests) == requests
    assert leaves_in(transfer.cor) == in_cor(BEFORE)


@with_approval
def test_on_a_new_ledger_the_approver_is_asked_about_all_that_may_be_overwritten(transfer: Transfer) -> None:
    shutil.rmtree(transfer.folder / "ledger")
    transfer.put([leave("kept", last_day=30), leave("new")])
    run = transfer.start()
    question = transfer.wait_for_question(run)
    assert "2 to create (2 of these overwrite if COR has it), 0 to update" in question["body"]
    assert leaves_in(transfer.cor) == in_cor(BEFORE)
    transfer.answer(run, "Reject")


NOTHING = dict.fromkeys(("create", "may_overwrite", "update", "delete", "forget", "unchanged", "rejected"), 0)


@pytest.mark.parametrize(
    ("planned", "without_approval", "next_task"),
    [
        ({}, set(), None),
        ({"unchanged": 5, "rejected": 1}, set(), None),
        ({"create": 2}, set(), "approve"),
        ({"create": 2}, {"create"}, "apply"),
        ({"create": 2, "may_overwrite": 1}, {"create"}, "approve"),
        ({"create": 2, "may_overwrite": 2}, {"create", "overwrite"}, "apply"),
        ({"create": 2, "update": 1}, {"create"}, "approve"),
        ({"create": 2, "update": 1}, {"create", "update"}, "apply"),
        ({"delete": 1}, {"create", "update"}, "approve"),
        ({"forget": 1}, {"create", "update"}, "approve"),
    ],
)
def test_what_needs_no_approval_is_the_users_choice(
    planned: dict[str, int], without_approval: set[str], next_task: str | None, example_dags: Path
) -> None:
    module = runpy.run_path(str(example_dags / f"{DAG_ID}.py"))
    choose = module["choose"].function
    choose.__globals__["WITHOUT_APPROVAL"] = without_approval
    assert choose({**NOTHING, **planned}) == next_task


@with_approval
def test_nobody_is_asked_if_nothing_would_change(transfer: Transfer) -> None:
    transfer.put(BEFORE)
    requests = len(transfer.cor.requests)
    run = transfer.start()
    assert run.wait() == "success"
    assert (run.states()["approve"], run.states()["apply"]) == ({"skipped"}, {"skipped"})
    assert len(transfer.cor.requests) == requests


@without_approval
def test_a_run_plans_and_sends_nothing(transfer: Transfer) -> None:
    requests = len(transfer.cor.requests)
    run = transfer.start()
    assert run.wait() == "success"
    assert run.states() == {"plan": {"success"}}
    assert (transfer.folder / run.run_id / "plan.html").exists()
    assert len(transfer.cor.requests) == requests


@without_approval
def test_the_plan_that_is_typed_is_done(transfer: Transfer) -> None:
    planned = transfer.start()
    assert planned.wait() == "success"
    applied = transfer.airflow.start_run(APPLY_DAG_ID, plan=planned.xcom("plan")["plan"])
    assert applied.wait() == "success"
    assert leaves_in(transfer.cor) == in_cor(AFTER)


@without_approval
def test_leave_that_changed_after_the_plan_is_refused_by_hand_too(transfer: Transfer) -> None:
    planned = transfer.start()
    assert planned.wait() == "success"
    transfer.put([leave("kept"), leave("moved", last_day=20), leave("newer")])
    applied = transfer.airflow.start_run(APPLY_DAG_ID, plan=planned.xcom("plan")["plan"])
    assert applied.wait() == "failed"
    assert "1 operations are new, 1 are gone, 1 are different. Nothing was sent." in transfer.log(applied, "apply")
    assert leaves_in(transfer.cor) == in_cor(BEFORE)
