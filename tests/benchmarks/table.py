"""The table of all that was measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Target:
    """What a figure should be."""

    text: str
    met: bool

    @classmethod
    def at_least(cls, limit: float, value: float, unit: str = "") -> Target:
        return cls(f"≥ {limit:,g}{unit}", value >= limit)

    @classmethod
    def at_most(cls, limit: float, value: float, unit: str = "") -> Target:
        return cls(f"≤ {limit:,g}{unit}", value <= limit)

    def __str__(self) -> str:
        return f"{self.text}: {'met' if self.met else '**missed**'}"


@dataclass(frozen=True)
class Row:
    """
    One line of the table.

    :param ratio: what is compared with what, which other machines should see too.
    :param what: what was done.
    :param leaves: with how many leaves.
    :param figures: what was measured, which differs between machines.
    """

    ratio: str
    what: str
    leaves: int
    figures: str
    target: Target | None = None


def to_markdown(rows: Iterable[Row]) -> str:
    """Return the table, to be pasted."""
    names = [field.name for field in fields(Row)]
    lines = [names, ["---", "---", "---:", "---", "---"]]
    lines += [[row.ratio, row.what, f"{row.leaves:,}", row.figures, str(row.target or "")] for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
