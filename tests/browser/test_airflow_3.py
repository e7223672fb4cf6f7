"""The way of a newcomer through Airflow 3: from the form of the Connection to the leave in COR's calendar."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import airflow
import pytest
from packaging.version import Version
from playwright.sync_api import Locator, Page, Route, expect

from cor_provider.client.form import EXTRA_FIELDS, FIELD_BEHAVIOUR
from cor_provider.fields.sources import KNOWN_SOURCES
from cor_provider.sandbox import Sandbox
from local_airflow import SECONDS_TO_RUN

pytestmark = pytest.mark.since_airflow("3.2")

Keep = Callable[[Page, str], None]
TOKEN = FIELD_BEHAVIOUR["relabeling"]["password"]
REFUSES_EMPTY_PORT = Version("3.3.2")


@pytest.fixture
def connections(page: Page) -> Page:
    """The page of all Connections."""
    if Version(airflow.__version__) <= REFUSES_EMPTY_PORT:
        page.route("**/api/v2/connections/test", leave_empty_port_out)
    page.goto("/connections")
    return page


def leave_empty_port_out(route: Route) -> None:
    """
    Stand in for apache/airflow#73298, which came after 3.3.2.

    Without it the list's Test button sends port 0 for a Connection that has none, and Airflow answers "Bad Request"
    before it asks the hook.
    """
    body = json.loads(route.request.post_data or "{}")
    assert body.pop("port") == 0
    route.continue_(post_data=json.dumps(body))


def test_leave_goes_from_the_hr_database_to_cors_calendar(connections: Page, cor: Sandbox, keep: Keep) -> None:
    form = fill_in(connections, "cor_default", cor, source="GLOBANT", keep=keep)
    save(form)
    page = trigger(connections, "hr_database_to_cor", first_day="2026-01-01", last_day="2026-12-31", keep=keep)
    states = page.get_by_text("Success", exact=True).filter(visible=True)  # of the run and of its two tasks
    expect(states).to_have_count(3, timeout=SECONDS_TO_RUN * 1000)
    page.mouse.move(0, 0)  # where no notification is: one stays as long as the mouse is on it
    expect(page.get_by_role("status")).to_have_count(0)
    keep(page, "green-run")
    page.get_by_role("row").get_by_role("link", name="push").click()
    expect(page.get_by_text("58 received: 53 created, 1 existing, 4 rejected")).to_be_visible()
    keep(page, "log")
    page.get_by_role("link", name="Details", exact=True).click()
    link = page.get_by_role("link", name="COR", exact=True)
    expect(link).to_be_visible()
    keep(page, "extra-link")
    with page.expect_popup() as opened:
        link.click()
    calendar = opened.value
    expect(calendar).to_have_title("Leave calendar · COR sandbox")
    expect(calendar.get_by_role("link", name="Agustina Pereyra: Vacation, Mon 5 Jan 2026")).to_be_visible()
    keep(calendar, "calendar")
    assert len(cor.leaves) == 53


def test_the_form_explains_every_field_and_hides_the_others(connections: Page) -> None:
    form = open_form(connections, "cor_form")
    for name, label in FIELD_BEHAVIOUR["relabeling"].items():
        expect(form.get_by_label(label, exact=True)).to_have_attribute(
            "placeholder", FIELD_BEHAVIOUR["placeholders"][name]
        )
    expect(form.get_by_text(re.compile(r"^(Schema|Port|Host|Login|Password)$"))).to_have_count(0)
    open_extra(form)
    for field in EXTRA_FIELDS.values():
        expect(group(form, field["label"])).to_contain_text(field["description"])


def test_the_source_is_chosen_or_typed(connections: Page, cor: Sandbox) -> None:
    form = fill_in(connections, "cor_other_source", cor, source="WORKDAY")
    proposals = group(form, "Source").locator("option")
    assert [option.get_attribute("value") for option in proposals.all()] == list(KNOWN_SOURCES)
    save(form)
    edit = open_to_edit(connections, "cor_other_source")
    open_extra(edit)
    expect(group(edit, "Source").get_by_role("combobox")).to_have_value("WORKDAY")


def test_the_test_button_says_whether_the_token_is_good_and_what_to_do(
    connections: Page, cor: Sandbox, keep: Keep
) -> None:
    save(fill_in(connections, "cor_tested", cor))
    press_test(connections, "cor_tested")
    expect(toast(connections, "Test Connection Successful")).to_contain_text("COR's main API accepts the token")
    dismissed(connections, "Connection Created")
    keep(connections, "test-button-good-token")
    form = open_to_edit(connections, "cor_tested")
    form.get_by_label(TOKEN).fill("another-token")
    save(form)
    dismissed(connections, "Test Connection Successful")
    press_test(connections, "cor_tested")
    failure = toast(connections, "Test Connection Failed")
    expect(failure).to_contain_text("COR refused the token (401): put a valid bearer token into")
    expect(failure).not_to_contain_text("another-token")
    dismissed(connections, "Update Connection")
    keep(connections, "test-button-bad-token")


def open_form(page: Page, conn_id: str) -> Locator:
    """Begin to add a COR Connection."""
    page.get_by_role("button", name="Add Connection").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Connection ID").fill(conn_id)
    form.get_by_label("Connection Type").fill("COR I")
    page.get_by_role("option", name="COR Integrations", exact=True).click()
    return form


def fill_in(page: Page, conn_id: str, cor: Sandbox, *, source: str = "GLOBANT", keep: Keep | None = None) -> Locator:
    form = open_form(page, conn_id)
    form.get_by_label("Base URL").fill(cor.url)
    form.get_by_label(TOKEN).fill(cor.token)
    if keep:
        keep(page, "connection-form")
    open_extra(form)
    group(form, "Source").get_by_role("combobox").fill(source)
    group(form, "Main API URL").get_by_role("textbox").fill(cor.api_url)
    group(form, "Web URL").get_by_role("textbox").fill(cor.url)
    if keep:
        group(form, "Source").scroll_into_view_if_needed()
        keep(page, "connection-extra-fields")
    return form


def open_to_edit(page: Page, conn_id: str) -> Locator:
    row(page, conn_id).get_by_role("button", name="Edit Connection").click()
    form = page.get_by_role("dialog")
    expect(form.get_by_label("Connection ID")).to_have_value(conn_id)
    return form


def open_extra(form: Locator) -> None:
    form.get_by_role("button", name="Extra Fields", exact=True).click()
    expect(group(form, "Web URL")).to_be_visible()


def group(form: Locator, label: str) -> Locator:
    """Return the label, input and help of a field: to Airflow 3 the labels of Extra's fields are not the inputs'."""
    return form.get_by_role("group").filter(has=form.page.get_by_text(label, exact=True))


def save(form: Locator) -> None:
    form.get_by_role("button", name="Save").click()
    expect(form).to_be_hidden()


def row(page: Page, conn_id: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("cell", name=conn_id, exact=True))


def press_test(page: Page, conn_id: str) -> None:
    row(page, conn_id).get_by_role("button", name="Test Connection").click()


def toast(page: Page, title: str) -> Locator:
    return page.get_by_role("status").filter(has_text=title)


def dismissed(page: Page, title: str) -> None:
    """Wait until a message has gone by itself."""
    expect(toast(page, title)).to_have_count(0)


def trigger(page: Page, dag_id: str, keep: Keep, **params: str) -> Page:
    """Run a DAG, and follow Airflow to the page of the run."""
    page.get_by_role("link", name="Dags", exact=True).click()
    page.get_by_role("link", name=dag_id, exact=True).click()
    page.wait_for_url(f"**/dags/{dag_id}*")
    page.get_by_role("heading", name=dag_id).wait_for()
    page.get_by_role("button", name="Trigger").click()
    form = page.get_by_role("dialog")
    for name, value in params.items():
        group(form, name).get_by_role("textbox").fill(value)
    expect(form.get_by_label(f"Unpause {dag_id} on trigger")).to_be_checked()
    keep(page, "trigger")
    form.get_by_role("button", name="Trigger").click()
    page.wait_for_url(f"**/dags/{dag_id}/runs/manual*")
    return page
