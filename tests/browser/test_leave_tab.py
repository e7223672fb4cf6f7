"""Somebody who logs in to Airflow and opens the tab *Leave*, on a desk and on a phone, in light and in dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, StorageState, expect

from local_airflow import SECONDS_TO_SHOW
from tab_support import LEAVE_TAB, PASSWORD, ApiServer

pytestmark = pytest.mark.since_airflow("3.1")

Keep = Callable[[Page, str], None]
SIZES = {"desk": {"width": 1366, "height": 900}, "phone": {"width": 390, "height": 844}}
SYSTEM = "system"
"""The scheme of a browser that the tests leave as it is: light."""
BACKGROUNDS = {"light": "rgb(245, 246, 248)", "dark": "rgb(18, 22, 27)"}

on_a_desk = pytest.mark.parametrize("device", ["desk"], indirect=True)


class Screen(NamedTuple):
    """What somebody who has logged in to Airflow looks at."""

    page: Page
    name: str
    width: int
    scheme: str


@pytest.fixture(params=SIZES)
def device(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def logged_in(browser: Browser, api_server: ApiServer) -> StorageState:
    """What the browser keeps of somebody who has logged in with Airflow's form."""
    context = browser.new_context(base_url=api_server.url, locale="en-US")
    context.set_default_timeout(SECONDS_TO_SHOW * 1000)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Username").fill("viewer")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Dags", exact=True)).to_be_visible()
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(params=BACKGROUNDS)
def screen(
    browser: Browser, api_server: ApiServer, logged_in: StorageState, device: str, request: pytest.FixtureRequest
) -> Iterator[Screen]:
    scheme, size = request.param, SIZES[device]
    context = browser.new_context(
        base_url=api_server.url,
        storage_state=logged_in,
        viewport=size,  # type: ignore[arg-type]  # it is one
        color_scheme=scheme if scheme != SYSTEM else "null",
        reduced_motion="reduce",
        locale="en-US",
    )
    context.set_default_timeout(SECONDS_TO_SHOW * 1000)
    yield Screen(context.new_page(), f"{device}-{scheme}", size["width"], scheme)
    context.close()


def open_tab(screen: Screen, run_id: str, task_id: str, *, map_index: int | None = None) -> FrameLocator:
    """Go to a task instance, open its tab, and return what is in it."""
    mapped = "" if map_index is None else f"/mapped/{map_index}"
    screen.page.goto(f"/dags/{LEAVE_TAB}/runs/{run_id}/tasks/{task_id}{mapped}")
    screen.page.get_by_role("link", name="Leave", exact=True).click()
    return screen.page.frame_locator("iframe[title=Leave]")


@on_a_desk
def test_the_tab_shows_causes_and_rejected_records(screen: Screen, run_id: str, keep: Keep) -> None:
    tab = open_tab(screen, run_id, "push")
    expect(tab.get_by_role("cell", name="UserNotFoundError").first).to_be_visible()
    keep(screen.page, f"leave-tab-{screen.name}")
    expect(tab.get_by_role("cell", name="stranger-0")).to_have_count(1)
    expect(tab.get_by_role("cell", name="backwards")).to_have_count(2)
    expect(tab.locator("body")).to_have_css("background-color", BACKGROUNDS[screen.scheme])
    expect_no_sideways_scroll(tab)


@on_a_desk
@pytest.mark.parametrize("screen", ["light"], indirect=True)
def test_a_bar_of_the_plan_leads_to_its_row(screen: Screen, run_id: str, keep: Keep) -> None:
    tab = open_tab(screen, run_id, "plan")
    bar = tab.get_by_role("link", name="employee-7: Create, Mon 11 May 2026 to Tue 12 May 2026; external id taken-1")
    expect(bar).to_be_visible()
    keep(screen.page, f"leave-tab-plan-{screen.name}")
    bar.click()
    row = tab.locator("tr:target")
    expect(row).to_be_in_viewport()
    expect(row).to_contain_text("taken-1")
    expect_no_sideways_scroll(tab)


@on_a_desk
@pytest.mark.parametrize("screen", ["light"], indirect=True)
def test_the_tab_of_a_mapped_task_instance_is_its_own(screen: Screen, run_id: str) -> None:
    tab = open_tab(screen, run_id, "mapped", map_index=1)
    expect(tab.get_by_role("cell", name="stranger-8")).to_be_visible()


@on_a_desk
@pytest.mark.parametrize("screen", [SYSTEM], indirect=True)
def test_the_tab_is_dark_if_airflow_was_told_to_be(screen: Screen, run_id: str) -> None:
    screen.page.add_init_script("localStorage.setItem('theme', 'dark')")
    tab = open_tab(screen, run_id, "push")
    expect(tab.locator("body")).to_have_css("background-color", BACKGROUNDS["dark"])


@pytest.mark.parametrize("task_id", ["push", "plan"])
def test_without_airflow_around_it_the_page_fits_every_screen(
    screen: Screen, run_id: str, task_id: str, keep: Keep
) -> None:
    screen.page.goto(f"/cor/leave/{LEAVE_TAB}/{run_id}/{task_id}/-1")
    expect(screen.page.get_by_role("heading", name="Leave", exact=False).first).to_be_visible()
    keep(screen.page, f"leave-page-{task_id}-{screen.name}")
    assert screen.page.evaluate("document.documentElement.scrollWidth") == screen.width


def expect_no_sideways_scroll(tab: FrameLocator) -> None:
    overhang = tab.locator("html").evaluate("page => page.scrollWidth - page.clientWidth")
    assert overhang == 0
