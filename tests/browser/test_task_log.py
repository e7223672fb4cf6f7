"""The log of a task in Airflow's UI: what happened and what to do can be read without scrolling or wrapping."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from cor_provider.sandbox import Sandbox
from local_airflow import SECONDS_TO_SHOW, Run, RunningAirflow

pytestmark = pytest.mark.since_airflow("3.2")

SCREEN = {"width": 1366, "height": 700}
WIDEST = 94
"""Characters of a line that are visible, of an error's too."""

ENDINGS = {
    "nothing_rejected": ["Leave requests: 30 received: 30 created"],
    "tolerated": [
        "UserNotFoundError 4, such as tolerated-27: create these users in COR under source GLOBANT",
        "Leave requests: 30 received: 26 created, 4 rejected",
        "Rejected records: ",
    ],
    "all_rejected": [
        "create these users in COR under source GLOBANT",
        "More leave was rejected than max_rejected=0: 30 received: 30 rejected",
    ],
    "wrong_token": ["COR refused the token (401): put a valid bearer token into the Password"],
    "unreachable": ["ConnectionError 1, such as unreachable-1:", "Run the task again to send it: that is safe."],
    "unwritable": ["report_path: cannot be written: Not a directory. Choose another path"],
    "delete_guard": [
        "The sync would delete 27 of the 30 leaves that its ledger holds in",
        "more than max_delete_fraction=0.2. Check that the extract is complete.",
    ],
}
"""What must be read of each task."""


@pytest.fixture(scope="module")
def run(running_airflow: RunningAirflow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A run of all tasks that has ended."""
    home = tmp_path_factory.mktemp("endings")
    (home / "a_file").touch()
    with Sandbox(seed={"source": "GLOBANT", "users": [{"id": "u1"}], "leave_types": [{"id": "vacation"}]}) as cor:
        connection = {"conn_type": "cor", "password": cor.token, "host": cor.url, "extra": {"source": "GLOBANT"}}
        others = {"cor_wrong_token": {"password": "wrong-token"}, "cor_unreachable": {"host": "http://127.0.0.1:9"}}
        for conn_id, fields in {"cor_default": {}, **others}.items():
            running_airflow.add_connection(conn_id, **{**connection, **fields})
        running_airflow.unpause("task_endings")
        run = running_airflow.start_run("task_endings", folder=str(home))
        run.wait()
        yield run


@pytest.fixture
def page(run: Run, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        base_url=run.airflow.url,
        viewport=SCREEN,  # type: ignore[arg-type]  # it is one
        locale="en-US",
        reduced_motion="reduce",
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("task_id", ENDINGS)
def test_cause_and_fix_are_on_the_screen(task_id: str, run: Run, page: Page, keep: Callable[[Page, str], None]) -> None:
    page.goto(f"/dags/task_endings/runs/{run.run_id}/tasks/{task_id}")
    page.get_by_text("Post Execute").wait_for(timeout=SECONDS_TO_SHOW * 1000)
    keep(page, f"log-{task_id}")
    for text in ENDINGS[task_id]:
        assert len(text) <= WIDEST
        expect(page.get_by_text(text).last).to_be_in_viewport(timeout=10_000)
