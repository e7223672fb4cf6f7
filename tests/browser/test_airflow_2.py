"""The way of a newcomer through Airflow 2, whose form is another one and has its Test button inside."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from cor_provider.client.form import EXTRA_FIELDS, FIELD_BEHAVIOUR
from cor_provider.fields.sources import KNOWN_SOURCES
from cor_provider.sandbox import Sandbox
from local_airflow import SECONDS_TO_RUN

pytestmark = pytest.mark.before_airflow("3.0")

Keep = Callable[[Page, str], None]
GREEN = "rgb(0, 128, 0)"
TOKEN = FIELD_BEHAVIOUR["relabeling"]["password"]


@pytest.fixture
def form(page: Page) -> Page:
    """The form of a new Connection, of COR's type."""
    page.goto("/connection/list/")
    page.get_by_role("link", name=re.compile("^Add")).click()
    page.get_by_role("row", name="Connection Type").locator(".select2-container").click()
    page.get_by_role("option", name="COR Integrations").click()
    expect(page.get_by_label("Base URL")).to_be_visible()
    return page


def test_the_form_explains_every_field_and_hides_the_others(form: Page) -> None:
    for name, label in FIELD_BEHAVIOUR["relabeling"].items():
        expect(form.get_by_label(label, exact=True)).to_have_attribute(
            "placeholder", FIELD_BEHAVIOUR["placeholders"][name]
        )
    for hidden in FIELD_BEHAVIOUR["hidden-fields"]:
        expect(form.locator(f"#{hidden}")).to_be_hidden()
    for field in EXTRA_FIELDS.values():
        expect(row_of(form, field["label"])).to_contain_text(field["description"])
    for source in KNOWN_SOURCES:
        expect(row_of(form, "Source")).to_contain_text(source)


def test_the_test_button_says_whether_the_token_is_good_and_what_to_do(form: Page, cor: Sandbox, keep: Keep) -> None:
    fill_in(form, "cor_tested", cor)
    alert = form.locator(".alert").filter(has_text="COR")
    form.get_by_role("button", name="Test").click()
    expect(alert).to_contain_text("COR's main API accepts the token")
    keep(form, "test-button-good-token")
    form.get_by_label(TOKEN).fill("another-token")
    form.get_by_role("button", name="Test").click()
    expect(alert).to_contain_text("COR refused the token (401): put a valid bearer token into")
    expect(alert).not_to_contain_text("another-token")
    keep(form, "test-button-bad-token")


def test_leave_goes_from_the_hr_database_to_cors_calendar(form: Page, cor: Sandbox, keep: Keep) -> None:
    page = form
    fill_in(page, "cor_default", cor)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("cell", name="cor_default")).to_be_visible()
    page.get_by_role("link", name="DAGs", exact=True).click()
    page.get_by_role("link", name="hr_database_to_cor", exact=True).click()
    page.get_by_role("link", name="Trigger DAG").click()
    page.get_by_label("first_day").fill("2026-01-01")
    page.get_by_label("last_day").fill("2026-12-31")
    keep(page, "trigger")
    page.get_by_role("button", name="Trigger").click()
    push = page.get_by_test_id("task-instance").last
    expect(push).to_have_css("background-color", GREEN, timeout=SECONDS_TO_RUN * 1000)
    push.click()
    page.mouse.move(0, 0)  # a tooltip would cover the details
    link = page.get_by_role("link", name="COR", exact=True)
    expect(link).to_be_visible()
    keep(page, "extra-link")
    with page.expect_popup() as opened:
        link.click()
    calendar = opened.value
    expect(calendar.get_by_role("link", name="Agustina Pereyra: Vacation, Mon 5 Jan 2026")).to_be_visible()
    keep(calendar, "calendar")
    assert len(cor.leaves) == 53


def fill_in(form: Page, conn_id: str, cor: Sandbox) -> None:
    fields = {"Connection Id *": conn_id, "Base URL": cor.url, TOKEN: cor.token}
    extra = {"Source": "GLOBANT", "Main API URL": cor.api_url, "Web URL": cor.url}
    for label, text in {**fields, **extra}.items():
        form.get_by_label(label).fill(text)


def row_of(form: Page, label: str) -> Locator:
    return form.get_by_role("row").filter(has=form.get_by_text(label, exact=True))
