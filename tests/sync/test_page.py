"""The page of a plan."""

from __future__ import annotations

import json
import re
import tracemalloc
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import date
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cor_provider._compat import ObjectStoragePath
from cor_provider.sync.page import IN_A_BLOCK, MOST_DRAWN, write_plan_page
from cor_provider.sync.window import Window

MAY = Window(date(2026, 5, 1), date(2026, 5, 31))
COUNTS = {"create": 1, "may_overwrite": 0, "update": 1, "delete": 1, "forget": 0, "unchanged": 47, "rejected": 2}
LONG = {**COUNTS, "create": MOST_DRAWN}
"""The counts of a plan that is too long to be drawn; the rows of these tests are a few of them."""

HOSTILE = [
    "</script><script>",
    "<!--<script>",
    "-->",
    "\"'`>",
    "&lt;",
    "]]>",
    "\u2028",
    "\u202eabc",
    "__proto__",
    "\\u003c",
]

Render = Callable[..., str]


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


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """Return a function that writes the page of a plan, and returns it."""

    def write(*rows: dict[str, Any], counts: dict[str, int] = COUNTS) -> str:
        page = tmp_path / "plan.html"
        write_plan_page(ObjectStoragePath(str(page)), lambda: iter(rows), counts=counts, window=MAY, source="GLOBANT")
        return page.read_text(encoding="utf-8")

    return write


def labels(page: str) -> list[str]:
    return re.findall(r'<a class="bar[^>]*aria-label="([^"]*)"', page)


def test_every_change_is_drawn_and_listed(render: Render) -> None:
    page = render(row("delete", "gone"), row("create", "new", user_id="u2", end="2026-05-11"))
    assert labels(page) == [
        "u1: Delete, Mon 11 May 2026 to Tue 12 May 2026; external id gone",
        "u2: Create, Mon 11 May 2026; external id new",
    ]
    assert re.findall(r"<code><bdi>(\w+)</bdi></code>", page) == ["gone", "new"]


def test_leave_that_moves_is_drawn_where_it_was_too(render: Render) -> None:
    page = render(row("update", previous_user_id="u2", previous_end="2026-05-20"))
    assert labels(page) == [
        "u1: Update, Mon 11 May 2026 to Tue 12 May 2026; external id L1",
        "u2: Until now, Mon 11 May 2026 to Wed 20 May 2026; external id L1",
    ]
    assert '<td class="before">user <bdi>u2</bdi>, Mon 11 May 2026 to Wed 20 May 2026</td>' in page


def test_a_change_of_nothing_that_is_shown_says_so(render: Render) -> None:
    assert "<td>other details</td>" in render(row("update"))


def test_the_page_shows_the_counts_and_the_window(render: Render) -> None:
    facts = re.sub(r"<[^>]+>|\s+", " ", render(row()))
    assert "47 unchanged" in re.sub(r" +", " ", facts)
    assert "window 1 May 2026 to 31 May 2026" in re.sub(r" +", " ", facts)


def test_an_empty_plan_says_that_nothing_would_change(render: Render) -> None:
    assert "Nothing would change" in render()


def test_leave_types_show_only_if_the_rows_have_them(render: Render) -> None:
    assert "vacation" not in render(row())
    assert "Create</span> <bdi>vacation</bdi>" in render(row(leave_type_id="vacation"))


def test_what_people_wrote_is_text_and_nothing_else(render: Render) -> None:
    page = render(row(leave_id='"><script>alert(1)</script>', user_id="<b>u</b>", leave_type_id="<i>"))
    assert "<script" not in page
    assert "<b>u</b>" not in page
    assert "<i>" not in page.replace("<i>Create", "")


def test_the_page_loads_nothing(render: Render) -> None:
    assert not re.search(r"""(src|href)\s*=\s*["'](?!#|data:,)|@import|url\(""", render(row()))


def test_as_many_changes_as_can_be_drawn_are_drawn(render: Render) -> None:
    rows = [row(leave_id=f"L{number}") for number in range(MOST_DRAWN)]
    page = render(*rows, counts={**COUNTS, "create": MOST_DRAWN, "update": 0, "delete": 0})
    assert len(labels(page)) == MOST_DRAWN
    assert "<script" not in page


def test_an_open_end_does_not_make_the_page_long(render: Render) -> None:
    assert len(render(row(end="9999-12-31"))) < 60_000


