"""Somebody in front of the page of a plan, on a desk and on a phone: all of it is to be seen, and nothing but text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from cor_provider._compat import Context, ObjectStoragePath
from cor_provider.operators.leaves import SyncLeavesOperator
from cor_provider.sandbox import Sandbox
from cor_provider.sync.page import write_plan_page
from cor_provider.sync.window import Window
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

on_a_light_desk = pytest.mark.parametrize(("device", "screen"), [("desk", "light")], indirect=True)


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


BREAKOUT = f"</script><script>document.title='taken-over'</script>{SCRIPT}"
ODD_USERS = [BREAKOUT, f"{LONG} " * 4 + "end", "عبد الرحمن-17", "<!--<script>", "__proto__", "\\u003c/script\\u003e"]
MANY_USERS = [f"HR-EMP-{number:05}" for number in range(301)] + ODD_USERS
KINDS = ["delete", "update", "create", "create", "create", "forget"]


def long_plan() -> Iterator[dict[str, Any]]:
    """Yield 3,000 changes; every fifth update takes leave from another user, and one user has 1,000 of them."""
    for number in range(3000):
        kind = KINDS[number * len(KINDS) // 3000]
        user = MANY_USERS[number % len(MANY_USERS)] if number % 3 else "HR-EMP-busy"
        start = FIRST + timedelta(number * 7 % 361)
        end = date(9999, 12, 31) if number == 2000 else start + timedelta(number * 5 % 12)
        days = {"start": start.isoformat(), "end": end.isoformat()}
        row: dict[str, Any] = {"operation": kind, "id": f"{user}-{number}", "user_id": user, **days}
        if kind == "create":
            row |= {"may_overwrite": number % 2 == 0}
            row |= {"leave_type_id": f"surgery {BREAKOUT}"} if user in ODD_USERS else {}
        if kind == "update":
            row |= {"previous_start": (start - timedelta(number % 40)).isoformat()} if number % 4 else {}
            row |= {"previous_user_id": MANY_USERS[-number % 7]} if number % 5 == 0 else {}
        yield row


@pytest.fixture
def long_page(tmp_path: Path) -> str:
    """The URL of the page of a long plan."""
    page = tmp_path / "plan.html"
    changes = Counter(row["operation"] for row in long_plan())
    counts = {"create": 0, "may_overwrite": sum(row.get("may_overwrite", False) for row in long_plan()), **changes}
    window = Window(FIRST, FIRST + timedelta(365))
    write_plan_page(ObjectStoragePath(str(page)), long_plan, counts=counts, window=window, source="GLOBANT")
    return page.as_uri()


def users_of(row: dict[str, Any]) -> list[str]:
    return [row["user_id"], *([row["previous_user_id"]] if "previous_user_id" in row else [])]


def test_a_user_of_a_long_plan_is_opened_on_demand(long_page: str, screen: Screen, keep: Keep) -> None:
    page = screen.page
    page.goto(long_page)
    expect(page.get_by_text("3,000 changes")).to_have_count(0)
    expect(page.get_by_role("table", include_hidden=True)).to_have_count(5)
    keep(page, f"long-plan-{screen.name}")
    page.get_by_label("Find a user").fill("emp-00008")
    page.get_by_role("button", name="HR-EMP-00008", expanded=False).click()
    opened = page.get_by_role("group", name="HR-EMP-00008")
    expected = [row["id"] for row in long_plan() if "HR-EMP-00008" in users_of(row)]
    expect(opened.locator("tbody code")).to_have_text(expected)
    expect(opened.locator(".bar").first).to_be_visible()
    page.locator("#by-user").evaluate("section => section.scrollIntoView()")
    keep(page, f"long-plan-user-{screen.name}")
    assert page.evaluate("document.documentElement.scrollWidth") == screen.width
    assert screen.requests == [long_page]


def test_odd_ids_of_a_long_plan_are_text_and_fit(long_page: str, screen: Screen, keep: Keep) -> None:
    page = screen.page
    page.goto(long_page)
    for user in ODD_USERS:
        page.get_by_label("Find a user").fill(user)
        page.locator(".user").first.click()
        expect(page.locator(".user bdi").first).to_have_text(user)
        expect(page.locator(".opened code").first).to_contain_text(user)
        assert page.evaluate("document.documentElement.scrollWidth") == screen.width
    keep(page, f"long-plan-odd-ids-{screen.name}")
    expect(page).to_have_title("Plan of a leave sync · COR")
    expect(page.locator("img, iframe, object, embed, form")).to_have_count(0)


@on_a_light_desk
def test_every_change_of_a_long_plan_can_be_reached(long_page: str, screen: Screen) -> None:
    page = screen.page
    page.goto(long_page)
    while page.locator("#further").is_visible():
        page.locator("#further").click()
    page.locator(".user").evaluate_all("all => all.forEach((one) => one.click())")
    for _ in range(5):
        page.locator(".opened .further:not([hidden])").evaluate_all("all => all.forEach((one) => one.click())")
    shown = Counter(page.locator("#users code").all_inner_texts())
    assert shown == Counter(row["id"] for row in long_plan() for _ in users_of(row))


@on_a_light_desk
def test_what_an_update_changes_is_said_to_both_users(long_page: str, screen: Screen) -> None:
    moved = next(row for row in long_plan() if len({*users_of(row)}) == 2 and "previous_start" in row)
    screen.page.goto(long_page)
    for user, words in (
        (moved["user_id"], f"user {moved['previous_user_id']}, "),
        (moved["previous_user_id"], "to user "),
    ):
        screen.page.get_by_label("Find a user").fill(user)
        screen.page.locator(".user").first.click()
        row = screen.page.locator(".opened tbody tr", has=screen.page.get_by_text(moved["id"], exact=True))
        expect(row.locator("td:nth-child(3)")).to_contain_text(words)


@on_a_light_desk
def test_users_are_sorted_and_found_with_the_keyboard_alone(long_page: str, screen: Screen) -> None:
    page, first = screen.page, screen.page.locator(".user").first
    page.goto(long_page)
    expect(first).to_contain_text("1,000 changes")
    page.get_by_label("Sort by").select_option("id")
    expect(first).to_contain_text("__proto__")
    page.get_by_label("Find a user").focus()
    page.keyboard.type("HR-EMP-0002")
    expect(page.get_by_role("status")).to_have_text("10 users of 308")
    for key in ("Tab", "Tab", "Enter"):
        page.keyboard.press(key)
    expect(first).to_be_focused()
    expect(first).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("tr:target")).to_be_in_viewport()


@on_a_light_desk
def test_the_largest_changes_lead_to_their_users(long_page: str, screen: Screen) -> None:
    screen.page.goto(long_page)
    (open_end,) = (row for row in long_plan() if row["end"] == "9999-12-31")
    largest = screen.page.get_by_role("region", name="Longest leave to create")
    largest.get_by_role("link", name=open_end["user_id"], exact=True).first.click()
    opened = screen.page.get_by_role("group", name=open_end["user_id"])
    expect(opened).to_be_in_viewport()
    expect(opened.get_by_role("link", name="to Fri 31 Dec 9999; external id").first).to_be_visible()


@on_a_light_desk
def test_a_long_plan_runs_no_script_but_its_own(long_page: str, screen: Screen) -> None:
    screen.page.goto(long_page)
    foreign = "const one = document.createElement('script'); one.text = 'document.title = `taken-over`';"
    screen.page.evaluate(foreign + "document.body.append(one)")
    expect(screen.page).to_have_title("Plan of a leave sync · COR")


def test_without_scripts_a_long_plan_names_the_command(long_page: str, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(long_page)
        expect(page.get_by_text("python -m cor_provider plan FILE --user ID")).to_be_visible()
        expect(page.get_by_role("region", name="Users with the most deletes")).to_be_visible()
        expect(page.get_by_label("Find a user")).not_to_be_visible()
