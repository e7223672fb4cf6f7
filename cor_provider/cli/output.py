"""What the commands print: text and aligned tables for people, or one JSON document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, Any

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cor_provider.results.summary import largest_counts_first

MOST_SHOWN = 20
"""How many lines a table for people has, where the numbers are what counts; JSON has all."""

STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}


class Output:
    """
    Where a command prints its result.

    :param stream: standard output. It has colours only if it is a terminal.
    :param as_json: print the result as JSON, and nothing for people.
    """

    def __init__(self, stream: IO[str], *, as_json: bool) -> None:
        self._console = Console(file=stream, highlight=False, markup=False, emoji=False)
        self._as_json = as_json

    def result(self, data: object, show: Callable[[], None]) -> None:
        """
        Print the result.

        :param data: the result for scripts.
        :param show: prints it for people.
        """
        if self._as_json:
            self._console.out(json.dumps(data, indent=2))
        else:
            show()

    def line(self, text: str = "", *, style: str = "", indent: int = 0) -> None:
        """Print a line of text; a longer one is wrapped."""
        self._print(self._text(text, style), indent)

    def table(self, header: Sequence[str], rows: Iterable[Sequence[object]], *, indent: int = 0) -> None:
        """
        Print an aligned table.

        :param header: names of the columns; none for a table without.
        :param rows: numbers are aligned to the right; the words of ``STYLES`` have colours.
        """
        rows = list(rows)
        table = Table(box=None, show_header=any(header), pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for number, name in enumerate(header):
            is_number = all(isinstance(row[number], int) for row in rows)
            table.add_column(name, justify="right" if is_number else "left", overflow="fold")
        for row in rows:
            table.add_row(*(self._text(_plain(value), STYLES.get(str(value), "")) for value in row))
        self._print(table, indent)

    def counts(self, header: Sequence[str], counts: Mapping[str, int], what: str) -> None:
        """Print the largest counts, and how many more there are."""
        if not counts:
            return
        ordered = largest_counts_first(counts)
        self.line()
        self.table(header, [*ordered.items()][:MOST_SHOWN])
        if (more := len(ordered) - MOST_SHOWN) > 0:
            self.line(f"and {more} more {what}; --output json lists all.")

    def _print(self, shown: RenderableType, indent: int) -> None:
        with self._console.capture() as captured:
            self._console.print(Padding(shown, (0, 0, 0, indent)))
        for line in captured.get().splitlines():
            self._console.out(line.rstrip(), highlight=False)

    def _text(self, text: str, style: str = "") -> Text:
        """Return text without what would command a terminal, or what its encoding lacks."""
        shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
        encoding = self._console.encoding
        return Text(shown.encode(encoding, "backslashreplace").decode(encoding), style=style)


def number_of(count: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, such as ``1 leave`` or ``2 people``."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def _plain(value: Any) -> str:
    return "" if value is None else str(value)
