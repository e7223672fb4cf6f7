"""Read lists of an HR system that come page by page, by an offset."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from cor_provider._compat import AirflowException

__all__ = ["read_all_pages"]

RowT = TypeVar("RowT")


def read_all_pages(
    read: Callable[[int], tuple[Sequence[RowT], int]], *, row_id: Callable[[RowT], Hashable]
) -> list[RowT]:
    """
    Return all rows of a list, each once, or fail: in a sync, a missing row would look cancelled.

    The offset may count rows, or pages from 0 or from 1: the second page shows which. A list of several pages is read
    twice, since rows that come and go meanwhile push others from one page to another.

    :param read: returns the page at an offset, from 0, and how many rows all pages have together.
    :param row_id: returns what makes a row unique.
    :raises AirflowException: if a page is missing, or the list changed while it was read. Try again later.
    """
    first, total = read(0)
    if len(first) == total:
        return [*first]
    rows = _read_once(read, row_id)
    if _read_once(read, row_id).keys() != rows.keys():
        raise AirflowException("The list changed while its pages were read. Nothing was sent to COR.")
    return [*rows.values()]


def _read_once(
    read: Callable[[int], tuple[Sequence[RowT], int]], row_id: Callable[[RowT], Hashable]
) -> dict[Hashable, RowT]:
    page, total = read(0)
    rows = {row_id(row): row for row in page}
    size, offset, step = len(rows), 1, 1
    while len(rows) < total:
        page, total_now = read(offset)
        found = {row_id(row): row for row in page}
        known = len(found.keys() & rows.keys())
        is_first_page_again = offset == 1 and known == size  # the offset counts pages, from 1
        if total_now != total or (known == len(found) and not is_first_page_again):
            raise AirflowException("The pages of the list are not complete. Nothing was sent to COR.")
        if offset == 1 and size / 2 < known < size:  # only the first row is missing: the offset counts rows
            offset, step = 0, size
        rows |= found
        offset += step
    return rows
