"""Somebody who edits leave by hand on the sandbox's page, as they might in COR, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from cor_provider.sandbox import Sandbox
from local_airflow import SECONDS_TO_SHOW

Keep = Callable[[Page, str], None]

SCRIPT = "<img src=x onerror=document.title='taken-over'>"
SEED = {
    "source": "GLOBANT",
    "users": [{"id": "E-7", "name": "Ana García"}, {"id": "E-8", "name": SCRIPT}],
    "leave_types": [{"id": "vacation", "name": "Vacation"}, {"id": "sick", "name": "Sick leave"}],
}
SIZES = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A COR that holds three leaves of a person: two all-day, one timed."""
    with Sandbox(seed=SEED) as sandbox:
        for number, (start, end, all_day) in enumerate(
            [
                ("2026-05-04T00:00:00-00:00", "2026-05-06T23:59:00-00:00", True),
                ("2026-05-11T00:00:00-00:00", "2026-05-12T23:59:00-00:00", True),
                ("2026-05-18T07:00:00-00:00", "2026-05-18T11:00:00-00:00", False),
            ]
        ):
            sandbox.store.create_leave(
                source="GLOBANT",
                external_id=f"HR-{number}",
                user_id="E-7",
                leave_type_id="vacation",
                start=start,
                end=end,
                all_day=all_day,
            )
        yield sandbox


@pytest.fixture(params=SIZES)
def page(browser: Browser, sandbox: Sandbox, keep: Keep, request: pytest.FixtureRequest) -> Iterator[Page]:
    size = SIZES[request.param]
    context = browser.new_context(viewport=size, locale="en-US", reduced_motion="reduce")  # type: ignore[arg-type]
    context.set_default_timeout(SECONDS_TO_SHOW * 1000)
    page = context.new_page()
    page.goto(sandbox.url)
    yield page
    keep(page, f"sandbox-page-{request.node.name}")
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.title() == "Leave calendar · COR sandbox"  # no name ran as a script
    context.close()


def edit(page: Page, cor_id: int) -> None:
    page.get_by_label(f"Edit leave {cor_id}").click()


def test_leave_is_deleted_moved_and_added_by_hand(page: Page, sandbox: Sandbox) -> None:
    first, second, third = (leave.cor_id for leave in sandbox.leaves)

    edit(page, first)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("HR-0")).to_have_count(0)

    edit(page, second)
    row = page.locator(f"#leave-{second}")
    row.get_by_label("First day").fill("2026-05-13")
    row.get_by_label("Last day").fill("2026-05-15")
    row.get_by_role("button", name="Move").click()
    expect(row).to_contain_text("Wed 13 May 2026 to Fri 15 May 2026")

    edit(page, third)
    row = page.locator(f"#leave-{third}")
    expect(row.get_by_label("From, in UTC")).to_have_value("2026-05-18T07:00")
    row.get_by_label("To, in UTC").fill("2026-05-18T12:30")
    row.get_by_role("button", name="Move").click()
    expect(row).to_contain_text("Mon 18 May 2026, 07:00 to 12:30 UTC")

    form = page.get_by_role("form", name="Add leave of GLOBANT")
    form.get_by_label("Person").select_option(label=f"{SCRIPT} (E-8)")
    form.get_by_label("Leave type").select_option(label="Sick leave (sick)")
    form.get_by_label("First day").fill("2026-05-20")
    form.get_by_label("Last day").fill("2026-05-21")
    form.get_by_role("button", name="Add").click()
    added = page.locator(f"#leave-{third + 1}")
    expect(added).to_contain_text("added by hand")
    expect(added).to_be_in_viewport()

    assert [(leave.external_id, leave.user_id, leave.start, leave.end, leave.all_day) for leave in sandbox.leaves] == [
        ("HR-1", "E-7", "2026-05-13T00:00:00-00:00", "2026-05-15T23:59:00-00:00", True),
        ("HR-2", "E-7", "2026-05-18T07:00:00-00:00", "2026-05-18T12:30:00-00:00", False),
        ("", "E-8", "2026-05-20T00:00:00-00:00", "2026-05-21T23:59:00-00:00", True),
    ]


def test_a_leave_needs_both_days(page: Page, sandbox: Sandbox) -> None:
    before = sandbox.leaves
    form = page.get_by_role("form", name="Add leave of GLOBANT")
    form.get_by_label("First day").fill("2026-05-20")

    form.get_by_role("button", name="Add").click()

    expect(form.locator(":invalid")).to_have_attribute("name", "end")
    assert sandbox.leaves == before


def test_leave_can_be_added_to_an_empty_sandbox(page: Page, sandbox: Sandbox) -> None:
    sandbox.store.clear_leaves()
    page.reload()
    expect(page.get_by_text("No leave here yet")).to_be_visible()
    form = page.get_by_role("form", name="Add leave of GLOBANT")
    form.get_by_label("First day").fill("2026-05-20")
    form.get_by_label("Last day").fill("2026-05-20")

    form.get_by_role("button", name="Add").click()

    expect(page.get_by_role("heading", name="May 2026")).to_be_visible()
    assert len(sandbox.leaves) == 1


def test_another_sites_page_cannot_edit(page: Page, sandbox: Sandbox) -> None:
    before = sandbox.leaves
    with Sandbox() as other:  # another origin
        page.route(
            f"{other.url}/evil",
            lambda route: route.fulfill(
                content_type="text/html",
                body=f'<form method="post" action="{sandbox.url}/sandbox/leaves/{before[0].cor_id}/delete"><button>',
            ),
        )
        page.goto(f"{other.url}/evil")
        page.get_by_role("button").click()
        expect(page.get_by_text("Only the sandbox's own page may edit its leave")).to_be_visible()
    page.goto(sandbox.url)

    assert sandbox.leaves == before
