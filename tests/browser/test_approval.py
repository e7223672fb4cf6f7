"""The approver of a plan: from Airflow's question to the plan on its calendar."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone

import pytest
from playwright.sync_api import Page, expect

from cor_provider.sandbox import Sandbox
from local_airflow import Run, RunningAirflow

pytestmark = pytest.mark.since_airflow("3.1")

DAG_ID = "approved_sync_to_cor"
YEAR = datetime.now(timezone.utc).year + 1  # in the window of the DAG even if this year ends meanwhile
LEAVE = {"user_id": "HR-EMP-00012", "leave_type_id": "vacation", "start": f"{YEAR}-05-11", "end": f"{YEAR}-05-12"}
Keep = Callable[[Page, str], None]


@pytest.fixture
def question(running_airflow: RunningAirflow, cor: Sandbox) -> Run:
    """A run that waits for an answer."""
    running_airflow.add_connection("cor_default", conn_type="cor", host=cor.url, password=cor.token)
    folder = running_airflow.home.parent / "leave" / DAG_ID
    folder.mkdir(parents=True)
    (folder / "leaves.jsonl").write_text(json.dumps({"id": "HR-LAP-2026-00007", **LEAVE}))
    running_airflow.unpause(DAG_ID)
    run = running_airflow.start_run(DAG_ID)
    path = f"dags/{DAG_ID}/dagRuns/{run.run_id}/taskInstances/approve/-1"
    running_airflow.wait_for(lambda: running_airflow.get(path)["state"] in {"deferred", "awaiting_input", "failed"})
    return run


def test_the_question_leads_to_the_plan_on_its_calendar(page: Page, question: Run, keep: Keep) -> None:
    page.goto("/")
    expect(page.get_by_role("link", name="Dags", exact=True)).to_be_visible()  # Airflow 3.1 forgets where it was to go
    page.goto(f"/dags/{DAG_ID}/runs/{question.run_id}/tasks/approve/required_actions")
    link = page.get_by_role("link", name="The tab Leave")
    expect(link).to_be_visible()
    keep(page, "approval")
    page.goto(str(link.evaluate("link => link.href")))  # a click opens it here or in a page of its own: Airflow decides
    bar = page.frame_locator("iframe[title=Leave]").get_by_role("link", name="HR-EMP-00012: Create")
    expect(bar.first).to_be_visible()
    keep(page, "approval-leave-tab")
