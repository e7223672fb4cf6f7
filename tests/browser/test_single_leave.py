"""Somebody in HR in front of Airflow 3: a leave typed into the form of its example DAG is in COR's calendar."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from cor_provider.sandbox import Sandbox
from local_airflow import SECONDS_TO_RUN, RunningAirflow

pytestmark = pytest.mark.since_airflow("3.2")

DAG_ID = "single_leave_to_cor"
Keep = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def connected_airflow(running_airflow: RunningAirflow, cor: Sandbox) -> RunningAirflow:
    """An Airflow that knows COR, and the DAG."""
    running_airflow.add_connection(
        "cor_default", conn_type="cor", host=cor.url, password=cor.token, extra={"web_url": cor.url}
    )
    running_airflow.wait_for_dags(DAG_ID)
    return running_airflow


@pytest.fixture
def form(page: Page, connected_airflow: RunningAirflow) -> Locator:
    """The form of the DAG."""
    page.goto(f"/dags/{DAG_ID}")
    page.get_by_role("button", name="Trigger").click()
    return page.get_by_role("dialog")


def test_a_leave_that_is_typed_is_in_cors_calendar(form: Locator, page: Page, cor: Sandbox, keep: Keep) -> None:
    type_leave(form, "HR-LAP-2026-00101", "HR-EMP-00012", "2026-11-24", "2026-11-26")
    choose(form, "Type", "Training")
    form.get_by_role("button", name="Half days").click()
    choose(form, "Of the last day", "morning")
    choose(form, "Time zone", "America/Argentina/Buenos_Aires")
    keep(page, "single-leave-form")
    trigger(form)
    states = page.get_by_text("Success", exact=True).filter(visible=True)  # of the run and of its task
    expect(states).to_have_count(2, timeout=SECONDS_TO_RUN * 1000)
    keep(page, "single-leave-run")
    page.get_by_role("row").get_by_role("link", name="push").click()
    page.get_by_role("link", name="Details", exact=True).click()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="COR", exact=True).click()
    calendar = opened.value
    expect(calendar.get_by_role("link", name="Agustina Pereyra: Training")).to_be_visible()
    keep(calendar, "single-leave-calendar")
    (leave,) = cor.leaves
    assert (leave.external_id, leave.user_id, leave.leave_type_id) == ("HR-LAP-2026-00101", "HR-EMP-00012", "training")
    assert (leave.start, leave.end) == ("2026-11-24T12:00:00-00:00", "2026-11-26T16:00:00-00:00")


def test_what_is_missing_cannot_be_sent(form: Locator) -> None:
    start = form.get_by_role("button", name="Trigger")
    expect(start).to_be_disabled()
    type_leave(form, "HR-LAP-2026-00102", "HR-EMP-00012", "2026-11-24", "2026-11-24")
    expect(start).to_be_enabled()
    field(form, "Employee").get_by_role("textbox").fill("")
    expect(start).to_be_disabled()


def type_leave(form: Locator, leave_id: str, user_id: str, first_day: str, last_day: str) -> None:
    """Fill in what has no default."""
    field(form, "Leave").get_by_role("textbox").fill(leave_id)
    field(form, "Employee").get_by_role("textbox").fill(user_id)
    field(form, "First day").locator("input[type=date]").fill(first_day)
    field(form, "Last day").locator("input[type=date]").fill(last_day)


def choose(form: Locator, label: str, option: str) -> None:
    field(form, label).get_by_role("combobox").click()
    form.page.get_by_role("option", name=option, exact=True).click()


def field(form: Locator, label: str) -> Locator:
    """Return the label, input and help of a field: to Airflow 3 the labels are not the inputs'."""
    shown = re.compile(rf"^{label} ?\*$")  # what is required has an asterisk, and all is
    return form.get_by_role("group").filter(has=form.page.get_by_text(shown))


def trigger(form: Locator) -> None:
    form.get_by_role("button", name="Trigger").click()
    form.page.wait_for_url(f"**/dags/{DAG_ID}/runs/manual*")
