"""The leave that an audit looks at, and what it finds of each. There may be millions, so it is not held in memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, get_args

from cor_provider import _files
from cor_provider.audit.compare import DRIFT, Finding, Judgement
from cor_provider.client.success import read_cor_id
from cor_provider.sync.ledger_entries import LedgerEntries
from cor_provider.sync.ledger_entry import LedgerEntry, to_line
from cor_provider.sync.window import Window

NO_COR_ID = (
    "the ledger has no id of COR's for it: COR had it before the sync, or an answer was lost. The next update brings it"
)
NOTHING_TO_DELETE = "HR has cancelled it, and COR had nothing to delete: the next sync makes sure of that"
NO_COR_USER = "the ledger has no id of COR's for its user. The next update brings it"
NOT_ASKED = "the audit ended before COR was asked about this user"
MAY_BE_OUTSIDE = "COR's dates of it cannot be read, so it may be outside the window"

LONGEST_DATE = 40
"""Characters of what COR sends as a date; no date is longer."""

MOST_REASONS = 20
"""How many reasons are told apart; nobody reads more, and names of errors come from COR."""

_AT_ONCE = 1_000

_IS_DRIFT = f"finding IN {DRIFT}"


class AuditedLeave(NamedTuple):
    """A leave of the ledger; the number is its place in the audit."""

    number: int
    id: str
    entry: LedgerEntry


class Findings:
    """
    What an audit looks at and finds. Use it in one thread, and close it after use.

    Leave of which the ledger has no id of COR's is ``unknown`` from the beginning. Leave without a finding is
    ``unverifiable``: it was not asked about.

    :param source: COR's ``metadata.source`` of the ledger; each row of the report has it, to say whose leave it is.
    :param cor: likewise the base URL of COR, as the ledger has it.
    """

    def __init__(self, *, source: str, cor: str) -> None:
        self._database = _files.scratch_tables(_SCHEMA)
        self._whose = {"source": source, "cor": cor}

    def close(self) -> None:
        """Delete everything."""
        self._database.close()

    def load(self, entries: LedgerEntries, window: Window) -> None:
        """Add the leave of a ledger that has a day in the window. Leave of others, which it knows, is left out."""
        execute = self._database.execute
        for leave_id, entry in entries.items():
            if entry.is_foreign or not entry.versions:
                continue
            user_id = entry.version.user_id
            if entry.cor_id is not None:
                execute("INSERT OR IGNORE INTO known VALUES (?)", (entry.cor_id,))
            if entry.cor_user_id is not None:
                execute("INSERT OR REPLACE INTO user VALUES (?, ?)", (user_id, entry.cor_user_id))
            if entry.overlaps(window):
                execute(
                    "INSERT INTO leave (id, user_id, cor_id, cor_user_id, line, finding, reason) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (leave_id, user_id, entry.cor_id, entry.cor_user_id, entry.to_line(leave_id), *_at_once(entry)),
                )
        # Another leave of the same user may say what COR calls this user.
        execute(
            "UPDATE leave SET cor_user_id = (SELECT cor_user_id FROM user WHERE user.user_id = leave.user_id) "
            "WHERE cor_user_id IS NULL"
        )
        execute("CREATE INDEX by_user ON leave (cor_user_id)")
        execute("INSERT INTO asked SELECT DISTINCT cor_user_id FROM leave WHERE cor_user_id IS NOT NULL")
        execute(
            "UPDATE leave SET finding = 'unknown', reason = ? WHERE cor_user_id IS NULL AND finding IS NULL",
            (NO_COR_USER,),
        )

    @property
    def user_count(self) -> int:
        """How many users there are to ask about."""
        return int(self._database.execute("SELECT count(*) FROM asked").fetchone()[0])

    def users(self) -> Iterator[int]:
        """Yield COR's own id of every user to ask about."""
        for (cor_user_id,) in self._database.execute("SELECT cor_user_id FROM asked ORDER BY cor_user_id"):
            yield cor_user_id

    def of_user(self, cor_user_id: int) -> list[AuditedLeave]:
        """Return the leave of a user."""
        return list(self._leaves("cor_user_id = ?", cor_user_id))

    def cor_ids_of(self, cor_user_id: int) -> set[int]:
        """Return COR's own ids of the leave of a user, as far as the ledger has them."""
        query = "SELECT cor_id FROM leave WHERE cor_user_id = ? AND cor_id IS NOT NULL"
        return {cor_id for (cor_id,) in self._database.execute(query, (cor_user_id,))}

    def knows(self, cor_id: int) -> bool:
        """Return whether the ledger has a leave of this id of COR's, in the window or not."""
        return self._database.execute("SELECT 1 FROM known WHERE cor_id = ?", (cor_id,)).fetchone() is not None

    def settle(self, leave: AuditedLeave, judgement: Judgement, row: Mapping[str, Any] | None = None) -> None:
        """
        Note what is found of a leave.

        :param row: as COR lists the leave, if it does.
        """
        values = (judgement.finding, judgement.reason, self._line(leave, judgement, row), leave.number)
        self._database.execute("UPDATE leave SET finding = ?, reason = ?, report = ? WHERE number = ?", values)

    def add_foreign(self, cor_user_id: int, row: Mapping[str, Any], reason: str | None = None) -> None:
        """
        Add leave in COR that the ledger does not know.

        :param reason: what is uncertain about it, in words.
        """
        query = "SELECT user_id FROM leave WHERE cor_user_id = ? LIMIT 1"
        (user_id,) = self._database.execute(query, (cor_user_id,)).fetchone()
        report = {
            "id": None,
            "status": "foreign",
            "user_id": user_id,
            "cor_id": read_cor_id(row["id"]),
            "cor_user_id": cor_user_id,
            "start": None,
            "end": None,
            **_in_cor(row),
            "differs": [],
            "reason": reason,
            **self._whose,
        }
        values = report["cor_id"], reason, to_line(report)
        self._database.execute("INSERT INTO foreign_leave (cor_id, reason, report) VALUES (?, ?, ?)", values)

    def remove_foreign(self, entries: LedgerEntries) -> None:
        """Remove what was added as foreign and is in the ledger after all."""
        cor_ids = ((entry.cor_id,) for _, entry in entries.items() if not entry.is_foreign)
        self._database.executemany("DELETE FROM foreign_leave WHERE cor_id = ?", cor_ids)

    def drift(self) -> Iterator[tuple[AuditedLeave, Finding]]:
        """Yield what is ``missing`` or ``changed``. Findings may be changed meanwhile."""
        number = 0
        query = f"SELECT number, id, line, finding FROM leave WHERE {_IS_DRIFT} AND number > ?"  # noqa: S608  # ours
        while rows := self._database.execute(f"{query} ORDER BY number LIMIT {_AT_ONCE}", (number,)).fetchall():
            for number, leave_id, line, finding in rows:  # the last one is where to go on
                yield AuditedLeave(number, leave_id, _read(line)), finding

    def counts(self) -> dict[str, int]:
        """Return the number of leaves, of those of each finding, and of leave that the ledger does not know."""
        rows = self._database.execute("SELECT coalesce(finding, 'unverifiable'), count(*) FROM leave GROUP BY 1")
        found: Counter[str] = Counter(dict(rows.fetchall()))
        (foreign,) = self._database.execute("SELECT count(*) FROM foreign_leave").fetchone()
        return {"audited": found.total(), **{one: found[one] for one in get_args(Finding)}, "foreign": int(foreign)}

    def reasons(self) -> list[tuple[str, str, int]]:
        """
        Return the reasons that findings have, each with its finding and how often it occurs, most often first.

        After :data:`MOST_REASONS`, the rest of each finding is summed up.
        """
        every = self._database.execute(
            "SELECT coalesce(finding, 'unverifiable'), coalesce(reason, ?) AS why, count(*) AS number FROM leave "
            "WHERE finding IS NULL OR reason IS NOT NULL GROUP BY 1, 2 "
            "UNION ALL SELECT 'foreign', reason, count(*) FROM foreign_leave WHERE reason IS NOT NULL GROUP BY 2 "
            "ORDER BY number DESC, why",
            (NOT_ASKED,),
        )
        first = every.fetchmany(MOST_REASONS)
        others: Counter[str] = Counter()
        leaves: Counter[str] = Counter()
        for finding, _, number in every:
            others[finding] += 1
            leaves[finding] += number
        return first + [(finding, f"other reasons ({others[finding]})", number) for finding, number in leaves.items()]

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the report: each leave in the order of the ledger, then what the ledger does not know."""
        for number, leave_id, line, finding, reason, report in self._database.execute(
            "SELECT number, id, line, finding, reason, report FROM leave ORDER BY number"
        ):
            judgement = Judgement(finding or "unverifiable", reason=reason or NOT_ASKED)
            yield report or self._line(AuditedLeave(number, leave_id, _read(line)), judgement, None)
        for (report,) in self._database.execute("SELECT report FROM foreign_leave ORDER BY number"):
            yield report

    def differences(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of the report that are ``missing``, ``changed`` or ``foreign``."""
        query = f"SELECT report FROM leave WHERE {_IS_DRIFT} ORDER BY number"  # noqa: S608  # ours
        for select in (query, "SELECT report FROM foreign_leave ORDER BY number"):
            for (report,) in self._database.execute(select):
                yield json.loads(report.decode("utf-8", "surrogatepass"))

    def _leaves(self, condition: str, *values: object) -> Iterator[AuditedLeave]:
        query = f"SELECT number, id, line FROM leave WHERE {condition} ORDER BY number"  # noqa: S608  # ours
        for number, leave_id, line in self._database.execute(query, values).fetchall():
            yield AuditedLeave(number, leave_id, _read(line))

    def _line(self, leave: AuditedLeave, judgement: Judgement, row: Mapping[str, Any] | None) -> bytes:
        entry = leave.entry
        report = {
            "id": leave.id,
            "status": judgement.finding,
            "user_id": entry.version.user_id,
            "cor_id": entry.cor_id,
            "cor_user_id": entry.cor_user_id,
            "start": entry.version.start.isoformat(),
            "end": entry.version.end.isoformat(),
            **_in_cor(row or {}),
            "differs": list(judgement.differs),
            "reason": judgement.reason,
            **self._whose,
        }
        return to_line(report)


