"""
``ledger adopt``: take into a ledger what the report of an audit says that a sync had put into COR.

Each row of the report says which source and which COR its leave is of, as a ledger does. Leave of others is refused:
the next sync would delete it. So is a report that does not say it, since nobody can tell then.
"""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from typing import NamedTuple

from cor_provider import _files
from cor_provider.audit.report_row import FOREIGN, ReportRow
from cor_provider.cli.asking import ask, say
from cor_provider.cli.ledger_writing import check_owner, in_a_command, leased
from cor_provider.cli.output import Output, number_of
from cor_provider.cli.rows import locate, read_rows
from cor_provider.exceptions import CorConfigurationError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sync.ledger import Ledger
from cor_provider.sync.ledger_entry import InCor, LeaveVersion, LedgerEntry

MEANING = (
    "The next sync sends adopted leave again that HR still has, and deletes the rest of it from COR if it has a day in "
    "the sync's window. What was sent after this audit, or is outside its window, the report does not know: what HR "
    "has cancelled of that stays in COR, so look for it there."
)
IN_COR: Mapping[str, InCor] = {
    "confirmed": "yes",
    "changed": "changing",
    "missing": "missing",
    "unknown": "unknown",
    "unverifiable": "unknown",
}
"""What a ledger says of leave by what an audit has found."""


class Whose(NamedTuple):
    """Which leave a report or a ledger is of: COR's ``metadata.source``, and the base URL of COR."""

    source: str | None
    cor: str | None


def run(options: Namespace, output: Output) -> bool:
    """Adopt leave after asking, and print how much; that is no finding."""
    with in_a_command():
        return _run(options, output)


def _run(options: Namespace, output: Output) -> bool:
    with closing(_open(options)) as ledger:
        check_owner(ledger)
        counts = _adopt(ledger, options)
    if counts["adopted"]:
        if not options.yes:
            ask(f"Adopt {_leaves(counts['adopted'])}?", MEANING, what="adopt it")
        counts = _write(options)
    _tell(output, counts, str(ledger.path))
    return False


def _open(options: Namespace) -> Ledger:
    """Return the ledger, which is not read yet."""
    hook = CorIntegrationsHook(options.conn_id, source=options.source)
    return Ledger(locate(options.path), source=hook.check_source(), cor=hook.leaves_url, key=hook.ledger_key)


def _adopt(ledger: Ledger, options: Namespace) -> Counter[str]:
    """Read a ledger, add what it lacks, and return how much of the report was what."""
    ledger.read()
    counts: Counter[str] = Counter(adopted=0, known=0, foreign=0)
    for row in read_rows(options.report, ReportRow.read, what="the report of an audit (its report_path)"):
        _check(Whose(row.source, row.cor), ledger, options.report)
        entry = _entry_of(row)
        if entry is None or row.id is None:
            counts["foreign"] += 1
        elif row.id in ledger.entries:
            counts["known"] += 1
        else:
            ledger.entries[row.id] = entry
            counts["adopted"] += 1
    return counts


def _write(options: Namespace) -> Counter[str]:
    """Do it once no sync is using the ledger: it may have changed since the question."""
    with closing(_open(options)) as ledger:
        _files.make_folder(ledger.path.parent)
        with leased(ledger, "ledger adopt") as lease:
            counts = _adopt(ledger, options)
            ledger.write(before_replacing=lease.check)
    return counts


def _check(whose: Whose, ledger: Ledger, report: str) -> None:
    """
    Refuse leave of another source or another COR.

    :raises CorConfigurationError: naming both, and what to do.
    """
    ours = Whose(ledger.source, ledger.cor)
    if None in whose:
        raise CorConfigurationError(
            f"{report} does not say which source and which COR it is of, as reports of today do. If you are certain "
            f'that it is of this sync, add "source": "{ours.source}" and "cor": "{ours.cor}" to each row.'
        )
    for what, its, own in zip(("source", "COR at"), whose, ours, strict=True):
        if its != own:
            raise CorConfigurationError(
                f"{report} is of the {what} {its!r}, and the ledger of {own!r}: the next sync would delete that "
                "leave. Give the report of this sync's audit, and --source and --conn-id of the sync."
            )


def _entry_of(row: ReportRow) -> LedgerEntry | None:
    """Return the entry of a row; None if the leave was never the sync's."""
    if not row.days or row.status == FOREIGN:
        return None
    version = LeaveVersion(row.user_id, *row.days)
    return LedgerEntry((version,), IN_COR[row.status], None, row.cor_id, row.cor_user_id)


def _tell(output: Output, counts: Mapping[str, int], path: str) -> None:
    def show() -> None:
        output.line(f"Adopted: {_leaves(counts['adopted'])}; {counts['known']} were in the ledger already.")
        if counts["foreign"]:
            were = "was" if counts["foreign"] == 1 else "were"
            output.line(f"Left out: {_leaves(counts['foreign'])} that never {were} the sync's.")

    output.result({**counts, "ledger": path}, show)
    if counts["adopted"]:
        say(MEANING)


def _leaves(number: int) -> str:
    return number_of(number, "leave", "leaves")
