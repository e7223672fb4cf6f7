"""The operations of a plan: the changes that a sync would make."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from tempfile import TemporaryFile
from typing import Any, Literal, get_args

from cor_provider import _files
from cor_provider.leave import LeaveRequest, pack, unpack
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
    :param number: its place in the plan, from 1; 0 before it is added.
    """

    change: Change
    id: str
    leave: LeaveRequest | None
    before: LedgerEntry | None
    digest: str | None
    position: int | None = None
    may_overwrite: bool = False
    number: int = field(default=0, compare=False)

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
        self._database = _files.scratch_tables(_SCHEMA)
        self._sent = _Sent()
        for operation in operations:
            self.add(operation)

    def close(self) -> None:
        """Delete them."""
        self._database.close()
        self._sent.close()

    def add(self, operation: Operation) -> None:
        """Add an operation. If that fails, it is not added, and only :meth:`sent` and the counts stay right."""
        one = operation
        self._sent.make_room()
        leave, before = one.leave and pack(one.leave), one.before and one.before.to_line(one.id)
        self._database.execute(
            "INSERT INTO operation (change, id, digest, position, may_overwrite, leave, before) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (one.change, one.id, one.digest, one.position, one.may_overwrite, leave, before),
        )
        self.counts[one.change] += 1
        if one.change != "forget":
            self._sent.add((len(self), one.id, one.position))
        self.may_overwrite += one.may_overwrite

    def digest_of(self, leave_id: str) -> str | None:
        """Return the digest of the operation that sends the leave of an external id; None if there is none."""
        found = self._database.execute("SELECT digest FROM operation WHERE id = ?", (leave_id,)).fetchone()
        return None if found is None else str(found[0])

    def of(self, change: Change) -> Iterator[Operation]:
        """Yield the operations that make one kind of change, in the order in which they were added."""
        query = (
            "SELECT number, id, leave, before, digest, position, may_overwrite FROM operation WHERE change = ? "
            "ORDER BY number"
        )
        rows = self._database.execute(query, (change,))
        for number, leave_id, leave, before, digest, position, may_overwrite in rows:
            yield Operation(
                change,
                leave_id,
                leave and unpack(leave),
                before and LedgerEntry.from_line(before),
                digest,
                position,
                bool(may_overwrite),
                number,
            )

    def sent(self) -> Iterator[Sent]:
        """
        Yield the number, the external id and the position of each operation that sends a request.

        This works even after :meth:`add`, or reading the operations, has failed.
        """
        return iter(self._sent)

    def __iter__(self) -> Iterator[Operation]:
        for change in CHANGES:
            yield from self.of(change)

    def __len__(self) -> int:
        return self.counts.total()


Sent = tuple[int, str, int | None]
"""The number, the external id and the position of an operation that sends a request."""

_BLOCK = 1_000


class _Sent:
    """What sends a request, in a file of its own: on a full disk, the database is no longer readable."""

    def __init__(self) -> None:
        self._file = TemporaryFile(buffering=0)  # noqa: SIM115  # `close` closes it
        self._ends = [0]
        """Of the blocks that are complete."""
        self._newest: list[Sent] = []
        """What is in no block yet."""

    def close(self) -> None:
        self._file.close()

    def add(self, one: Sent) -> None:
        self._newest.append(one)

    def make_room(self) -> None:
        """Write a block if there is enough for one. If that fails, nothing is lost."""
        if len(self._newest) < _BLOCK:
            return
        block = memoryview(json.dumps(self._newest).encode())
        self._file.seek(self._ends[-1])
        written = 0
        while written < len(block):
            written += self._file.write(block[written:])
        self._ends.append(self._ends[-1] + written)
        self._newest = []

    def __iter__(self) -> Iterator[Sent]:
        for begin, end in pairwise(self._ends):
            self._file.seek(begin)
            yield from map(tuple, json.loads(self._file.read(end - begin)))
        yield from self._newest


_SCHEMA = """
CREATE TABLE operation (
    number INTEGER PRIMARY KEY,
    change TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    digest TEXT,
    position INTEGER,
    may_overwrite INTEGER NOT NULL,
    leave TEXT,
    before BLOB
);
CREATE INDEX by_change ON operation (change);
"""


def _fields(version: LeaveVersion) -> dict[str, str]:
    return {"user_id": version.user_id, "start": version.start.isoformat(), "end": version.end.isoformat()}
