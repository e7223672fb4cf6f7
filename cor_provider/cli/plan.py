"""``plan``: what a sync would do, by user and kind of change."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from cor_provider.cli.output import Fields, Output, number_of
from cor_provider.cli.rows import read_rows
from cor_provider.sync.by_user import ChangesByUser, UserCounts, by_user
from cor_provider.sync.plan import in_words
from cor_provider.sync.plan_row import PlanRow

WHAT = "the plan of a sync, as plan_path has it (JSON Lines)"
IN_ORDER = ("create", "update", "delete", "forget")


def run(options: Namespace, output: Output) -> bool:
    """Print the plan; it is no finding."""
    rows = read_rows(options.file, _read, what=WHAT)
    if options.user is None:
        _run_for_all(rows, output)
    else:
        _run_for_one(options.user, rows, output)
    return False


def _run_for_all(rows: Iterator[Mapping[str, Any]], output: Output) -> None:
    """Print the counts of each user; the rows need not fit into memory."""
    first = next(rows, None)
    with by_user(chain([first] if first else [], rows)) as changes:
        totals = _sum(changes.users())
        data = {**_of_plan(first), **totals, "users": Fields(lambda: _counts_of_users(changes))}
        output.result(data, lambda: _show_all(output, first, totals, changes))


def _run_for_one(user: str, rows: Iterator[Mapping[str, Any]], output: Output) -> None:
    """Print the changes of a user, those included that take leave from them."""
    own = [row for row in rows if user in {row["user_id"], row.get("previous_user_id")}]
    totals = _totals(own)
    data = {**_of_plan(own[0] if own else None), **totals, "operations": own}
    output.result(data, lambda: _show_one(output, user, own, totals))


def _read(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return PlanRow.model_validate(row).model_dump(mode="json", exclude_unset=True, exclude_none=True)


def _of_plan(row: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: row[name] if row else None for name in ("plan", "window")}


def _totals(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    counts = Counter(row["operation"] for row in rows)
    return {change: counts[change] for change in IN_ORDER} | {
        "may_overwrite": sum(bool(row.get("may_overwrite")) for row in rows)
    }


def _sum(users: Iterator[UserCounts]) -> dict[str, int]:
    totals = dict.fromkeys((*IN_ORDER, "may_overwrite"), 0)
    for user in users:
        for name, count in {**_counts_of(user), "may_overwrite": user.overwrites}.items():
            totals[name] += count
    return totals


def _counts_of(user: UserCounts) -> dict[str, int]:
    counts = (user.creates + user.overwrites, user.updates, user.deletes, user.forgets)
    return dict(zip(IN_ORDER, counts, strict=True))


def _counts_of_users(changes: ChangesByUser) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield those who have changes of their own; whose leave only goes to another user has none."""
    return ((user.id, _counts_of(user)) for user in changes.users() if user.total)


def _show_all(
    output: Output, first: Mapping[str, Any] | None, totals: Mapping[str, int], changes: ChangesByUser
) -> None:
    if first is None:
        output.line("Nothing would change.")
        return
    _show_totals(output, first, totals)
    output.long_table(
        ("user", *IN_ORDER), lambda: ((user, *counts.values()) for user, counts in _counts_of_users(changes))
    )
    output.line()
    output.line(f"{number_of(sum(1 for _ in _counts_of_users(changes)), 'user')}; --user ID shows the leave of one.")


def _show_one(output: Output, user: str, rows: Sequence[Mapping[str, Any]], totals: Mapping[str, int]) -> None:
    if not rows:
        output.line(f"The plan has no change for the user {user}.")
        return
    _show_totals(output, rows[0], totals)
    header = ("", "leave", "first day", "last day", "until now")
    output.table(header, ([*(row[name] for name in _COLUMNS), _before(row)] for row in rows))


def _show_totals(output: Output, row: Mapping[str, Any], totals: Mapping[str, int]) -> None:
    words = ", ".join(f"{count} {words}" for words, count in in_words(totals).items() if count)
    output.line(f"{row['window']}: {words}", style="bold")
    output.line()


_COLUMNS = ("operation", "id", "start", "end")


def _before(row: Mapping[str, Any]) -> str:
    """Return what an update changes, or that a create may overwrite leave."""
    if row.get("may_overwrite"):
        return "COR may have it"
    names = ("user_id", "start", "end")
    return ", ".join(str(row[f"previous_{name}"]) for name in names if f"previous_{name}" in row)
