"""The page of an audit: what differs, where HR and where COR has it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cor_provider._compat import ObjectStoragePath
from cor_provider.audit.compare import ABSENT, DELETED
from cor_provider.audit.page import MOST_DRAWN, write_audit_page
from cor_provider.audit.published import PublishedAudit, PublishedReason
from cor_provider.sync.window import Window
from sync_support import FINDINGS

MAY = Window(date(2026, 5, 1), date(2026, 5, 31))

Render = Callable[..., str]


def row(status: str = "missing", leave_id: str | None = "L1", **fields: Any) -> dict[str, Any]:
    days = {"start": "2026-05-11", "end": "2026-05-12", "cor_start": None, "cor_end": None}
    why = {"reason": ABSENT if status == "missing" else None, "cor_deleted_at": None}
    return {"id": leave_id, "status": status, "user_id": "u1", "cor_id": 12345, **days, **why, **fields}


def in_cor(start: str, end: str) -> dict[str, str]:
    return {"cor_start": start, "cor_end": end}


@pytest.fixture
def render(tmp_path: Path) -> Render:
    def write(
        *rows: dict[str, Any], reasons: Any = (), healed: int = 0, is_complete: bool = True, **counts: int
    ) -> str:
        found = {**dict.fromkeys(FINDINGS, 0), "audited": 9, "confirmed": 5, **counts}
        for one in rows:
            found[one["status"]] += 1
        page = tmp_path / "audit.html"
        why = [PublishedReason(finding=name, reason=text, count=count) for name, text, count in reasons]
        audit = PublishedAudit(source="GLOBANT", counts=found, reasons=why, healed=healed, is_complete=is_complete)
        write_audit_page(ObjectStoragePath(str(page)), rows, audit, window=MAY)
        return page.read_text(encoding="utf-8")

    return write


def labels(page: str) -> list[str]:
    return re.findall(r'<a class="bar[^>]*aria-label="([^"]*)"', page)


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL))


def test_the_legend_has_the_kinds_that_occur(render: Render) -> None:
    changed = row("changed", **in_cor("2026-05-20T03:00:00.000Z", "2026-05-21T02:59:00.000Z"))
    assert legend(render(row())) == ["Only HR says"]
    assert legend(render(changed)) == ["HR says", "COR says"]
    assert legend(render(row("changed", **in_cor("soon", "later")))) == ["HR says", "COR says"]
    assert legend(render(row(), row("foreign", None, start=None, end=None))) == ["Only HR says", "Only COR says"]


def legend(page: str) -> list[str]:
    (found,) = re.findall(r'<ul class="legend".*?</ul>', page, flags=re.DOTALL)
    return [text(item).split(maxsplit=1)[1].strip() for item in re.findall(r"<li>.*?</li>", found, flags=re.DOTALL)]


def test_leave_is_drawn_where_hr_and_where_cor_has_it(render: Render) -> None:
    page = render(
        row(),
        row("changed", "L2", user_id="u2", **in_cor("2026-05-20T03:00:00.000Z", "2026-05-21T02:59:00.000Z")),
        row("foreign", None, start=None, end=None, **in_cor("2026-05-01T00:00:00Z", "2026-05-02T23:59:00Z")),
    )
    assert labels(page) == [
        "u1: Only COR says, Fri 1 May 2026 to Sat 2 May 2026; external id none",
        "u1: Only HR says, Mon 11 May 2026 to Tue 12 May 2026; external id L1",
        "u2: HR says, Mon 11 May 2026 to Tue 12 May 2026; external id L2",
        "u2: COR says, Wed 20 May 2026; external id L2",
    ]
    assert "u1 ! missing Mon 11 May 2026 to Tue 12 May 2026 nothing L1 12345" in text(page)
    assert "u2 COR changed Mon 11 May 2026 to Tue 12 May 2026 Wed 20 May 2026 L2 12345" in text(page)
    assert "u1 + foreign nothing Fri 1 May 2026 to Sat 2 May 2026 12345" in text(page)


def test_the_page_shows_the_counts_and_the_window(render: Render) -> None:
    shown = text(render(row(), unverifiable=2))
    assert "9 audited 5 confirmed 1 missing 2 unverifiable window 1 May 2026 to 31 May 2026" in shown


@pytest.mark.parametrize(
    ("deleted_at", "says"),
    [
        ("2026-05-18 09:30:00", "deleted on Mon 18 May 2026"),
        ("2026-05-18T09:30:00.000Z", "deleted on Mon 18 May 2026"),
        ("long ago", "deleted"),
        (None, "deleted"),
    ],
)
def test_leave_that_was_deleted_in_cor_is_told_from_leave_that_its_list_lacks(
    deleted_at: str | None, says: str, render: Render
) -> None:
    days = in_cor("2026-05-11T00:00:00Z", "2026-05-12T23:59:00Z")
    page = render(row(reason=DELETED, cor_deleted_at=deleted_at, **days), row(leave_id="L2"))
    assert f"Tue 12 May 2026 {says} L1 12345" in text(page)
    assert "Tue 12 May 2026 nothing L2 12345" in text(page)
    assert len(labels(page)) == 2  # where HR has it


def test_the_page_shows_the_reasons_and_how_much_is_marked(render: Render) -> None:
    assert not re.search("Reasons|marked", text(render(row())))
    shown = text(render(row(), reasons=[("missing", ABSENT, 1200), ("unknown", "<why>", 2)], healed=1200))
    assert f"Finding Leaves Reason missing 1,200 {ABSENT.replace(chr(39), '&#39;')} unknown 2 &lt;why&gt;" in shown
    assert "1,200 missing or changed leaves are marked in the ledger: the next sync sends them again" in shown
    assert "1 missing or changed leave is marked in the ledger: the next sync sends it" in text(render(row(), healed=1))


def test_dates_that_cannot_be_read_are_named(render: Render) -> None:
    page = render(row("foreign", None, start=None, end=None, **in_cor("soon", "later")))
    assert "foreign nothing unreadable dates 12345" in text(page)


def test_other_times_of_the_same_days_are_named(render: Render) -> None:
    page = render(row("changed", end="2026-05-11", **in_cor("2026-05-11T09:10:00Z", "2026-05-11T13:00:00Z")))
    assert "Mon 11 May 2026, other times" in text(page)


def test_if_nothing_differs_it_says_so(render: Render) -> None:
    assert "Nothing differs: COR holds what HR says." in text(render(confirmed=9))
    assert "Nothing differs as far as COR could be asked" in text(render(confirmed=8, unknown=1))
    assert "Nothing differs as far as COR could be asked" in text(render(confirmed=9, is_complete=False))
    assert "Nothing differs" not in text(render(confirmed=0, unverifiable=9)) + text(render(row(), confirmed=8))


def test_of_many_the_first_are_drawn(render: Render) -> None:
    page = render(*(row(leave_id=f"L{number}") for number in range(MOST_DRAWN + 5)))
    assert len(labels(page)) == MOST_DRAWN
    assert "the first 1,000; 5 more are in the report" in text(page)


def test_what_people_and_cor_wrote_is_text_and_nothing_else(render: Render) -> None:
    page = render(row("changed", '"><script>', user_id="<b>u</b>", **in_cor("<i>", "</i>")))
    assert "<script" not in page
    assert "<b>u</b>" not in page
    assert not re.search(r"""(src|href)\s*=\s*["'](?!#|data:,)|@import|url\(""", page)


def test_dates_the_wrong_way_round_are_drawn_as_one_day(render: Render) -> None:
    page = render(row("changed", **in_cor("2026-05-20T00:00:00Z", "2026-05-02T00:00:00Z")))
    assert len(labels(page)) == 2