class Read(HTMLParser):
    """The tags of a page, its text without the blocks of data, and these."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.blocks: dict[str, list[str]] = {}
        self._texts: list[str] = []
        self._block: list[str] | None = None
        self.feed(page)
        self.close()

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._block = None
        if tag in {"script", "style"}:
            self._block = self.blocks.setdefault(dict(attrs).get("class") or tag, [])
            self._block.append("")

    def handle_endtag(self, tag: str) -> None:
        self._block = None

    def handle_data(self, data: str) -> None:
        if self._block is None:
            self._texts.append(data)
        else:
            self._block[-1] += data

    def data(self, name: str) -> list[Any]:
        """Return what the blocks of a name hold, one after another."""
        return [one for block in self.blocks[name] for one in json.loads(block)]


class TestOfALongPlan:
    def test_it_begins_with_the_totals(self, render: Render) -> None:
        page = Read(render(row(), row("update", user_id="u2", previous_user_id="u3"), counts=LONG))
        assert "1,000 to create 1 to update 1 to delete" in page.text
        assert "window 1 May 2026 to 31 May 2026 3 users 1 update to another user" in page.text

    def test_then_come_the_largest_changes(self, render: Render) -> None:
        page = Read(
            render(
                row("delete", "week", end="2026-05-17"),
                row("delete", "day", end="2026-05-11"),
                row("update", "moved", user_id="u2", previous_start="2026-05-02"),
                row("create", "open", user_id="u3", end="2026-08-18"),
                counts=LONG,
            )
        )
        first, second = "User Days Dates External id", "Mon 11 May 2026"
        assert f"Longest leave to delete by days from the first to the last {first} u1 7 days {second}" in page.text
        assert f"Longest leave to create by days from the first to the last {first} u3 100 days {second}" in page.text
        assert "u2 by 9 days Mon 11 May 2026 to Tue 12 May 2026 Sat 2 May 2026 to Tue 12 May 2026 moved" in page.text

    def test_a_kind_without_a_change_has_no_table(self, render: Render) -> None:
        assert "Longest leave to delete" not in render(row(), counts=LONG)

    def test_all_changes_of_all_users_are_in_it(self, render: Render) -> None:
        page = Read(
            render(
                row("delete", "gone", leave_type_id="vacation"),
                row("update", "moved", user_id="u2", previous_user_id="u1", previous_start="2026-05-10"),
                row("create", "new", user_id="u2", may_overwrite=True),
                counts=LONG,
            )
        )
        day = date(2026, 5, 11).toordinal()
        assert page.data("user-block") == [["u2", 0, 1, 0, 1, 0, 0], ["u1", 1, 0, 0, 0, 0, 1]]
        assert page.data("change-block") == [
            [1, "moved", day, day + 1, None, "u1", day - 1],
            [3, "new", day, day + 1],
            [0, "gone", day, day + 1, "vacation"],
            [5, "moved", day - 1, day + 1, None, "u2"],
        ]

    def test_a_browser_need_not_read_all_of_it_at_once(self, render: Render) -> None:
        rows = [row(leave_id=f"L{number}", user_id=f"u{number}") for number in range(IN_A_BLOCK + 1)]
        page = Read(render(*rows, counts=LONG))
        for name in ("user-block", "change-block"):
            assert [len(json.loads(block)) for block in page.blocks[name]] == [IN_A_BLOCK, 1]

    def test_browsers_run_no_script_but_its_own(self, render: Render) -> None:
        html = render(row(), counts=LONG)
        (script,) = Read(html).blocks["script"]
        digest = b64encode(sha256(script.encode()).digest()).decode()
        assert f"default-src 'none'; script-src 'sha256-{digest}';" in html
        assert "innerHTML" not in script

    @given(st.lists(st.text() | st.sampled_from(HOSTILE), min_size=5, max_size=5))
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
    def test_no_value_breaks_out_of_its_place(self, render: Render, values: list[str]) -> None:
        def page(leave_id: str, user: str, previous: str, leave_type: str, other: str) -> Read:
            update = row("update", leave_id, user_id=user, previous_user_id=previous, leave_type_id=leave_type)
            return Read(render(update, row("delete", other, user_id=user), counts=LONG))

        values = [f"{number}{value}" for number, value in enumerate(values)]
        read, plain = page(*values), page("0", "1", "2", "3", "4")
        assert read.tags == plain.tags
        data = read.data("user-block") + read.data("change-block")
        assert {text for one in data for text in one if isinstance(text, str)} == {*values}
        for block in read.blocks["user-block"] + read.blocks["change-block"]:
            assert not {*block} & {"<", ">", "&", "\u2028", "\u2029"}

    def test_its_memory_does_not_grow_with_the_plan(self, tmp_path: Path) -> None:
        def rows() -> Iterator[dict[str, Any]]:
            return (row(leave_id=f"L{number}", user_id=f"u{number % 999}") for number in range(10 * IN_A_BLOCK))

        tracemalloc.start()
        try:
            page = ObjectStoragePath(str(tmp_path / "plan.html"))
            write_plan_page(page, rows, counts=LONG, window=MAY, source="GLOBANT")
            assert tracemalloc.get_traced_memory()[1] < 2**21
        finally:
            tracemalloc.stop()


def test_a_plan_that_cannot_be_read_to_its_end_leaves_the_page_as_it_was(render: Render, tmp_path: Path) -> None:
    before = render(row())

    def rows() -> Iterator[dict[str, Any]]:
        yield row()
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011  # it has no text
        write_plan_page(ObjectStoragePath(str(tmp_path / "plan.html")), rows, counts=LONG, window=MAY, source="GLOBANT")
    assert (tmp_path / "plan.html").read_text() == before
