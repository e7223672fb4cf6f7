"""
What COR's main API holds of a user: ``GET /user/leaves``, by COR's own ids, page by page.

COR documents ``offset`` (1 by default) and ``size`` (10 by default) without saying whether ``offset`` counts pages or
rows, which ``size`` is the largest, or how many rows there are. So the rows themselves tell: see :func:`all_rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from cor_provider.client.call import call_for_rows
from cor_provider.client.session import CorSession
from cor_provider.exceptions import CorConfigurationError, CorError, CorRecordError, CorUnexpectedAnswerError

Row = dict[str, Any]

USER_LEAVES_PATH = "/user/leaves"
SIZE = 50
"""How many rows are asked for: a page of them has some 25 KB."""

DOCUMENTED_SIZE = 10
"""COR's default. A page of more rows may have been cut to a maximum of COR's, which is taken to be no smaller."""

MOST_PAGES = 200
"""Nobody has so much leave. A list that is longer has no end."""

EMPTY_PAGES = 3
"""So many in a row end a list in which leave is missing: COR may have left out all of a page."""


class PageSizes:
    """
    What is known of COR's maximum from earlier pages. Several threads may share one.

    :ivar largest: the rows of the largest page so far. A page of fewer is short.
    """

    def __init__(self) -> None:
        self.largest = DOCUMENTED_SIZE


@dataclass(frozen=True)
class UserLeaves:
    """
    The endpoint.

    :param url: its URL.
    """

    session: CorSession
    url: str

    def page(self, cor_user_id: int, offset: int) -> list[Row]:
        """
        Return a page of the leave of a user, with one request.

        :raises CorRecordError: if COR refuses this user; other errors are about all of them.
        """
        params = {"usersId": cor_user_id, "offset": offset, "size": SIZE}
        return call_for_rows(self.session, self.url, params=params)


def all_rows(
    page: Callable[[int], list[Row]], sizes: PageSizes, *, expected: Collection[int] | None = None
) -> Iterator[Row]:
    """
    Yield every row once, whether ``offset`` counts pages or rows.

    The end is a page that is empty, that brings nothing new, or that COR refuses after the first. A short page alone is
    not: COR may cut a page first, and then leave out of it what it does not show. It is taken for the end only once
    everything expected has come, which saves a request; what nobody expects may then be lost. While something expected
    is missing, as many as ``EMPTY_PAGES`` in a row are asked for before an empty page is taken for the end.

    :param page: returns the page at an offset.
    :param sizes: what is known from the pages of other users.
    :param expected: COR's own ids of leave that should be in the list; None if nobody knows.
    :raises CorRecordError: if COR refuses the first page.
    :raises CorUnexpectedAnswerError: if there is no end to it.
    """
    offset = news_at = step = 1
    empty_pages, most_empty = 0, EMPTY_PAGES if expected is not None else 1
    counts_rows = False
    before: set[int] = set()
    seen: set[int] = set()
    for _ in range(MOST_PAGES):
        try:
            rows = {int(row["id"]): row for row in page(offset)}
        except CorError as error:
            if offset > 1 and _is_no_such_page(error):
                return
            raise
        new = {cor_id: row for cor_id, row in rows.items() if cor_id not in seen}
        yield from new.values()
        seen |= new.keys()
        is_short = len(rows) < sizes.largest
        sizes.largest = max(sizes.largest, len(rows))
        empty_pages = 0 if rows else empty_pages + 1
        if empty_pages == most_empty or (is_short and expected is not None and seen.issuperset(expected)):
            return
        counts_rows = counts_rows or _is_a_row_further(before, rows.keys())
        if new:
            news_at = offset
        # If offsets count rows, pages overlap, but not those that are so far apart, and only neighbours are the same.
        elif rows and (not counts_rows or offset >= news_at + SIZE or (step > 1 and rows.keys() == before)):
            return
        before = {*rows}
        # Rows that are left out count too, so no step is longer than the largest page that COR has shown.
        step = sizes.largest if counts_rows else 1
        offset += step
    raise CorUnexpectedAnswerError(_ENDLESS)


def _is_no_such_page(error: CorError) -> bool:
    """Return whether COR, which has shown an earlier page of the list, has no more of them."""
    is_missing = isinstance(error, CorConfigurationError) and error.status == HTTPStatus.NOT_FOUND
    return is_missing or isinstance(error, CorRecordError)


def _is_a_row_further(before: AbstractSet[int], rows: AbstractSet[int]) -> bool:
    """Return whether a page seems to begin one row after the page at the offset before."""
    return bool(before & rows) and len(before - rows) <= 1 and len(rows - before) <= 1


_ENDLESS = f"COR's list of a user's leave does not end: after {MOST_PAGES} pages, each page still brings new leave."
