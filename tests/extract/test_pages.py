"""Lists that come page by page: whatever the offset counts, each row once, or none at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cor_provider._compat import AirflowException
from cor_provider.extract.pages import read_all_pages

SIZE = 5
SKIPS: dict[str, Callable[[int, int], int]] = {
    "rows": lambda offset, size: offset,
    "pages from 0": lambda offset, size: offset * size,
    "pages from 1": lambda offset, size: max(0, offset - 1) * size,
}
"""How many rows come before the page at an offset, by what the offset counts."""

every_meaning = pytest.mark.parametrize("counts", SKIPS)


class HrList:
    """A list of HR. Before its n-th page is read, a change may be made."""

    def __init__(self, rows: list[int], counts: str, size: int = SIZE) -> None:
        self.rows = rows
        self.size = size
        self.offsets: list[int] = []
        self.changes: dict[int, Callable[[], None]] = {}
        self._skip = SKIPS[counts]

    def read(self, offset: int) -> tuple[list[int], int]:
        self.offsets.append(offset)
        self.changes.get(len(self.offsets), lambda: None)()
        skip = self._skip(offset, self.size)
        return self.rows[skip : skip + self.size], len(self.rows)

    def read_all(self) -> list[int]:
        return read_all_pages(self.read, row_id=str)


@given(st.sampled_from([*SKIPS]), st.integers(0, 60), st.integers(1, 9))
def test_all_rows_are_read_once_whatever_the_offset_counts(counts: str, rows: int, size: int) -> None:
    assert sorted(HrList([*range(rows)], counts, size).read_all()) == [*range(rows)]


@pytest.mark.parametrize(
    ("counts", "offsets"),
    [("rows", [0, 1, 5, 10]), ("pages from 0", [0, 1, 2]), ("pages from 1", [0, 1, 2, 3])],
)
def test_few_requests_suffice(counts: str, offsets: list[int]) -> None:
    hr = HrList([*range(12)], counts)
    hr.read_all()
    assert hr.offsets == [0, *offsets, *offsets]


@every_meaning
def test_a_list_of_one_page_is_read_once(counts: str) -> None:
    hr = HrList([*range(SIZE)], counts)
    assert hr.read_all() == [*range(SIZE)]
    assert hr.offsets == [0]


@given(st.sampled_from([*SKIPS]), st.integers(SIZE + 1, 25), st.integers(0, 24), st.integers(2, 12))
@example("pages from 1", 6, 0, 6)  # at the last request of all
def test_rows_that_go_or_come_meanwhile_hide_no_other(counts: str, rows: int, gone: int, when: int) -> None:
    hr = HrList([*range(rows)], counts)

    def change() -> None:  # the total stays as it is
        hr.rows = [row for row in hr.rows if row != gone % rows] + [99]

    hr.changes[when] = change
    try:
        read = hr.read_all()
    except AirflowException:
        return
    assert sorted(read) in ([*range(rows)], sorted(hr.rows))  # as it was when the reading began, or ended


@every_meaning
def test_a_change_of_the_total_fails(counts: str) -> None:
    hr = HrList([*range(12)], counts)
    hr.changes[3] = lambda: hr.rows.append(12)
    with pytest.raises(AirflowException, match="are not complete"):
        hr.read_all()


def test_an_empty_page_too_many_fails() -> None:
    with pytest.raises(AirflowException, match="are not complete"):
        read_all_pages(lambda offset: ([1, 2] if offset == 0 else [], 3), row_id=str)


def test_a_server_that_heeds_no_offset_fails() -> None:
    with pytest.raises(AirflowException, match="are not complete"):
        read_all_pages(lambda _: ([1, 2], 30), row_id=str)