def _at_once(entry: LedgerEntry) -> tuple[Finding | None, str | None]:
    """Return what is found of leave before COR is asked, and why."""
    if entry.cor_id is not None:
        return None, None
    return "unknown", NOTHING_TO_DELETE if entry.in_cor == "missing" else NO_COR_ID


def _in_cor(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a report shows of a row of COR's, which may hold anything."""
    start, end, deleted_at = map(_date, (row.get("start"), row.get("end"), row.get("deleted_at")))
    return {
        "cor_start": start,
        "cor_end": end,
        "cor_deleted_at": deleted_at,
        "cor_leave_type_id": read_cor_id(row.get("leave_type_id")),
    }


def _date(value: object) -> str | None:
    return value[:LONGEST_DATE] if isinstance(value, str) else None


def _read(line: bytes) -> LedgerEntry:
    return LedgerEntry.from_row(json.loads(line.decode("utf-8", "surrogatepass")))


_SCHEMA = """
CREATE TABLE leave (
    number INTEGER PRIMARY KEY,  -- in the order of the ledger
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    cor_id INTEGER,
    cor_user_id INTEGER,
    line BLOB NOT NULL,  -- the row of the ledger
    finding TEXT,
    reason TEXT,
    report BLOB  -- its row
);
CREATE TABLE asked (cor_user_id INTEGER PRIMARY KEY);
CREATE TABLE known (cor_id INTEGER PRIMARY KEY);
CREATE TABLE user (user_id TEXT PRIMARY KEY, cor_user_id INTEGER NOT NULL);
CREATE TABLE foreign_leave (number INTEGER PRIMARY KEY, cor_id INTEGER NOT NULL, reason TEXT, report BLOB NOT NULL);
CREATE INDEX by_cor_id ON foreign_leave (cor_id);
"""
