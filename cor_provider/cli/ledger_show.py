"""``ledger show``: what a sync remembers having put into COR."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from airflow.providers.common.compat.sdk import ObjectStoragePath

from cor_provider.cli.ledgers import find_ledgers, read_content, source_of
from cor_provider.cli.output import Output, number_of
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sync.ledger import LedgerContent, LedgerEntry
from cor_provider.sync.window import Window


@dataclass(frozen=True)
class Shown:
    """
    A ledger, as far as it is asked for.

    :param seal: what the seal proves.
    :param entries: those that are asked for.
    """

    path: str
    content: LedgerContent
    seal: str
    entries: dict[str, LedgerEntry]


def run(options: Namespace, output: Output) -> bool:
    """Print what the ledgers hold; it is no finding."""
    shown = [_read(file, options) for file in find_ledgers(options.path)]
    is_filtered = any(one is not None for one in (options.id, options.user, options.window))

    def show() -> None:
        for number, one in enumerate(shown):
            if number:
                output.line()
            _show(output, one, is_filtered=is_filtered)

    output.result([_data(one) for one in shown], show)
    return False


def _read(file: ObjectStoragePath, options: Namespace) -> Shown:
    key = options.conn_id and CorIntegrationsHook(options.conn_id, source=source_of(file)).ledger_key
    content = LedgerContent.parse(file, read_content(file), key or None)
    return Shown(str(file), content, _describe_seal(content, options.conn_id), dict(_asked_for(content, options)))


def _describe_seal(content: LedgerContent, conn_id: str | None) -> str:
    if content.is_proven:
        return f"proven with the key of {conn_id}"
    reason = f"the key of {conn_id} is not the one it was sealed with" if conn_id else "proving it needs --conn-id"
    return f"the checksum is right; not proven ({reason})"


def _asked_for(content: LedgerContent, options: Namespace) -> Iterator[tuple[str, LedgerEntry]]:
    window = Window.read(options.window) if options.window is not None else None
    for leave_id, entry in content.entries.items():
        is_asked_for = (
            options.id in {None, leave_id}
            and (options.user is None or entry.is_about(options.user))
            and (window is None or entry.overlaps(window))
        )
        if is_asked_for:
            yield leave_id, entry


def _data(shown: Shown) -> dict[str, Any]:
    content = shown.content
    return {
        "path": shown.path,
        "source": content.header["source"],
        "cor": content.header["cor"],
        "is_proven": content.is_proven,
        "entries": len(content.entries),
        "approvals": len(content.approvals),
        "forgotten": [asdict(one) for one in content.forgotten],
        "leaves": [_leave(leave_id, entry) for leave_id, entry in shown.entries.items()],
    }


def _leave(leave_id: str, entry: LedgerEntry) -> dict[str, Any]:
    versions = [
        {"user_id": one.user_id, "start": one.start.isoformat(), "end": one.end.isoformat()} for one in entry.versions
    ]
    return {"id": leave_id, "in_cor": entry.in_cor, **versions[0], "earlier_versions": versions[1:]}


def _show(output: Output, shown: Shown, *, is_filtered: bool) -> None:
    content = shown.content
    output.line(f"{content.header['source']}: {number_of(len(content.entries), 'leave')}", style="bold")
    rows = {"ledger": shown.path, "COR": content.header["cor"], "seal": shown.seal, **_numbers(content)}
    output.table(("", ""), [(name, str(value)) for name, value in rows.items()])
    for one in content.forgotten:
        output.line(f"{one.on}: a person was forgotten, {number_of(one.entries, 'entry', 'entries')}")
    output.line()
    if not is_filtered:
        output.line("--id, --user or --window shows single leaves.")
    elif not shown.entries:
        output.line("It holds no such leave.")
    else:
        output.table(("leave", "user", "first day", "last day", "in COR"), _lines(shown.entries))


def _numbers(content: LedgerContent) -> dict[str, str]:
    versions = [entry.version for entry in content.entries.values()]
    if not versions:
        return {}
    in_cor = Counter(entry.in_cor for entry in content.entries.values())
    return {
        "users": str(len({version.user_id for version in versions})),
        "days": f"{min(one.start for one in versions)} to {max(one.end for one in versions)}",
        "in COR": ", ".join(f"{name} {count}" for name, count in in_cor.most_common()),
    }


def _lines(entries: dict[str, LedgerEntry]) -> Iterator[tuple[str, ...]]:
    for leave_id, entry in entries.items():
        for number, one in enumerate(entry.versions):
            state = "or this" if number else entry.in_cor
            yield "" if number else leave_id, one.user_id, one.start.isoformat(), one.end.isoformat(), state
