"""The operations of a plan: the changes that a sync would make."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from cor_provider import _files
from cor_provider.leave import LeaveRequest
from cor_provider.sync.ledger_entry import LeaveVersion, LedgerEntry

Change = Literal["delete", "update", "create", "forget"]
CHANGES: tuple[Change, ...] = get_args(Change)
"""In the order in which they are made: leave that got a new id must not overlap with its old self."""


@dataclass(frozen=True, repr=False)
class Operation:
    """
    One change that a sync would make.

    :param leave: the leave that COR will hold; None for a delete or forget.
    :param before: the ledger's entry of the leave.
    :param digest: keyed digest of the leave to send, or of the leave to delete or forget.
    :param position: the leave request's place in the input, from 1.
    :param may_overwrite: whether a create may replace leave in COR that the ledger does not know.
    """

    change: Change
    id: str
    leave: LeaveRequest | None
    before: LedgerEntry | None
    digest: str | None
    position: int | None = None
    may_overwrite: bool = False

    @property
    def version(self) -> LeaveVersion:
        """The leave as it will be, or as it was if it is deleted or forgotten."""
        if self.leave:
            return LeaveVersion.of(self.leave)
        assert self.before  # noqa: S101  # only what the ledger remembers can be deleted
        return self.before.version

    def to_row(self, *, show_type: bool) -> dict[str, Any]:
        """
        Return the operation's row in a written plan.

        :param show_type: include the leave type, which can be health data.
        """
        row: dict[str, Any] = {"operation": self.change, "id": self.id, **_fields(self.version), "digest": self.digest}
        if self.change == "create":
            row["may_overwrite"] = self.may_overwrite
        if self.change == "update" and self.before:
            was = _fields(self.before.version)
            row |= {f"previous_{name}": value for name, value in was.items() if value != row[name]}
        if show_type and self.leave:
            row["leave_type_id"] = self.leave.leave_type_id
        return row


class Operations:
    """
    The operations of one plan, at most one for each external id. There may be millions, so they are not held in memory.

    Use them in one thread, save the counts. Close them after use.

    :ivar counts: the number of operations of each kind.
    :ivar may_overwrite: how many of them may replace leave in COR.
    """

    def __init__(self, operations: Iterable[Operation] = ()) -> None:
        self.counts: Counter[Change] = Counter()
        self.may_overwrite = 0
        self._database = _files.scratch()
        self._database.executescript(_SCHEMA)
        self._database.execute("BEGIN")  # and no end: that is much faster, and nobody else sees the database
        for operation in operations:
            self.add(operation)

    def close(self) -> None:
        """Delete them."""
        self._database.close()

    def add(self, operation: Operation) -> None:
        """Add an operation."""
        one = operation
        content = pickle.dumps((one.leave, one.before), pickle.HIGHEST_PROTOCOL)
        self._database.execute(
            "INSERT INTO operation (change, id, digest, position, may_overwrite, content) VALUES (?, ?, ?, ?, ?, ?)",
            (one.change, one.id, one.digest, one.position, one.may_overwrite, content),
        )
        self.counts[one.change] += 1
        self.may_overwrite += one.may_overwrite

    def digest_of(self, leave_id: str) -> str | None:
        """Return the digest of the operation that sends the leave of an external id; None if there is none."""
        found = self._database.execute("SELECT digest FROM operation WHERE id = ?", (leave_id,)).fetchone()
        return None if found is None else str(found[0])

    def of(self, change: Change) -> Iterator[Operation]:
        """Yield the operations that make one kind of change, in the order in which they were added."""
        query = "SELECT id, digest, position, may_overwrite, content FROM operation WHERE change = ? ORDER BY number"
        for leave_id, digest, position, may_overwrite, content in self._database.execute(query, (change,)):
            leave, before = pickle.loads(content)  # noqa: S301  # `add` wrote it, and nobody else can
            yield Operation(change, leave_id, leave, before, digest, position, bool(may_overwrite))

    def sent(self) -> Iterator[tuple[str, int | None]]:
        """Yield the external id and the position of each operation that sends a request."""
        yield from self._database.execute("SELECT id, position FROM operation WHERE change != 'forget' ORDER BY number")

    def __iter__(self) -> Iterator[Operation]:
        for change in CHANGES:
            yield from self.of(change)

    def __len__(self) -> int:
        return self.counts.total()


_SCHEMA = """
CREATE TABLE operation (
    number INTEGER PRIMARY KEY,
    change TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    digest TEXT,
    position INTEGER,
    may_overwrite INTEGER NOT NULL,
    content BLOB NOT NULL
);
CREATE INDEX by_change ON operation (change);
"""


def _fields(version: LeaveVersion) -> dict[str, str]:
    return {"user_id": version.user_id, "start": version.start.isoformat(), "end": version.end.isoformat()}
