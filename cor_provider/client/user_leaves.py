"""
What COR's main API holds of a user: ``GET /user/leaves``, by COR's own ids, page by page.

COR documents ``offset`` (1 by default) and ``size`` (10 by default) without saying whether ``offset`` counts pages or
rows, which ``size`` is the largest, or how many rows there are. So the rows themselves tell: see :func:`all_rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from cor_provider.client.call import call_for_rows
from cor_provider.client.session import CorSession
from cor_provider.client.success import read_cor_id
from cor_provider.exceptions import CorRecordError, CorUnexpectedAnswerError

Row = dict[str, Any]

USER_LEAVES_PATH = "/user/leaves"
SIZE = 50
"""How many rows are asked for: a page of them has some 25 KB."""

DOCUMENTED_SIZE = 10
"""COR's default. A page of more rows may have been cut to a maximum of COR's, which is taken to be no smaller."""

MOST_PAGES = 1_000
"""Nobody has so much leave. A list that is longer has no end."""


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
    everything expected has come, which saves a request; what nobody expects may then be lost. What comes after a page
    of which COR shows nothing is always lost.

    :param page: returns the page at an offset.
    :param sizes: what is known from the pages of other users.
    :param expected: COR's own ids of leave that should be in the list; None if nobody knows.
    :raises CorRecordError: if COR refuses the first page.
    :raises CorUnexpectedAnswerError: if there is no end to it.
    """
    offset = news_at = 1
    counts_rows = False
    before: set[int | None] = set()
    seen: set[int | None] = set()
    for _ in range(MOST_PAGES):
        try:
            rows = {_id(row): row for row in page(offset)}
        except CorRecordError:
            if offset == 1:
                raise
            return  # COR has this user, so there is no such page
        new = {cor_id: row for cor_id, row in rows.items() if cor_id not in seen}
        yield from new.values()
        seen |= new.keys()
        is_short = len(rows) < sizes.largest
        sizes.largest = max(sizes.largest, len(rows))
        if not rows or (is_short and expected is not None and seen.issuperset(expected)):
            return
        counts_rows = counts_rows or _is_a_row_further(before, rows.keys())
        if new:
            news_at = offset
        # If offsets count rows, pages overlap, but not those that are so far apart.
        elif not counts_rows or offset >= news_at + SIZE:
            return
        before = {*rows}
        # Rows that are left out count too, so no step is longer than the largest page that COR has shown.
        offset += sizes.largest if counts_rows else 1
    raise CorUnexpectedAnswerError(_ENDLESS)


def _is_a_row_further(before: AbstractSet[int | None], rows: AbstractSet[int | None]) -> bool:
    """Return whether a page seems to begin one row after the page at the offset before."""
    return bool(before & rows) and len(before - rows) <= 1 and len(rows - before) <= 1


def _id(row: Row) -> int | None:
    return read_cor_id(row["id"])


_ENDLESS = f"COR's list of a user's leave does not end: after {MOST_PAGES} pages, each page still brings new leave."
