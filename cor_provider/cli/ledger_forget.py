"""``ledger forget``: delete a person from a ledger."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from contextlib import ExitStack, closing

from cor_provider._compat import ObjectStoragePath
from cor_provider.cli.asking import ask, say
from cor_provider.cli.ledger_writing import check_owner, in_a_command, leased
from cor_provider.cli.ledgers import find_ledgers, source_of
from cor_provider.cli.output import Output, number_of
from cor_provider.exceptions import CorConfigurationError
from cor_provider.hooks.cor_integrations import CorIntegrationsHook
from cor_provider.sync.ledger import Ledger

MEANING = (
    "Leave of this person that is in COR stays there, and no sync deletes it any more. If HR still hands it over, the "
    "next sync sends it again."
)
KEY_WARNING = (
    "warning: {} was sealed with another key than the Connection's. Unless the key changes anyhow (no ledger_secret), "
    "use the sync's Connection: otherwise its next run sends all leave again."
)


def run(options: Namespace, output: Output) -> bool:
    """Forget a person after asking, and print how many entries went; that is no finding."""
    with in_a_command():
        return _run(options, output)


def _run(options: Namespace, output: Output) -> bool:
    theirs = {}
    for file in find_ledgers(options.path, source=options.source):
        with closing(_open(file, options)) as ledger:
            if entries := ledger.forget_user(options.user):
                theirs[ledger] = entries
    if not theirs:
        return _tell(output, {}, "The ledger holds nothing of this person.")
    for ledger in theirs:
        check_owner(ledger)
        if ledger.key_changed:
            say(KEY_WARNING.format(ledger.path))
    if not options.yes:
        count = number_of(sum(theirs.values()), "entry", "entries")
        ask(f"Delete {count} of this person?", MEANING, what="forget this person")
    gone = _forget(theirs, options)
    went = number_of(sum(gone.values()), "entry", "entries")
    return _tell(output, gone, f"Forgotten: {went}. The ledger notes how many and when, not whose.", MEANING)


def _open(file: ObjectStoragePath, options: Namespace) -> Ledger:
    hook = CorIntegrationsHook(options.conn_id, source=source_of(file))
    ledger = Ledger(file.parent, source=source_of(file), cor=hook.leaves_url, key=hook.ledger_key)
    try:
        ledger.read()
        if ledger.is_new:
            raise CorConfigurationError(f"there is no ledger {file}.")
    except BaseException:
        ledger.close()
        raise
    return ledger


def _forget(found: Iterable[Ledger], options: Namespace) -> dict[str, int]:
    """Read the ledgers again once no sync is using any of them, and write them without the person."""
    with ExitStack() as stack:
        leases = [stack.enter_context(leased(ledger, "ledger forget")) for ledger in found]
        ledgers = [stack.enter_context(closing(_open(ledger.path, options))) for ledger in found]
        gone = {str(ledger.path): ledger.forget_user(options.user) for ledger in ledgers}
        for ledger, lease in zip(ledgers, leases, strict=True):
            if gone[str(ledger.path)]:
                ledger.write(before_replacing=lease.check)
    return gone


def _tell(output: Output, gone: dict[str, int], *lines: str) -> bool:
    def show() -> None:
        for line in lines:
            output.line(line)

    output.result({"forgotten": sum(gone.values()), "ledgers": gone}, show)
    return False
