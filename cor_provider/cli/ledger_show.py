"""``ledger show``: what a sync remembers having put into COR."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from typing import Any

from cor_provider._compat import ObjectStoragePath
from cor_provider.cli.ledgers import find_ledgers, read_content, source_of
from cor_provider.cli.output import Output, Rows, number_of
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sync.ledger_entry import LedgerEntry
from cor_provider.sync.ledger_file import LedgerContent
from cor_provider.sync.window import Window


@dataclass(frozen=True)
class Filter:
    """Which entries are asked for: those of a leave, of a person, in a window. None asks for all."""

    leave_id: str | None
    user_id: str | None
    window: Window | None

    @classmethod
    def of(cls, options: Namespace) -> Filter:
        """Return the filter of a command's options."""
        window = None if options.window is None else Window.read(options.window)
        return cls(options.id, options.user, window)

    @property
    def is_set(self) -> bool:
        """Whether anything but all is asked for."""
        return self != Filter(None, None, None)

    def entries_of(self, content: LedgerContent) -> Iterator[tuple[str, LedgerEntry]]:
        """Yield the entries that are asked for, with their external ids."""
        for leave_id, entry in content.entries.items():
            is_asked_for = (
                self.leave_id in {None, leave_id}
                and (self.user_id is None or entry.is_about(self.user_id))
                and (self.window is None or entry.overlaps(self.window))
            )
            if is_asked_for:
                yield leave_id, entry


@dataclass(frozen=True)
class Shown:
    """
    A ledger, as far as it is asked for.

    :param seal: what the seal proves.
    """

    path: str
    content: LedgerContent
    seal: str
    filter: Filter

    def entries(self) -> Iterator[tuple[str, LedgerEntry]]:
        """Yield the entries that are asked for."""
        return self.filter.entries_of(self.content)


def run(options: Namespace, output: Output) -> bool:
    """Print what the ledgers hold; it is no finding."""
    with ExitStack() as stack:
        shown = [_read(file, options, stack) for file in find_ledgers(options.path)]

        def show() -> None:
            for number, one in enumerate(shown):
                if number:
                    output.line()
                _show(output, one)

        output.result([_data(one) for one in shown], show)
    return False


def _read(file: ObjectStoragePath, options: Namespace, stack: ExitStack) -> Shown:
    key = options.conn_id and CorIntegrationsHook(options.conn_id, source=source_of(file)).ledger_key
    content = stack.enter_context(closing(read_content(file, key or None)))
    return Shown(str(file), content, _describe_seal(content, options.conn_id), Filter.of(options))


def _describe_seal(content: LedgerContent, conn_id: str | None) -> str:
    if not content.is_sealed:
        return "none: an early version of the provider wrote it; the next sync seals it"
    if content.is_proven:
        return f"proven with the key of {conn_id}"
    reason = f"the key of {conn_id} is not the one it was sealed with" if conn_id else "proving it needs --conn-id"
    return f"the checksum is right; not proven ({reason})"


def _data(shown: Shown) -> dict[str, Any]:
    content = shown.content
    return {
        "path": shown.path,
        "source": content.source,
        "cor": content.cor,
        "is_proven": content.is_proven,
        "entries": len(content.entries),
        "approvals": len(content.approvals),
        "forgotten": [asdict(one) for one in content.forgotten],
        "leaves": Rows(lambda: (_leave(leave_id, entry) for leave_id, entry in shown.entries())),
    }


def _leave(leave_id: str, entry: LedgerEntry) -> dict[str, Any]:
    versions = [
        {"user_id": one.user_id, "start": one.start.isoformat(), "end": one.end.isoformat()} for one in entry.versions
    ]
    ids = {"cor_id": entry.cor_id, "cor_user_id": entry.cor_user_id}
    return {"id": leave_id, "in_cor": entry.in_cor, **ids, **versions[0], "earlier_versions": versions[1:]}


def _show(output: Output, shown: Shown) -> None:
    content = shown.content
    output.line(f"{content.source}: {number_of(len(content.entries), 'leave')}", style="bold")
    rows = {"ledger": shown.path, "COR": content.cor, "seal": shown.seal, **_numbers(content)}
    output.table(("", ""), [(name, str(value)) for name, value in rows.items()])
    for one in content.forgotten:
        output.line(f"{one.on}: a person was forgotten, {number_of(one.entries, 'entry', 'entries')}")
    output.line()
    if not shown.filter.is_set:
        output.line("--id, --user or --window shows single leaves.")
    elif any(True for _ in shown.entries()):
        output.long_table(("leave", "user", "first day", "last day", "in COR"), lambda: _lines(shown))
    else:
        output.line("It holds no such leave.")


def _numbers(content: LedgerContent) -> dict[str, str]:
    users: set[str] = set()
    in_cor: Counter[str] = Counter()
    first = last = None
    for _leave_id, entry in content.entries.read_all():
        version = entry.version
        users.add(version.user_id)
        in_cor[entry.in_cor] += 1
        first = min(first or version.start, version.start)
        last = max(last or version.end, version.end)
    if not users:
        return {}
    return {
        "users": str(len(users)),
        "days": f"{first} to {last}",
        "in COR": ", ".join(f"{name} {count}" for name, count in in_cor.most_common()),
    }


def _lines(shown: Shown) -> Iterator[tuple[str, ...]]:
    for leave_id, entry in shown.entries():
        for number, one in enumerate(entry.versions):
            state = "or this" if number else entry.in_cor
            yield "" if number else leave_id, one.user_id, one.start.isoformat(), one.end.isoformat(), state
