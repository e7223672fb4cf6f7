"""The changes of a plan by user, and the largest of them, in little memory however many there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date
from itertools import chain
from typing import Any, NamedTuple

from cor_provider import _files

MOST_LARGEST = 10
"""How many there are at most of the largest changes of a kind."""

KINDS = ("delete", "update", "create", "overwrite", "forget", "given")
"""An ``overwrite`` is a create that may overwrite; ``given`` is an update that gives leave to another user."""


class UserCounts(NamedTuple):
    """
    How many changes of each kind a user has.

    :param number: the user's place from 0: most changes first, then by id.
    """

    number: int
    id: str
    deletes: int
    updates: int
    creates: int
    overwrites: int
    forgets: int
    given: int

    @property
    def by_kind(self) -> dict[str, int]:
        """The number of changes of each kind."""
        return dict(
            zip(
                KINDS,
                (self.deletes, self.updates, self.creates, self.overwrites, self.forgets, self.given),
                strict=True,
            )
        )

    @property
    def total(self) -> int:
        """The number of changes. What is given to another user counts there."""
        return self.deletes + self.updates + self.creates + self.overwrites + self.forgets


class UserChange(NamedTuple):
    """
    A change as it concerns a user. Days are ordinals, as :meth:`datetime.date.toordinal` has them.

    :param other_user: whom an update takes leave from, or gives it to.
    :param was_first: the first day until now, if it is another one; likewise the last.
    """

    kind: str
    id: str
    first: int
    last: int
    leave_type: str | None
    other_user: str | None
    was_first: int | None
    was_last: int | None

    @property
    def days(self) -> int:
        """How long the leave is."""
        return self.last - self.first + 1

    @property
    def moves(self) -> int:
        """By how many days its first or its last day moves, whichever moves more."""
        first = self.first if self.was_first is None else self.was_first
        last = self.last if self.was_last is None else self.was_last
        return max(abs(self.first - first), abs(self.last - last))


class Overview(NamedTuple):
    """
    What a person can look at of a plan, however long it is: :data:`MOST_LARGEST` changes of each kind, largest first.

    :param user_count: how many users a change concerns.
    :param given_count: how many updates give leave to another user.
    :param most_changes: the users with the most changes.
    :param most_deletes: the users with the most deletes.
    :param longest_deletes: the longest leaves to delete, with their users.
    :param longest_creates: the longest leaves to create, with their users.
    :param furthest_moves: the updates that move leave by the most days, with their users.
    """

    user_count: int
    given_count: int
    most_changes: list[UserCounts]
    most_deletes: list[UserCounts]
    longest_deletes: list[tuple[UserCounts, UserChange]]
    longest_creates: list[tuple[UserCounts, UserChange]]
    furthest_moves: list[tuple[UserCounts, UserChange]]


@contextmanager
def by_user(rows: Iterable[Mapping[str, Any]]) -> Iterator[ChangesByUser]:
    """
    Group the rows of a plan by user, until the block ends.

    :param rows: as :meth:`~cor_provider.sync.plan.Plan.rows` has them; read once.
    """
    with closing(_files.scratch_tables(_SCHEMA)) as database:
        database.executemany(_INSERT_CHANGE, chain.from_iterable(map(_changes, rows)))
        database.execute(_INSERT_USERS)
        database.execute("CREATE UNIQUE INDEX user_id ON user (id)")
        yield ChangesByUser(database)


class ChangesByUser:
    """The changes of a plan by user; see :func:`by_user`."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def users(self) -> Iterator[UserCounts]:
        """Yield every user whom a change concerns, those with the most changes first."""
        return self._users("SELECT * FROM user ORDER BY number")

    def changes(self) -> Iterator[UserChange]:
        """Yield the changes of each of these users in the same order, and those of one user in the plan's order."""
        return map(UserChange._make, self._database.execute(_CHANGES_BY_USER))

    def overview(self) -> Overview:
        """Return the totals and the largest changes."""
        user_count, given_count = self._database.execute("SELECT count(*), total(given) FROM user").fetchone()
        return Overview(
            user_count,
            int(given_count),
            most_changes=list(self._users("SELECT * FROM user ORDER BY number LIMIT ?", MOST_LARGEST)),
            most_deletes=list(self._users(_MOST_DELETES, MOST_LARGEST)),
            longest_deletes=self._largest(_LONGEST, "delete", "delete"),
            longest_creates=self._largest(_LONGEST, "create", "overwrite"),
            furthest_moves=self._largest(_FURTHEST_MOVES),
        )

    def _users(self, query: str, *values: object) -> Iterator[UserCounts]:
        return map(UserCounts._make, self._database.execute(query, values))

    def _largest(self, query: str, *kinds: str) -> list[tuple[UserCounts, UserChange]]:
        split = len(UserCounts._fields)
        rows = self._database.execute(query, (*kinds, MOST_LARGEST))
        return [(UserCounts._make(row[:split]), UserChange._make(row[split + 1 :])) for row in rows]


def _changes(row: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """Yield a row of a plan as its user sees it, and as the previous one does, both in the columns of the table."""
    first, last = _ordinal(row["start"]), _ordinal(row["end"])
    was_first, was_last = (_ordinal(row[name]) if name in row else None for name in ("previous_start", "previous_end"))
    kind = row["operation"]
    if kind == "create" and row.get("may_overwrite"):
        kind = "overwrite"
    user, previous_user, leave_type = row["user_id"], row.get("previous_user_id"), row.get("leave_type_id")
    yield user, kind, row["id"], first, last, leave_type, previous_user, was_first, was_last
    if previous_user is not None:
        days = (first if was_first is None else was_first, last if was_last is None else was_last)
        yield previous_user, "given", row["id"], *days, None, user, None, None


def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


_SCHEMA = """
CREATE TABLE change (user, kind, id, first, last, leave_type, other_user, was_first, was_last);
CREATE TABLE user (number INTEGER PRIMARY KEY, id, deletes, updates, creates, overwrites, forgets, given);
"""

_INSERT_CHANGE = "INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"

_INSERT_USERS = """
INSERT INTO user
SELECT row_number() OVER (ORDER BY count(*) - sum(kind = 'given') DESC, user) - 1, user, sum(kind = 'delete'),
    sum(kind = 'update'), sum(kind = 'create'), sum(kind = 'overwrite'), sum(kind = 'forget'), sum(kind = 'given')
FROM change GROUP BY user
"""

_CHANGES_BY_USER = """
SELECT kind, change.id, first, last, leave_type, other_user, was_first, was_last
FROM change JOIN user ON user.id = change.user ORDER BY number, change.rowid
"""

_MOST_DELETES = "SELECT * FROM user WHERE deletes > 0 ORDER BY deletes DESC, number LIMIT ?"

_LONGEST = """
SELECT user.*, change.* FROM change JOIN user ON user.id = change.user
WHERE kind IN (?, ?) ORDER BY last - first DESC, change.rowid LIMIT ?
"""

_FURTHEST_MOVES = """
SELECT user.*, change.* FROM change JOIN user ON user.id = change.user
WHERE kind = 'update' AND (was_first IS NOT NULL OR was_last IS NOT NULL)
ORDER BY max(abs(first - coalesce(was_first, first)), abs(last - coalesce(was_last, last))) DESC, change.rowid LIMIT ?
"""
