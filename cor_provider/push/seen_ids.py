"""The same external id twice in one input."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from typing import Literal

from typing_extensions import Self

from cor_provider.leave import LeaveKey, LeaveRequest

Comparison = Literal["new", "same", "different"]


class Repeats:
    """
    Remembers the leave requests of a push, in about thirty bytes each.

    SQLite holds the two digests of each more tightly than any collection of Python's would. Use it in one thread.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        self._database.execute("CREATE TABLE leave (id INTEGER PRIMARY KEY, content INTEGER NOT NULL)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def add(self, leave: LeaveRequest | LeaveKey) -> Comparison:
        """Remember a leave request; return whether its external id is new, or whether it says the same as the first."""
        key, content = _digest(leave.id), _digest(repr(leave.__dict__))
        if self._database.execute("INSERT OR IGNORE INTO leave VALUES (?, ?)", (key, content)).rowcount:
            return "new"
        return self.compare(leave)

    def compare(self, leave: LeaveRequest | LeaveKey) -> Comparison:
        """Return the same of a leave request without remembering it."""
        first = self._database.execute("SELECT content FROM leave WHERE id = ?", (_digest(leave.id),)).fetchone()
        if first is None:
            return "new"
        return "same" if first == (_digest(repr(leave.__dict__)),) else "different"

    def forget(self, leave_id: str) -> None:
        """Forget a leave request that was refused, so that its external id is free for another."""
        self._database.execute("DELETE FROM leave WHERE id = ?", (_digest(leave_id),))


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)
