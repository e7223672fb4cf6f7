"""``plan``: what a sync would do, by user and kind of change."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cor_provider.cli.output import Output, number_of
from cor_provider.cli.rows import read_rows
from cor_provider.sync.plan import CHANGES, in_words

WHAT = "a plan as plan_path has it (JSON Lines)"
FIELDS = ("operation", "id", "user_id", "start", "end", "window", "plan")
IN_ORDER = ("create", "update", "delete", "forget")


def run(options: Namespace, output: Output) -> bool:
    """Print the plan; it is no finding."""
    rows = list(read_rows(options.file, _read, what=WHAT))
    by_user = _by_user(rows)
    if options.user is not None:
        rows = [row for row in rows if options.user in {row["user_id"], row.get("previous_user_id")}]
    data = {**_of_plan(rows), **_totals(rows), "users": by_user}
    if options.user is not None:
        data = {**_of_plan(rows), **_totals(rows), "operations": rows}
    if options.user is not None and not rows:
        output.result(data, lambda: output.line(f"The plan has no change for the user {options.user}."))
        return False
    output.result(data, lambda: _show(output, rows, by_user if options.user is None else None))
    return False


def _read(row: Mapping[str, Any]) -> Mapping[str, Any]:
    if row["operation"] not in CHANGES:
        raise ValueError
    return {name: row[name] for name in FIELDS} | {
        name: value for name, value in row.items() if name not in {*FIELDS, "digest"}
    }


def _of_plan(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: rows[0][name] if rows else None for name in ("plan", "window")}


def _totals(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    counts = Counter(row["operation"] for row in rows)
    return {change: counts[change] for change in IN_ORDER} | {
        "may_overwrite": sum(bool(row.get("may_overwrite")) for row in rows)
    }


def _by_user(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    by_user: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        by_user[row["user_id"]][row["operation"]] += 1
    ordered = sorted(by_user.items(), key=lambda item: (-item[1].total(), item[0]))
    return {user: {change: counts[change] for change in IN_ORDER} for user, counts in ordered}


def _show(output: Output, rows: Sequence[Mapping[str, Any]], by_user: Mapping[str, Mapping[str, int]] | None) -> None:
    if not rows:
        output.line("Nothing would change.")
        return
    totals = ", ".join(f"{count} {words}" for words, count in in_words(_totals(rows)).items() if count)
    output.line(f"{rows[0]['window']}: {totals}", style="bold")
    output.line()
    if by_user is None:
        header = ("", "leave", "first day", "last day", "until now")
        output.table(header, ([*(row[name] for name in _COLUMNS), _before(row)] for row in rows))
    else:
        output.table(("user", *IN_ORDER), ((user, *counts.values()) for user, counts in by_user.items()))
        output.line()
        output.line(f"{number_of(len(by_user), 'user')}; --user ID shows the leave of one.")


_COLUMNS = ("operation", "id", "start", "end")


def _before(row: Mapping[str, Any]) -> str:
    """Return what an update changes, or that a create may overwrite leave."""
    if row.get("may_overwrite"):
        return "COR may have it"
    names = ("user_id", "start", "end")
    return ", ".join(str(row[f"previous_{name}"]) for name in names if f"previous_{name}" in row)
