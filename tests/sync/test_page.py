"""The page of a plan."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from cor_provider.sync.page import MOST_DRAWN, render_plan
from cor_provider.sync.window import Window

MAY = Window(date(2026, 5, 1), date(2026, 5, 31))
COUNTS = {"create": 1, "may_overwrite": 0, "update": 1, "delete": 1, "forget": 0, "unchanged": 47, "rejected": 2}


def row(operation: str = "create", leave_id: str = "L1", **fields: Any) -> dict[str, Any]:
    return {
        "operation": operation,
        "id": leave_id,
        "user_id": "u1",
        "start": "2026-05-11",
        "end": "2026-05-12",
        "digest": "0",
        **fields,
    }


def render(*rows: dict[str, Any]) -> str:
    return render_plan(rows, counts=COUNTS, window=MAY, source="GLOBANT")


def labels(page: str) -> list[str]:
    return re.findall(r'<a class="bar[^>]*aria-label="([^"]*)"', page)


def test_every_change_is_drawn_and_listed() -> None:
    page = render(row("delete", "gone"), row("create", "new", user_id="u2", end="2026-05-11"))
    assert labels(page) == [
        "u1: Delete, Mon 11 May 2026 to Tue 12 May 2026; external id gone",
        "u2: Create, Mon 11 May 2026; external id new",
    ]
    assert re.findall(r"<code><bdi>(\w+)</bdi></code>", page) == ["gone", "new"]


def test_leave_that_moves_is_drawn_where_it_was_too() -> None:
    page = render(row("update", previous_user_id="u2", previous_end="2026-05-20"))
    assert labels(page) == [
        "u1: Update, Mon 11 May 2026 to Tue 12 May 2026; external id L1",
        "u2: Until now, Mon 11 May 2026 to Wed 20 May 2026; external id L1",
    ]
    assert '<td class="before">user <bdi>u2</bdi>, Mon 11 May 2026 to Wed 20 May 2026</td>' in page


def test_a_change_of_nothing_that_is_shown_says_so() -> None:
    assert "<td>other details</td>" in render(row("update"))


def test_the_page_shows_the_counts_and_the_window() -> None:
    facts = re.sub(r"<[^>]+>|\s+", " ", render(row()))
    assert "47 unchanged" in re.sub(r" +", " ", facts)
    assert "window 1 May 2026 to 31 May 2026" in re.sub(r" +", " ", facts)


def test_an_empty_plan_says_that_nothing_would_change() -> None:
    assert "Nothing would change" in render()


def test_leave_types_show_only_if_the_rows_have_them() -> None:
    assert "vacation" not in render(row())
    assert "Create</span> <bdi>vacation</bdi>" in render(row(leave_type_id="vacation"))


def test_what_people_wrote_is_text_and_nothing_else() -> None:
    page = render(row(leave_id='"><script>alert(1)</script>', user_id="<b>u</b>", leave_type_id="<i>"))
    assert "<script" not in page
    assert "<b>u</b>" not in page
    assert "<i>" not in page.replace("<i>Create", "")


def test_the_page_loads_nothing() -> None:
    assert not re.search(r"""(src|href)\s*=\s*["'](?!#|data:,)|@import|url\(""", render(row()))


def test_of_very_many_changes_the_first_are_shown_and_the_rest_is_counted() -> None:
    page = render(*(row(leave_id=f"L{number}") for number in range(MOST_DRAWN + 5)))
    assert len(labels(page)) == MOST_DRAWN
    assert "5 more changes are not shown" in page


def test_an_open_end_does_not_make_the_page_long() -> None:
    assert len(render(row(end="9999-12-31"))) < 60_000
