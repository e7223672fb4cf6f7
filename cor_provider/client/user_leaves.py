"""
What COR's main API holds of a user: ``GET /user/leaves``, by COR's own ids, page by page.

COR documents ``offset`` (1 by default) and ``size`` (10 by default) without saying whether ``offset`` counts pages or
rows, which ``size`` is the largest, or how many rows there are. So the rows themselves tell: see :func:`all_rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cor_provider.client.call import call_for_rows
from cor_provider.client.session import CorSession
from cor_provider.client.success import read_cor_id
from cor_provider.exceptions import CorUnexpectedAnswerError

Row = dict[str, Any]

USER_LEAVES_PATH = "/user/leaves"
SIZE = 50
"""How many rows are asked for: a page of them has some 25 KB."""

DOCUMENTED_SIZE = 10
"""COR's default. A page of fewer rows is the last one; one of more may have been cut to a maximum of COR's."""


class PageSizes:
    """
    What is known of COR's maximum from earlier pages. Several threads may share one.

    :ivar largest: the rows of the largest page so far. A page of fewer was not cut, so it is the last one.
    """

    def __init__(self) -> None:
        self.largest = DOCUMENTED_SIZE


MOST_PAGES = 1_000
"""Nobody has so much leave. A list that is longer has no end."""


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


def all_rows(page: Callable[[int], list[Row]], sizes: PageSizes) -> Iterator[Row]:
    """
    Yield every row once, whether ``offset`` counts pages or rows.

    The second page is asked for at offset 2. If it begins with the second row of the first page, offsets count rows,
    and the next one is that after the last row; otherwise they count pages. The end is a page with fewer rows than an
    earlier one, of this user or another, or without any that is new.

    :param page: returns the page at an offset.
    :param sizes: what is known from the pages of other users.
    :raises CorUnexpectedAnswerError: if there is no end to it.
    """
    first = rows = page(1)
    seen: set[int | None] = set()
    counts_rows = False
    for number in range(1, MOST_PAGES + 1):
        new = {cor_id: row for row in rows if (cor_id := _id(row)) not in seen}
        yield from new.values()
        seen |= new.keys()
        if not new or len(rows) < sizes.largest:
            return
        sizes.largest = len(rows)
        rows = page(len(seen) + 1 if counts_rows else number + 1)
        if number == 1:
            counts_rows = bool(rows) and _id(rows[0]) == _id(first[1])
    raise CorUnexpectedAnswerError(_ENDLESS)


def _id(row: Row) -> int | None:
    return read_cor_id(row["id"])


_ENDLESS = f"COR's list of a user's leave does not end: after {MOST_PAGES} pages, each page still brings new leave."
