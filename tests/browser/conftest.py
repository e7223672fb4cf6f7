"""A person in front of Airflow: a browser, a running Airflow that knows no Connection to COR yet, and a COR."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import airflow
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from cor_provider.sandbox import Sandbox
from local_airflow import SECONDS_TO_SHOW, RunningAirflow, run_airflow

REPOSITORY = Path(__file__).parents[2]
EXAMPLE_DAGS = REPOSITORY / "example_dags"
SCREENSHOTS = REPOSITORY / ".screenshots" / f"airflow-{airflow.__version__}"
PICTURES = Path(__file__).parent / "pictures"
UPDATE_PICTURES = bool(os.environ.get("UPDATE_PICTURES"))
WINDOW = {"width": 1280, "height": 900}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--no-sandbox",  # CI runs as root, where Chromium has none
    "--no-proxy-server",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

Keep = Callable[[Page, str], None]
"""The fixture `keep`: keeps a screenshot under a name. The name's picture in the repository is a copy of it."""


@pytest.fixture(scope="module")
def cor() -> Iterator[Sandbox]:
    """A COR that knows the people of the sample HR database."""
    with Sandbox(seed=EXAMPLE_DAGS / "demo" / "cor.json") as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def shared_airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAirflow]:
    """An Airflow with the example DAGs and those of the tests, none started yet."""
    home = tmp_path_factory.mktemp("airflow")
    with closing(sqlite3.connect(home / "hr.sqlite")) as database:
        database.executescript((EXAMPLE_DAGS / "demo" / "hr.sql").read_text(encoding="utf-8"))
    shutil.copytree(EXAMPLE_DAGS, home / "dags")
    shutil.copytree(Path(__file__).parent / "dags", home / "dags", dirs_exist_ok=True)
    settings = {
        "AIRFLOW_CONN_HR_DATABASE": json.dumps({"conn_type": "sqlite", "host": str(home / "hr.sqlite")}),
        "AIRFLOW_VAR_LEAVE_EXCHANGE": f"file://{home}/leave",
        "AIRFLOW__COR__SHOW_LEAVE_IN_UI": "True",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        # A run by schedule would push the same leave at the same time.
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
    }
    with run_airflow(home / "home", dags=home / "dags", settings=settings) as running:
        running.wait_for_dags("hr_database_to_cor")
        yield running


@pytest.fixture(scope="module")
def running_airflow(shared_airflow: RunningAirflow) -> Iterator[RunningAirflow]:
    """An Airflow that knows no Connection to COR yet."""
    yield shared_airflow
    shared_airflow.delete_connections("cor")


@pytest.fixture(scope="module")  # while Playwright is there, asyncio serves nobody else in this thread
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    expect.set_options(timeout=SECONDS_TO_SHOW * 1000)  # the context's default timeout is not that of expectations
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(
    browser: Browser, running_airflow: RunningAirflow, keep: Keep, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """An empty page; what it shows when the test ends is kept, however it ends."""
    context = browser.new_context(
        base_url=running_airflow.url,
        viewport=WINDOW,  # type: ignore[arg-type]  # it is one
        locale="en-US",
        timezone_id="UTC",
        reduced_motion="reduce",
    )
    context.set_default_timeout(SECONDS_TO_SHOW * 1000)
    page = context.new_page()
    yield page
    keep(page, f"end-of-{request.node.name}")
    context.close()


@pytest.fixture(scope="session")
def keep() -> Keep:
    """Return a function that keeps a screenshot, and with UPDATE_PICTURES makes its copy in the repository anew."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def keep_screenshot(page: Page, name: str) -> None:
        screenshot = page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")
        if UPDATE_PICTURES and (PICTURES / f"{name}.png").exists():
            (PICTURES / f"{name}.png").write_bytes(screenshot)

    return keep_screenshot
