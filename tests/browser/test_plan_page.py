"""Somebody in front of the page of a plan, on a desk and on a phone: all of it is to be seen, and nothing but text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from airflow.providers.common.compat.sdk import Context
from playwright.sync_api import Browser, Page, expect

from cor_provider.operators.leaves import SyncLeavesOperator
from cor_provider.sandbox import Sandbox
from local_airflow import SECONDS_TO_SHOW
from support import Connect, leave

Keep = Callable[[Page, str], None]

SCRIPT = "<img src=x onerror=document.title='taken-over'>"
LONG = "a-very-long-id-of-somebody@a-very-long-name-of-a-subsidiary.example.com"
PLAIN_USERS = [f"HR-EMP-{number:05}" for number in range(1, 16)]
USERS = [*PLAIN_USERS[:11], SCRIPT, LONG, "عبد الرحمن-17", "משתמש 9"]
LEAVE_TYPES = ["vacation", "surgery"]
FIRST = date(2026, 11, 2)
WIDTHS = {"desk": 1280, "phone": 390}


def leaves(users: list[str], start: int, stop: int, *, later: int = 0) -> list[dict[str, Any]]:
    return [one(users[number % 15], number, later) for number in range(start, stop)]


def one(user: str, number: int, later: int) -> dict[str, Any]:
    """Return a leave of some days, or of more than half a year."""
    first = FIRST + timedelta(number * 7 % 61 + later)
    last = first + timedelta(200 if number in {20, 40} else number * 5 % 12)
    leave_id = f"{SCRIPT}{LONG}" if number == 31 else f"HR-LAP-2026-{number:05}"
    who_and_what = {"user_id": user, "leave_type_id": LEAVE_TYPES[number % 2]}
    return leave(leave_id, **who_and_what, start=first.isoformat(), end=last.isoformat())


class Plan(NamedTuple):
    """A plan of 12 deletes, 13 updates and 18 creates."""

    url: str
    rows: list[dict[str, Any]]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    users = [{"id": user} for user in {*USERS, *PLAIN_USERS}]
    types = [{"id": leave_type} for leave_type in LEAVE_TYPES]
    with Sandbox(seed={"source": "GLOBANT", "users": users, "leave_types": types}) as sandbox:
        yield sandbox


@pytest.fixture
def write_plan(connect: Connect, tmp_path: Path) -> Callable[..., Plan]:
    """Return a function that has a sync plan against what an earlier one did."""
    connect()
    path = tmp_path / "plan.jsonl"
    options: dict[str, Any] = {
        "task_id": "sync",
        "window": "2026-10-25/2027-11-24",
        "ledger": f"file://{tmp_path}/ledger",
        "max_delete_fraction": 1.0,
    }

    def write(users: list[str] = USERS, **parameters: Any) -> Plan:
        SyncLeavesOperator(leave_requests=leaves(users, 0, 25), **options).execute(Context())
        after = leaves(users, 12, 25, later=3) + leaves(users, 25, 43)
        planning = {"leave_requests": after, "plan_only": True, "plan_path": str(path), **options, **parameters}
        SyncLeavesOperator(**planning).execute(Context())
        return Plan(path.with_suffix(".html").as_uri(), [json.loads(line) for line in path.read_text().splitlines()])

    return write


class Screen(NamedTuple):
    """What somebody looks at."""

    page: Page
    name: str
    width: int
    requests: list[str]


@pytest.fixture(params=WIDTHS)
def device(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["light", "dark"])
def screen(browser: Browser, device: str, request: pytest.FixtureRequest) -> Iterator[Screen]:
    width, scheme = WIDTHS[device], request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(SECONDS_TO_SHOW * 1000)
    page = context.new_page()
    requests: list[str] = []
    page.on("request", lambda sent: requests.append(sent.url))
    yield Screen(page, f"{device}-{scheme}", width, requests)
    context.close()


def test_every_change_is_seen_without_scrolling_sideways(
    write_plan: Callable[..., Plan], screen: Screen, keep: Keep
) -> None:
    plan = write_plan()
    screen.page.goto(plan.url)
    keep(screen.page, f"plan-of-odd-ids-{screen.name}")
    rows = screen.page.locator("tbody tr")
    assert Counter(row["operation"] for row in plan.rows) == {"delete": 12, "update": 13, "create": 18}
    expect(rows).to_have_count(len(plan.rows))
    for selector in ("main", ".bar", "td:not(:empty)"):
        edges = screen.page.locator(selector).evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
        assert edges
        assert max(edges) <= screen.width
    assert screen.page.evaluate("document.documentElement.scrollWidth") == screen.width


def test_a_create_that_may_overwrite_says_so_in_full(
    write_plan: Callable[..., Plan], tmp_path: Path, screen: Screen
) -> None:
    plan = write_plan(ledger=f"file://{tmp_path}/no ledger yet")
    screen.page.goto(plan.url)
    changes = screen.page.locator("tbody td:nth-child(2)")
    expect(changes).to_have_text(["+ Create, or overwrite if COR has it"] * len(plan.rows))
    edges = "all => all.map(one => { const words = new Range(); words.selectNodeContents(one);"
    right = changes.evaluate_all(edges + "return words.getBoundingClientRect().right })")
    assert max(right) <= screen.width


def test_a_long_id_leaves_room_for_what_stands_beside_it(write_plan: Callable[..., Plan], screen: Screen) -> None:
    screen.page.goto(write_plan().url)
    widths = screen.page.locator("td:first-child").evaluate_all("all => all.map(one => one.clientWidth)")
    assert min(widths) > 120


def test_ids_are_text_and_the_page_asks_for_nothing(write_plan: Callable[..., Plan], screen: Screen) -> None:
    plan = write_plan()
    screen.page.goto(plan.url, wait_until="networkidle")
    expect(screen.page.get_by_role("cell", name=f"{SCRIPT}{LONG}", exact=True)).to_have_count(1)
    expect(screen.page.locator(".who strong", has_text=SCRIPT).first).to_be_visible()
    expect(screen.page.locator("img, script, iframe, object, embed, form")).to_have_count(0)
    expect(screen.page).to_have_title("Plan of a leave sync · COR")
    assert screen.requests == [plan.url]


def test_leave_types_are_shown_only_if_asked_for(write_plan: Callable[..., Plan], screen: Screen) -> None:
    screen.page.goto(write_plan().url)
    assert "surgery" not in screen.page.content()
    screen.page.goto(write_plan(plan_shows_types=True).url)
    expect(screen.page.get_by_role("cell", name="Create surgery").first).to_be_visible()


def test_a_bar_leads_to_its_row(write_plan: Callable[..., Plan], screen: Screen, keep: Keep) -> None:
    screen.page.goto(write_plan(PLAIN_USERS).url)
    keep(screen.page, f"plan-{screen.name}")
    screen.page.get_by_role("link", name="HR-EMP-00001: Delete").first.click()
    row = screen.page.locator("tr:target")
    expect(row).to_be_in_viewport()
    expect(row).to_contain_text("HR-LAP-2026-00000")
