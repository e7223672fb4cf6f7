"""One run of an audit: it reads the ledger, asks COR about every user, and compares."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from datetime import date
from typing import Any

from cor_provider import _clock
from cor_provider.audit.compare import DIFFERENCES, Judgement, days_in_cor, is_deleted, judge, may_be
from cor_provider.audit.findings import MAY_BE_OUTSIDE, MOST_REASONS, Findings
from cor_provider.client.success import read_cor_id
from cor_provider.exceptions import (
    CorConfigurationError,
    CorError,
    CorLedgerError,
    CorPermissionError,
    CorRecordError,
    CorTransientError,
)
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sync.lease import Lease, Owner
from cor_provider.sync.ledger import Ledger
from cor_provider.sync.ledger_entry import LedgerEntry
from cor_provider.sync.window import Window

log = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 5.0

MEANWHILE = "a sync has sent this leave while the audit ran"


class Audit:
    """
    One run of an audit. Use it in one thread, and close it after use.

    :param hook: asks COR.
    :param open_ledger: opens the sync's ledger, which is not read yet.
    :param window: leave with a day in it is audited.
    :param owner: the task that runs it.
    :param heal: mark what is missing or changed in the ledger, so that the next sync sends it again.
    :param stopping: set it, from any thread, to ask COR nothing more.
    :param patience: options of the hook's reading.
    :ivar findings: what is found so far.
    :ivar is_loaded: whether they know what there is to find: before that, the ledger is not read completely.
    :ivar not_listed: how many users' leave COR did not list, by the name of the error.
    :ivar healed: how many leaves are marked in the ledger's file.
    """

    def __init__(
        self,
        hook: CorIntegrationsHook,
        open_ledger: Callable[[], Ledger],
        window: Window,
        *,
        owner: Owner,
        heal: bool,
        stopping: threading.Event,
        **patience: Any,
    ) -> None:
        self.not_listed: Counter[str] = Counter()
        self.healed = 0
        self.is_loaded = False
        self._failures = 0
        self._last_failure: CorTransientError | None = None
        self._stopping = stopping
        self._hook = hook
        self._open_ledger = open_ledger
        self._ledger = open_ledger()
        self.findings = Findings(source=self._ledger.source, cor=self._ledger.cor)
        self._window = window
        self._heal = heal
        self._lease = Lease(self._ledger.path, owner, stopping, seconds_under_way=hook.longest_request)
        permit = {"permit": self._lease.permits} if heal else {}
        self._options = {**patience, **permit, "stopping": stopping}

    def close(self) -> None:
        """Free the memory and the disk that the run takes."""
        self.findings.close()
        self._ledger.close()

    def run(self) -> None:
        """
        Ask COR about every user who has leave in the window.

        :raises CorLedgerError: if there is no ledger, or it cannot be read.
        :raises CorLedgerBusyError: if a ledger that is to be healed is in use.
        :raises CorError: once the rest is done, the error that ended the asking.
        """
        with self._leased() if self._heal else nullcontext():
            self._ledger.read()
            if self._ledger.is_new:
                raise CorLedgerError(
                    f"ledger: there is none at {self._ledger.path}, so there is nothing to compare. Is this the ledger "
                    "of the sync, for the same source, and has the sync run?"
                )
            self.findings.load(self._ledger.entries, self._window)
            self.is_loaded = True
            settle = self._mark_drift if self._heal else self._leave_out_what_a_sync_has_sent
            self._raise_the_first(_error_of(self._ask_about_all), _error_of(settle))

    def _raise_the_first(self, *errors: Exception | None) -> None:
        """Raise the error that came first, if any: it says why the audit ended. Log the others."""
        came = [error for error in (self._lease.lost, *errors) if error]
        for error in came[1:]:
            if error is not came[0]:
                log.warning("The audit failed for another reason, too: %s", error)
        if came:
            raise came[0]

    def _ask_about_all(self) -> None:
        count, listed, logged_at = self.findings.user_count, 0, _clock.now()
        findings = self.findings
        asking = self._hook.leaves_of_users(findings.users(), expected=findings.cor_ids_of, **self._options)
        with self._refusals_explained(), closing(asking) as users:
            for asked, (cor_user_id, rows) in enumerate(users, start=1):
                if isinstance(rows, CorError):
                    self._note_unread(cor_user_id, rows)
                else:
                    listed += 1
                    self._compare(cor_user_id, rows)
                if _clock.now() - logged_at >= SECONDS_BETWEEN_LINES:
                    logged_at = _clock.now()
                    log.info("%s of %s users are compared.", asked, count)
        if not self._stopping.is_set():  # otherwise the rest is not known
            self._check_that_it_is_not_about_all(listed)

    @contextmanager
    def _refusals_explained(self) -> Iterator[None]:
        """Raise what fits if COR refused so many users before it listed one that the asking ended."""
        try:
            yield
        except CorRecordError:
            self._check_that_it_is_not_about_all(listed=0)
            raise

    def _check_that_it_is_not_about_all(self, listed: int) -> None:
        """
        Raise what fits if COR listed nobody's leave, or failed at more users than it listed.

        A single user whom COR refuses may just be deleted there.
        """
        if self._last_failure and self._failures > listed:
            raise self._last_failure
        if listed:
            return
        if self.not_listed[CorPermissionError.default_name]:
            raise CorPermissionError(_NOBODY_ALLOWED)
        if self.not_listed.total() > 1:
            raise CorConfigurationError(_NOBODY_KNOWN.format(names_of(self.not_listed)))

    def _note_unread(self, cor_user_id: int, error: CorError) -> None:
        self.not_listed[error.name] += 1
        if isinstance(error, CorTransientError):
            self._failures += 1
            self._last_failure = error
        reason = f"{error.name}: {' '.join(error.message.split()).rstrip('.')}"
        for leave in self.findings.of_user(cor_user_id):
            if leave.entry.cor_id is not None:
                self.findings.settle(leave, Judgement("unverifiable", reason=reason))

    def _compare(self, cor_user_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
        """Compare the leave of a user with what COR lists."""
        now = _clock.timestamp()
        listed = {cor_id: row for row in rows if (cor_id := read_cor_id(row["id"])) is not None}
        nameless: list[LedgerEntry] = []
        for leave in self.findings.of_user(cor_user_id):
            if leave.entry.cor_id is None:
                nameless.append(leave.entry)
            else:
                row = listed.get(leave.entry.cor_id)
                self.findings.settle(leave, judge(leave.entry, row, now=now), row)
        for cor_id, row in listed.items():
            days = days_in_cor(row)
            if not self.findings.knows(cor_id) and _is_of(cor_user_id, row) and self._may_hold(days):
                # It may be ours, as the ledger does not know what COR calls some leave.
                alike = (entry for entry in nameless if may_be(entry, row))
                if entry := next(alike, None):
                    nameless.remove(entry)
                else:
                    self.findings.add_foreign(cor_user_id, row, None if days else MAY_BE_OUTSIDE)

    def _may_hold(self, days: tuple[date, date] | None) -> bool:
        """Return whether leave may have a day in the window: if its days cannot be read, nobody knows."""
        return days is None or (days[0] <= self._window.last and days[1] >= self._window.first)

    def _mark_drift(self) -> None:
        """Mark what is missing or changed, and nothing else."""
        if self._lease.lost:
            return
        marked = 0
        for leave, finding in self.findings.drift():
            entry = leave.entry
            self._ledger.entries[leave.id] = entry.found_missing() if finding == "missing" else entry.found_changed()
            marked += 1
        if marked:
            self._ledger.write(before_replacing=self._lease.check)
        self.healed = marked

    def _leave_out_what_a_sync_has_sent(self) -> None:
        """Take nothing for drift, and nothing for foreign, that a sync has sent since the ledger was read."""
        counts = self.findings.counts()
        if not any(counts[one] for one in DIFFERENCES):
            return
        with closing(self._open_ledger()) as ledger:
            ledger.read()
            for leave, _ in self.findings.drift():
                if ledger.entries.get(leave.id) != leave.entry:
                    self.findings.settle(leave, Judgement("unverifiable", reason=MEANWHILE))
            self.findings.remove_foreign(ledger.entries)

    @contextmanager
    def _leased(self) -> Iterator[None]:
        self._lease.take()
        try:
            with self._lease.kept():
                yield
        finally:
            self._lease.release()


def names_of(errors: Counter[str]) -> str:
    """Return the names of errors and how often they occurred, most often first; after some, the rest is summed up."""
    first = dict(errors.most_common(MOST_REASONS))
    others = errors.total() - sum(first.values())
    return ", ".join(f"{name} {count}" for name, count in {**first, "others": others}.items() if count)


def _error_of(work: Callable[[], None]) -> Exception | None:
    try:
        work()
    except Exception as error:  # noqa: BLE001  # raised again once the rest is done
        return error
    return None


def _is_of(cor_user_id: int, row: Mapping[str, Any]) -> bool:
    """Return whether a row is leave that this user has."""
    return not is_deleted(row) and read_cor_id(row.get("user_id")) in {None, cor_user_id}


_NOBODY_ALLOWED = (
    "COR lets this token read nobody's leave (403): check the API key's role and scope,\n"
    "and that the COR connection's Extra api_url is the base URL of COR's main API."
)
_NOBODY_KNOWN = (
    "COR refused to list the leave of every user ({}): check that the COR connection's Extra api_url\n"
    "is that of the COR which the sync writes to, and look there whether these users were deleted."
)
