"""Somebody in front of the page of an audit, on a desk and on a phone: what HR and COR say, and nothing but text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from cor_provider._compat import ObjectStoragePath
from cor_provider.audit.compare import ABSENT, DELETED
from cor_provider.audit.page import write_audit_page
from cor_provider.audit.published import PublishedAudit, PublishedReason
from cor_provider.sync.window import Window

SCRIPT = "<img src=x onerror=document.title='taken-over'>"
LONG = "a-very-long-id-of-somebody@a-very-long-name-of-a-subsidiary.example.com"
WINDOW = Window(date(2026, 1, 1), date(2026, 12, 31))
WIDTHS = {"desk": 1280, "phone": 390}
COUNTS = {"audited": 412, "confirmed": 405, "missing": 2, "changed": 2, "unknown": 0, "unverifiable": 3, "foreign": 2}


def row(status: str, user: str, hr: tuple[str, str] | None, cor: tuple[str, str] | None, leave_id: str) -> Any:
    start, end = hr or (None, None)
    cor_start, cor_end = cor or (None, None)
    ids = {"id": leave_id if hr else None, "user_id": user, "cor_id": 15489}
    why = {"reason": DELETED if cor else ABSENT} if status == "missing" else {"reason": None}
    deleted_at = "2026-05-18 09:30:00" if status == "missing" and cor else None
    return {
        "status": status,
        **ids,
        **why,
        "cor_deleted_at": deleted_at,
        "start": start,
        "end": end,
        "cor_start": cor_start,
        "cor_end": cor_end,
    }


ROWS = [
    row("missing", "HR-EMP-00007", ("2026-05-11", "2026-05-12"), None, "HR-LAP-2026-00012"),
    row(
        "missing",
        LONG,
        ("2026-05-04", "2026-05-08"),
        ("2026-05-04T03:00:00.000Z", "2026-05-09T02:59:00.000Z"),
        f"{SCRIPT}{LONG}",
    ),
    row(
        "changed",
        "HR-EMP-00008",
        ("2026-05-11", "2026-05-13"),
        ("2026-05-18T03:00:00.000Z", "2026-05-20T02:59:00.000Z"),
        "HR-LAP-2026-00017",
    ),
    row(
        "changed",
        "عبد الرحمن-17",
        ("2026-05-21", "2026-05-22"),
        ("2026-05-21T03:00:00.000Z", "2026-05-30T02:59:00.000Z"),
        "HR-LAP-2026-00021",
    ),
    row("foreign", "HR-EMP-00008", None, ("2026-05-25T03:00:00.000Z", "2026-05-30T02:59:00.000Z"), ""),
    row("foreign", SCRIPT, None, ("2026-05-01T00:00:00Z", "2026-05-01T23:59:00Z"), ""),
]
REASONS = [
    ("unverifiable", "UserNotFoundError: COR has no user of this id (any more)", 3),
    ("missing", DELETED, 1),
    ("missing", ABSENT, 1),
]


LINES = """all => all.map(one => {
  const text = document.createRange()
  text.selectNodeContents(one)
  return new Set([...text.getClientRects()].map(line => line.top)).size
})"""
"""On how many lines the text of each element is."""


def audit(reasons: list[tuple[str, str, int]], healed: int, **counts: int) -> PublishedAudit:
    named = [PublishedReason(finding=finding, reason=reason, count=count) for finding, reason, count in reasons]
    return PublishedAudit(source="GLOBANT", counts={**COUNTS, **counts}, reasons=named, healed=healed)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", WIDTHS)
def test_everything_is_seen_and_is_text(
    device: str, scheme: Any, browser: Browser, keep: Callable[[Page, str], None], tmp_path: Path
) -> None:
    width = WIDTHS[device]
    path = tmp_path / "audit.html"
    reasons = [*REASONS, ("unverifiable", "A long sentence about COR and what to do. " * 8, 1_000_000)]
    write_audit_page(ObjectStoragePath(str(path)), ROWS, audit(reasons, healed=4), window=WINDOW)
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    loaded: list[str] = []
    page.on("request", lambda one: loaded.append(one.url))
    page.goto(path.as_uri())
    for selector in ("main", ".bar", "td:not(:empty)"):
        edges = page.locator(selector).evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
        assert max(edges) <= width
    assert "taken-over" not in page.title()
    assert loaded == [path.as_uri()]
    assert page.locator("a.bar").count() == 8  # of what is changed, two
    for bar in page.locator("a.bar").all():
        assert page.locator(bar.get_attribute("href") or "").count() == 1
    cells = page.get_by_role("region", name="All differences").locator("tbody tr td:nth-child(1)").all_inner_texts()
    assert cells == [one["user_id"] for one in ROWS]
    words = page.get_by_role("region", name="Reasons").locator("th:visible, td:nth-child(-n + 2)")
    assert set(words.evaluate_all(LINES)) == {1}
    keep(page, f"audit-of-odd-ids-{device}-{scheme}")
    context.close()


def test_what_differs_is_opened_from_the_calendar(
    browser: Browser, keep: Callable[[Page, str], None], tmp_path: Path
) -> None:
    path = tmp_path / "audit.html"
    rows = [one for one in ROWS if one["user_id"].startswith("HR-EMP")]
    counts = {"missing": 1, "changed": 1, "confirmed": 407, "foreign": 1}
    shown = audit([*REASONS[:1], *REASONS[2:]], healed=2, **counts)
    write_audit_page(ObjectStoragePath(str(path)), rows, shown, window=WINDOW)
    page = browser.new_page(viewport={"width": WIDTHS["desk"], "height": 620})
    page.goto(path.as_uri())
    keep(page, "audit-desk-light")
    page.get_by_role("link", name="Only COR says").click()
    assert page.locator("tr:target td:nth-child(2)").inner_text().split() == ["+", "foreign"]
    page.close()
